import { SIGNS, signText } from "../layout/signs.ts";
import { planOutcome } from "../../core/verdict/outcome.ts";
import { unifiedDiff } from "../../core/text/unified-diff.ts";
import { visible, visibleLines } from "../../core/text/visible.ts";
import type { Change, HostPlan } from "../../model/plan.ts";
import { coverageMatrix, uncaughtReasons } from "./coverage-text.ts";
import { findingLines } from "./finding-text.ts";
import { createKeys, groupAlike, hostNames } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";

export interface PlanTextOptions {
  readonly paint: Paint;
  /** Shows findings that passed, too, and every host by name. */
  readonly verbose: boolean;
}

/** As in a diff. */
const ACTIONS = { create: "+", update: SIGNS.changes.sign, remove: "-" } as const;

/**
 * Plans for people: per host the changes with reasons and diffs, findings, which session kinds are
 * ended for whom, and a last line with the totals. Hosts whose plans say the same are shown once, and so is a change that
 * several of them share.
 * Hosts that could not be judged come last, next to the totals.
 */
export function planText(plans: readonly HostPlan[], options: PlanTextOptions): string {
  const groups = groupAlike(plans, substance).toSorted((a, b) => rank(a[0]) - rank(b[0]));
  const seen: Seen = { keyOf: createKeys(), hosts: new Map() };
  const blocks = groups.map((group) => groupText(group, seen, options));
  return `${[...blocks, planSummary(plans, options.paint)].join("\n\n")}\n`;
}

/** `Plan: 3 to change, 1 unchanged, 1 cannot be judged`. */
function planSummary(plans: readonly HostPlan[], paint: Paint): string {
  const count = (outcome: string): number => plans.filter((plan) => planOutcome(plan) === outcome).length;
  const unknown = count("unknown");
  const tail = unknown > 0 ? `, ${paint.red(`${unknown} cannot be judged`)}` : "";
  return `${paint.bold("Plan:")} ${count("change")} to change, ${count("unchanged")} unchanged${tail}`;
}

/** What two hosts must share to be shown together; digests and times are each host's own. */
function substance(plan: HostPlan): unknown {
  const { description, changes, activations, findings, coverage, uncaught, error } = plan;
  return { description, changes, activations, findings, coverage, uncaught, error };
}

function rank(plan: HostPlan): number {
  return { unchanged: 0, change: 1, unknown: 2 }[planOutcome(plan)];
}

/** The first host of each change shown so far. */
interface Seen {
  readonly keyOf: (change: Change) => string;
  readonly hosts: Map<string, string>;
}

function groupText(group: readonly [HostPlan, ...HostPlan[]], seen: Seen, options: PlanTextOptions): string {
  const { paint } = options;
  const [plan] = group;
  const names = group.map(({ host }) => host);
  const head = `${paint.bold(hostNames(names, options.verbose))}  ${paint.dim(visible(plan.description))}`;
  return [head.trimEnd(), ...bodyLines(plan, seen, options).map((line) => `  ${line}`.trimEnd())].join("\n");
}

function bodyLines(plan: HostPlan, seen: Seen, { paint, verbose }: PlanTextOptions): string[] {
  const lines = [
    ...errorLines(plan, paint),
    ...plan.changes.flatMap((change) => changeLines(change, seenOn(change, plan.host, seen), paint)),
    ...(planOutcome(plan) === "unchanged" ? [`${signText("holds", paint)} nothing to change`] : []),
    ...(plan.activations.length > 0 ? [paint.dim(`then: ${plan.activations.join(", ")}`)] : []),
    ...findingLines(plan.findings, { paint, verbose }),
  ];
  const matrix = coverageMatrix(plan, paint);
  return matrix.length === 0 ? lines : [...lines, "", ...matrix, ...uncaughtReasons(plan, paint)];
}

function errorLines({ error }: HostPlan, paint: Paint): string[] {
  if (error === undefined) return [];
  const hint = error.hint === undefined ? [] : [`  hint: ${visible(error.hint)}`];
  return [`${signText("unknown", paint)} cannot be judged: ${visibleLines(error.message)}`, ...hint];
}

/** The host on which the very same change was shown before, if there is one. */
function seenOn(change: Change, host: string, { keyOf, hosts }: Seen): string | undefined {
  const key = keyOf(change);
  const first = hosts.get(key);
  if (first === undefined) hosts.set(key, host);
  return first;
}

function changeLines(change: Change, first: string | undefined, paint: Paint): string[] {
  const { action, control, reason, risk } = change;
  const head = `${ACTIONS[action]} ${paint.bold(visible(change.path))}  ${control}: ${visible(reason)}`;
  if (first !== undefined) return [`${head} ${paint.dim(`(as on ${visible(first)})`)}`];
  const diff = visibleLines(unifiedDiff(change)).trimEnd().split("\n");
  return [
    `${head} ${paint.dim(`(risk: ${risk})`)}`,
    ...diff.map((line) => `    ${diffLine(line, paint)}`.trimEnd()),
  ];
}

function diffLine(line: string, paint: Paint): string {
  if (line.startsWith("+++") || line.startsWith("---")) return paint.bold(line);
  if (line.startsWith("+")) return paint.green(line);
  if (line.startsWith("-")) return paint.red(line);
  return line.startsWith("@@") ? paint.cyan(line) : line;
}
