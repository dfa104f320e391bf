/** The rules of the house that folders alone do not keep. See ARCHITECTURE.md. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** Folder to floor; a file directly in `src/` is on the top floor. */
const FLOORS: Readonly<Record<string, number>> = {
  model: 0,
  template: 1,
  core: 2,
  controls: 3,
  report: 3,
  host: 4,
  config: 4,
  store: 4,
  flow: 5,
  cli: 6,
};
const TOP = 7;

/**
 * The rooms of each floor from the bottom up: files of a room import only from rooms before it. `.` are the files
 * that stand in the floor's own folder. A room that is not named here is an error.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: "terms inventory policy verdict access facts change control record".split(" "),
  core: "text sshd shell policy misuse answer people facts verdict ending baseline plan render probe audit explain wizard check schedule kube teleport shared".split(
    " ",
  ),
  controls: [
    "shell-timeout",
    "sshd",
    "logind",
    "watchdog",
    "databases",
    "postgresql",
    "mariadb",
    "cockpit",
    ".",
  ],
  report: [
    "layout",
    "format",
    "host",
    "audit",
    "wizard",
    "html",
    "serve",
    "oscal",
    "sarif",
    "cklb",
    "kube",
    "teleport",
    "render",
    ".",
  ],
  host: ["channel", "openssh", "keys", "shell", "."],
  config: [".", "policy", "variables", "forms", "inventory", "kube", "teleport"],
  store: [
    "file",
    "run",
    "postgres",
    "history-record",
    "history",
    "postgres-history",
    "queue",
    "schedule",
    "kube",
    ".",
  ],
  flow: ["run", "shadow", "guard", "probe", "kube", "schedule", "serve", ".", "shared"],
  cli: [
    "terminal",
    "help",
    "options",
    "progress",
    "shared",
    "schedule",
    "completion",
    "wizard",
    "kube",
    "teleport",
    "commands",
    ".",
  ],
};

/** Rooms that have rooms of their own, by the same rule; `.` are the files that stand in the room's own folder. */
const INNER: Readonly<Record<string, readonly string[]>> = {
  "core/kube": [".", "gate", "server"],
  "controls/shell-timeout": ["render", "ending", "."],
  "controls/sshd": ["ending", "render", "."],
};

/** Each room's main file, which opens with what the room is for. */
const MAIN: Readonly<Record<string, string>> = {
  "model/terms": "duration",
  "model/inventory": "host",
  "model/policy": "policy",
  "model/verdict": "finding",
  "model/access": "kube",
  "model/facts": "facts",
  "model/change": "plan",
  "model/control": "control",
  "model/record": "audit",
  "core/text": "visible",
  "core/sshd": "config-text",
  "core/shell": "reads",
  "core/policy": "host-limits",
  "core/misuse": "detect",
  "core/answer": "sections",
  "core/people": "people",
  "core/facts": "parse-facts",
  "core/verdict": "outcome",
  "core/ending": "endings",
  "core/baseline": "judge-baseline",
  "core/check": "question",
  "core/plan": "host",
  "core/render": "rendering",
  "core/probe": "plan",
  "core/audit": "host",
  "core/explain": "person",
  "core/wizard": "questions",
  "core/schedule": "files",
  "core/teleport": "judge",
  "core/shared": "travel",
  "report/teleport": "check-text",
  "config/teleport": "teleport",
  "core/kube": "audit",
  "core/kube/gate": "decision",
  "core/kube/server": "audit",
  controls: "index",
  "controls/shell-timeout": "index",
  "controls/shell-timeout/render": "files",
  "controls/shell-timeout/ending": "endings",
  "controls/sshd": "index",
  "controls/sshd/ending": "endings",
  "controls/sshd/render": "settings",
  "controls/logind": "index",
  "controls/watchdog": "index",
  "controls/databases": "watchdog",
  "controls/postgresql": "index",
  "controls/mariadb": "index",
  "controls/cockpit": "index",
  report: "audit-formats",
  "report/layout": "page-text",
  "report/format": "audit-json",
  "report/host": "plan-text",
  "report/audit": "text",
  "report/wizard": "found",
  "report/html": "html",
  "report/serve": "page",
  "report/oscal": "oscal",
  "report/sarif": "sarif",
  "report/cklb": "cklb",
  "report/kube": "audit-text",
  "report/render": "output",
  config: "yaml-text",
  "config/policy": "policy",
  "config/variables": "data",
  "config/forms": "form",
  "config/inventory": "inventory",
  "config/kube": "kubeconfig",
  "store/file": "atomic-write",
  "store/run": "evidence",
  "store/history": "history",
  "store/history-record": "run",
  store: "open-history",
  "store/postgres": "session",
  "store/postgres-history": "history",
  "store/queue": "queue",
  "store/schedule": "store",
  "store/kube": "gate-store",
  host: "connect",
  "host/channel": "ssh2",
  "host/openssh": "ssh-settings",
  "host/keys": "host-key",
  "host/shell": "root-shell",
  template: "template",
  flow: "plan",
  "flow/run": "context",
  "flow/shadow": "shadow",
  "flow/guard": "change-host",
  "flow/probe": "session",
  "flow/kube": "audit",
  "flow/schedule": "install",
  "flow/serve": "server",
  "flow/shared": "coordinate",
  cli: "main",
  "cli/terminal": "terminal",
  "cli/help": "help-topics",
  "cli/options": "args",
  "cli/progress": "progress",
  "cli/shared": "coordination",
  "cli/schedule": "run",
  "cli/completion": "completion",
  "cli/wizard": "session",
  "cli/kube": "audit",
  "cli/teleport": "command",
  "cli/commands": "plan",
};

/** What decisions may take from Node: computing, no effect. `node:net` for `isIP`. */
const PURE = /^node:(?:path|crypto|util|net|buffer|stream)$/u;

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
    ["controls/sshd/x.ts", "controls/sshd/render/y.ts", false],
    ["controls/sshd/ending/x.ts", "controls/sshd/render/y.ts", true],
    ["controls/sshd/ending/x.ts", "controls/sshd/y.ts", true],
    ["controls/sshd/unknown/x.ts", "controls/sshd/ending/y.ts", true],
    ["controls/logind/ending/x.ts", "controls/logind/y.ts", true],
    ["controls/sshd/render/x.ts", "controls/shell-timeout/render/y.ts", false],
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

describe("circles", () => {
  test("no file imports, by way of others, itself", () => {
    const ties = files.map(({ path, imports }): [string, string[]] => [
      path,
      imports.filter((name) => name.startsWith(".")).map((name) => join(dirname(path), name)),
    ]);
    expect(circles(new Map(ties))).toEqual([]);
  });

  test("one of two, one of three and one of a file alone are seen", () => {
    const ties: [string, string[]][] = [
      ["a", ["b"]],
      ["b", ["c", "x"]],
      ["c", ["a"]],
      ["x", ["y", "z"]],
      ["y", ["x"]],
      ["z", []],
      ["self", ["self"]],
    ];
    expect(circles(new Map(ties))).toEqual(["a", "b", "c", "self", "x", "y"]);
  });
});

describe("style", () => {
  test.each(files.map(({ path, text }) => [path, text] as const))("%s", (path, text) => {
    expect(text.split("\n").length, "lines").toBeLessThanOrEqual(251);
    expect(path, "kebab-case").toMatch(/^(?:[a-z0-9-]+\/){0,3}[a-z0-9-]+\.[jt]s$/u);
    expect(path, "folders").not.toMatch(/(?:^|\/)utils?\//u);
    const code = withoutComments(text);
    const forbidden = [
      // The gate has written everything by then, and taking Node down in order costs a tenth of its start.
      ...(/^cli(?:\/kube\/gate-entry)?\.ts$/u.test(path)
        ? []
        : [/\bprocess\.(?:exit|abort|reallyExit)\s*\(/u]),
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

  test("decisions have no effect: model, core, controls and reports take only what computes from Node", () => {
    const pure = files.filter(({ path }) => /^(?:model|core|controls|report)\//u.test(path));
    const wrong = pure.flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith("node:") && !PURE.test(name))
        .map((name) => `${path}: ${name}`),
    );
    // The report's templates are read where they are rendered.
    expect(wrong).toEqual(["report/html/template.ts: node:fs"]);
  });

  test("decisions look at no clock and at no chance", () => {
    const by =
      /\b(?:Date\.now|performance\.now|Math\.random|randomUUID|randomBytes|randomInt)\b|\bnew Date\(\)/u;
    const wrong = files.filter(
      ({ path, text }) => /^(?:model|core|controls|report)\//u.test(path) && by.test(withoutComments(text)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("no use case looks at a clock, a timer or chance by name: they are given", () => {
    const by =
      /\b(?:Date\.now|performance\.now|Math\.random|randomUUID|randomBytes|randomInt)\b|\bnew Date\(\)|\b(?:setTimeout|setInterval|generateKeyPairSync)\b/u;
    const looking = files.filter(
      ({ path, text }) => path.startsWith("flow/") && by.test(withoutComments(text)),
    );
    expect(looking.map(({ path }) => path)).toEqual([]);
  });

  test("each room's main file opens with what the room is for", () => {
    const rooms = new Set(files.filter(({ path }) => path.includes("/")).map(({ path }) => dirname(path)));
    expect([...rooms].toSorted()).toEqual(Object.keys(MAIN).toSorted());
    const silent = Object.entries(MAIN).filter(
      ([room, name]) => !files.find(({ path }) => path === `${room}/${name}.ts`)?.text.startsWith("/**"),
    );
    expect(silent).toEqual([]);
  });

  test("what comments call ARCHITECTURE.md is in the repository, and names every floor and room", () => {
    const page = readFileSync(join(SRC, "../ARCHITECTURE.md"), "utf8");
    const missing = Object.keys(MAIN)
      .flatMap((room) => room.split("/").slice(-1))
      .filter((name) => !new RegExp(`\\b${name}\\b`, "u").test(page));
    expect(missing).toEqual([]);
    const wrong = files.filter(({ text }) => /\barchitecture\.md\b/u.test(text));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("two exported symbols of one name are two things: there are none", () => {
    const all = files.flatMap(({ path, text }) => exportsOf(text).map((name) => [name, path] as const));
    const groups = Object.entries(Object.groupBy(all, ([name]) => name));
    expect(groups.filter(([, places = []]) => places.length > 1)).toEqual([]);
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

/** Whoever is in a circle. */
function circles(ties: ReadonlyMap<string, readonly string[]>): string[] {
  const reaches = (from: string): boolean => {
    const seen = new Set<string>();
    const next = [...(ties.get(from) ?? [])];
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      if (at === from) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      next.push(...(ties.get(at) ?? []));
    }
    return false;
  };
  return [...ties.keys()].filter((path) => reaches(path)).toSorted();
}

/** Names of what a file exports by declaring it. */
function exportsOf(text: string): string[] {
  const declared = /^export (?:async )?(?:function\*?|const|let|type|interface|class) ([A-Za-z_$][\w$]*)/gmu;
  return [...new Set(Array.from(withoutComments(text).matchAll(declared), ([, name = ""]) => name))];
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
  const [fromRoom, toRoom] = [roomOf(from, 1), roomOf(to, 1)];
  if (fromRoom !== toRoom) return breaksOrder(ROOMS[floor], fromRoom, toRoom);
  const [fromInner, toInner] = [roomOf(from, 2), roomOf(to, 2)];
  return fromInner !== toInner && breaksOrder(INNER[`${floor}/${fromRoom}`] ?? [], fromInner, toInner);
}

function breaksOrder(rooms: readonly string[] | undefined, from: string, to: string): boolean {
  if (rooms === undefined) return false;
  const [above, below] = [rooms.indexOf(from), rooms.indexOf(to)];
  return below === -1 || below > above;
}

/** The folder at this depth that a file stands in: `.` where it stands above. */
function roomOf(path: string, depth: number): string {
  const parts = path.split("/");
  return parts.length > depth + 1 ? (parts[depth] ?? "") : ".";
}

function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? "") : "";
}

function floorOf(folder: string): number | undefined {
  return folder === "" ? TOP : FLOORS[folder];
}
