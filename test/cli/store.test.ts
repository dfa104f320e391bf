/** Which history is meant: `--store`, CURFEW_STORE and a file. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHistory } from "../../src/store/open-history.ts";
import { auditedHost, auditHeader, auditRun, store } from "../fixtures/audits.ts";
import { runHere } from "./run-here.ts";

let directory: string;
const [first, second] = [auditHeader(1).runId, auditHeader(2).runId];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-store-"));
  for (const [name, day] of [
    ["one", 1],
    ["state/curfew", 2],
  ] as const) {
    const history = await openHistory({ state: join(directory, name), now: () => new Date() });
    await store(history, auditRun(day, [auditedHost("web1")]));
    await history.close();
  }
  await mkdir(join(directory, "config/curfew"), { recursive: true });
  await writeFile(join(directory, "config/curfew/store"), `# of this machine\nsqlite:${directory}/one\n`);
  await writeFile(join(directory, "place"), `sqlite:${directory}/one\n`);
  await writeFile(join(directory, "open"), "postgres://u:hunter2@127.0.0.1:1/d\n");
  await chmod(join(directory, "open"), 0o644);
  await writeFile(join(directory, "nonsense"), "\n\nmysql://h/d\n");
  await writeFile(join(directory, "empty"), "# nothing\n");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function curfew(given: readonly string[], more: Record<string, string> = {}) {
  const environment = { HOME: directory, XDG_STATE_HOME: join(directory, "state"), ...more };
  return runHere(given, { directory, environment });
}

test.each<[string[], Record<string, string>, string]>([
  [[], {}, second],
  [["--store", "sqlite:one"], {}, first],
  [["--store", "place"], {}, first],
  [[], { CURFEW_STORE: "sqlite:one" }, first],
  [[], { CURFEW_STORE: "place" }, first],
  [[], { XDG_CONFIG_HOME: "CONFIG" }, first],
  [["--store", "sqlite:state/curfew"], { CURFEW_STORE: "place" }, second],
])("history list %j with %j", async (given, more, expected) => {
  const config = more["XDG_CONFIG_HOME"] === undefined ? {} : { XDG_CONFIG_HOME: join(directory, "config") };
  const { stdout, stderr, exitCode } = await curfew(["history", "list", ...given], { ...more, ...config });
  expect([stderr, exitCode]).toEqual(["", 0]);
  expect(stdout).toContain(expected);
  expect(stdout.split("\n")).toHaveLength(2);
});

test("history import takes another history as it is", async () => {
  const made = await curfew(["history", "import", "one/history.sqlite", "--store", "sqlite:three"]);
  expect(made).toMatchObject({ stdout: "1 new audit", stderr: "", exitCode: 0 });
  const again = await curfew(["history", "import", "sqlite:one", "--store", "sqlite:three", "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ summary: { audits: 0 } });
});

describe("is refused", () => {
  const commands = [
    ["history"],
    ["history", "export"],
    ["history", "import", "place"],
    ["history", "prune", "--keep", "1d"],
    ["report"],
  ];
  test.each(commands)("by curfew %s: a password among the arguments", async (...command) => {
    const { stdout, stderr, exitCode } = await curfew([...command, "--store", "postgres://u:hunter2@h/d"]);
    expect([stdout, exitCode]).toEqual(["", 64]);
    expect(stderr).toMatch(/^error: --store has a password in it.*\nhint: take it out; ~\/\.pgpass/u);
    expect(stderr).not.toContain("hunter2");
  });

  test.each<[string[], Record<string, string>, RegExp]>([
    [["--store", "postgres://u@h/d?password=hunter2"], {}, /--store has a password/u],
    [["--store", "postgres://u:hun:ter2@h:x/d"], {}, /--store has a password/u],
    [["--store", "postgresql://u:hun%zzter2@h/d"], {}, /--store has a password/u],
    [["--store", "postgres://u@h/d?sslpassword=hunter2"], {}, /--store has a password/u],
    [
      ["--store", "open"],
      {},
      /open:1:1: the URL has a password, and others may read the file\nhint: chmod 600 open/u,
    ],
    [["--store", "nonsense"], {}, /nonsense:3:1: not a store/u],
    [["--store", "empty"], {}, /empty names no store/u],
    [["--store", "missing"], {}, /cannot read the store from --store: ENOENT/u],
    // Regular to stat, and not to be read, by root either.
    [["--store", "/proc/self/mem"], {}, /cannot read the store from --store: EIO/u],
    [["--store", "."], {}, /not a file that names a store/u],
    [["--store", "sqlite:"], {}, /names no directory/u],
    [["--store", "postgres://u@h/d?sslmode=yes"], {}, /sslmode is "yes"/u],
    [[], { CURFEW_STORE: "missing" }, /cannot read the store from CURFEW_STORE/u],
    [
      [],
      { CURFEW_STORE: "postgres://u:hunter2@127.0.0.1:1/d" },
      /PostgreSQL on 127\.0\.0\.1:1, database d: the server does not accept connections/u,
    ],
  ])("%j with %j", async (given, more, message) => {
    const { stdout, stderr, exitCode } = await curfew(["history", "list", ...given], more);
    expect([stdout, exitCode]).toEqual(["", 64]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/hun|\bat .*\.[jt]s/u);
  });

  test("by audit, together with --no-history", async () => {
    const { stderr, exitCode } = await curfew(["audit", "-p", "x", "--store", "place", "--no-history"]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("--no-history excludes it");
  });
});
