import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createProgress } from "../../../src/cli/progress/progress.ts";
import type { RunEvent } from "../../../src/model/change/run.ts";
import { probe } from "../../fixtures/plans.ts";
import { fakeTerminal, screenAfter } from "../fake-terminal.ts";

const events: RunEvent[] = [
  { type: "run-started", at: 0, command: "apply", runId: "r", hosts: ["web1", "web2"] },
  { type: "wave-started", at: 0, wave: 1, hosts: ["web1"] },
  { type: "host-step", at: 0, host: "web1", step: "connecting" },
  { type: "host-step", at: 1234, host: "web1", step: "armed", detail: "60 s" },
  { type: "host-finished", at: 2500, host: "web1", outcome: "confirmed" },
  {
    type: "host-finished",
    at: 2600,
    host: "web2",
    outcome: "unknown",
    message: "no answer\nevil: confirmed",
  },
  {
    type: "probe-started",
    at: 3000,
    host: "web1",
    role: "admin",
    session: "idle-shell",
    user: "alice",
    withinSeconds: 600,
  },
  { type: "probe-finished", at: 601_240, host: "web1", result: probe() },
  { type: "run-finished", at: 601_300, exitCode: 3 },
];

describe("in a pipe", () => {
  test("every step and outcome is one line with the time", () => {
    const terminal = fakeTerminal();
    const progress = createProgress({}, terminal, () => 0);
    progress.begin("apply", ["web1", "web2"]);
    events.forEach((event) => progress.emit(event));
    progress.note("stopping");
    progress.end();
    expect(terminal.written).toMatchSnapshot();
  });

  test("of many hosts there is a summary every ten seconds, and the first that are in trouble", () => {
    vi.useFakeTimers();
    const terminal = fakeTerminal();
    const clock = (): number => Date.now() - start;
    const start = Date.now();
    const names = Array.from({ length: 200 }, (_, index) => `web${index}`);
    const progress = createProgress({}, terminal, clock);
    progress.begin("audit", names);
    for (const host of names) progress.emit({ type: "host-step", at: clock(), host, step: "connecting" });
    vi.advanceTimersByTime(9_000);
    for (const [index, host] of names.slice(0, 150).entries()) {
      const outcome = index < 30 ? "unknown" : index < 60 ? "fail" : "pass";
      progress.emit({ type: "host-finished", at: clock(), host, outcome, message: "no answer" });
    }
    vi.advanceTimersByTime(2_000);
    progress.end();
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    const lines = terminal.written.err.trimEnd().split("\n");
    expect(lines).toHaveLength(13);
    expect(lines[0]).toBe("[    0.0s] audit: 200 hosts");
    expect(lines[1]).toBe("[    9.0s] web0: ? unknown (no answer)");
    expect(lines.slice(-2)).toEqual([
      "[   10.0s] audit: 150/200 hosts, ? unknown 30, ✗ out of compliance 30, = pass 90; connecting 50",
      "[   11.0s] audit: 150/200 hosts, ? unknown 30, ✗ out of compliance 30, = pass 90; connecting 50",
    ]);
  });

  test("--events gives one JSON object per line, the events as they are", () => {
    const terminal = fakeTerminal();
    const progress = createProgress({ events: true }, terminal, () => 0);
    progress.begin("apply", ["web1"]);
    events.forEach((event) => progress.emit(event));
    progress.note("stopping");
    progress.end();
    const lines = terminal.written.err.trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as { time?: string });
    for (const event of parsed) {
      expect(event.time).toMatch(/^\d{4}-.*Z$/u);
      delete event.time;
    }
    expect(parsed).toEqual([...events, { type: "note", message: "stopping" }]);
  });

  test("--quiet says only what somebody has to know", () => {
    const terminal = fakeTerminal({ redraws: true });
    const progress = createProgress({ quiet: true }, terminal, () => 0);
    progress.begin("apply", ["web1"]);
    events.forEach((event) => progress.emit(event));
    progress.note("stopping");
    progress.end();
    expect(terminal.written).toEqual({ out: "", err: "stopping\n" });
  });
});

describe("on a terminal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const clock = (): number => Date.now();

  test("the board shows the present and leaves its last state where results go elsewhere", () => {
    const terminal = fakeTerminal({ redraws: true });
    const progress = createProgress({}, terminal, clock);
    progress.begin("apply", ["web1", "web2"]);
    progress.emit({ type: "host-step", at: clock(), host: "web1", step: "connecting" });
    vi.advanceTimersByTime(2200);
    expect(screenAfter(terminal.written.err, 80)).toEqual([
      "apply: 0/2 hosts, 0:02",
      "  web1  connecting 0:02",
      "  web2  waiting",
      "",
    ]);
    progress.emit({ type: "host-finished", at: clock(), host: "web1", outcome: "confirmed" });
    progress.end();
    expect(screenAfter(terminal.written.err, 80)).toEqual([
      "apply: 1/2 hosts, 0:02",
      "  web1  ✓ confirmed",
      "  web2  waiting",
      "",
    ]);
  });

  test("the board is gone where the results follow on the same terminal", () => {
    const terminal = fakeTerminal({ redraws: true, shows: true });
    const progress = createProgress({}, terminal, clock);
    progress.begin("plan", ["web1"]);
    progress.end();
    expect(screenAfter(terminal.written.err, 80)).toEqual([""]);
  });

  test("messages stand above the board", () => {
    const terminal = fakeTerminal({ redraws: true });
    const progress = createProgress({}, terminal, clock);
    progress.begin("plan", ["web1"]);
    progress.note("stopping");
    expect(screenAfter(terminal.written.err, 80)).toEqual([
      "stopping",
      "plan: 0/1 hosts, 0:00",
      "  web1  waiting",
      "",
    ]);
    progress.end();
  });

  test("a narrower terminal gets a narrower board", () => {
    const terminal = fakeTerminal({ redraws: true });
    const progress = createProgress({}, terminal, clock);
    progress.begin("plan", ["a-host-with-a-long-name"]);
    const before = terminal.written.err.length;
    terminal.resize(20, 24);
    // What was wrapped into two rows per line is erased before the narrow board is drawn.
    expect(terminal.written.err.slice(before)).toMatch(/^\r\u001b\[4A\u001b\[J/u);
    expect(screenAfter(terminal.written.err.slice(before), 20).filter(Boolean)).toEqual([
      "plan: 0/1 hosts, 0…",
      "  a-host-with-a-lo…",
    ]);
    progress.end();
  });

  test("a thousand hosts cost at most ten small drawings a second", () => {
    const hosts = Array.from({ length: 1000 }, (_, index) => `web${index}`);
    const terminal = fakeTerminal({ redraws: true });
    let drawings = 0;
    const counting = {
      ...terminal,
      err(text: string) {
        drawings += 1;
        terminal.err(text);
      },
    };
    const progress = createProgress({}, counting, clock);
    progress.begin("apply", hosts);
    for (const host of hosts) {
      progress.emit({ type: "host-step", at: clock(), host, step: "connecting" });
      vi.advanceTimersByTime(5);
      progress.emit({ type: "host-finished", at: clock(), host, outcome: "confirmed" });
      vi.advanceTimersByTime(5);
    }
    // Ten seconds went by.
    expect(drawings).toBeGreaterThan(50);
    expect(drawings).toBeLessThanOrEqual(102);
    expect(terminal.written.err.length).toBeLessThan(40_000);
    progress.end();
  });
});
