/**
 * However a host starts its sshd, a change is taken up and taken back by what runs at that moment, sessions in
 * progress live on, and whatever somebody does to sshd meanwhile, a new login works afterwards.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { remoteScript } from "../../src/template/remote-script.ts";
import type { HostSpec } from "../lab/host.ts";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import {
  APPLY,
  applyAndRevert,
  DEADLY_SOCKET,
  DEBIAN_SOCKET,
  expectHealed,
  openSession,
  PER_CONNECTION,
  POLICY,
  socketHost,
  UBUNTU_SOCKET,
  WITHIN,
} from "./activation-site.ts";
import { documentOf, hasReached, outcomes } from "./curfew.ts";
import { applyAndDie, openTrip, type Trip } from "./round-trip.ts";

const LAYOUTS: readonly [string, HostSpec][] = [
  ["bullseye, Debian's socket with an sshd for each connection", socketHost("bullseye", DEBIAN_SOCKET)],
  ["bookworm, ssh.socket", socketHost("bookworm", DEBIAN_SOCKET)],
  ["trixie, ssh.socket", socketHost("trixie", DEBIAN_SOCKET)],
  ["sid, ssh.socket", socketHost("sid", DEBIAN_SOCKET)],
  ["trixie, Ubuntu's ssh.socket on another port as well", socketHost("trixie", UBUNTU_SOCKET)],
  ["bookworm, ssh.socket whose service ends all sessions with itself", socketHost("bookworm", DEADLY_SOCKET)],
  ["sid, an sshd for each connection", socketHost("sid", PER_CONNECTION)],
];

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`activation${lacks === null ? "" : ` (${lacks})`}`, () => {
  describe("the host asks its own sshd", () => {
    let trip: Trip;
    beforeAll(async () => {
      trip = await openTrip({ release: "bookworm" }, POLICY);
    }, patient(120_000));
    afterAll(() => trip?.lab.close());

    test.each(["ssh", "ssh-keyscan", "bash", "nc"])(
      "with %s, which tells silence from an answer",
      async (tool) => {
        const ask = withFunctions(`find_daemon; tool=${tool}
        knock 127.0.0.1 22 && echo answers; knock ::1 22 && echo answers
        knock 127.0.0.1 21 || echo silent
        rm -r /run/sshd; knock 127.0.0.1 22 || echo silent; mkdir -m 755 /run/sshd`);
        const { stdout } = await trip.host.exec("sh -s", { input: ask });
        expect(stdout.trim().split("\n")).toEqual(["answers", "answers", "silent", "silent"]);
      },
      patient(60_000),
    );

    test(
      "on the address where somebody is connected when the loopback is barred",
      async () => {
        const session = openSession(trip);
        await session.answers();
        await trip.host.exec(
          "cp -p /etc/hosts.deny /run/deny; echo 'sshd: 127.0.0.1 [::1]' >/etc/hosts.deny",
        );
        const { stdout } = await trip.host.exec("sh -s", { input: withFunctions("find_daemon; survey") });
        await trip.host.exec("cp -p /run/deny /etc/hosts.deny");
        session.end();
        expect(stdout).toBe(`${trip.host.address} 22\n`);
      },
      patient(60_000),
    );

    test(
      "and where it cannot, the run says so and looks whether sshd listens",
      async () => {
        await trip.host.exec(
          "nft add table inet bar && nft add chain inet bar in '{ type filter hook input priority 0; }' && nft add rule inet bar in iif lo tcp dport 22 reject",
        );
        const call = await trip.desk.run(APPLY);
        expect(outcomes(call), call.stderr).toEqual({ [trip.host.name]: "confirmed" });
        expect(documentOf(call).hosts[0].message).toMatch(/cannot open a connection to its own sshd/u);
        await trip.host.exec("nft delete table inet bar");
        expect(outcomes(await trip.desk.run(["revert", "--yes", "--json"]))).toEqual({
          [trip.host.name]: "confirmed",
        });
      },
      patient(60_000),
    );

    test(
      "a change after which it gets no answer is taken back at once",
      async () => {
        await trip.host.exec("nft add table inet bar");
        const run = trip.desk.start([...APPLY, "--events"]);
        let barred: Promise<unknown> | undefined;
        run.onProgress((seen) => {
          if (barred === undefined && hasReached(seen, "armed"))
            barred = trip.host.exec(
              "nft add chain inet bar in '{ type filter hook input priority 0; }' && nft add rule inet bar in iif lo tcp dport 22 reject",
            );
        });
        const call = await run.done;
        await barred;
        await trip.host.exec("nft delete table inet bar");
        expect(["rolled-back", "unknown"]).toContain(outcomes(call)[trip.host.name]);
        const { message } = documentOf(call).hosts[0];
        expect(message).toMatch(/does not answer a new connection on 127\.0\.0\.1 port 22/u);
        // It read the files; that it does not answer is all that is known.
        expect(message).not.toContain("did not read");
        await expectHealed(trip);
      },
      patient(120_000),
    );
  });

  describe.each(LAYOUTS)("%s", (_, spec) => {
    let trip: Trip;
    beforeAll(async () => {
      trip = await openTrip(spec, POLICY);
    }, patient(120_000));
    afterAll(() => trip?.lab.close());

    test(
      "plan and apply; sessions live on; a second apply changes nothing; revert",
      async () => {
        const session = openSession(trip);
        await session.answers();
        const plan = await trip.desk.run(["plan", "--json"]);
        expect(documentOf(plan).hosts[0].error, plan.stderr).toBeUndefined();
        const call = await trip.desk.run(APPLY);
        expect(outcomes(call), call.stdout + call.stderr).toEqual({ [trip.host.name]: "confirmed" });
        expect(documentOf(call).hosts[0].message).toBeUndefined();
        await session.answers();
        expect(outcomes(await trip.desk.run(APPLY))).toEqual({ [trip.host.name]: "unchanged" });
        const reverted = await trip.desk.run(["revert", "--yes", "--json"]);
        expect(outcomes(reverted), reverted.stdout + reverted.stderr).toEqual({
          [trip.host.name]: "confirmed",
        });
        await session.answers();
        session.end();
        await expectHealed(trip);
      },
      patient(120_000),
    );

    test.each(["applied", "reloaded"])(
      "the controller dies at %s",
      async (step) => {
        const session = openSession(trip);
        await session.answers();
        await applyAndDie(trip, step, undefined, WITHIN);
        await expectHealed(trip);
        await session.answers();
        session.end();
        expect(await applyAndRevert(trip)).toEqual(["confirmed", "confirmed"]);
      },
      patient(120_000),
    );
  });
});

/** The guard's functions about sshd, and a few lines that call them. */
function withFunctions(lines: string): string {
  const values = { sshd: "/usr/sbin/sshd", main: "/etc/ssh/sshd_config", manager: "systemd" };
  const functions = remoteScript(["guard-undo/sshd", "guard-undo/answers"], {
    ...values,
    unit: "ssh.service",
    perconnection: "no",
    pid: "",
  });
  return `guard=/run/guard token=x mode=reload; mkdir -p $guard\n${functions}\n${lines}\n`;
}
