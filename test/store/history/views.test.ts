import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { History } from "../../../src/model/record/history.ts";
import { openDatabase } from "../../../src/store/history/database.ts";
import { openHistory } from "../../../src/store/open-history.ts";
import { MIGRATIONS } from "../../../src/store/history/schema.ts";
import { auditedHost, auditFinding, auditRun, fleetRun, store } from "../../fixtures/audits.ts";
import { testHistoryViews } from "./views-contract.ts";

const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const now = (): Date => new Date("2026-11-22T03:43:10.123Z");

let state: string;
let history: History | undefined;

beforeEach(async () => {
  state = join(await mkdtemp(join(MEMORY, "curfew-views-")), "curfew");
});
afterEach(async () => {
  await history?.close();
  history = undefined;
  await rm(join(state, ".."), { recursive: true, force: true });
});

describe("SQLite", () => {
  beforeEach(async () => {
    history = await openHistory({ state, now });
  });
  testHistoryViews(() => history as History);
});

describe("a history opened for reading alone", () => {
  const open = (): Promise<History> => openHistory({ state, now, readOnly: true });

  test("reads what another process writes meanwhile, and writes nothing", async () => {
    history = await openHistory({ state, now });
    await store(history, auditRun(1, [auditedHost("a")]));
    const reader = await open();
    expect(await reader.list({})).toHaveLength(1);
    await store(history, auditRun(2, [auditedHost("a")]));
    expect(await reader.list({})).toHaveLength(2);
    await expect(store(reader, auditRun(3, [auditedHost("a")]))).rejects.toMatchObject({ code: "input" });
    await expect(reader.prune("2030-01-01")).rejects.toMatchObject({ code: "input" });
    await reader.close();
    expect(await history.list({})).toHaveLength(2);
  });

  test("is not made where there is none", async () => {
    await expect(open()).rejects.toThrow(/there is no history .* yet/u);
    expect(existsSync(state)).toBe(false);
    await mkdir(state, { mode: 0o700 });
    await expect(open()).rejects.toThrow(/there is no history .* yet/u);
    expect(await readdir(state)).toEqual([]);
  });

  test("of an older or a newer curfew is refused and left as it was", async () => {
    const file = join(state, "history.sqlite");
    (await openDatabase(state, MIGRATIONS.slice(0, 1))).close();
    const before = await stat(file);
    await expect(open()).rejects.toThrow(/was written by an older curfew; nothing was touched/u);
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
    (await openDatabase(state, [...MIGRATIONS, "SELECT 1", "SELECT 1"])).close();
    await expect(open()).rejects.toThrow(/was written by a newer curfew; nothing was touched/u);
  });

  test("in a directory that takes no writing is read as long as its files are there", async () => {
    history = await openHistory({ state, now });
    await store(history, auditRun(1, [auditedHost("a")]));
    await chmod(state, 0o500);
    const reader = await open();
    expect(await reader.list({})).toHaveLength(1);
    await reader.close();
    await chmod(state, 0o700);
  });
});

test("what an older curfew stored is brought up to date with what did not pass, damaged parts included", async () => {
  history = await openHistory({ state, now });
  const run = fleetRun(120, 3);
  await store(history, run);
  await store(history, auditRun(4, [auditedHost("x", [auditFinding({ outcome: "waived" })])]));
  const wanted = await history.open(run.runId);
  const hosts = await history.hosts(run.runId, { offset: 0, limit: 50 });
  await history.close();
  const database = await openDatabase(state);
  database.exec(`
    ALTER TABLE finding_list DROP COLUMN open; ALTER TABLE finding_list DROP COLUMN fail;
    ALTER TABLE finding_list DROP COLUMN unknown; ALTER TABLE finding_list DROP COLUMN waived;
    DROP TABLE applied_host; DROP TABLE applied;
    INSERT INTO finding (digest, body) VALUES (x'00', 'no JSON');
    INSERT INTO finding_list (digest, members) VALUES (x'00', 'no JSON'), (x'01', '[3, 900, "x"]');
    PRAGMA user_version = 1;
  `);
  database.close();
  history = await openHistory({ state, now });
  expect(await history.open(run.runId)).toEqual(wanted);
  expect(await history.hosts(run.runId, { offset: 0, limit: 50 })).toEqual(hosts);
  expect(hosts.items[0]?.findings.fail).toBe(4);
});
