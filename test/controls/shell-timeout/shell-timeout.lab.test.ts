/** The rendered files on real hosts: what each shell ends up with, and that nothing else hears of it. */
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shellTimeout } from "../../../src/controls/shell-timeout/index.ts";
import { CONTROLS } from "../../../src/controls/index.ts";
import { factFiles } from "../../../src/core/answer/script.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { exemption, host as facts, limits, role } from "../facts-fixture.ts";
import { patient } from "../../patience.ts";
import { RELOAD_SSHD } from "../../lab/reload-sshd.ts";

const lacks = labUnavailable();
const SHELLS = ["bash", "zsh", "ksh93", "mksh", "tcsh", "dash"] as const;
const POLICY = limits(
  role("default", 900, null),
  [
    role("vendor", 300, null, { groups: ["domain vendors"] }),
    role("ops", 600, null, { groups: ["operators"] }),
  ],
  [exemption(["free"])],
);

/** Login name to what bash, zsh and mksh must have. */
const LIMITS = { plain: 900, ops: 600, both: 300, free: null, twin: 900 } as const;
const PEOPLE = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

function expected(shell: string, limit: number | null): string {
  if (shell === "dash") return "";
  if (limit === null) return shell === "ksh93" || shell === "mksh" ? "0" : "";
  if (shell === "tcsh") return String(limit / 60);
  return String(shell === "ksh93" ? limit - 60 : limit);
}

describe.skipIf(lacks !== null).each(["bullseye", "bookworm", "trixie", "sid"] as const)(
  `shells of %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({
        release,
        groups: ["domain vendors"],
        users: [
          { name: "plain" },
          { name: "ops", groups: ["operators"] },
          { name: "both", groups: ["operators"] },
          { name: "free", groups: ["operators"] },
        ],
      });
      await host.exec(
        'gpasswd -a both "domain vendors"; for u in plain ops both free; do touch /home/$u/.zshrc; done',
      );
      // Of the number of somebody who is exempt.
      await host.exec(
        "useradd -o -m -N -s /bin/bash -g users -u $(id -u free) twin && cp -a /home/free/.ssh /home/free/.zshrc /home/twin",
      );
      const files: Record<string, string> = {};
      for (const path of factFiles(CONTROLS)) {
        const { exitCode } = await host.exec(`test -f ${path}`);
        if (exitCode === 0) files[path] = await host.readFile(path);
      }
      const given = facts({ shells: SHELLS, files });
      for (const { path, content } of shellTimeout.render(given, POLICY, true).files) {
        if (content !== null && files[path] !== content) await host.writeFile(path, content);
      }
    });
    afterAll(async () => {
      await lab.close();
    });

    async function ssh(user: string, command: readonly string[], input: string): Promise<string> {
      const options = [
        "-F",
        lab.sshConfigPath,
        "-o",
        "BatchMode=yes",
        ...command.slice(0, 1),
        `${user}@${host.name}`,
        ...command.slice(1),
      ];
      const { stdout, stderr } = await execa("ssh", options, {
        reject: false,
        input,
        timeout: patient(20_000),
      });
      return stdout + stderr;
    }

    test.each(SHELLS)(
      "%s: every role's limit, once, readonly, not exported",
      async (shell) => {
        for (const user of PEOPLE) {
          await host.exec(`chsh -s "$(command -v ${shell})" ${user}`);
          const limit = LIMITS[user];
          const session = await ssh(user, ["-tt"], shell === "tcsh" ? CSH : SH);
          const [, value] = /V=\[(\d*)\]/u.exec(session) ?? [];
          expect({ user, shell, value }).toEqual({ user, shell, value: expected(shell, limit) });
          expect(session).not.toMatch(/EXPORTED|read.?only variable|rror|not found/iu);
          const changeable = limit === null || shell === "dash";
          expect(session.includes("CHANGEABLE")).toBe(changeable);
        }
      },
      patient(120_000),
    );

    test.each(["bash", "zsh"])("%s that is no login shell has it too", async (shell) => {
      await host.exec("chsh -s /bin/dash ops");
      const session = await ssh("ops", ["-tt", shell], SH);
      expect(/V=\[(\d*)\]/u.exec(session)?.[1]).toBe("600");
    });

    test.each(SHELLS)("%s: not a byte for a command, and no limit", async (shell) => {
      await host.exec(`chsh -s "$(command -v ${shell})" ops`);
      expect(await ssh("ops", ["-T", "true"], "")).toBe("");
      const asked = shell === "tcsh" ? "echo $?autologout" : "echo ${TMOUT-}";
      expect((await ssh("ops", ["-T", asked], "")).trim()).toMatch(/^0?$/u);
    });

    // What the finding about SetEnv, AcceptEnv and pam_env(8) says; the last test, for it stays.
    test("a TMOUT that sshd sets is overridden at a prompt and stays exported; who has no limit takes it", async () => {
      await host.exec(`echo 'SetEnv TMOUT=55' >/etc/ssh/sshd_config.d/60-env.conf; ${RELOAD_SSHD}`);
      for (const shell of ["bash", "zsh"]) {
        await host.exec(`for u in ops free; do chsh -s "$(command -v ${shell})" $u; done`);
        const session = await ssh("ops", ["-tt"], SH);
        expect(session).toMatch(/V=\[600\]/u);
        expect(session).toContain("EXPORTED");
        expect(session).not.toContain("CHANGEABLE");
        expect(await ssh("free", ["-tt"], SH)).toMatch(/V=\[55\]/u);
        expect((await ssh("ops", ["-T", "echo $TMOUT"], "")).trim()).toBe("55");
      }
    });
  },
);

// Typed into an interactive shell; the terminal echoes it, so what is looked for must not stand in it.
const SH = [
  ". /etc/profile.d/00-curfew.sh",
  String.raw`printf 'V=%s\n' "[\${TMOUT-}]"`.replace(String.raw`\$`, "$"),
  "env | sed -n 's/^TMOUT=.*/EXP''ORTED/p'",
  "(unset TMOUT) 2>/dev/null && echo CHANGE''ABLE",
  "exit",
  "",
].join("\n");
const CSH = [
  "source /etc/csh.cshrc",
  "if (! $?autologout) set autologout",
  'echo "V=""[$autologout]"',
  "( set autologout = 1 ) >& /dev/null && echo CHANGE''ABLE",
  "exit",
  "",
].join("\n");
