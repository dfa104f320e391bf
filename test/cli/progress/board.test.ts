import { describe, expect, test } from "vitest";
import { boardLines } from "../../../src/cli/progress/board.ts";
import { type BoardState, createBoardState, observe } from "../../../src/cli/progress/board-state.ts";
import type { RunEvent, Step } from "../../../src/model/change/run.ts";
import { widthOf } from "../../../src/report/layout/columns.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { probe } from "../../fixtures/plans.ts";

const paint = createPaint(false);
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `web${index + 1}`);

function step(host: string, name: Step, at: number): RunEvent {
  return { type: "host-step", at, host, step: name };
}

function finished(host: string, outcome: string, at: number, message?: string): RunEvent {
  return { type: "host-finished", at, host, outcome, ...(message === undefined ? {} : { message }) };
}

function boardAfter(title: string, hosts: readonly string[], events: readonly RunEvent[]): BoardState {
  const state = createBoardState(title, hosts, 0);
  for (const event of events) observe(state, event);
  return state;
}

const smallFleet = boardAfter(
  "apply",
  ["web1", "web2", "bücher-店", "db1"],
  [
    { type: "wave-started", at: 0, wave: 1, hosts: ["web1"] },
    step("web1", "confirming", 61_000),
    step("web2", "connecting", 62_000),
    finished("web2", "failed", 63_000, "permission denied (publickey)\u001b[2J"),
    finished("bücher-店", "confirmed", 64_000),
  ],
);

/** A thousand hosts in the middle of an apply: some waiting, in every step, done, and failed. */
function largeFleet(): BoardState {
  const hosts = names(1000);
  const steps: Step[] = ["connecting", "reading-facts", "armed", "confirming"];
  const events = hosts.slice(0, 700).flatMap((host, index) => {
    const begun = step(host, steps[index % steps.length]!, index * 10);
    if (index % 100 === 99)
      return [begun, finished(host, "rolled-back", 8000 + index, "the new login was refused")];
    return index < 600 ? [begun, finished(host, index % 3 === 0 ? "unchanged" : "confirmed", 8000)] : [begun];
  });
  return boardAfter("apply", hosts, [{ type: "wave-started", at: 0, wave: 3, hosts }, ...events]);
}

test("unreachable hosts come first with their reasons, and one out of compliance did not fail", () => {
  const hosts = names(100);
  const events = hosts.slice(0, 90).map((host, index) => {
    if (index < 20) return finished(host, "fail", 1000);
    if (index === 50) return finished(host, "unknown", 900, "no answer within 20 s");
    return finished(host, index === 51 ? "failed" : "pass", 1000, index === 51 ? "disk full" : undefined);
  });
  const text = boardLines(boardAfter("audit", hosts, events), { now: 2000, columns: 100, rows: 24, paint });
  expect(text).toEqual([
    "audit: 90/100 hosts, 0:02",
    "  now     waiting 10",
    "  done    ? unknown 1  ✗ failed 1  ✗ out of compliance 20  = pass 68",
    "  unknown web51: ? unknown: no answer within 20 s",
    "  failed  web52: ✗ failed: disk full",
  ]);
});

describe.each([40, 80, 200])("the board at %i columns", (columns) => {
  const view = { now: 65_000, columns, rows: 24, paint };

  test("shows a small fleet host by host", () => {
    expect(boardLines(smallFleet, view).join("\n")).toMatchSnapshot();
  });

  test("shows a thousand hosts as counts, the slowest and the failed by name", () => {
    expect(boardLines(largeFleet(), view).join("\n")).toMatchSnapshot();
  });

  test("counts open sessions down", () => {
    const events: RunEvent[] = (["idle-shell", "frozen-client", "typing"] as const).map((session, index) => ({
      type: "probe-started",
      at: 0,
      host: "web1",
      role: "admin",
      session,
      user: "alice",
      withinSeconds: 100 * (index + 1),
    }));
    const ended: RunEvent = { type: "probe-finished", at: 1, host: "web1", result: probe() };
    const state = boardAfter("verify", ["web1"], [step("web1", "probing", 0), ...events, ended]);
    const whole = "  web1  probing: 2 open, 1 ended, next limit in 2:15, last in 3:55";
    expect(boardLines(state, view)[1]).toBe(columns === 40 ? `${whole.slice(0, 38)}…` : whole);
  });
});

test.each([
  [80, 24],
  [40, 24],
  [20, 5],
  [1, 1],
  [200, 60],
])("no line is too wide and no board too high at %i by %i, ASCII or not", (columns, rows) => {
  for (const state of [smallFleet, largeFleet(), boardAfter("plan", [], [])]) {
    for (const ascii of [false, true]) {
      const lines = boardLines(state, { now: 65_000, columns, rows, paint, ascii });
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns - 1);
      expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
      expect(ascii ? lines.join("") : "").toMatch(/^[ -~]*$/u);
    }
  }
});

test.each([1, 2, 24, 25, 100, 1000])("every one of %i hosts is in the counts", (count) => {
  const hosts = names(count);
  const events = hosts.map((host, index) =>
    index % 2 === 0 ? finished(host, "confirmed", 1) : step(host, "connecting", 1),
  );
  const lines = boardLines(boardAfter("apply", hosts, events), { now: 2, columns: 80, rows: 40, paint });
  const done = Math.ceil(count / 2);
  expect(lines[0]).toContain(`apply: ${done}/${count} hosts`);
  const counted = count <= 24 ? [`${lines.length} lines`] : lines.slice(1, 3);
  const wanted = count <= 24 ? `${count + 1} lines` : `connecting ${count - done}.*confirmed ${done}`;
  expect(counted.join()).toMatch(new RegExp(wanted, "su"));
});

test("without Unicode, symbols are signs and letters are spelt out", () => {
  const lines = boardLines(smallFleet, { now: 65_000, columns: 80, rows: 24, paint, ascii: true });
  expect(lines.slice(2)).toEqual([
    "  web2       x failed: permission denied (publickey)\\u{1b}[2J",
    "  b\\u{fc}cher-\\u{5e97}  + confirmed",
    "  db1        waiting",
  ]);
});

test("nothing from a host reaches the terminal as it is", () => {
  const text = boardLines(smallFleet, { now: 65_000, columns: 200, rows: 24, paint }).join("");
  expect(text).toContain("\\u{1b}[2J");
  expect(text).not.toContain("\u001b");
});

test("an event of a host that nobody announced adds it", () => {
  const state = boardAfter("plan", [], [step("new", "connecting", 0)]);
  expect(boardLines(state, { now: 1000, columns: 80, rows: 24, paint })[1]).toBe("  new  connecting 0:01");
});
