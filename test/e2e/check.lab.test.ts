/** `curfew check`: the truth about hosts without a policy, and nothing changed on them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LadderCell } from "../../src/model/verdict/finding.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { documentOf, etcDifferences, runCurfew, type Call } from "./curfew.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();

describe.skipIf(lacks !== null)(`check${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let bare: LabHost;
  let twin: LabHost;
  let old: LabHost;
  beforeAll(async () => {
    lab = await openLab();
    const users = [{ name: "ada", groups: ["sudo"] }, { name: "bea" }, { name: "backup2", uid: 777 }];
    const recipe = "ClientAliveInterval 300\nClientAliveCountMax 0\n";
    [bare, twin, old] = await Promise.all([
      lab.host({ release: "trixie", users }),
      lab.host({ release: "trixie", users }),
      lab.host({
        release: "bookworm",
        users,
        files: {
          "/etc/ssh/sshd_config.d/10-old.conf": `${recipe}ChannelTimeout session:*=8s\n`,
          "/etc/profile.d/tmout.sh": "readonly TMOUT=6\n",
        },
      }),
    ]);
  });
  afterAll(() => lab.close());

  const check = (...args: string[]): Promise<Call> =>
    runCurfew(lab, ["check", "--ssh-config", lab.sshConfigPath, ...args]);
  const cell = (call: Call, role: string, kind: string): LadderCell =>
    documentOf(call).hosts[0].ladder.find((each: LadderCell) => each.role === role && each.kind === kind);

  test(
    "a host that limits nothing: said so, exit 0, alike hosts in one block, /etc untouched",
    async () => {
      const before = await bare.etcDigest();
      const call = await check(`root@${bare.name}`, `root@${twin.name}`);
      expect(call.exitCode, call.stderr).toBe(0);
      expect(call.stdout).toMatch(new RegExp(`^trixie-\\[?\\d+[-,]\\d+\\]?  Debian GNU/Linux 13`, "mu"));
      expect(call.stdout).toContain("nothing limits an idle session here");
      expect(call.stdout).toContain("service accounts");
      expect(call.stdout).toMatch(/never ends, for all of them: idle-shell/u);
      expect(call.stdout.trimEnd().split("\n").at(-1)).toBeDefined();
      expect(call.stdout).toContain("Next: the same with --limit 15m");
      expect(etcDifferences(before, await bare.etcDigest())).toEqual([]);
    },
    patient(120_000),
  );

  test(
    "the old recipe: each line with its place and what it does, and what really ends",
    async () => {
      const call = await check(`root@${old.name}`, "--json");
      expect(call.exitCode, call.stderr).toBe(0);
      const { settings } = documentOf(call).hosts[0];
      const inert = settings.find(({ setting }: { setting: string }) =>
        setting.startsWith("ClientAliveCountMax"),
      );
      expect(inert).toMatchObject({ verdict: "nothing", source: "/etc/ssh/sshd_config.d/10-old.conf:2" });
      // sshd 9.2 heeds that line, but `sshd -T` of 9.2 does not print it: a file says so, no more.
      expect(cell(call, "root", "idle-command")).toMatchObject({
        configured: { by: "ChannelTimeout", seconds: 8, source: "/etc/ssh/sshd_config.d/10-old.conf:3" },
        effective: null,
      });
      expect(cell(call, "administrators", "tmux")).toMatchObject({ configured: null, outcome: "fail" });
    },
    patient(120_000),
  );

  test(
    "--limit judges it",
    async () => {
      expect((await check(`root@${old.name}`, "--limit", "10s", "--sessions", "idle-command")).exitCode).toBe(
        0,
      );
      expect((await check(`root@${old.name}`, "--limit", "5s", "--sessions", "idle-command")).exitCode).toBe(
        2,
      );
      expect((await check(`root@${bare.name}`, "--limit", "15m")).exitCode).toBe(2);
    },
    patient(120_000),
  );

  test(
    "--baseline judges the rules for the host's own system",
    async () => {
      const failing = await check(`root@${old.name}`, `root@${bare.name}`, "--baseline", "cis", "--json");
      expect(failing.exitCode, failing.stderr).toBe(2);
      for (const { findings } of documentOf(failing).hosts) {
        const rules = findings.filter(({ check: name }: { check: string }) => name === "baseline-rule");
        const ids = new Set(rules.map(({ rule }: { rule: string }) => rule));
        expect([...ids].toSorted()).toEqual(["5.1.7", "5.4.3.2"]);
      }
      const foreign = await check(`root@${bare.name}`, "--baseline", "stig-rhel9");
      // Nothing that was asked applies there, so nothing was shown.
      expect(foreign.exitCode, foreign.stderr).toBe(3);
      expect(foreign.stdout).toContain("· not applicable system: wanted stig-rhel9 is for RHEL 9");
    },
    patient(120_000),
  );

  test(
    "--prove opens real sessions of each kind of people",
    async () => {
      const call = await check(
        `root@${old.name}`,
        "--limit",
        "10s",
        "--sessions",
        "idle-shell,tmux",
        "--prove",
        "--json",
      );
      expect(call.exitCode, call.stderr).toBe(2);
      const { probes } = documentOf(call).hosts[0];
      expect(new Set(probes.map(({ role }: { role: string }) => role))).toEqual(
        new Set(["root", "administrators", "service accounts", "default"]),
      );
      expect(cell(call, "default", "idle-shell")).toMatchObject({
        outcome: "pass",
        evidence: "demonstrated",
      });
      expect(cell(call, "default", "tmux").outcome).toBe("fail");
    },
    patient(180_000),
  );

  test(
    "a watchdog that curfew put there counts, by the limits in its own script",
    async () => {
      const policy = join(lab.dir, "check-policy.yaml");
      const text = "name: watched\ncontrols: [watchdog]\ndefaults: {client_idle_timeout: 10m}\n";
      await writeFile(policy, text);
      const files = ["-p", policy, "-i", `root@${twin.name}`, "--ssh-config", lab.sshConfigPath];
      const applied = await runCurfew(lab, ["apply", ...files, "--yes"]);
      expect(applied.exitCode, applied.stderr).toBe(0);
      const tmux = ["--sessions", "tmux,foreground-program", "--json"];
      const call = await check(`root@${twin.name}`, "--limit", "15m", ...tmux);
      expect(call.exitCode, call.stdout).toBe(0);
      for (const role of ["root", "administrators", "service accounts", "default"]) {
        // 10 minutes, 7 s for the terminal's clock and 30 s between two looks, and what a look takes.
        expect(cell(call, role, "tmux")).toMatchObject({
          outcome: "pass",
          effective: { by: "watchdog", source: "curfew-watchdog.timer is active" },
        });
      }
      expect((await check(`root@${twin.name}`, "--limit", "9m", ...tmux)).exitCode).toBe(2);
      const shown = await check(`root@${twin.name}`);
      expect(shown.stdout).toMatch(/tmux +◐ 10m\d+s? watchdog/u);
      expect(shown.stdout).not.toContain("never ends, for all of them: tmux");
    },
    patient(180_000),
  );

  test(
    "a host that does not answer is unknown, exit 3, beside one that does",
    async () => {
      await twin.powerOff();
      const call = await check(`root@${twin.name}`, `root@${bare.name}`, "--connect-timeout", "5s");
      expect(call.exitCode).toBe(3);
      expect(call.stdout).toContain("nothing limits an idle session here");
    },
    patient(120_000),
  );
});
