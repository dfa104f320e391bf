import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/model/change/run.ts";
import { createRunId, type Journal, openJournal } from "../../../src/store/run/journal.ts";
import { stateDirectory } from "../../../src/store/file/xdg.ts";

const now = (): Date => new Date("2026-11-22T03:43:10.123Z");
let state: string;
let warnings: string[];

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "curfew-state-"));
  warnings = [];
});
afterEach(() => rm(state, { recursive: true, force: true }));

function open(runId: string): Promise<Journal> {
  return openJournal({ state, runId, now, warn: (message) => warnings.push(message) });
}

function step(host: string): RunEvent {
  return { type: "host-step", at: 1, host, step: "connecting" };
}

describe("a journal", () => {
  test("keeps every event in order, with its time, for the owner only", async () => {
    const journal = await open(createRunId("apply", now(), "3f2a9c01aaaa"));
    for (let index = 0; index < 500; index += 1) journal.append(step(`web${index}`));
    journal.append({ type: "host-finished", at: 2, host: "web1", outcome: "confirmed" });
    await journal.write("result.json", ["{", "}\n"]);
    await journal.close();
    const directory = join(state, "runs", "20261122T034310Z-apply-3f2a9c01");
    expect(journal.directory).toBe(directory);
    const lines = (await readFile(join(directory, "events.ndjson"), "utf8")).trimEnd().split("\n");
    const events = lines.map((line) => JSON.parse(line) as { host: string; time: string });
    expect(events.map(({ host }) => host)).toEqual([
      ...Array.from({ length: 500 }, (_, i) => `web${i}`),
      "web1",
    ]);
    expect(events[0]?.time).toBe("2026-11-22T03:43:10.123Z");
    expect(await readFile(join(directory, "result.json"), "utf8")).toBe("{}\n");
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, "events.ndjson"))).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([]);
  });

  test("has a finished host on disk before the run ends", async () => {
    const journal = await open("20261122T034310Z-apply-00000001");
    journal.append({ type: "host-finished", at: 2, host: "web1", outcome: "confirmed" });
    await expect
      .poll(() => readFile(join(journal.directory ?? "", "events.ndjson"), "utf8"))
      .toContain('"outcome":"confirmed"');
    await journal.close();
  });

  test("of a run that only reads is written in few pieces, and completely", async () => {
    const journal = await open("20261122T034310Z-plan-00000003");
    const file = join(journal.directory ?? "", "events.ndjson");
    journal.append({ type: "run-started", at: 0, command: "plan", runId: journal.runId, hosts: ["web1"] });
    journal.append(step("web1"));
    expect(await readFile(file, "utf8")).toBe("");
    await expect.poll(() => readFile(file, "utf8")).toContain('"host":"web1"');
    journal.append(step("web2"));
    await journal.close();
    expect((await readFile(file, "utf8")).trimEnd().split("\n")).toHaveLength(3);
  });

  test("that cannot be made is one warning, not an error", async () => {
    await writeFile(join(state, "runs"), "in the way");
    const journal = await open("20261122T034310Z-plan-00000001");
    journal.append(step("web1"));
    await journal.write("result.json", ["{}"]);
    await journal.close();
    expect(journal.directory).toBeNull();
    expect(warnings).toEqual([expect.stringContaining("this run is not fully recorded")]);
  });

  test.skipIf(process.platform !== "linux")("on a full disk goes on without the record", async () => {
    const { createAppender } = await import("../../../src/store/file/appender.ts");
    const { open: openFile } = await import("node:fs/promises");
    const errors: unknown[] = [];
    const appender = createAppender(await openFile("/dev/full", "a"), (error) => errors.push(error));
    for (let index = 0; index < 10; index += 1) {
      appender.append("event\n", "synced");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await appender.close();
    expect(errors).toEqual([expect.objectContaining({ code: "ENOSPC" })]);
  });

  test("of 200 runs is kept, and nothing else is touched", async () => {
    const name = (index: number): string => `20261121T${String(100000 + index)}Z-plan-0000000a`;
    await Promise.all(
      Array.from({ length: 210 }, (_, index) => mkdir(join(state, "runs", name(index)), { recursive: true })),
    );
    await mkdir(join(state, "runs", "00-mine"));
    await (await open("20261122T034310Z-plan-00000002")).close();
    const left = (await readdir(join(state, "runs"))).toSorted();
    expect(left).toHaveLength(201);
    expect(left).toEqual(expect.arrayContaining(["00-mine", "20261122T034310Z-plan-00000002", name(11)]));
    expect(left).not.toContain(name(10));
  });
});

test.each([
  [{ XDG_STATE_HOME: "/var/state" }, "/var/state/curfew"],
  [{ XDG_STATE_HOME: "relative" }, "/home/a/.local/state/curfew"],
  [{ XDG_STATE_HOME: "" }, "/home/a/.local/state/curfew"],
  [{}, "/home/a/.local/state/curfew"],
])("the state directory for %j is %s", (environment, expected) => {
  expect(stateDirectory(environment, "/home/a")).toBe(expected);
});
