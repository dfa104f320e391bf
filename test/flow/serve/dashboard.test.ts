import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderFleetMetrics } from "../../../src/report/format/metrics.ts";
import { templateFile } from "../../../src/template/template-file.ts";

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

test("the dashboard asks for metrics and labels that /metrics has, and for each of them", () => {
  const board = JSON.parse(readFileSync(templateFile("grafana/curfew.json"), "utf8"));
  const audit = {
    policy: "production",
    version: "0.1.0",
    profile: null,
    startedAt: "2026-11-22T03:43:10.000Z",
    finishedAt: "2026-11-22T03:43:52.250Z",
    verified: true,
    hosts: { pass: 1, fail: 0, unknown: 0 },
    checks: [],
  };
  const text = renderFleetMetrics([audit]);
  const labels = new Map<string, Set<string>>();
  for (const [, name = "", its = ""] of text.matchAll(/^(curfew_\w+)\{(.*)\} /gmu)) {
    const known = labels.get(name) ?? new Set();
    for (const [, label = ""] of its.matchAll(/(\w+)="/gu)) known.add(label);
    labels.set(name, known);
  }
  const panels = board.panels as Panel[];
  const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const used = asked.flatMap((expr) => [...expr.matchAll(/(curfew_\w+)\{([^}]*)\}/gu)]);
  expect(new Set(used.map(([, name]) => name))).toEqual(new Set(labels.keys()));
  for (const [, name = "", selector = ""] of used) {
    for (const [, label = ""] of selector.matchAll(/(\w+)(?:=~|!=|=)"/gu)) {
      expect([...(labels.get(name) ?? [])], name).toContain(label);
    }
  }
  for (const expr of asked) {
    const grouped = /by \((\w+)\)/u.exec(expr)?.[1];
    const name = /curfew_\w+/u.exec(expr)?.[0] ?? "";
    expect([...(labels.get(name) ?? []), undefined]).toContain(grouped);
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(board.templating.list[1].query.query).toBe("label_values(curfew_audit_info, policy)");
});
