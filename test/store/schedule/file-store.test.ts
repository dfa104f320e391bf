/** The contract of schedules and alerts, kept by files. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { createFileSchedule } from "../../../src/store/schedule/file-store.ts";
import { openOutbox } from "../../../src/store/schedule/outbox.ts";
import { testSchedules } from "./contract.ts";

describe("in files", () => {
  testSchedules(async () => {
    const state = await mkdtemp(join(tmpdir(), "curfew-schedules-"));
    return {
      schedule: (name) => createFileSchedule(state, name),
      outbox: (now = () => new Date()) => openOutbox(state, now),
      damage: (name) => writeFile(join(state, "schedules", `${name}.json`), "{}"),
      remove: () => rm(state, { recursive: true, force: true }),
    };
  });
});
