/** What shells skip after a line that fails, as the limit is readonly: the table against the shells of four releases. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipsAfter, type Skipper } from "../../../src/core/shell/lost-lines.ts";
import type { LimitForm } from "../../../src/model/facts/limit-line.ts";
import { RELEASES } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../../lab/lab.ts";
import { patient } from "../../patience.ts";

const FORMS: readonly (readonly [LimitForm, string])[] = [
  ["assign", "TMOUT=900"],
  ["assign", "TMOUT+=900"],
  ["assign", "A=b TMOUT=900"],
  ["assign", "[ -n x ] && TMOUT=900"],
  ["arith", ": $((TMOUT=900))"],
  ["dparen", "(( TMOUT = 900 ))"],
  ["exported", "export TMOUT=900"],
  ["exported", "readonly TMOUT=900"],
  ["declared", "typeset -x TMOUT=900"],
  ["integer", "typeset -i TMOUT"],
  ["unset", "unset TMOUT"],
  ["loop", "for TMOUT in 1; do :; done"],
  ["getopts", "getopts a TMOUT -a"],
  ["read", "read -r TMOUT </etc/passwd"],
  ["printf", "printf -v TMOUT 900"],
  ["builtin", "TMOUT=900 :"],
  ["prefix", "TMOUT=900 /bin/true"],
];
/** What fails in no shell, or takes nothing along. */
const HARMLESS = [
  "export TMOUT",
  "readonly TMOUT",
  "typeset -x TMOUT",
  ": ${TMOUT:=900}",
  "(TMOUT=900)",
  "x=$(TMOUT=900; echo)",
  "env TMOUT=900 /bin/true",
  "let TMOUT=900",
];
const SHELLS: Readonly<Record<Exclude<Skipper, "tcsh">, string>> = {
  bash: "bash --norc",
  posix: "bash --norc --posix",
  zsh: "zsh -f",
  ksh93: "ksh93",
  mksh: "mksh",
};
/** Some releases skip less than others; the table has the most. */
const LESS = new Set(["ksh93 integer", "ksh93 getopts", "posix builtin", "posix prefix", "posix unset"]);

const lacks = labUnavailable();
describe.skipIf(lacks !== null).each(RELEASES)(
  `what shells skip on %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;
    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release, init: "none" });
      await host.exec("mkdir /root/m");
    }, patient(120_000));
    afterAll(() => lab?.close());

    /** How far a shell skips after the statement: the least that it can have been. */
    async function skipped(shell: string, statements: readonly string[]): Promise<string[]> {
      const scripts = statements.map(
        (text, at) => `cat >/root/m/f${at} <<'END'
if :; then
 ${text}
 printf C
fi
printf F
END
printf 'readonly TMOUT=600\\n. /root/m/f${at}\\nprintf N\\nexit\\n' | timeout 5 ${shell} -i 2>/dev/null; echo " ${at}"`,
      );
      const { stdout } = await host.exec(`cd /root/m; ${scripts.join("\n")}`);
      const said = stdout.split("\n").filter((line) => line !== "");
      expect(said).toHaveLength(statements.length);
      return said.map((line) => {
        const [marks = ""] = line.split(" ");
        if (!marks.includes("N")) return "shell";
        if (!marks.includes("F")) return "file";
        return marks.includes("C") ? "nothing" : "command";
      });
    }

    test.each(Object.entries(SHELLS))("%s", { timeout: patient(60_000) }, async (name, command) => {
      const found = await skipped(command, [...FORMS.map(([, text]) => text), ...HARMLESS]);
      const shown = FORMS.map(([form, text], at) => [text, form, found[at]] as const);
      for (const [text, form, is] of shown) {
        const says = skipsAfter(form, name as Skipper);
        if (LESS.has(`${name} ${form}`) && is === "nothing") continue;
        expect(`${text}: ${says}`).toBe(`${text}: ${is}`);
      }
      expect(found.slice(FORMS.length)).toEqual(HARMLESS.map(() => "nothing"));
    });

    test("tcsh", async () => {
      await host.exec("printf 'if (1) then\\n set autologout=60\\n echo C\\nendif\\necho F\\n' >/root/m/t");
      const { stdout } = await host.exec(
        "printf 'set -r autologout=5\\nsource /root/m/t\\necho N\\nexit\\n' | tcsh -f 2>/dev/null",
      );
      expect([stdout, skipsAfter("autologout", "tcsh")]).toEqual(["N\n", "file"]);
    });
  },
);
