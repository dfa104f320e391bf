import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factScripts } from "../../src/core/answer/script.ts";
import { UNDO_SCRIPTS } from "../../src/core/plan/guard.ts";
import { remoteScript } from "../../src/template/remote-script.ts";
import { quote } from "../../src/template/shell-quote.ts";
import { CurfewError } from "../../src/model/terms/error.ts";

const FACTS_SCRIPT = factScripts(
  [],
  ["sessions", { name: "login-log", seconds: 60 }, { name: "kubeconfigs", users: [], groups: [] }],
);
const UNDO = UNDO_SCRIPTS.toSpliced(-1, 0, "activate/restart-logind", "activate/restart-watchdog");
const FACTS = {
  token: "ab",
  parts: ["part_machine"],
  openssh: "yes",
  selectors: [],
  users: [],
  groups: [],
  files: [],
  ask_shells: "",
  own_files: "",
  lost_lines: "",
  log_seconds: "60",
  kubeconfigs: "",
};
const word = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !text.includes("\0"));
const templates = new URL("../../templates/remote/", import.meta.url);
const names = readdirSync(templates)
  .filter((file) => file.endsWith(".sh"))
  .map((file) => file.slice(0, -3));

describe("remoteScript", () => {
  test("puts every value in as one quoted word", () => {
    const script = remoteScript(FACTS_SCRIPT, {
      ...FACTS,
      token: "a'b",
      selectors: ["x y", "$(id)"],
      users: ["-n"],
    });
    expect(script).toContain("token='a'\\''b'\n");
    expect(script).toContain("set -- 'x y' '$(id)'\n");
    expect(script).toContain("set -- '-n'\n");
  });

  test("no value can become a command, whatever it is", () => {
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 4 }), (token, selectors) => {
        const script = remoteScript(FACTS_SCRIPT, { ...FACTS, token, selectors });
        const assignment = /^ {2}token=.*?\n(?= {2}limit=)/msu.exec(script)?.[0] ?? "";
        const list = /^ {2}set -- (?:'.*?)?\n(?= {2}\[ \$# -eq 0 \] \|\| printf)/msu.exec(script)?.[0] ?? "";
        const said = spawnSync("sh", ["-c", `${assignment}${list}printf '%s\\0' "$token" "$@"`]);
        expect(said.stderr.toString()).toBe("");
        expect(said.stdout.equals(Buffer.from([token, ...selectors, ""].join("\0")))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ["an unknown script", "no-such-script", FACTS],
    ["a value left out", FACTS_SCRIPT, { token: "a" }],
    ["a NUL", FACTS_SCRIPT, { ...FACTS, users: ["a\0b"] }],
  ])("%s is an error of ours", (_, name, values) => {
    expect(() => remoteScript(name, values)).toThrow(expect.objectContaining({ code: "internal" }));
  });

  test("a whole script comes or nothing runs: the last line calls, the rest defines", () => {
    const lines = remoteScript(FACTS_SCRIPT, FACTS).trimEnd().split("\n");
    expect(lines.at(-1)).toBe("deliver </dev/null");
    const cut = lines.slice(0, -1).join("\n");
    const said = spawnSync("sh", ["-s"], { input: cut });
    expect([said.status, said.stdout.length, said.stderr.length]).toEqual([0, 0, 0]);
  });
});

// The templates themselves, with every placeholder as a word: `shellcheck` cannot read `{{…}}`.
const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
const whole = names.filter((name) => !UNDO_SCRIPTS.includes(name)).map((name) => [name]);
const scripts = [...whole, FACTS_SCRIPT, UNDO] as const;
test.skipIf(!shellcheck).each(scripts)("%s passes shellcheck (needs shellcheck)", (...parts) => {
  const text = parts
    .map((name) => readFileSync(new URL(`${name}.sh`, templates), "utf8"))
    .join("")
    .replaceAll(/(?<= in )\{\{[^}]+\}\}/gu, [quote("a"), quote("b")].join(" "))
    .replaceAll(/\{\{[^}]+\}\}/gu, quote("word"));
  const said = spawnSync("shellcheck", ["-s", "sh", "-"], { input: text });
  expect(said.stdout.toString()).toBe("");
});

test("quote refuses what no word can carry", () => {
  expect(() => quote("a\0")).toThrow(CurfewError);
});
