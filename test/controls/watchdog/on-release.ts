/** What the watchdog does on a release, put there by curfew itself: who is ended, who is kept, what is left. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentOf, etcDifferences, openDesk, outcomes, type Desk } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import type { Release } from "../../lab/image.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { openSession, type OpenSession, type SessionEnd } from "../ssh-session.ts";
import { patient } from "../../patience.ts";

const POLICY = `
name: watchdog test
controls: [watchdog]
defaults: {client_idle_timeout: 30s, warn_before: 10s}
roles:
  vendor:
    groups: ["domain vendors"]
    users: [o.dd-name_1]
    client_idle_timeout: 25s
exemptions:
  - {name: backup, users: [free], groups: [free], justification: test, owner: test, expires: 2099-01-01}
`;

/** A tenth of 25 s is the strictest, but it looks every 5 s at the most often. */
const INTERVAL = 5;
const latest = (limit: number): number => limit + 7 + INTERVAL + patient(3);

/** Nothing but KILL ends it. */
const STUBBORN = "trap '' HUP TERM INT; while :; do sleep 1000; done";
const READY = "echo rea''dy";
const MEASURED = ["vera", "o.dd-name_1", "twin", "escaped", "less", "loop", "tmux", "late"] as const;

/** What an administrator's drop-in takes from it, and what it says then. */
const HINDERED = [
  ["SystemCallFilter=~kill\nSystemCallErrorNumber=EPERM\n", "it may not signal"],
  ["InaccessiblePaths=/dev/pts\n", "it does not see the terminals"],
] as const;

const lacks = labUnavailable();

/** Two files share the releases, for each takes two minutes of waiting. */
export function describeWatchdog(releases: readonly Release[]): void {
  describe.skipIf(lacks !== null).each(releases)(
    `the watchdog on %s${lacks === null ? "" : ` (${lacks})`}`,
    (release) => {
      let lab: Lab;
      let host: LabHost;
      let desk: Desk;
      let before: Record<string, string>;
      const ended: Partial<Record<string, SessionEnd>> = {};
      const kept: Record<string, OpenSession> = {};

      beforeAll(async () => {
        lab = await openLab();
        host = await lab.host({
          release,
          groups: ["domain vendors"],
          users: [
            { name: "vera", groups: ["domain vendors"] },
            { name: "o.dd-name_1" },
            { name: "dora" },
            { name: "tim" },
            { name: "fred" },
            { name: "free", groups: ["domain vendors"] },
          ],
          files: { "/etc/ssh/sshd_config.d/90-lab.conf": "MaxStartups 100:30:200\n" },
        });
        // Of the number of somebody who is exempt, and exempt neither by name nor by group.
        await host.exec(
          "useradd -o -m -N -s /bin/bash -g users -u $(id -u free) twin && cp -a /home/free/.ssh /home/twin",
        );
        desk = await openDesk(lab, [host], POLICY);
        before = await host.etcDigest();
      });
      afterAll(async () => {
        await Promise.all(Object.values(kept).map((session) => session.close()));
        await lab.close();
      });

      const open = (user: string, command = "", options: { tty?: boolean; control?: string } = {}) =>
        openSession({ config: lab.sshConfigPath, host: host.name, user, command, ...options });

      const running = async (what: string): Promise<boolean> =>
        (await host.exec(`pgrep -f '^${what}'`)).exitCode === 0;

      test("is planned and applied like any control, and runs", async () => {
        const [planned] = documentOf(await desk.run(["plan", "--json"])).hosts;
        expect(planned.activations).toEqual(["restart-watchdog"]);
        expect(planned.coverage).toContainEqual(
          expect.objectContaining({ control: "watchdog", role: "vendor", kind: "tmux", within: 37 }),
        );
        const call = await desk.run(["apply", "--yes", "--json"]);
        expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
        expect((await host.exec("systemctl is-active curfew-watchdog.timer")).stdout.trim()).toBe("active");
        expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "unchanged" });
      });

      test(
        "sessions of all kinds, at once",
        async () => {
          const control = join(lab.dir, `mux-${release}`);
          // From the first on: with many sessions a busy machine takes as long as the limit to open them.
          const typing = setInterval(() => {
            for (const name of ["typing", "shared, typing"]) kept[name]?.write("echo typed\n");
          }, 9000);
          kept["typing"] = await open("dora", READY);
          kept["shared, typing"] = await open("dora", READY, { control });
          kept["exempt"] = await open("free", READY);
          kept["no terminal"] = await open("dora", `${READY}; exec sleep 2000`, { tty: false });
          const dying: Record<(typeof MEASURED)[number] | "shared" | "frozen", OpenSession> = {
            vera: await open("vera", READY),
            "o.dd-name_1": await open("o.dd-name_1", READY),
            twin: await open("twin", READY),
            escaped: await open(
              "dora",
              `exec env -u TMOUT bash --norc --noprofile -c '${READY}; exec bash --norc -i'`,
            ),
            less: await open("dora", `${READY}; less /etc/passwd`),
            loop: await open("dora", `${STUBBORN} & ${READY}; while :; do date; sleep 0.2; done`),
            tmux: await open("tim", `${READY}; tmux new-session -s job 'sleep 1001'`),
            frozen: await open("fred", `${READY}; exec yes 0123456789012345678901234567890123456789`),
            late: await open("dora", READY),
            shared: await open("dora", READY, { control }),
          };
          dying.frozen.freeze();
          setTimeout(() => dying.late.write("echo only just\n"), 24_000);
          const { frozen, ...awake } = dying;
          for (const [name, session] of Object.entries(awake)) ended[name] = await session.ended;
          await expect.poll(() => running("yes 0123"), { timeout: patient(60_000) }).toBe(false);
          await frozen.close();
          clearInterval(typing);
          expect(Object.keys(ended)).toHaveLength(MEASURED.length + 1);
        },
        patient(150_000),
      );

      test.each(MEASURED)("%s: warned, told, and ended in time", (name) => {
        const limit = name === "vera" || name === "o.dd-name_1" ? 25 : 30;
        const end = ended[name];
        expect(end?.seconds, end?.output).toBeLessThanOrEqual(latest(limit));
        expect(end?.seconds).toBeGreaterThan(limit - 1);
        const said = end?.output ?? "";
        const warned = said.indexOf("Type something to keep it");
        expect(warned, said).toBeGreaterThan(0);
        expect(said.indexOf(`no input for ${limit}s: this session ends now`)).toBeGreaterThan(warned);
      });

      test("one terminal of a shared connection ends, the other and its connection stay", () => {
        expect(ended["shared"]?.seconds).toBeLessThanOrEqual(latest(30));
      });

      test.each(["typing", "exempt", "no terminal", "shared, typing"])("%s: kept, and not warned", (name) => {
        expect(kept[name]?.isOpen()).toBe(true);
        expect(kept[name]?.output()).not.toContain("curfew:");
      });

      test("nothing of the ended sessions is left, but tmux and its job", async () => {
        const { stdout } = await host.exec("ps -eo user:20,args");
        expect(stdout).not.toMatch(
          /^(?:vera|fred|o\.dd-name_1) (?!.*systemd|.*sd-pam)|sleep 1000|less \/etc|yes 0123/mu,
        );
        expect(stdout).toMatch(/^tim .*sleep 1001$/mu);
      });

      test("one line in the log for each, with user, terminal, address, idle time and role", async () => {
        const { stdout } = await host.exec(
          "journalctl -q --no-pager -o cat -t curfew-watchdog SYSLOG_FACILITY=10",
        );
        const lines = stdout.trim().split("\n");
        expect(lines).toHaveLength(10);
        const address = "from 10\\.77\\.0\\.\\d+: no input for \\d+ s";
        expect(stdout).toMatch(
          new RegExp(`^ended the session of "vera" on pts/\\d+ ${address}, limit 25 s, role "vendor"$`, "mu"),
        );
        expect(stdout).toMatch(
          /^ended the session of "fred" .*: no input for (?:3[7-9]|4\d) s, limit 30 s/mu,
        );
        expect(stdout).toMatch(
          new RegExp(`^ended the session of "tim" on pts/\\d+ ${address}, limit 30 s, role "default"$`, "mu"),
        );
      });

      // systemd 247 does not yet apply LogLevelMax= to what it says itself about a unit.
      test.skipIf(release === "bullseye")("and none for each run", async () => {
        const { stdout } = await host.exec("journalctl -q --no-pager -o cat -u curfew-watchdog.service");
        expect(stdout).not.toMatch(/^(?:Starting|Finished)/mu);
      });

      test("it is back after a reboot", async () => {
        await host.powerOff();
        await host.boot();
        const { stdout } = await host.exec("systemctl is-active curfew-watchdog.timer; ls /etc/curfew");
        expect(stdout).toBe("active\nwatchdog.sh\n");
      });

      test("one that its unit keeps from ending anybody is not counted on", async () => {
        const dir = "/etc/systemd/system/curfew-watchdog.service.d";
        const says = async (): Promise<string> =>
          (await host.exec("cut -d ' ' -f 2- /run/curfew-watchdog/last")).stdout;
        const judged = async (): Promise<object> => {
          const call = await desk.run(["audit", "--json", "--no-history", "--sessions", "tmux"]);
          const { ladder } = documentOf(call).hosts[0];
          return ladder.find((cell: { role: string; kind: string }) => cell.role === "vendor");
        };
        await expect.poll(says, { timeout: patient(60_000) }).toBe(`${INTERVAL} ok\n`);
        expect(await judged()).toMatchObject({ outcome: "pass", evidence: "effective" });
        for (const [lines, word] of HINDERED) {
          await host.exec(
            `mkdir -p ${dir}; printf '[Service]\n${lines}' >${dir}/site.conf; systemctl daemon-reload`,
          );
          await expect.poll(says, { timeout: patient(60_000) }).toContain(word);
          expect(await judged()).toMatchObject({ outcome: "fail", reason: expect.stringContaining(word) });
        }
        await host.exec(`rm -r ${dir}; systemctl daemon-reload`);
      });

      test("tmux: end takes the server too", async () => {
        await desk.setPolicy(`${POLICY}tmux: end\n`);
        expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
        const [other, attached] = [
          await open("vera", `tmux new-session -d 'sleep 1003'; ${READY}`),
          await open("tim", `${READY}; tmux new-session 'sleep 1002'`),
        ];
        await Promise.all([attached.ended, other.ended]);
        await expect.poll(() => running("sleep 1002"), { timeout: patient(60_000) }).toBe(false);
        // Detached all the while: not this session's.
        expect(await running("sleep 1003")).toBe(true);
      });

      test("revert leaves /etc identical and no timer", async () => {
        const call = await desk.run(["revert", "--yes", "--json"]);
        expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
        const after = await host.etcDigest();
        expect(etcDifferences(before, after)).toEqual([]);
        const { stdout } = await host.exec(
          "systemctl list-units --all --no-legend 'curfew*'; ls -d /run/curfew* /var/lib/curfew* /etc/curfew 2>/dev/null",
        );
        expect(stdout).toBe("");
      });
    },
  );
}
