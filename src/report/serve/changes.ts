/** What changed between two audits, alike changes of many hosts told once. */
import { changeKind } from "../../core/audit/changes.ts";
import { visible } from "../../core/text/visible.ts";
import type { FindingChange, RunSummary } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import { CHANGE_KINDS } from "../html/changes.ts";
import { renderPart } from "../html/template.ts";
import { countOf, number, when } from "../html/words.ts";
import { address } from "./address.ts";
import { reasonAddress } from "./finding-parts.ts";

/** Lines of one kind, and names in one line. */
const LINES = 50;
const NAMES = 20;

/** The content of the page. `before`: undefined for the first audit. */
export function renderChanges(
  after: RunSummary,
  before: RunSummary | undefined,
  changes: readonly FindingChange[],
): string {
  const groups = Map.groupBy(changes, changeKind);
  const kinds = (Object.keys(CHANGE_KINDS) as (keyof typeof CHANGE_KINDS)[]).flatMap((kind) => {
    const its = groups.get(kind) ?? [];
    return its.length === 0
      ? []
      : [{ ...CHANGE_KINDS[kind], amount: number(its.length), ...lines(its, after.runId) }];
  });
  return renderPart("serve/changes", {
    after: { when: when(after.startedAt), href: address("./", { run: after.runId }) },
    before:
      before === undefined
        ? null
        : { when: when(before.startedAt), href: address("./", { run: before.runId }) },
    nothing: kinds.length === 0,
    kinds,
  });
}

function lines(changes: readonly FindingChange[], runId: string) {
  const groups = [
    ...Map.groupBy(changes, ({ finding }) =>
      [finding.check, finding.control, finding.role, finding.rule ?? ""].join("\0"),
    ).values(),
  ].toSorted((a, b) => b.length - a.length);
  return {
    lines: groups.slice(0, LINES).map((group) => line(group, runId)),
    more: groups.length > LINES ? `and ${number(groups.length - LINES)} more` : null,
  };
}

function line(group: readonly FindingChange[], runId: string) {
  const finding = group[0]?.finding;
  const names = [...new Set(group.map(({ host }) => host))].filter((name) => name !== "");
  const role = finding?.role ?? "*";
  const details = [
    finding?.rule === undefined ? [] : [`rule ${finding.rule}`],
    role === "*" ? [] : [`role ${role}`],
  ];
  return {
    title: finding === undefined ? "" : CHECKS[finding.check].title,
    href: finding === undefined ? "" : reasonAddress({ ...finding, rule: finding.rule ?? null }, runId),
    detail: visible(details.flat().join(", ")),
    count: names.length === 0 ? "the fleet" : countOf(names.length, "host"),
    hosts: names
      .slice(0, NAMES)
      .map((name) => ({ name: visible(name), href: address("host", { name, run: runId }) })),
    more: names.length > NAMES ? `and ${number(names.length - NAMES)} more` : null,
  };
}
