/** Single hosts for people: plans, results, verifications, explanations, as text for a terminal. */
import { createHash } from "node:crypto";
import { SIGNS, signText } from "../layout/signs.ts";
import { planOutcome } from "../../core/verdict/outcome.ts";
import { unifiedDiff } from "../../core/text/unified-diff.ts";
import { visible, visibleLines } from "../../core/text/visible.ts";
import type { FileState } from "../../model/facts/facts.ts";
import type { Change, HostPlan } from "../../model/change/plan.ts";
import type { JudgedSession } from "../../model/facts/session.ts";
import { coverageMatrix, uncaughtReasons } from "./coverage-text.ts";
import { findingLines } from "./finding-text.ts";
import { fatesText, type HostSessions } from "./sessions-text.ts";
import { createKeys, groupAlike, hostNames } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";

export interface PlanTextOptions {
  readonly paint: Paint;
  /** Shows findings that passed, too, and every host by name. */
  readonly verbose: boolean;
}

/** Of curfew's own files, longer differences than this are named and not shown: nobody reads them twice. */
const LONGEST = 30;

/** As in a diff. */
const ACTIONS = { create: "+", update: SIGNS.changes.sign, remove: "-" } as const;

/**
 * Plans for people: per host the changes with reasons and diffs, findings, which session kinds are
 * ended for whom, and a last line with the totals. Hosts whose plans say the same are shown once, and so is a change that
 * several of them share. Long files that curfew writes as a whole are one line, unless verbose.
 * Hosts that could not be judged come last, next to the totals.
 */
export function planText(plans: readonly HostPlan[], options: PlanTextOptions): string {
  const groups = groupAlike(plans, substance).toSorted((a, b) => rank(a[0]) - rank(b[0]));
  const seen: Seen = { keyOf: createKeys(), hosts: new Map() };
  const blocks = groups.map((group) => groupText(group, seen, options));
  const there = fatesText(plans.flatMap(sessionsOf), options).join("\n");
  const last = [...(there === "" ? [] : [there]), planSummary(plans, options.paint)];
  return `${[...blocks, ...last].join("\n\n")}\n`;
}

/** Where nothing changes nobody is hurt. */
function sessionsOf(plan: HostPlan): HostSessions<JudgedSession>[] {
  const { host, sessions } = plan;
  return sessions === undefined || planOutcome(plan) !== "change" ? [] : [{ host, sessions }];
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
    ...plan.changes.flatMap((change) =>
      changeLines(change, seenOn(change, plan.host, seen), { paint, verbose }),
    ),
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

function changeLines(
  change: Change,
  first: string | undefined,
  { paint, verbose }: PlanTextOptions,
): string[] {
  const { action, control, reason, risk } = change;
  const head = `${ACTIONS[action]} ${paint.bold(visible(change.path))}  ${control}: ${visible(reason)}`;
  if (first !== undefined) return [`${head} ${paint.dim(`(as on ${visible(first)})`)}`];
  const diff = visibleLines(unifiedDiff(change)).trimEnd().split("\n");
  if (!verbose && diff.length > LONGEST && isOwn(change)) {
    return [`${head} ${paint.dim(`(risk: ${risk})`)}`, `    ${paint.dim(ownFileText(change))}`];
  }
  return [
    `${head} ${paint.dim(`(risk: ${risk})`)}`,
    ...diff.map((line) => `    ${diffLine(line, paint)}`.trimEnd()),
  ];
}

/** What curfew writes as a whole says so in its first lines. */
function isOwn({ before, after }: Change): boolean {
  const beginning = (after ?? before)?.content.slice(0, 200) ?? "";
  return beginning.includes("# Managed by curfew: do not edit");
}

/** `213 lines, sha256 0123456789ab; -v shows the text`. */
function ownFileText({ before, after }: Change): string {
  const file = after ?? before;
  const digest = createHash("sha256")
    .update(file?.content ?? "")
    .digest("hex");
  const was = before !== null && after !== null ? ` (was ${linesOf(before)})` : "";
  const what = was === "" ? "text" : "difference";
  return `curfew's own file, ${linesOf(file)} lines${was}, sha256 ${digest.slice(0, 12)}; -v shows the ${what}`;
}

function linesOf(file: FileState | null): number {
  return (file?.content.trimEnd() ?? "").split("\n").length;
}

function diffLine(line: string, paint: Paint): string {
  if (line.startsWith("+++") || line.startsWith("---")) return paint.bold(line);
  if (line.startsWith("+")) return paint.green(line);
  if (line.startsWith("-")) return paint.red(line);
  return line.startsWith("@@") ? paint.cyan(line) : line;
}
