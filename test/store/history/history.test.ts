import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { History } from "../../../src/model/record/history.ts";
import { openHistory } from "../../../src/store/open-history.ts";
import { auditedHost, auditRun, fleetRun, store } from "../../fixtures/audits.ts";
import { now, testHistory } from "./contract.ts";

/** Nothing here is about the disk, and hundreds of runs are written. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

async function makeState(): Promise<string> {
  return join(await mkdtemp(join(MEMORY, "curfew-history-")), "curfew");
}

describe("a history in SQLite", () => {
  testHistory(async () => {
    const state = await makeState();
    return {
      open: (elsewhere) => openHistory({ state: join(state, elsewhere ?? ""), now }),
      async count(table) {
        const file = new DatabaseSync(join(state, "history.sqlite"), { readOnly: true });
        try {
          return Number(file.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
        } finally {
          file.close();
        }
      },
      remove: () => rm(join(state, ".."), { recursive: true, force: true }),
    };
  });
});

describe("the file of a history", () => {
  let state: string;
  let history: History;

  beforeEach(async () => {
    state = await makeState();
    history = await openHistory({ state, now });
  });
  afterEach(async () => {
    await history.close();
    await rm(join(state, ".."), { recursive: true, force: true });
  });

  test("is for the owner alone", async () => {
    await store(history, fleetRun(3, 3));
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    const names = await readdir(state);
    expect(names.toSorted()).toEqual(["history.sqlite", "history.sqlite-shm", "history.sqlite-wal"]);
    const modes = await Promise.all(names.map(async (name) => (await stat(join(state, name))).mode & 0o777));
    expect(modes).toEqual([0o600, 0o600, 0o600]);
  });

  test("hardly grows with a fleet that stays the same from day to day", async () => {
    const hosts = Array.from({ length: 200 }, (_, index) => auditedHost(`web${index}`));
    const sizes: number[] = [];
    for (let day = 0; day < 6; day += 1) {
      await store(history, auditRun(day, hosts));
      await history.close();
      sizes.push((await stat(join(state, "history.sqlite"))).size);
      history = await openHistory({ state, now });
    }
    expect(((sizes.at(-1) ?? 0) - (sizes[1] ?? 0)) / (4 * 200)).toBeLessThan(60);
  });
});
