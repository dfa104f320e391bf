/** Baselines on real hosts: what sshd says, what a member's shell has, what scanners read, and back again. */
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Files,
  accountsTmout,
  cisTmout,
  conflicting,
  logindTimeout,
  sshdIdleTimeout,
  sshdKeepalive,
} from "../controls/scanners.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Desk, documentOf, etcDifferences, openDesk, outcomes } from "./curfew.ts";
import { patient } from "../patience.ts";

const SHELLS = ["bash", "zsh", "ksh", "mksh"] as const;
const LOOKED_AT =
  "/etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf";

const policy = (profile: string, exempt: string) => `
name: baseline
profile: ${profile}
roles:
  staff: { groups: [people], client_idle_timeout: 5m, unresponsive_timeout: 3m }
exemptions:
  - { name: nightly, users: [free], controls: ${exempt}, justification: rsync, owner: ops, expires: 2099-12-31 }
`;

interface Baseline {
  readonly profile: string;
  /** Whose way of writing TMOUT: of by-system baselines the host's own. */
  readonly family: "red-hat" | "ubuntu" | "debian";
  /** Seconds at the prompt of everybody without a role. */
  readonly idle: number;
  readonly logind: boolean;
  readonly uniform: boolean;
}

const BASELINES: readonly Baseline[] = [
  { profile: "stig-ubuntu2204", family: "ubuntu", idle: 600, logind: false, uniform: true },
  { profile: "stig-rhel9", family: "red-hat", idle: 600, logind: true, uniform: true },
  { profile: "cis", family: "debian", idle: 900, logind: false, uniform: false },
  { profile: "pci-dss", family: "debian", idle: 900, logind: false, uniform: false },
];

const lacks = labUnavailable();
describe.skipIf(lacks !== null).each(["bookworm", "sid"] as const)(
  `baselines on %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({
        release,
        users: [
          ...SHELLS.map((shell) => ({ name: `u${shell}`, shell, groups: ["people"] })),
          { name: "plain" },
          { name: "free" },
        ],
      });
      await host.exec("for u in /home/*; do touch $u/.zshrc; done");
      desk = await openDesk(lab, [host], policy("cis", "all"));
    });
    afterAll(() => lab?.close());

    describe.each(BASELINES)("$profile", ({ profile, family, idle, logind, uniform }) => {
      let before: Record<string, string>;

      test("is applied, and a second time changes nothing", async () => {
        before = await host.etcDigest();
        await desk.setPolicy(policy(profile, "[sshd, shell-timeout]"));
        const call = await desk.run(["apply", "--yes", "--json"]);
        expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
        const again = await desk.run(["apply", "--yes", "--json"]);
        expect(outcomes(again), again.stderr).toEqual({ [host.name]: "unchanged" });
      });

      test("sshd says the numbers, for everybody and for the exempt", async () => {
        // Scanners of CIS compare the count with 3: twice as many intervals, half as long.
        const count = profile === "cis" ? 3 : 1;
        const staff = (uniform ? 90 : idle / 2) / ((count + 1) / 2);
        for (const who of ["", "-C user=plain", "-C user=free", "-C user=ubash"]) {
          const { stdout } = await host.exec(`sshd -T ${who} | grep -i '^clientalive'`);
          const interval = Number(/clientaliveinterval (\d+)/iu.exec(stdout)?.[1]);
          expect([who, /clientalivecountmax (\d+)$/imu.exec(stdout)?.[1]]).toEqual([who, String(count)]);
          // 9.2 takes twice as long as the rule, so it gets half.
          const expected = who.endsWith("ubash") ? 180 / (count + 1) : staff;
          expect([who, interval]).toEqual([
            who,
            Math.floor(release === "bookworm" ? expected / 2 : expected),
          ]);
        }
      });

      test("scanners find what they look for", async () => {
        const files = await filesOf(host);
        expect(accountsTmout(files, family === "ubuntu" ? "ubuntu" : "red-hat", idle)).toBe(true);
        expect([sshdIdleTimeout(files, idle), sshdKeepalive(files, profile === "cis" ? 3 : 1)]).toEqual([
          true,
          true,
        ]);
        expect(conflicting(files, "ClientAliveInterval")).toBe(!uniform);
        expect(logindTimeout(files, 600)).toBe(logind);
        expect(cisTmout(files)).toBe(family !== "red-hat");
      });

      test.each([
        ...SHELLS.map((shell) => [shell, `u${shell}`, shell === "ksh" ? "240" : "300"] as const),
        ["bash", "plain", String(idle)] as const,
      ])("an interactive %s of %s has it readonly and exported", async (_shell, user, limit) => {
        const shown = await typed(lab, host, user, "echo V=[$(env | sed -n s/^TMOUT=//p)]");
        expect([user, /V=\[(\d*)\]/u.exec(shown)?.[1]]).toEqual([user, limit]);
        const changed = await typed(lab, host, user, '(TMOUT=7) 2>/dev/null && echo CHANGE"ABLE"');
        expect(changed).not.toContain("CHANGEABLE");
      });

      test("an exempt one has none", async () => {
        expect(await typed(lab, host, "free", "echo V=[${TMOUT-none}]")).toContain("V=[none]");
      });

      test("scp, sftp and commands hear nothing of it", async () => {
        for (const user of ["ubash", "uzsh", "plain"]) {
          const target = `${user}@${host.name}`;
          const options = ["-q", "-F", lab.sshConfigPath];
          const calls: [string, string[], string, string][] = [
            ["ssh", [...options, target, "env | grep -c ^TMOUT"], "", "0"],
            ["scp", [...options, "/etc/hostname", `${target}:copy`], "", ""],
            ["sftp", [...options, "-b", "-", target], "ls copy\n", "copy"],
          ];
          for (const [program, args, input, heard] of calls) {
            const { all = "" } = await execa(program, args, { all: true, reject: false, input });
            expect([user, program, all.replaceAll(/^sftp> .*\n/gmu, "").trim()]).toEqual([
              user,
              program,
              heard,
            ]);
          }
        }
      });

      test("revert leaves /etc as it was", async () => {
        const call = await desk.run(["revert", "--yes", "--json"]);
        expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
        expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
      });
    });

    test("a looser limit is refused before anything is contacted", async () => {
      await desk.setPolicy(policy("cis", "all").replace("5m", "20m"));
      const call = await desk.run(["plan", "--json"]);
      expect(call.exitCode).toBe(64);
      expect(documentOf(call).error.message).toMatch(
        /policy\.yaml:5:51: role "staff": client_idle_timeout 20m: cis allows at most 15m; only an exemption loosens it/u,
      );
    });
  },
);

async function filesOf(host: LabHost): Promise<Files> {
  const { stdout } = await host.exec(
    `for f in ${LOOKED_AT}; do [ -f "$f" ] && printf '\\001%s\\n' "$f" && cat "$f"; done; true`,
  );
  return stdout
    .split("\u0001")
    .slice(1)
    .map((part): [string, string] => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    });
}

/** What a session with a terminal shows when its user types this, their login shell being what it is. */
async function typed(lab: Lab, host: LabHost, user: string, command: string): Promise<string> {
  const options = ["-F", lab.sshConfigPath, "-o", "BatchMode=yes", "-tt"];
  const input = `${command}\nexit\n`;
  const { stdout, stderr } = await execa("ssh", [...options, `${user}@${host.name}`], {
    reject: false,
    input,
    timeout: patient(20_000),
  });
  return stdout + stderr;
}
