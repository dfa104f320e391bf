/** Hosts without systemd, under the real sysvinit, OpenRC and runit: sshd is theirs, before and after. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Init, withInit } from "../lab/inits.ts";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { canLogIn, outcomes } from "./curfew.ts";
import {
  APPLY,
  applyAndDie,
  applyAndLosePower,
  applyTwice,
  expectHealed,
  openFindings,
  openTrip,
  revertWhole,
  scaledPrompts,
  takeBackLeft,
  type Trip,
} from "./round-trip.ts";

const POLICY = `
name: inits
controls: [sshd, shell-timeout, watchdog]
defaults: { client_idle_timeout: 15m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
  vendor: { groups: [ext], client_idle_timeout: 5m }
`;

/** How each init says that sshd is its own, and runs. */
const OWN: Readonly<Record<Init, string>> = {
  sysvinit: "service ssh status && [ $(cat /run/sshd.pid) = $(pgrep -o -x sshd) ]",
  openrc: "rc-service sshd status && [ $(cat /run/sshd-openrc.pid) = $(pgrep -o -x sshd) ]",
  runit: 'sv status ssh | grep "^run: ssh: (pid $(pgrep -o -x sshd)) "',
};

const LISTENER = "$(pgrep -o -x sshd)";
/** What may happen to sshd while a change is armed, its controller dead. */
const HARMS: Readonly<Record<string, string>> = {
  "kills it and takes its directory away": `kill -9 ${LISTENER}; rm -r /run/sshd`,
  "halts it": `kill -STOP ${LISTENER}`,
};

const lacks = labUnavailable();
describe.skipIf(lacks !== null).each(["sysvinit", "openrc", "runit"] as const)(
  `%s${lacks === null ? "" : ` (${lacks})`}`,
  (init) => {
    let trip: Trip;
    beforeAll(async () => {
      const users = [{ name: "vera", groups: ["ext"] }];
      trip = await openTrip(withInit(init, { name: init, users }), POLICY);
    }, patient(180_000));
    afterAll(() => trip?.lab.close());
    afterEach(() => takeBackLeft(trip));

    /** sshd runs, and the init knows it as its own. */
    async function expectOwn(): Promise<void> {
      const ask = async (): Promise<number> => (await trip.host.exec(OWN[init])).exitCode;
      await expect.poll(ask, { timeout: patient(20_000), interval: 500 }).toBe(0);
    }

    test(
      "apply, apply again, audit, verify, revert",
      async () => {
        await expectOwn();
        await applyTwice(trip);
        await expectOwn();
        expect(await openFindings(trip)).toEqual([]);
        expect((await scaledPrompts(trip)).toSorted()).toEqual(["admin pass TMOUT", "vendor pass TMOUT"]);
        await revertWhole(trip);
        await expectOwn();
      },
      patient(180_000),
    );

    test.each(["reloaded"])(
      "the controller dies at %s: the host takes the change back by itself",
      async (step) => {
        await applyAndDie(trip, step);
        await expectHealed(trip);
        await expectOwn();
        expect(await canLogIn(trip.lab, trip.host, "vera")).toBe(true);
      },
      patient(120_000),
    );

    test.each(["applied"])(
      "it loses power at %s: the next boot takes the change back",
      async (step) => {
        await applyAndLosePower(trip, step);
        await expectHealed(trip);
        await expectOwn();
        expect(await canLogIn(trip.lab, trip.host, "vera")).toBe(true);
      },
      patient(120_000),
    );

    test.each(Object.keys(HARMS))(
      "the controller dies and somebody %s",
      async (what) => {
        await applyAndDie(trip, "reloaded", () => trip.host.exec(HARMS[what] ?? ""));
        await expectHealed(trip);
        await expectOwn();
        const call = await trip.desk.run(APPLY);
        expect(outcomes(call), call.stdout + call.stderr).toEqual({ [trip.host.name]: "confirmed" });
        await revertWhole(trip);
      },
      patient(120_000),
    );
  },
);
