/** A finding's life: on how many hosts it was open over the audits, what exactly was found, and on which hosts now. */
import type { OpenReason } from "../../core/audit/open.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { FindingFilter, FindingSpread, HostLine, Page } from "../../model/record/history-views.ts";
import { renderPart } from "../html/template.ts";
import { trendValues } from "../html/trend.ts";
import { countOf, mark, number, when } from "../html/words.ts";
import { clipLine } from "../layout/clip.ts";
import { address, type Query } from "./address.ts";
import { hostListValues } from "./host-list.ts";
import { ruleQuery, variantValues } from "./finding-parts.ts";

/** Variants that are listed. */
const VARIANTS = 20;

export interface FindingView {
  readonly finding: FindingFilter;
  /** The audit that is looked at. */
  readonly run: RunSummary;
  /** Audits of the same policy and `-l`, oldest first, the one that is looked at last. */
  readonly runs: readonly RunSummary[];
  /** Of each of these. */
  readonly spread: readonly FindingSpread[];
  /** As the audit has it; empty where it does not. */
  readonly reasons: readonly OpenReason[];
  readonly page: number;
  readonly hosts: Page<HostLine>;
}

/** The content of the page. */
export function renderFinding(view: FindingView): string {
  const { finding, run, runs, spread, reasons, page, hosts } = view;
  const { check, control, role, rule, subject } = finding;
  const { title, help } = CHECKS[check];
  const worst = reasons[0]?.outcome ?? "pass";
  const open = spread.filter((its) => its.fail + its.unknown + its.waived > 0);
  const query = { check, control, role, ...ruleQuery(rule), subject };
  return renderPart("serve/finding", {
    title,
    help,
    mark: mark(worst),
    tags: [
      rule === undefined || rule === null ? [] : [`rule ${rule}`],
      role === undefined || role === "*" ? [] : [`role ${role}`],
      control === undefined ? [] : [control],
      subject === undefined ? [] : [subject],
    ]
      .flat()
      .map((tag) => clipLine(tag, 300)),
    when: when(run.startedAt),
    audit: address("./", { run: run.runId }),
    since: lifeText(open, runs),
    chart: trendValues(runs.map((each, index) => asTrend(each, spread[index]))),
    runs: runs.map((each, index) => runRow(each, spread[index], query)).toReversed(),
    variants: reasons
      .flatMap(({ variants }) => variants)
      .slice(0, VARIANTS)
      .map(({ finding: its, hosts: amount }) => variantValues(its, amount)),
    list: hostListValues(hosts, run.runId, page, (to) =>
      address("finding", { ...query, run: run.runId, page: to }),
    ),
  });
}

function lifeText(open: readonly FindingSpread[], runs: readonly RunSummary[]): string {
  if (open.length === 0) return `Open on no host in ${countOf(runs.length, "audit")}.`;
  const first = runs.find(({ runId }) => runId === open[0]?.runId);
  const last = runs.find(({ runId }) => runId === open.at(-1)?.runId);
  const span = `first on ${when(first?.startedAt ?? "")}, last on ${when(last?.startedAt ?? "")}`;
  return `Open in ${number(open.length)} of ${countOf(runs.length, "audit")}: ${span}.`;
}

function asTrend(run: RunSummary, spread: FindingSpread | undefined): RunSummary {
  const { fail = 0, unknown = 0 } = spread ?? {};
  return { ...run, hosts: { pass: 0, fail, unknown } };
}

function runRow(run: RunSummary, spread: FindingSpread | undefined, query: Query) {
  const { fail = 0, unknown = 0, waived = 0 } = spread ?? {};
  return {
    when: when(run.startedAt),
    href: address("finding", { ...query, run: run.runId }),
    fail: number(fail),
    unknown: number(unknown),
    waived: number(waived),
  };
}
