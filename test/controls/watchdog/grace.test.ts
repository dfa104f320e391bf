/** What the watchdog's script remembers of the moment it came into force, and what it gives those who are older. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { watchdog } from "../../../src/controls/watchdog/index.ts";
import { WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";
import { host, limits, role } from "../facts-fixture.ts";

const { files } = watchdog.render(host(), limits(role("default", 300, null)), true);
const script = files.find(({ path }) => path === WATCHDOG_FILES.script)?.content ?? "";
// This machine need not have a terminal.
const functions = script
  .slice(0, script.lastIndexOf("main\n"))
  .replace("set -- /dev/pts/[0-9]*", "set -- /dev/null");

let memory: string;
beforeEach(() => {
  memory = mkdtempSync(join(tmpdir(), "curfew-grace-"));
});
afterEach(() => rmSync(memory, { recursive: true }));

function run(values: Readonly<Record<string, string | number>>, commands: string): string {
  const assigned = Object.entries(values).map(([name, value]) => `${name}='${value}'`);
  const input = [functions, `memory='${memory}'`, ...assigned, commands].join("\n");
  const { stdout, stderr } = spawnSync("sh", [], { input, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim();
}

describe("when it came into force", () => {
  const recalled = (values: { readonly now?: number; readonly up?: number } = {}): string =>
    run({ now: 5100, up: 100, version: "v", ...values }, 'recall; echo "$begun $since $anew"');
  const remembered = (line: string): void => writeFileSync(join(memory, "sessions"), `${line}\n`);
  const left = (text: string): void => writeFileSync(join(memory, "begun"), text);

  test("now, where nothing is remembered, or another policy", () => {
    expect(recalled()).toBe("100 0 yes");
    remembered("w 5000 0 50");
    expect(recalled()).toBe("100 0 yes");
  });

  test("as remembered, however often it is started", () => {
    remembered("v 5000 0 50");
    expect(recalled()).toBe("50 0 no");
  });

  test("when it was put in place, until that is remembered", () => {
    remembered("v 5000 0 50");
    left("90\n");
    expect(recalled()).toBe("90 0 yes");
    // Nothing could be written meanwhile.
    expect(recalled()).toBe("90 0 yes");
    const values = { now: 5100, up: 100, version: "v", remembered: "" };
    expect(run(values, 'recall; remember; echo "$?"')).toBe("0");
    expect(existsSync(join(memory, "begun"))).toBe(false);
    expect(recalled()).toBe("90 0 no");
  });

  test("while the first look was beginning", () => {
    left("101\n");
    expect(recalled()).toBe("101 0 yes");
  });

  test("a clock that was set gives no grace anew", () => {
    remembered("v 5000 0 50");
    expect(recalled({ now: 1500 })).toBe("50 100 yes");
    expect(recalled({ now: 99_999 })).toBe("50 100 yes");
  });

  test.each(["999\n", "no number\n", "-5\n", ""])("nor does what cannot be: %j", (text) => {
    remembered("v 5000 0 999");
    left(text);
    expect(recalled()).toMatch(/^0 0 /u);
  });
});

describe("who has not typed since", () => {
  const BASE = { limit: 307, interval: 15, up: 1000, begun: 990, atime: 4000, number: "none", role: 1 };
  const QUIET = { idle: 5000, warn: 0, warned_for: 0, warned_at: 0, blind: "no", ending: "", writers: "" };
  const REST = { sshd: 1, sshd_start: 1, monitor: 1, leader: 1, leader_start: 1, uid: 1, shared: "no" };
  const acted = (values: Readonly<Record<string, string | number>>): string =>
    run(
      { ...BASE, ...QUIET, ...REST, ...values },
      'tell() { echo told "$2"; }\nsilent_since\nact\n[ -z "$ending" ] || echo ends',
    );
  const warnedAt = (warned_at: number, warned_for = BASE.atime) => ({ warned_at, warned_for });

  test("is warned, and has a minute", () => {
    expect(acted({})).toBe("told no input for 1h23m20s: this session ends in 1m. Type something to keep it.");
    expect(acted({ up: 1050, ...warnedAt(991) })).toBe("");
    expect(acted({ up: 1051, ...warnedAt(991) })).toBe("ends");
  });

  test("has a minute as well where the limit comes within it, and no longer where it comes later", () => {
    expect(acted({ idle: 300 })).toMatch(/^told .*ends in 1m\./u);
    expect(acted({ idle: 200 })).toBe("");
  });

  test("has the limit where that is shorter than a minute", () => {
    expect(acted({ limit: 21 })).toMatch(/^told .*ends in 21s\./u);
    expect(acted({ limit: 21, up: 1012, ...warnedAt(991) })).toBe("ends");
  });

  test("has what the policy says, where it does", () => {
    expect(acted({ warn: 120 })).toMatch(/^told .*ends in 2m\./u);
    expect(acted({ warn: 10, up: 1001, ...warnedAt(991) })).toBe("ends");
  });

  test("has it once, whatever is done to the terminal's access time", () => {
    expect(acted({ up: 1100, ...warnedAt(991, 3000) })).toBe("ends");
    // Warned by this very policy before its timer was put right.
    expect(acted({ ...warnedAt(900) })).toBe("ends");
  });

  // Whole seconds: a session that was opened a second after it came into force may look as old as that, or older.
  test.each([
    [5, ""],
    [6, ""],
    [7, "told no input for 7s: this session ends in 31s. Type something to keep it."],
  ])("is proven to be so: %i s without input, 5 s after it came into force", (idle, says) => {
    expect(acted({ limit: 31, begun: 995, idle })).toBe(says);
  });

  test("has none if it was typed since, as long as the limit is over", () => {
    expect(acted({ begun: 500, idle: 310 })).toBe("ends");
    expect(acted({ begun: 500, idle: 300 })).toBe("");
  });

  test("where nothing can be remembered, has it from the moment it came into force, and not for ever", () => {
    expect(acted({ blind: "yes" })).toMatch(/^told/u);
    expect(acted({ blind: "yes", up: 1050 })).toBe("ends");
    expect(acted({ blind: "yes", begun: 0 })).toBe("ends");
  });
});

describe("a memory that cannot be written", () => {
  /** One look at a terminal that has been quiet for far too long; `begun`: seconds since the watchdog came into force. */
  const looked = (begun: number, more: string): string =>
    run(
      { version: "v", first: 1, interval: 15, grace: 60 },
      `read -r up rest </proc/uptime
      up=\${up%%.*}
      ago() { echo $((up - $1)); }
      ${more.replaceAll("BEGUN", `$(ago ${begun})`)}
      scan() { echo new 3 4000 90000 1000 11 11 1 12 12 no; }
      judge() { limit=307 warn=0 role=1; }
      end_sessions() { echo ends; }
      written() { [ -z "$telling" ] || echo told; }
      main`,
    );
  const LEFT = 'echo BEGUN >"$memory/begun"';
  const REMEMBERED = 'echo "v $(($(date +%s) - up)) 0 BEGUN" >"$memory/sessions"';
  /** Room for the first line, as when it was only tried out, and for no more. */
  const FULL = "mv() { return 1; }";

  test.each([
    ["just put into force", 5, LEFT, "told"],
    ["put into force a minute ago", 70, LEFT, "ends"],
    ["as was remembered before", 5, REMEMBERED, "told"],
    ["as was remembered before, a minute ago", 70, REMEMBERED, "ends"],
    ["nobody knows since when", 5, ":", "ends"],
  ])("%s", (_, begun, more, says) => {
    expect(looked(begun, `${more}; ${FULL}`)).toBe(says);
    // Again: what the first look could not keep is not taken for kept.
    expect(looked(begun, FULL)).toBe(says);
  });

  test("and one that can", () => {
    expect(looked(5, LEFT)).toBe("told");
    expect(existsSync(join(memory, "begun"))).toBe(false);
  });
});
