/** What can happen to the file: other processes, kills, older and newer ones, damage, no room, no permission. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { History } from "../../src/model/record/history.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { openDatabase } from "../../src/store/history/database.ts";
import { MIGRATIONS } from "../../src/store/history/schema.ts";
import { auditHeader, fleetHost, fleetRun, store } from "../fixtures/audits.ts";
import { WRITER } from "./history-writer.ts";
import { patient } from "../patience.ts";

let directory: string;
let state: string;
let file: string;
let children: ChildProcess[];
const now = (): Date => new Date("2026-11-22T03:43:10.123Z");

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-history-"));
  state = join(directory, "curfew");
  file = join(state, "history.sqlite");
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

interface Writer {
  readonly child: ChildProcess;
  /** What it said so far. */
  said(): string;
}

function write(index: number, hosts: number, ...more: string[]): Writer {
  const child = spawn(process.execPath, [WRITER, state, String(index), String(hosts), ...more], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  }
  return { child, said: () => text };
}

async function using<T>(work: (history: History) => Promise<T>): Promise<T> {
  const history = await openHistory({ state, now });
  try {
    return await work(history);
  } finally {
    await history.close();
  }
}

describe("several processes", () => {
  test("write at once into a history that none of them has seen before, and all of it is there", async () => {
    const writers = [1, 2, 3].map((index) => write(index, 90));
    await Promise.all(writers.map(({ child }) => once(child, "close")));
    expect(writers.map(({ said }) => said().trimEnd().split("\n").at(-1))).toEqual([
      "finished",
      "finished",
      "finished",
    ]);
    await using(async (history) => {
      expect((await history.list({})).map((run) => [run.state, run.hosts.pass + run.hosts.fail])).toEqual([
        ["finished", 90],
        ["finished", 90],
        ["finished", 90],
      ]);
      for (const index of [1, 2, 3]) {
        expect((await history.load(auditHeader(index).runId)).hosts).toEqual(
          Array.from({ length: 90 }, (_, number) => fleetHost(number, index)),
        );
      }
    });
  });

  test("see what another one writes as running, and the rest of them read and write on", async () => {
    const writer = write(1, 6, "wait");
    await expect.poll(() => writer.said(), { timeout: patient(20_000) }).toContain("stored 5");
    await using(async (history) => {
      await store(history, fleetRun(3, 2));
      expect((await history.list({})).map((run) => run.state)).toEqual(["running", "finished"]);
      expect(await history.prune("2030-01-01T00:00:00.000Z")).toBe(0);
      writer.child.kill("SIGKILL");
      await once(writer.child, "close");
      expect((await history.list({})).map((run) => run.state)).toEqual(["broken-off", "finished"]);
    });
  });

  test("wait for one that holds the lock, and the event loop goes on", async () => {
    await using(async (history) => {
      const other = new DatabaseSync(file);
      other.exec("BEGIN IMMEDIATE");
      let turns = 0;
      const ticking = setInterval(() => (turns += 1), 5);
      const stored = store(history, fleetRun(2, 1));
      await sleep(300);
      expect(turns).toBeGreaterThan(10);
      expect(await history.list({})).toEqual([]);
      other.exec("COMMIT");
      other.close();
      await stored;
      clearInterval(ticking);
      expect(await history.list({})).toHaveLength(1);
    });
  });
});

test("a writer killed at any moment loses nothing that it was told is stored", async () => {
  let killedMidway = 0;
  for (let round = 1; round <= 8; round += 1) {
    const writer = write(round, 600);
    await expect.poll(() => writer.said(), { timeout: patient(20_000), interval: 5 }).toContain("begun");
    await sleep(Math.random() * 150);
    writer.child.kill("SIGKILL");
    await once(writer.child, "close");
    const last = Number(/stored (\d+)\n(?!stored)/u.exec(writer.said())?.[1] ?? -1);
    await using(async (history) => {
      const { state: ended } = await history.find(auditHeader(round).runId);
      expect(ended).toBe(writer.said().includes("finished") ? "finished" : "broken-off");
      if (ended === "broken-off" && last >= 0) killedMidway += 1;
      const { hosts } = await history.load(auditHeader(round).runId);
      const stored = hosts.slice(0, last + 1);
      expect(stored).toEqual(Array.from({ length: last + 1 }, (_, number) => fleetHost(number, round)));
    });
    const check = new DatabaseSync(file);
    expect(check.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    check.close();
  }
  expect(killedMidway).toBeGreaterThan(0);
});

test("a process id that is used again, or was used before the last boot, does not count as running", async () => {
  await using(async (history) => {
    for (const day of [1, 2, 3]) await history.begin(auditHeader(day), []);
    const change = new DatabaseSync(file);
    const set = change.prepare("UPDATE run SET process = json_set(process, ?, ?) WHERE name = ?");
    set.run("$.started", "1", auditHeader(1).runId);
    set.run("$.boot", "another", auditHeader(2).runId);
    change.close();
    const states = (await history.list({})).map((run) => run.state);
    expect(states).toEqual([
      "broken-off",
      process.platform === "linux" ? "broken-off" : "running",
      "running",
    ]);
  });
});

describe("a file", () => {
  test("from an older curfew is brought up to date with all that is in it, or not at all", async () => {
    const run = fleetRun(5, 1);
    await using((history) => store(history, run));
    const step = "ALTER TABLE run ADD COLUMN note TEXT; UPDATE run SET note = 'kept'";
    await expect(openDatabase(state, [...MIGRATIONS, `${step}; SELECT nonsense`])).rejects.toThrow(
      "nonsense",
    );
    expect(version()).toBe(MIGRATIONS.length);
    const database = await openDatabase(state, [...MIGRATIONS, step]);
    expect(database.get("SELECT name, note FROM run")).toEqual({ name: run.runId, note: "kept" });
    database.close();
    expect(version()).toBe(MIGRATIONS.length + 1);
  });

  test("from a newer curfew is refused and stays as it was", async () => {
    await using((history) => store(history, fleetRun(2, 1)));
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    const before = await readFile(file);
    await expect(openHistory({ state, now })).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining("newer curfew; nothing was touched"),
      hint: expect.stringContaining("XDG_STATE_HOME"),
    });
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test("of another program is refused and stays as it was", async () => {
    await mkdir(state);
    const other = new DatabaseSync(file);
    other.exec("CREATE TABLE mine (x)");
    other.close();
    const before = await readFile(file);
    await expect(openHistory({ state, now })).rejects.toThrow("not a history that curfew wrote");
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    [
      "no database",
      () => writeFile(file, "once upon a time\n".repeat(300)),
      /is not a history that curfew wrote/u,
    ],
    ["cut in half", () => truncate(file, 40_960), /is damaged|is not a history/u],
    ["overwritten in its middle", () => overwrite(), /is damaged/u],
    ["a directory", () => rm(file).then(() => mkdir(file)), /cannot be opened/u],
  ])("that is %s is one clear error with what to do", async (_, damage, message) => {
    await using((history) => store(history, fleetRun(50, 1)));
    await damage();
    const reading = using(async (history) => {
      await history.load(auditHeader(1).runId);
    });
    await expect(reading).rejects.toMatchObject({
      code: "input",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/move it away|XDG_STATE_HOME/u),
    });
  });

  test("whose contents were edited is not shown as found", async () => {
    await using((history) => store(history, fleetRun(50, 1)));
    const edit = new DatabaseSync(file);
    edit.exec("UPDATE finding SET body = replace(body, '\"fail\"', '\"pass\"')");
    edit.close();
    await expect(using((history) => history.load(auditHeader(1).runId))).rejects.toThrow(
      "a part of an audit is not what was stored",
    );
  });
});

describe("a directory", () => {
  const asNobody = `
    const { openHistory } = await import(process.argv[1]);
    try { await openHistory({ state: process.argv[2], now: () => new Date() }); }
    catch (error) { console.log(error.code, error.message, "|", error.hint); }`;

  test("that may not be written is one clear error", async () => {
    await chmod(directory, 0o555);
    const module = new URL("../../src/store/open-history.ts", import.meta.url).href;
    const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", asNobody, module, state], {
      encoding: "utf8",
      ...identity,
    });
    expect(stdout).toMatch(/^input the history .* cannot be opened: EACCES.* \| curfew needs to write/u);
  });

  // The disk ends with the shell's name space: what is on it is copied out first, with the log beside the database.
  const tiny = `mkdir -p "$1" && mount -t tmpfs -o size=2m none "$1"; "$2" "$3" "$1" 1 4000; cp -r "$1" "$4"`;
  const canMount = spawnSync("unshare", ["-m", "true"]).status === 0;

  test.skipIf(!canMount)("without room is one clear error, and the audit before is whole", async () => {
    const kept = join(directory, "kept");
    const argv = ["-m", "sh", "-c", tiny, "sh", state, process.execPath, WRITER, kept];
    const { stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8" });
    expect(stderr).toContain("the disk is full");
    const last = Number(/stored (\d+)\n(?!stored)/u.exec(stdout)?.[1]);
    expect(last).toBeGreaterThan(10);
    state = kept;
    await using(async (history) => {
      const { hosts } = await history.load(auditHeader(1).runId);
      expect(hosts.slice(0, last + 1).map(({ host }) => host)).toEqual(
        Array.from({ length: last + 1 }, (_, number) => fleetHost(number, 1).host),
      );
      expect(hosts[last]?.description).not.toBe("");
    });
  });
});

function version(): unknown {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare("PRAGMA user_version").get()?.["user_version"];
  } finally {
    database.close();
  }
}

/** Leaves the header whole, so that it opens. */
async function overwrite(): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0xa5, 8192, bytes.length));
}
