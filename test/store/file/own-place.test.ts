/** What others put into a folder that curfew writes to: links, pipes, devices. Nothing is written through them. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRunId, openJournal } from "../../../src/store/run/journal.ts";
import { copyEvidence } from "../../../src/store/run/evidence-copy.ts";
import { openDatabase } from "../../../src/store/history/database.ts";
import { writeAtomically, writeNamed, writeNew } from "../../../src/store/file/atomic-write.ts";
import { makeStateDirectory, readOwn } from "../../../src/store/file/own-place.ts";
import { writeReports } from "../../../src/store/file/report-files.ts";
import { openOutbox } from "../../../src/store/schedule/outbox.ts";
import { readScheduleResult, writeScheduleResult } from "../../../src/store/schedule/result.ts";
import { takeScheduleLock } from "../../../src/store/schedule/lock.ts";
import { hash } from "node:crypto";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "curfew-own-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const at = (name: string): string => join(directory, name);
const pipe = (name: string): string => {
  execFileSync("mknod", [at(name), "p"]);
  return at(name);
};

describe("a report", () => {
  const report = (): Promise<string[]> =>
    writeReports(directory, [{ name: "report.html", chunks: ["<html>"] }]);

  test("is not written into a pipe, and nothing waits for its reader", async () => {
    pipe("report.html");
    await expect(report()).rejects.toMatchObject({
      code: "input",
      message: expect.stringMatching(/a pipe/u),
    });
    expect(lstatSync(at("report.html")).isFIFO()).toBe(true);
    expect(readdirSync(directory)).toEqual(["report.html"]);
  });

  test.skipIf(!isRoot)("is not written onto a device", async () => {
    execFileSync("mknod", [at("report.html"), "c", "1", "3"]);
    await expect(report()).rejects.toMatchObject({ code: "input" });
    expect(lstatSync(at("report.html")).isCharacterDevice()).toBe(true);
  });

  test.each([
    ["a device", "/dev/null"],
    ["a pipe", "pipe"],
    ["a file of somebody", "victim"],
    ["nothing", "nowhere"],
  ])("replaces a link to %s and does not follow it", async (_, target) => {
    pipe("pipe");
    writeFileSync(at("victim"), "precious");
    symlinkSync(target.startsWith("/") ? target : at(target), at("report.html"));
    await report();
    expect(lstatSync(at("report.html")).isFile()).toBe(true);
    expect(readFileSync(at("report.html"), "utf8")).toBe("<html>");
    expect(readFileSync(at("victim"), "utf8")).toBe("precious");
    expect(existsSync(at("nowhere"))).toBe(false);
  });
});

describe("evidence beside a report", () => {
  const copy = (): Promise<number> => {
    mkdirSync(at("run/evidence/web1"), { recursive: true });
    writeFileSync(at("run/evidence/web1/a.txt"), "text");
    const file = { path: "evidence/web1/a.txt", sha256: hash("sha256", "text"), bytes: 4, title: "t" };
    return copyEvidence(at("run"), at("out"), [file]);
  };

  test.each(["evidence", "evidence/web1"])("does not go where a link at %s leads", async (place) => {
    mkdirSync(at("elsewhere"));
    mkdirSync(join(at("out"), place, ".."), { recursive: true });
    symlinkSync(at("elsewhere"), join(at("out"), place));
    await expect(copy()).rejects.toThrow(/not a directory of the account/u);
    expect(readdirSync(at("elsewhere"))).toEqual([]);
  });

  test("is not read from a pipe", async () => {
    mkdirSync(at("run/evidence/web1"), { recursive: true });
    pipe("run/evidence/web1/a.txt");
    const file = { path: "evidence/web1/a.txt", sha256: "0".repeat(64), bytes: 4, title: "t" };
    expect(await copyEvidence(at("run"), at("out"), [file])).toBe(1);
  });
});

describe("state", () => {
  const now = (): Date => new Date("2026-11-29T00:00:00Z");

  test.each(["history.sqlite", "history.sqlite-wal", "history.sqlite-shm", "history.sqlite-journal"])(
    "a link, a pipe and a device in place of %s are refused",
    async (name) => {
      for (const target of ["/dev/null", at("victim")]) {
        symlinkSync(target, at(name));
        await expect(openDatabase(directory)).rejects.toMatchObject({ code: "input" });
        rmSync(at(name));
      }
      pipe(name);
      await expect(openDatabase(directory)).rejects.toMatchObject({ code: "input" });
      expect(existsSync(at("victim"))).toBe(false);
    },
  );

  test("the lock and the result of a schedule", async () => {
    mkdirSync(at("schedules"));
    symlinkSync("/dev/null", at("schedules/nightly.lock"));
    await expect(takeScheduleLock(directory, "nightly")).rejects.toThrow(/is not a file/u);
    pipe("schedules/nightly.json");
    expect(await readScheduleResult(directory, "nightly")).toBeUndefined();
    const result = { startedAt: "", finishedAt: "", verdict: "pass" } as never;
    await expect(writeScheduleResult(directory, "nightly", result)).rejects.toThrow(/is not a file/u);
  });

  test("alerts are not read from a pipe", async () => {
    mkdirSync(at("alerts"));
    pipe("alerts/20261122T034310Z-audit-3f2a9c01-hook.json");
    const outbox = await openOutbox(directory, now);
    expect(await outbox.take("hook")).toEqual([]);
    pipe(`alerts/told-${hash("sha256", "key").slice(0, 16)}.json`);
    expect(await outbox.lastTold("key")).toBeUndefined();
  });

  test.each(["runs", "alerts", "schedules"])("a link in place of the directory %s", async (name) => {
    mkdirSync(at("elsewhere"));
    symlinkSync(at("elsewhere"), at(name));
    await expect(makeStateDirectory(directory, name)).rejects.toThrow(/not a directory of the account/u);
    const warnings: string[] = [];
    const runId = createRunId("audit", now(), "0123456789abcdef");
    const journal = await openJournal({
      state: directory,
      runId,
      now,
      warn: (text) => void warnings.push(text),
    });
    await journal.close();
    expect(readdirSync(at("elsewhere"))).toEqual([]);
    expect(warnings.length).toBe(name === "runs" ? 1 : 0);
  });

  test.skipIf(!isRoot)("of somebody else is not used by root", async () => {
    mkdirSync(at("state"));
    chownSync(at("state"), NOBODY, NOBODY);
    await expect(makeStateDirectory(at("state"), "runs")).rejects.toThrow(/not a directory of the account/u);
    await expect(openDatabase(at("state"))).rejects.toMatchObject({ code: "input" });
    expect(readdirSync(at("state"))).toEqual([]);
  });

  test("what curfew wrote is read, and no link is followed", async () => {
    writeFileSync(at("real"), "text");
    symlinkSync(at("real"), at("link"));
    expect(await readOwn(at("real"))).toBe("text");
    await expect(readOwn(at("link"))).rejects.toThrow(/ELOOP/u);
    await expect(readOwn(pipe("pipe"))).rejects.toThrow(/is not a file/u);
  });
});

describe("a path that the user named", () => {
  test("may be a pipe, whose reader comes later and reads slowly", async () => {
    const text = "x".repeat(500_000);
    pipe("pipe");
    const written = writeNamed(at("pipe"), [text]);
    const reader = spawn("sh", ["-c", `sleep 0.3; { sleep 0.3; cat; } <"${at("pipe")}" | wc -c`]);
    let count = "";
    reader.stdout.on("data", (chunk: Buffer) => (count += chunk.toString()));
    await written;
    await once(reader, "close");
    expect(Number(count)).toBe(text.length);
  });

  test("may be a device", async () => {
    await writeNamed("/dev/null", ["text"]);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("that nobody reads is an error, and signals are heard meanwhile", async () => {
    pipe("pipe");
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 100);
    await expect(writeNamed(at("pipe"), ["text"])).rejects.toThrow(/ENXIO/u);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  }, 30_000);

  test.skipIf(!isRoot)("somebody else's link to a device is replaced, their pipe is refused", async () => {
    execFileSync("ln", ["-s", "/dev/null", at("plan.json")]);
    execFileSync("chown", ["-h", String(NOBODY), at("plan.json")]);
    await writeNamed(at("plan.json"), ["{}"]);
    expect(lstatSync(at("plan.json")).isFile()).toBe(true);
    chownSync(pipe("pipe"), NOBODY, NOBODY);
    await expect(writeNamed(at("pipe"), ["{}"])).rejects.toThrow(/is not a file/u);
  });
});

test("a new file is never written over anything, not even a link to nothing", async () => {
  symlinkSync(at("nowhere"), at("policy.yaml"));
  await expect(writeNew(at("policy.yaml"), ["text"])).rejects.toMatchObject({ code: "EEXIST" });
  expect(existsSync(at("nowhere"))).toBe(false);
  expect(readdirSync(directory)).toEqual(["policy.yaml"]);
  await writeNew(at("inventory.yaml"), ["text"]);
  expect(readFileSync(at("inventory.yaml"), "utf8")).toBe("text");
  await writeAtomically(at("inventory.yaml"), ["more"]);
  expect(readFileSync(at("inventory.yaml"), "utf8")).toBe("more");
});
