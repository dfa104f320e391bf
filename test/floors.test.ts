/** The rules of the house that folders alone do not keep. See architecture.md, "Layout". */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** Folder to floor; a file directly in `src/` is on the top floor. */
const FLOORS: Readonly<Record<string, number>> = {
  model: 0,
  core: 1,
  controls: 2,
  report: 2,
  host: 3,
  config: 3,
  store: 3,
  flow: 4,
  cli: 5,
};
const TOP = 6;

/**
 * The rooms of each floor from the bottom up: files of a room import only from rooms before it. `.` are the files
 * that stand in the floor's own folder. A room that is not named here is an error.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: (
    "text template sshd shell policy facts verdict ending baseline " +
    "plan probe audit explain wizard schedule"
  ).split(" "),
  controls: ["shell-timeout", "sshd", "logind", "watchdog", "."],
  report: ["layout", "format", "host", "audit", "wizard", "html", "oscal", "sarif", "cklb", "."],
  config: [".", "policy", "inventory"],
  store: ["file", "run", "history", "schedule"],
  flow: ["run", "shadow", "guard", "probe", "."],
  cli: ["terminal", "help", "options", "progress", "schedule", "completion", "wizard", "commands", "."],
};

/** `import`, `export … from`, dynamic `import()` and `import("…").Type`. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/gu;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.[jt]s$/u.test(path))
  .map((path) => readSource(path));

describe("floors", () => {
  test.each([
    ["host/x.ts", "config/y.ts", true],
    ["host/x.ts", "host/y.ts", false],
    ["core/x.ts", "flow/y.ts", true],
    ["flow/x.ts", "core/y.ts", false],
    ["report/x.ts", "controls/y.ts", true],
    ["cli/commands/x.ts", "cli.ts", true],
    ["cli.ts", "cli/main.ts", false],
    ["unknown/x.ts", "model/y.ts", true],
    ["core/sshd/x.ts", "core/probe/y.ts", true],
    ["core/probe/x.ts", "core/sshd/y.ts", false],
    ["core/probe/x.ts", "core/unknown/y.ts", true],
    ["report/html/x.ts", "report/formats.ts", true],
  ])("the rule itself: %s importing %s is forbidden: %s", (from, to, forbidden) => {
    expect(breaksFloors(from, to)).toBe(forbidden);
  });

  test("there are files on every floor that has been built", () => {
    const folders = new Set(files.map(({ path }) => path.split("/")[0]));
    expect([...folders]).toEqual(expect.arrayContaining(["model", "core", "cli", "store", "report"]));
  });

  test.each(files.map(({ path, imports }) => [path, imports] as const))(
    "%s imports only downwards",
    (path, imports) => {
      const inner = imports.filter((name) => name.startsWith(".")).map((name) => join(dirname(path), name));
      const own = inner.filter((name) => !name.startsWith(".."));
      expect(own.filter((name) => breaksFloors(path, name))).toEqual([]);
      // package.json is the one file outside src/ that code reads as a module.
      expect(inner.filter((name) => name.startsWith("..") && name !== "../package.json")).toEqual([]);
    },
  );
});

describe("style", () => {
  test.each(files.map(({ path, text }) => [path, text] as const))("%s", (path, text) => {
    expect(text.split("\n").length, "lines").toBeLessThanOrEqual(251);
    expect(path, "kebab-case").toMatch(/^(?:[a-z0-9-]+\/){0,2}[a-z0-9-]+\.[jt]s$/u);
    expect(path, "folders").not.toMatch(/(?:^|\/)utils?\//u);
    const code = withoutComments(text);
    const forbidden = [
      ...(path === "cli.ts" ? [] : [/\bprocess\.(?:exit|abort|reallyExit)\s*\(/u]),
      // curfew.js speaks before anything of ours is loaded; schema.ts is a development tool.
      ...(/^(?:cli\/|curfew\.js$|schema\.ts$)/u.test(path)
        ? []
        : [/\bconsole\.|\bprocess\.(?:stdout|stderr)\b/u]),
      /\bas any\b|:\s*any\b/u,
      /^export default\b/mu,
      /^(?:export )?(?:const )?enum\b/mu,
    ];
    expect(forbidden.filter((pattern) => pattern.test(code))).toEqual([]);
  });

  test("only src/host knows the SSH library", () => {
    const outside = files.filter(({ path }) => !path.startsWith("host/"));
    const knowing = outside.filter(({ imports }) => imports.some((name) => /^ssh2(?:$|[-/])/u.test(name)));
    expect(knowing.map(({ path }) => path)).toEqual([]);
  });

  test("what is built in is imported with node:", () => {
    const builtin = /^(?:fs|path|os|crypto|child_process|events|stream|url|util|net|tty|module)(?:\/|$)/u;
    const wrong = files.filter(({ imports }) => imports.some((name) => builtin.test(name)));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

test("the finder sees every form of import", () => {
  const text = `import a from "./a.ts";\nimport "./b.ts";\nexport { c } from './c.ts';
    await import("./d.ts"); type E = import("./e.ts").E;\n// import "./comment.ts"`;
  expect(importsOf(text)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts"]);
});

function readSource(path: string): SourceFile {
  const text = readFileSync(join(SRC, path), "utf8");
  return { path: relative(SRC, join(SRC, path)), text, imports: importsOf(text) };
}

function importsOf(text: string): string[] {
  return Array.from(withoutComments(text).matchAll(IMPORT), ([, name = ""]) => name);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//gu, "").replace(/(?<![:"'`\\])\/\/.*$/gmu, "");
}

function breaksFloors(from: string, to: string): boolean {
  const [fromFolder, toFolder] = [folderOf(from), folderOf(to)];
  if (fromFolder === toFolder) return breaksRooms(fromFolder, from, to);
  const [fromFloor, toFloor] = [floorOf(fromFolder), floorOf(toFolder)];
  return fromFloor === undefined || toFloor === undefined || toFloor >= fromFloor;
}

function breaksRooms(floor: string, from: string, to: string): boolean {
  const rooms = ROOMS[floor];
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
  if (rooms === undefined || fromRoom === toRoom) return false;
  const [above, below] = [rooms.indexOf(fromRoom), rooms.indexOf(toRoom)];
  return below === -1 || below > above;
}

function roomOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? (parts[1] ?? "") : ".";
}

function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : "";
}

function floorOf(folder: string): number | undefined {
  return folder === "" ? TOP : FLOORS[folder];
}
