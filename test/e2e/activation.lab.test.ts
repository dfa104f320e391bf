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
  applyAndDie,
  applyAndRevert,
  DEADLY_SOCKET,
  DEBIAN_SOCKET,
  expectHealed,
  openSession,
  openSite,
  PER_CONNECTION,
  type Site,
  socketHost,
  UBUNTU_SOCKET,
} from "./activation-site.ts";
import { documentOf, hasReached, outcomes } from "./curfew.ts";

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
    let site: Site;
    beforeAll(async () => {
      site = await openSite({ release: "bookworm" });
    }, patient(120_000));
    afterAll(() => site?.lab.close());

    test.each(["ssh", "ssh-keyscan", "bash", "nc"])(
      "with %s, which tells silence from an answer",
      async (tool) => {
        const ask = withFunctions(`find_daemon; tool=${tool}
        knock 127.0.0.1 22 && echo answers; knock ::1 22 && echo answers
        knock 127.0.0.1 21 || echo silent
        rm -r /run/sshd; knock 127.0.0.1 22 || echo silent; mkdir -m 755 /run/sshd`);
        const { stdout } = await site.machine.exec("sh -s", { input: ask });
        expect(stdout.trim().split("\n")).toEqual(["answers", "answers", "silent", "silent"]);
      },
      patient(60_000),
    );

    test(
      "on the address where somebody is connected when the loopback is barred",
      async () => {
        const session = openSession(site);
        await session.answers();
        await site.machine.exec(
          "cp -p /etc/hosts.deny /run/deny; echo 'sshd: 127.0.0.1 [::1]' >/etc/hosts.deny",
        );
        const { stdout } = await site.machine.exec("sh -s", { input: withFunctions("find_daemon; survey") });
        await site.machine.exec("cp -p /run/deny /etc/hosts.deny");
        session.end();
        expect(stdout).toBe(`${site.machine.address} 22\n`);
      },
      patient(60_000),
    );

    test(
      "and where it cannot, the run says so and looks whether sshd listens",
      async () => {
        await site.machine.exec(
          "nft add table inet bar && nft add chain inet bar in '{ type filter hook input priority 0; }' && nft add rule inet bar in iif lo tcp dport 22 reject",
        );
        const call = await site.desk.run(APPLY);
        expect(outcomes(call), call.stderr).toEqual({ [site.machine.name]: "confirmed" });
        expect(documentOf(call).hosts[0].message).toMatch(/cannot open a connection to its own sshd/u);
        await site.machine.exec("nft delete table inet bar");
        expect(outcomes(await site.desk.run(["revert", "--yes", "--json"]))).toEqual({
          [site.machine.name]: "confirmed",
        });
      },
      patient(60_000),
    );

    test(
      "a change after which it gets no answer is taken back at once",
      async () => {
        await site.machine.exec("nft add table inet bar");
        const run = site.desk.start([...APPLY, "--events"]);
        let barred: Promise<unknown> | undefined;
        run.onProgress((seen) => {
          if (barred === undefined && hasReached(seen, "armed"))
            barred = site.machine.exec(
              "nft add chain inet bar in '{ type filter hook input priority 0; }' && nft add rule inet bar in iif lo tcp dport 22 reject",
            );
        });
        const call = await run.done;
        await barred;
        await site.machine.exec("nft delete table inet bar");
        expect(["rolled-back", "unknown"]).toContain(outcomes(call)[site.machine.name]);
        const { message } = documentOf(call).hosts[0];
        expect(message).toMatch(/does not answer a new connection on 127\.0\.0\.1 port 22/u);
        // It read the files; that it does not answer is all that is known.
        expect(message).not.toContain("did not read");
        await expectHealed(site);
      },
      patient(120_000),
    );
  });

  describe.each(LAYOUTS)("%s", (_, spec) => {
    let site: Site;
    beforeAll(async () => {
      site = await openSite(spec);
    }, patient(120_000));
    afterAll(() => site?.lab.close());

    test(
      "plan and apply; sessions live on; a second apply changes nothing; revert",
      async () => {
        const session = openSession(site);
        await session.answers();
        const plan = await site.desk.run(["plan", "--json"]);
        expect(documentOf(plan).hosts[0].error, plan.stderr).toBeUndefined();
        const call = await site.desk.run(APPLY);
        expect(outcomes(call), call.stdout + call.stderr).toEqual({ [site.machine.name]: "confirmed" });
        expect(documentOf(call).hosts[0].message).toBeUndefined();
        await session.answers();
        expect(outcomes(await site.desk.run(APPLY))).toEqual({ [site.machine.name]: "unchanged" });
        const reverted = await site.desk.run(["revert", "--yes", "--json"]);
        expect(outcomes(reverted), reverted.stdout + reverted.stderr).toEqual({
          [site.machine.name]: "confirmed",
        });
        await session.answers();
        session.end();
        await expectHealed(site);
      },
      patient(120_000),
    );

    test.each(["applied", "reloaded"])(
      "the controller dies at %s",
      async (step) => {
        const session = openSession(site);
        await session.answers();
        await applyAndDie(site, step);
        await expectHealed(site);
        await session.answers();
        session.end();
        expect(await applyAndRevert(site)).toEqual(["confirmed", "confirmed"]);
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
