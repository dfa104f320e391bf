import { describe, expect, test } from "vitest";
import type { LadderCell, Rung } from "../../../src/model/verdict/finding.ts";
import { widthOf } from "../../../src/report/layout/columns.ts";
import { ladderLegend, ladderLines } from "../../../src/report/host/ladder-text.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { probe } from "../../fixtures/plans.ts";

const plain = createPaint(false);
const rung = (by: string, seconds: number | null): Rung => ({ by, seconds, source: "somewhere" });

function cell(over: Partial<LadderCell> = {}): LadderCell {
  return {
    role: "admin",
    kind: "idle-shell",
    expect: "dropped",
    limit: 600,
    configured: null,
    effective: null,
    demonstrated: null,
    outcome: "fail",
    evidence: null,
    ...over,
  };
}

/** Every sign there is. */
const all: LadderCell[] = [
  cell({ demonstrated: rung("TMOUT", 600.42), evidence: "demonstrated", outcome: "pass" }),
  cell({
    kind: "frozen-client",
    limit: 180,
    demonstrated: rung("ClientAlive", 59.96),
    evidence: "demonstrated",
    outcome: "pass",
  }),
  cell({
    kind: "escaped-shell",
    effective: rung("ChannelTimeout", 600),
    evidence: "effective",
    outcome: "pass",
  }),
  cell({
    kind: "foreground-program",
    configured: rung("watchdog", 660),
    evidence: "configured",
    outcome: "pass",
  }),
  cell({ kind: "output-loop", demonstrated: rung("none", null), evidence: "demonstrated" }),
  cell({ kind: "tmux" }),
  cell({ kind: "idle-command", effective: rung("ChannelTimeout", 5400), evidence: "effective" }),
  cell({ kind: "idle-sftp", outcome: "unknown" }),
  cell({ kind: "idle-forward", outcome: "waived", expect: "kept" }),
  cell({
    kind: "typing",
    expect: "kept",
    demonstrated: rung("none", null),
    evidence: "demonstrated",
    outcome: "pass",
  }),
  cell({ role: "default", limit: null, expect: "kept", outcome: "pass" }),
];

describe("the ladder", () => {
  test("shows what was shown, what is promised and by what, and what nothing ends", () => {
    expect([...ladderLines(all, [], plain), "", ...ladderLegend(all, plain)].join("\n")).toMatchSnapshot();
  });

  test("every sign is there without colour, and colour adds nothing but itself", () => {
    const coloured = ladderLines(all, [], createPaint(true)).join("\n");
    // eslint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001b\[\d+m/gu, "")).toBe(ladderLines(all, [], plain).join("\n"));
    expect(coloured).toContain("\u001b[31m✗");
  });

  test("three roles with the longest cells fit into 80 columns, more stand in blocks below", () => {
    const long = {
      evidence: "demonstrated",
      demonstrated: rung("watchdog", 100_000),
      limit: 100_000,
    } as const;
    const of = (count: number): LadderCell[] =>
      Array.from({ length: count }, (_, index) =>
        cell({ role: `a-role-with-a-very-long-name-${index}`, kind: "foreground-program", ...long }),
      );
    const three = ladderLines(of(3), [], plain);
    expect(three).toHaveLength(3);
    expect(Math.max(...three.map(widthOf))).toBeLessThanOrEqual(78);
    const many = ladderLines(of(8), [], plain);
    expect(Math.max(...many.map(widthOf))).toBeLessThanOrEqual(78);
    expect(many.filter((line) => line.startsWith("session"))).toHaveLength(3);
    expect(many.filter((line) => line === "")).toHaveLength(2);
  });

  test("a scaled run says what its seconds are to be held against", () => {
    const shown = cell({ demonstrated: rung("TMOUT", 9.7), evidence: "demonstrated", outcome: "pass" });
    const scaled = probe({ scaled: 10, withinSeconds: 10, droppedAfterSeconds: 9.7 });
    expect(ladderLines([shown], [scaled], plain).map((line) => line.trim())).toEqual([
      "session     admin",
      "limit       10s for 10m",
      "idle-shell  ✓ 9.7s TMOUT",
    ]);
  });

  test("a role's name is foreign text", () => {
    expect(ladderLines([cell({ role: "a\u001b[2J\nb" })], [], plain)[0]).toBe("session     a\\u{1b}[2J\\nb");
  });

  test("without cells there is nothing to show", () => {
    expect(ladderLines([], [], plain)).toEqual([]);
    expect(ladderLegend([], plain)).toEqual([]);
  });
});
