/** Whatever somebody does to sshd while a change is armed, the guard takes it back, and a new login works afterwards. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { HostSpec } from "../lab/host.ts";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import {
  applyAndRevert,
  DEBIAN_SOCKET,
  endGuardsTime,
  expectHealed,
  openSession,
  POLICY,
  socketHost,
} from "./activation-site.ts";
import { canLogIn } from "./curfew.ts";
import { applyAndDie, openTrip, type Trip } from "./round-trip.ts";

const STOP = "systemctl stop ssh.socket ssh.service 2>/dev/null;";
/** What somebody may do to sshd while a change is armed and nobody is there to confirm it. */
const HARMS: Readonly<Record<string, string>> = {
  "masks its unit": "systemctl mask ssh.service",
  "masks and unmasks it": "systemctl mask ssh.service; systemctl daemon-reload; systemctl unmask ssh.service",
  "masks and stops it": "systemctl mask --now ssh.service",
  "stops it": STOP,
  "stops it and starts sshd by hand": `${STOP} mkdir -p /run/sshd; /usr/sbin/sshd`,
  "lets its unit fail over an sshd started by hand": `${STOP} mkdir -p /run/sshd; /usr/sbin/sshd; systemctl start ssh.service`,
  "takes the privilege separation directory away": "rm -r /run/sshd",
  "opens that directory to everybody": "chmod 0777 /run/sshd",
  "kills it so that its unit fails":
    "mkdir -p /run/systemd/system/ssh.service.d; printf '[Service]\\nRestart=no\\n' >/run/systemd/system/ssh.service.d/x.conf;" +
    "systemctl daemon-reload; systemctl kill -s KILL --kill-whom=main ssh.service || kill -9 $(systemctl show -p MainPID ssh.service | sed 's/.*=//')",
  "halts it (SIGSTOP)": "kill -STOP $(systemctl show -p MainPID ssh.service | sed 's/.*=//')",
  "turns from the socket to the service": `${STOP} systemctl start ssh.service`,
  "turns from the service to the socket": `${STOP} systemctl start ssh.socket`,
};

/** Those that go differently from release to release. */
const EVERYWHERE = [
  "masks and unmasks it",
  "lets its unit fail over an sshd started by hand",
  "turns from the service to the socket",
];

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`harm to sshd${lacks === null ? "" : ` (${lacks})`}`, () => {
  describe.each([
    ["bullseye", { release: "bullseye" }, EVERYWHERE],
    ["bookworm", { release: "bookworm" }, Object.keys(HARMS)],
    ["trixie", { release: "trixie" }, EVERYWHERE],
    ["sid", { release: "sid" }, EVERYWHERE],
    ["bookworm, ssh.socket", socketHost("bookworm", DEBIAN_SOCKET), EVERYWHERE],
    ["trixie, ssh.socket", socketHost("trixie", DEBIAN_SOCKET), Object.keys(HARMS)],
    ["sid, ssh.socket", socketHost("sid", DEBIAN_SOCKET), EVERYWHERE],
  ] as [string, HostSpec, string[]][])("%s, and somebody", (_, spec, harms) => {
    let trip: Trip;
    beforeAll(async () => {
      trip = await openTrip(spec, POLICY);
    }, patient(120_000));
    afterAll(() => trip?.lab.close());
    // The state of a fresh host, as far as sshd goes, for the next one.
    afterEach(async () => {
      const own = spec.prepare === undefined ? "ssh.service" : "ssh.socket";
      await trip.host.exec(`systemctl unmask ssh.service; rm -rf /run/systemd/system/ssh.service.d; ${STOP}
        systemctl stop 'curfew-sshd-*'; systemctl reset-failed; systemctl daemon-reload
        for pid in $(pgrep -x sshd); do kill -CONT $pid; kill $pid; done; systemctl start ${own}`);
      await expect
        .poll(async () => canLogIn(trip.lab, trip.host), { timeout: patient(20_000), interval: 500 })
        .toBe(true);
    });

    test.each(harms)(
      "%s",
      async (what) => {
        const session = openSession(trip);
        await session.answers();
        await applyAndDie(trip, "reloaded", () => trip.host.exec(HARMS[what] ?? "false"), 600);
        await endGuardsTime(trip);
        await expectHealed(trip);
        await session.answers();
        session.end();
        // systemd restarts no masked unit, and nobody else has its socket: till then the old sshd answers.
        if (what === "masks its unit" && spec.prepare !== undefined)
          await trip.host.exec("systemctl unmask ssh.service; systemctl try-restart ssh.service");
        expect(await applyAndRevert(trip)).toEqual(["confirmed", "confirmed"]);
      },
      patient(180_000),
    );
  });
});
