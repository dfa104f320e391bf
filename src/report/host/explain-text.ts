import { signMeanings, SIGNS, signText } from "../layout/signs.ts";
import { PROMISED } from "./coverage-text.ts";
import { visible } from "../../core/text/visible.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type {
  ExplainedExemption,
  ExplainedRole,
  ExplainedSession,
  Explanation,
  TypicalHost,
} from "../../model/verdict/explanation.ts";
import { table } from "../layout/columns.ts";
import { findingLines } from "./finding-text.ts";
import type { Paint } from "../layout/paint.ts";

export interface ExplainTextOptions {
  readonly paint: Paint;
  /** Shows roles that do not concern the person, and findings that passed, too. */
  readonly verbose: boolean;
}

/** One person for people: roles, limits and where they come from, exemptions, and what ends which session. */
export function explainText(explanation: Explanation, options: ExplainTextOptions): string {
  const { paint } = options;
  const { exemptions, onHost, error } = explanation;
  const blocks = [
    headLines(explanation, paint),
    ...(error === undefined ? [] : [errorLines(error, paint)]),
    section("Roles", roleLines(explanation.roles, options), paint),
    section("Limits", limitLines(explanation, paint), paint),
    section(
      "Exemptions",
      exemptions.map((each) => exemptionLine(each, paint)),
      paint,
    ),
    section(
      "Idle sessions on this host",
      onHost === undefined ? [] : sessionLines(onHost.sessions, paint),
      paint,
    ),
    section(
      "Idle sessions on hosts as they are installed (yours may differ)",
      (explanation.typical ?? []).flatMap((each) => typicalLines(each, paint)),
      paint,
    ),
    section("Findings", onHost === undefined ? [] : findingLines(onHost.findings, options), paint),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headLines({ user, groups, host, onHost }: Explanation, paint: Paint): string[] {
  const member = groups.length === 0 ? "" : `, in ${groups.map(visible).join(", ")}`;
  const name = paint.bold(visible(user));
  if (host === null)
    return [`${name}${member}  ${paint.dim("(from the policy alone; -i and USER@HOST ask a host)")}`];
  const head = `${name}${member} on ${paint.bold(visible(host))}  ${paint.dim(visible(onHost?.description ?? ""))}`;
  const pending = onHost?.pending ?? 0;
  const changes = pending === 1 ? "one change" : `${pending} changes`;
  return [
    head.trimEnd(),
    ...(onHost?.account === "missing"
      ? [`${signText("fails", paint)} there is no such account on this host`]
      : []),
    ...(onHost?.account === "unknown"
      ? [`${signText("unknown", paint)} the accounts of this host could not be read`]
      : []),
    ...(pending > 0 ? [`${signText("open", paint)} ${changes} not applied yet: curfew apply`] : []),
  ];
}

function errorLines({ message, hint }: NonNullable<Explanation["error"]>, paint: Paint): string[] {
  const hints = hint === undefined ? [] : [`  hint: ${visible(hint)}`];
  return [`${signText("unknown", paint)} the host cannot be judged: ${visible(message)}`, ...hints];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : [paint.bold(title), ...lines.map((line) => `  ${line}`)];
}

function roleLines(roles: readonly ExplainedRole[], { paint, verbose }: ExplainTextOptions): string[] {
  const shown = roles.filter(({ because }) => verbose || because.length > 0);
  return table(shown.map((role) => roleCells(role, paint)));
}

function roleCells(explained: ExplainedRole, paint: Paint): string[] {
  const { role, idle, unresponsive, warnBefore } = explained;
  return [
    `${symbolOf(explained, paint)} ${visible(role)}`,
    `idle ${duration(idle)}`,
    `unresponsive ${duration(unresponsive)}`,
    `warning ${duration(warnBefore)}`,
    reasonText(explained),
  ];
}

function symbolOf({ because, applies }: ExplainedRole, paint: Paint): string {
  if (because.length === 0 || applies === "no") return signText("none", paint);
  return signText(applies === "yes" ? "holds" : "unknown", paint);
}

function reasonText({ role, because: reasons, hosts, applies }: ExplainedRole): string {
  const none = role === "default" ? "for those whom no role selects" : "does not select them";
  const names = reasons.length === 0 ? none : reasons.map(visible).join(", ");
  if (hosts === undefined || applies === "yes") return names;
  return `${names}; ${applies === "no" ? "not here, " : ""}only on ${hosts.map(visible).join(", ")}`;
}

function limitLines({ limits }: Explanation, paint: Paint): string[] {
  const rows: [string, Explanation["limits"]["idle"]][] = [
    ["client_idle_timeout", limits.idle],
    ["unresponsive_timeout", limits.unresponsive],
    ["warn_before", limits.warnBefore],
  ];
  return table(
    rows.map(([name, { seconds, from }]) => [
      name,
      seconds === null ? paint.yellow("none") : paint.bold(formatDuration(seconds)),
      from === null ? "" : `from ${visible(from)}`,
    ]),
  );
}

const STATES: Readonly<Record<ExplainedExemption["state"], string>> = {
  active: "~",
  expired: "✗ expired, without effect:",
  elsewhere: "- not on this host:",
  depends: "? on some hosts only:",
};

function exemptionLine(exemption: ExplainedExemption, paint: Paint): string {
  const { name, because: reasons, state, controls, justification, owner, expires, hosts } = exemption;
  const where = hosts === undefined ? "" : ` on ${hosts.map(visible).join(", ")}`;
  const text = `${STATES[state]} ${visible(name)}: ${reasons.map(visible).join(", ")} from ${controls.join(", ")}${where} until ${expires}`;
  return `${state === "expired" ? paint.red(text) : text} ${paint.dim(`(${visible(justification)}; ${visible(owner)})`)}`;
}

function sessionLines(sessions: readonly ExplainedSession[], paint: Paint): string[] {
  const told = sessions.filter(({ endedBy, uncaught }) => endedBy.length > 0 || uncaught !== undefined);
  if (told.length === 0) return [];
  // Too long for a column: they stand below, as in a plan.
  const uncaught = told.flatMap(({ kind, uncaught: reason }) =>
    reason === undefined ? [] : [paint.dim(`${SIGNS.open.sign} ${kind}: ${visible(reason)}`)],
  );
  const legend = signMeanings(told.map(promiseSign), PROMISED).join(" · ");
  return [...table(told.map((session) => sessionCells(session, paint))), paint.dim(legend), ...uncaught];
}

/** Kinds of session by what ends them first, in one line each. */
function typicalLines({ systems, sessions }: TypicalHost, paint: Paint): string[] {
  const kinds = Map.groupBy(
    sessions.filter(({ endedBy, uncaught }) => endedBy.length > 0 || uncaught !== undefined),
    ({ endedBy: [first], uncaught }) => {
      if (uncaught !== undefined || first === undefined) return "nothing ends";
      const late = first.late ? ", later than the limit" : "";
      return `${formatDuration(first.within)} ${first.control}${late}`;
    },
  );
  const lines = Array.from(kinds, ([how, own]) => `  ${how}: ${own.map(({ kind }) => kind).join(", ")}`);
  return lines.length === 0 ? [] : [paint.bold(systems.join(", ")), ...lines];
}

/** Explained from files and answers: no session has shown it. */
function promiseSign({ endedBy: [first], uncaught }: ExplainedSession): "open" | "file" {
  return uncaught !== undefined || first?.late === true ? "open" : "file";
}

function sessionCells(session: ExplainedSession, paint: Paint): string[] {
  const { kind, endedBy, uncaught } = session;
  const sign = promiseSign(session);
  if (uncaught !== undefined) return [kind, signText(sign, paint, " nothing")];
  const [first = "", ...rest] = endedBy.map(({ control, within }) => `${formatDuration(within)} ${control}`);
  const late = sign === "open" ? ["later than the limit"] : [];
  const also = [...late, ...rest.map((text) => `else ${text}`)].join(", ");
  return [kind, `${signText(sign, paint)} ${first}`, paint.dim(also)];
}

function duration(seconds: number | null): string {
  return seconds === null ? "none" : formatDuration(seconds);
}
