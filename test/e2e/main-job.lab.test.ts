/** The whole job on every release: plan, apply, apply again, the daemon's word, real drops, revert. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { canLogIn, type Desk, documentOf, etcDifferences, openDesk, outcomes, RELEASES } from "./curfew.ts";

const POLICY = `
name: main job
defaults:
  client_idle_timeout: 12s
  unresponsive_timeout: 8s
roles:
  admin:
    users: [root]
    client_idle_timeout: 10s
  vendor:
    groups: ["ext partners"]
    client_idle_timeout: 7s
`;

/**
 * 8 s unresponsive is Interval x (CountMax + 1), half of it on 9.2, which takes twice as long.
 * ChannelTimeout: none on 8.4, not printed by 9.2, for the whole host before 10.5, per role since.
 */
const ALIVE = ["clientaliveinterval 4", "clientalivecountmax 1"];
const PROMISED = {
  bullseye: { root: ALIVE, vera: ALIVE, dora: ALIVE },
  bookworm: {
    root: ["clientaliveinterval 2", "clientalivecountmax 1", "unusedconnectiontimeout 10"],
    vera: ["clientaliveinterval 2", "clientalivecountmax 1", "unusedconnectiontimeout 7"],
    dora: ["clientaliveinterval 2", "clientalivecountmax 1", "unusedconnectiontimeout 12"],
  },
  trixie: {
    root: [...ALIVE, "channeltimeout session:*=12s", "unusedconnectiontimeout 10"],
    vera: [...ALIVE, "channeltimeout session:*=12s", "unusedconnectiontimeout 7"],
    dora: [...ALIVE, "channeltimeout session:*=12s", "unusedconnectiontimeout 12"],
  },
  sid: {
    root: [...ALIVE, "channeltimeout session:*=10s"],
    vera: [...ALIVE, "channeltimeout session:*=7s"],
    dora: [...ALIVE, "channeltimeout session:*=12s"],
  },
};

interface Probe {
  session: string;
  role: string;
  outcome: string;
  expect: string;
  withinSeconds: number;
  droppedAfterSeconds: number | null;
  by: string;
  reason: string;
}

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`the main job${lacks === null ? "" : ` (${lacks})`}`, () => {
  describe.each(RELEASES)("on %s", (release) => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;
    let before: Record<string, string>;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({
        release,
        users: [
          { name: "vera", groups: ["ext partners"] },
          { name: "dora", groups: ["developers"] },
        ],
      });
      desk = await openDesk(lab, [host], POLICY);
      before = await host.etcDigest();
    });
    afterAll(() => lab?.close());

    test("plan says what differs, changes nothing, exits 2", async () => {
      const call = await desk.run(["plan", "--json"]);
      expect(call.exitCode, call.stderr).toBe(2);
      const [planned] = documentOf(call).hosts;
      expect(planned.changes.map((change: { path: string }) => change.path)).toContain(
        "/etc/ssh/sshd_config.d/00-00-curfew.conf",
      );
      expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
    });

    test("apply is confirmed over a new login", async () => {
      const call = await desk.run(["apply", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect(call.exitCode).toBe(0);
      const left = await host.exec(
        "find / -xdev -name '.curfew-*'; ls /var/lib/curfew; systemctl list-units --all 'curfew*' --no-legend",
      );
      expect(left.stdout.split("\n").filter((line) => /curfew|lock/.test(line))).toEqual([]);
    });

    test("a second apply changes nothing and exits 0", async () => {
      const digest = await host.etcDigest();
      const call = await desk.run(["apply", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "unchanged" });
      expect(call.exitCode).toBe(0);
      expect(etcDifferences(digest, await host.etcDigest())).toEqual([]);
    });

    test("sshd -T -C says per role what was promised", async () => {
      const ask = async (user: string): Promise<string> =>
        (
          await host.exec(`sshd -T -C user=${user},host=x,addr=10.0.0.1,laddr=10.0.0.2,lport=22`)
        ).stdout.toLowerCase();
      for (const [user, lines] of Object.entries(PROMISED[release])) {
        const answer = (await ask(user)).split("\n");
        for (const line of lines) expect(answer, user).toContain(line);
      }
    });

    test("verify: every role's idle shell is dropped in time, the typing session is kept", async () => {
      const call = await desk.run(["verify", "--json", "--sessions", "idle-shell,typing"]);
      const probes: Probe[] = documentOf(call).hosts[0].probes;
      const why = JSON.stringify(probes, null, 1) + call.stderr;
      for (const role of ["admin", "vendor", "default"]) {
        const idle = probes.find((probe) => probe.role === role && probe.session === "idle-shell");
        expect(idle?.outcome, why).toBe("pass");
        expect(idle?.droppedAfterSeconds, why).toBeLessThanOrEqual(
          (idle?.withinSeconds ?? 0) * 1.1 + patient(2),
        );
        const typing = probes.find((probe) => probe.role === role && probe.session === "typing");
        expect(typing?.outcome, why).toBe("pass");
        expect(typing?.droppedAfterSeconds).toBeNull();
      }
      expect(call.exitCode, why).toBe(0);
    });

    test("verify: the frozen client is dropped in time", async () => {
      const call = await desk.run(["verify", "--json", "--sessions", "frozen-client"]);
      const probes: Probe[] = documentOf(call).hosts[0].probes;
      const why = JSON.stringify(probes, null, 1) + call.stderr;
      expect(
        probes.map(({ outcome }) => outcome),
        why,
      ).toEqual(probes.map(() => "pass"));
      expect(probes.length, why).toBeGreaterThanOrEqual(3);
      expect(call.exitCode, why).toBe(0);
    });

    test("verify leaves nothing behind", async () => {
      const { stdout } = await host.exec(
        "ls /run | grep -i curfew; ps -eo pid,args | grep -i 'curfew\\|AuthorizedKeysFile' | grep -v grep; ls -a /tmp | grep -i curfew",
      );
      expect(stdout.trim()).toBe("");
    });

    test("revert leaves /etc identical and nothing of curfew", async () => {
      const call = await desk.run(["revert", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect(call.exitCode).toBe(0);
      expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
      expect((await host.exec("ls -d /var/lib/curfew")).exitCode).not.toBe(0);
      expect(await canLogIn(lab, host)).toBe(true);
    });
  });
});
