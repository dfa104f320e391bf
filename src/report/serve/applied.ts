/** Who changed hosts when: the list of runs, and what became of each host of one. */
import { visible } from "../../core/text/visible.ts";
import { countBy } from "../../core/verdict/outcome.ts";
import type {
  AppliedFilter,
  AppliedHost,
  AppliedRun,
  AppliedSummary,
  Page,
} from "../../model/record/history-views.ts";
import { renderPart } from "../html/template.ts";
import { countOf, number, took, when } from "../html/words.ts";
import { clipLine } from "../layout/clip.ts";
import { address, pagerValues } from "./address.ts";

/** Runs, and hosts of a run, on one page. */
export const APPLIED = 100;

/** The content of the list. */
export function renderApplied(
  { total, items }: Page<AppliedSummary>,
  { policy, host }: Pick<AppliedFilter, "policy" | "host">,
  page: number,
): string {
  return renderPart("serve/applied", {
    policy: visible(policy ?? ""),
    host: visible(host ?? ""),
    amount: countOf(total, "run"),
    rows: items.map(appliedRow),
    pager: pagerValues({ total, size: APPLIED, page }, (to) =>
      address("applied", { policy, host, page: to }),
    ),
  });
}

/** The values of one line. */
export function appliedRow(run: AppliedSummary) {
  const { runId, command, owner, startedAt, finishedAt, curfew, policy, outcomes } = run;
  return {
    when: when(startedAt),
    href: address("applied", { run: runId }),
    command: visible(command),
    owner: clipLine(owner, 200),
    policy: policy === null ? "none" : visible(policy.name),
    digest: policy === null ? "" : visible(policy.digest.slice(0, 12)),
    curfew: visible(curfew),
    took: finishedAt === null ? "its end is unknown" : took(startedAt, finishedAt),
    outcomes:
      Object.entries(outcomes)
        .map(([outcome, amount]) => `${number(amount ?? 0)} ${outcome}`)
        .join(", ") || "none recorded",
  };
}

/** The content of one run's page. */
export function renderAppliedRun(run: AppliedRun, page: number): string {
  const { hosts, ...rest } = run;
  const outcomes = countBy(hosts.map(({ outcome }) => outcome));
  const from = (page - 1) * APPLIED;
  return renderPart("serve/applied-run", {
    ...appliedRow({ ...rest, outcomes }),
    runId: visible(run.runId),
    amount: countOf(hosts.length, "host"),
    rows: hosts.slice(from, from + APPLIED).map(hostRow),
    pager: pagerValues({ total: hosts.length, size: APPLIED, page }, (to) =>
      address("applied", { run: run.runId, page: to }),
    ),
  });
}

const TONES = {
  confirmed: "pass",
  unchanged: "pass",
  "rolled-back": "fail",
  failed: "fail",
  unknown: "unknown",
  skipped: "waived",
} as const;

function hostRow({ host, outcome, message = "", changed }: AppliedHost) {
  return {
    name: visible(host),
    href: address("host", { name: host }),
    outcome,
    tone: TONES[outcome],
    message: clipLine(message, 500),
    changed: clipLine(changed.join(", "), 1000),
  };
}
