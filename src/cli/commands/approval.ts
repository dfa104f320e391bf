import { hurtBy } from "../../core/plan/hurt.ts";
import { planOutcome } from "../../core/verdict/outcome.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { HostPlan, Plan } from "../../model/change/plan.ts";
import type { HostResult } from "../../model/change/run.ts";
import { planText } from "../../report/host/plan-text.ts";
import { hostNames } from "../../report/layout/groups.ts";
import type { ApplyRequest } from "../options/apply-request.ts";
import type { ChangeOptions } from "../options/args.ts";
import { confirm } from "../options/ask.ts";
import { fitted } from "../terminal/fitted.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Asking {
  readonly options: ChangeOptions;
  readonly terminal: Terminal;
  readonly stopping: AbortSignal;
}

/**
 * The names of the hosts to work on: all of them with `--yes`; otherwise those of the plan, once
 * somebody has seen it and said yes. Hosts that could not be planned are left out. After a no, an
 * interrupt, or where nothing changes, nobody.
 */
export async function approve(
  plan: Plan | undefined,
  { fleet, plan: saved }: ApplyRequest,
  { options, terminal, stopping }: Asking,
): Promise<ReadonlySet<string>> {
  const names = new Set(fleet.hosts.map(({ name }) => name));
  if (plan === undefined) return names;
  const plans = plan.hosts.filter(({ host }) => names.has(host));
  const judged = plans.filter(({ error }) => error === undefined);
  const changing = plans.filter((item) => planOutcome(item) === "change" || isUnfinished(item));
  // A saved plan may be old: hosts it found unchanged are looked at again. A fresh one is not.
  const targets = new Set((saved === undefined ? changing : judged).map(({ host }) => host));
  if (options.yes === true) return targets;
  if (stopping.aborted) return new Set();
  await showPlan(plans, options, terminal);
  if (changing.length === 0) return targets;
  const question = `Apply to ${changing.length} host${changing.length === 1 ? "" : "s"}${hurtText(changing)}?`;
  return (await confirm(question, "give --yes", terminal)) ? targets : new Set();
}

/** Errors: CurfewError `hurt` where more sessions would end at once than `most`, or may; nothing was changed then. */
export function refuseHurt(plans: readonly HostPlan[], most: number): void {
  const { ends, unknown, hosts } = hurtBy(plans);
  const hint = "curfew sessions with the same -p and -i lists them";
  if (hosts.length > 0) {
    const names = hostNames(hosts, false);
    throw new CurfewError(
      "hurt",
      `it is unknown who is logged in to ${names}, so --max-hurt cannot hold; nothing was changed`,
    );
  }
  if (ends + unknown <= most) return;
  const may = unknown === 0 ? "" : `, and ${unknown} may, which cannot be told`;
  const message = `${sessionCount(ends)} would end at once${may}; --max-hurt allows ${most}; nothing was changed`;
  throw new CurfewError("hurt", message, { hint });
}

function hurtText(plans: readonly HostPlan[]): string {
  const { ends } = hurtBy(plans);
  return ends === 0
    ? ""
    : `, where ${sessionCount(ends)} would end within minutes unless somebody types there`;
}

function sessionCount(count: number): string {
  return `${count} session${count === 1 ? "" : "s"}`;
}

/** Whether a run that died left something that applying brings to its end. */
function isUnfinished({ error, findings }: HostPlan): boolean {
  return error === undefined && findings.some(({ check }) => check === "change-finished");
}

/** The result of a host that is left alone, from its plan. */
export function resultWithoutChange(host: string, plan: HostPlan | undefined): HostResult {
  if (plan?.error !== undefined) {
    const message = `could not be judged: ${plan.error.message}; nothing was changed`;
    return { host, outcome: "unknown", message, error: plan.error };
  }
  if (plan !== undefined && planOutcome(plan) === "unchanged") return { host, outcome: "unchanged" };
  return { host, outcome: "skipped", message: "nothing was changed: not approved" };
}

/** With `--json` standard output is kept for the one document. */
async function showPlan(
  plans: readonly HostPlan[],
  { json, verbose }: ChangeOptions,
  terminal: Terminal,
): Promise<void> {
  const view = { verbose: verbose === true };
  if (json === true) terminal.err(planText(plans, { paint: terminal.errPaint, ...view }));
  else await terminal.say(fitted(planText(plans, { paint: terminal.outPaint, ...view }), terminal));
}
