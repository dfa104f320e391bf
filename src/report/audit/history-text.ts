import { visible } from "../../core/text/visible.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { outcomeText, timeText } from "./words.ts";
import type { Outcome } from "../../core/verdict/outcome.ts";
import { outcomeSign } from "../layout/signs.ts";
import { table } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";

/** One row per run, as given: id, time, policy, hosts by outcome, findings that do not pass. */
export function historyText(runs: readonly RunSummary[], paint: Paint): string {
  if (runs.length === 0) return "no audits yet: curfew audit makes one\n";
  const head = ["audit", "began", "policy", "hosts", "findings"].map(paint.bold);
  return `${table([head, ...runs.map((run) => row(run, paint))]).join("\n")}\n`;
}

function row(run: RunSummary, paint: Paint): string[] {
  const { hosts, findings, state } = run;
  const broken = { finished: "", running: "  … running", "broken-off": "  ! broken off" }[state];
  return [
    run.runId,
    timeText(run.startedAt).replace(" UTC", ""),
    visible(run.policy),
    counts(hosts, ["pass", "fail", "unknown"], paint),
    `${counts(findings, ["fail", "unknown", "waived"], paint)}${paint.yellow(broken)}`,
  ];
}

function counts<T extends Outcome>(
  numbers: Readonly<Record<T, number>>,
  outcomes: readonly T[],
  paint: Paint,
): string {
  return outcomes
    .map((outcome) => {
      const text = `${outcomeSign(outcome)}${numbers[outcome]}`;
      return outcomeText(outcome, text, paint, numbers[outcome]);
    })
    .join(" ");
}
