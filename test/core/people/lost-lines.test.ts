/** The script that finds lines that will fail, on files made here, and the parser of what it says. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseLimitLines } from "../../../src/core/people/lost-lines.ts";
import { parseSections } from "../../../src/core/answer/sections.ts";
import { lostText, type Skipper } from "../../../src/core/shell/lost-lines.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { LimitLine } from "../../../src/model/facts/limit-line.ts";
import { remoteScript } from "../../../src/template/remote-script.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const dir = mkdtempSync(join(tmpdir(), "curfew-lost-"));
afterAll(() => rmSync(dir, { recursive: true }));

function parse(body: string): readonly LimitLine[] {
  const output = Buffer.from(`\n@${TOKEN}\tlost-lines\n${body}\n@${TOKEN}\tend\n`);
  const found = parseLimitLines(parseSections(output, TOKEN, "web1"));
  if (found?.state !== "known") throw new Error(found?.state);
  return found.value.get(1) ?? [];
}

function look(text: string): readonly LimitLine[] {
  const file = join(dir, "rc");
  writeFileSync(file, text);
  const input = `1\tann\t${file}\n`;
  return parse(spawnSync("sh", ["-c", remoteScript("lost-lines", {})], { input, encoding: "utf8" }).stdout);
}

const lost = (text: string, shell: Skipper): (string | undefined)[] =>
  look(text).map((line) => lostText(line, shell));

test.each([
  ["TMOUT=900", "assign"],
  ['  TMOUT="900" # mine', "assign"],
  ["true && TMOUT=900", "assign"],
  ["case $- in *i*) TMOUT=900 ;; esac", "assign"],
  ["if true; then TMOUT=900; fi", "assign"],
  ["A=b TMOUT=900 C=d", "assign"],
  ["x=$((TMOUT=900))", "arith"],
  ["((TMOUT = 900))", "dparen"],
  ["export TMOUT=900", "exported"],
  ["export A=b TMOUT=900", "exported"],
  ["readonly TMOUT=900", "exported"],
  ["typeset -x TMOUT=900", "declared"],
  ["local TMOUT=1", "declared"],
  ["declare -i TMOUT", "integer"],
  ["unset TMOUT", "unset"],
  ["unset -v A TMOUT", "unset"],
  ["for TMOUT in 1; do :; done", "loop"],
  ["read -r A TMOUT", "read"],
  ["getopts a TMOUT", "getopts"],
  ["printf -v TMOUT 9", "printf"],
  ["TMOUT=9 eval x", "builtin"],
  ["TMOUT=9 ssh host", "prefix"],
  ["TMO\\\nUT=900", "assign"],
  ["set -r autologout=60", "autologout"],
  ["unset autologout", "autologout"],
])("%j is %s", (text, form) => {
  expect(look(`umask 022\n${text}\numask 027\n`).map((line) => line.form)).toEqual([form]);
});

test.each([
  "# TMOUT=900",
  "export TMOUT",
  "readonly TMOUT",
  ": ${TMOUT:=900}",
  '[ -z "$TMOUT" ] && TMOUT=900',
  '[ -n "$TMOUT" ] || TMOUT=900',
  'if [ -z "${TMOUT:-}" ]; then\n TMOUT=900\n export TMOUT\nfi',
  "(unset TMOUT) 2>/dev/null && TMOUT=900",
  "(TMOUT=900)",
  "x=$(TMOUT=900; date)",
  "env TMOUT=900 x",
  "MY_TMOUT=900",
  "echo TMOUT=900",
  "# BEGIN curfew x\nTMOUT=900\n# END curfew x",
])("%j never fails, or takes nothing along", (text) => {
  expect(look(`${text}\numask 027\n`)).toEqual([]);
});

describe("what is lost", () => {
  const nested =
    "if a; then\n  if b; then\n    TMOUT=900\n    umask 027\n  fi\n  export A=1\nfi\numask 077\n";

  test("in bash the rest of the outermost command, elsewhere of the file", () => {
    expect(lost(nested, "bash")).toEqual([
      "bash skips the rest of the command around it, to line 7: umask 027, export A (2 lines)",
    ]);
    expect(lost(nested, "mksh")).toEqual([
      "mksh skips the rest of the file, to line 8: umask 027, export A, umask 077 (3 lines)",
    ]);
    expect(lost("f() {\n  TMOUT=9\n  alias ll=ls\n}\nf\n", "bash")).toEqual([
      "bash skips the rest of the command around it, to line 4: alias ll (1 line)",
    ]);
  });

  test("nothing where nothing follows, or only what is about the limit", () => {
    expect(lost("TMOUT=900\numask 027\n", "bash")).toEqual([undefined]);
    expect(lost("umask 027\nTMOUT=900\nexport TMOUT\n\n# end\n", "zsh")).toEqual([undefined]);
    expect(lost("export TMOUT=9; umask 027", "bash")).toEqual([undefined]);
    expect(lost("TMOUT=9; umask 027", "bash")).toHaveLength(1);
  });

  test("of values only umask's is said", () => {
    const said = lost(
      `TMOUT=9\nexport A="secret one" B='secret two'\nC=secret D=secret ssh-add secret\nexport E=secret\\ three "$F"\necho 'secret\nsecret=x secret'\n`,
      "zsh",
    ).join("\n");
    expect(said).toMatch(/export A, export B, C=, export E/u);
    expect(said.replace(/, secret=/u, "")).not.toContain("secret");
    expect(lost(`TMOUT=9; export A="secret b"; umask 027`, "bash").join("\n")).not.toContain("secret");
  });
});

describe("what the script said", () => {
  test.each([
    "1\tann\tassign\trc\t1\t1\t-\t1\t-",
    "1\tann\tconstructor\t/rc\t1\t1\t-\t1\t-",
    "x",
    "1\tann\tassign\t/rc",
  ])("is refused where it cannot have written it: %j", (line) => {
    expect(() => parse(`${line}\nread`)).toThrow(CurfewError);
  });

  test("is unknown where it did not come to its end", () => {
    expect(() => parse("1\tann\tassign\t/rc\t1\t1\t-\t1\t-")).toThrow("unreadable");
  });
});
