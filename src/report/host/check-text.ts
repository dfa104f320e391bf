/** `curfew check` for people: what is set, what really ends which session, what never ends, and what to do next. */
import { foldNames } from "../../core/text/fold-names.ts";
import { visible } from "../../core/text/visible.ts";
import { OUTCOME_WORDS } from "../../core/verdict/outcome.ts";
import type { CheckedHost } from "../../model/record/check-run.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { LadderCell } from "../../model/verdict/finding.ts";
import { SESSION_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";
import { fit, table } from "../layout/columns.ts";
import { groupAlike } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";
import { OUTCOME_SIGNS, signMeanings, type SignName, signText } from "../layout/signs.ts";
import { wrap } from "../layout/wrap.ts";
import { inForceLines } from "./in-force-text.ts";
import { ladderLegend, ladderLines } from "./ladder-text.ts";

export interface CheckTextOptions {
  readonly paint: Paint;
  readonly columns: number;
  readonly limit: Seconds | null;
  readonly proved: boolean;
  /** Hosts as they were given on the command line; an inventory is given again. */
  readonly named: readonly string[];
}

/** The column of everybody else. */
const EVERYBODY_ELSE = "everyone else";
const ROLE_COLUMNS = 18;

/** Hosts on which everything is alike are one block. The last line says what to do next. */
export function checkText(checked: readonly CheckedHost[], options: CheckTextOptions): string {
  const shown = checked.map((each) => ({ each, lines: hostLines(withRoleNames(each), options) }));
  const blocks = groupAlike(shown, ({ each, lines }) => [each.description, lines]).map((group) => {
    const names = foldNames(group.map(({ each }) => each.host));
    const [{ each, lines }] = group;
    const head = [options.paint.bold(names.map(visible).join(", ")), visible(each.description)];
    return [head.filter((part) => part !== "").join("  "), ...lines].join("\n");
  });
  const cells = checked.flatMap(({ ladder }) => ladder);
  const legend =
    options.limit === null
      ? signMeanings(cells.map(signOf), { open: "never ends" }).join(" · ")
      : ladderLegend(cells, options.paint).join("\n");
  const last = [...(legend === "" ? [] : [options.paint.dim(legend)]), ...nextLines(checked, options)];
  return `${[...blocks, last.join("\n")].join("\n\n")}\n`;
}

function hostLines(checked: CheckedHost, options: CheckTextOptions): string[] {
  const { error, settings, ladder, probes } = checked;
  const { paint, columns, limit } = options;
  if (error !== undefined) {
    const hint = error.hint === undefined ? [] : wrap(`  hint: ${visible(error.hint)}`, columns, 4);
    return [...wrap(`  ${signText("unknown", paint)} ${visible(error.message)}`, columns, 4), ...hint];
  }
  const nothing = `  ${signText("open", paint)} nothing limits an idle session here`;
  const lines = limit === null ? endLines(ladder, paint) : ladderLines(ladder, probes, paint);
  return [
    "  Set on the host",
    ...(settings.length === 0 ? [nothing] : settings.flatMap((item) => inForceLines(item, paint, columns))),
    "",
    ...lines.map((line) => `  ${line}`),
    ...neverLines(checked, options),
    ...ruleLines(checked, options),
  ];
}

/** The rules of the baseline that was asked for: what is open, and how many statements hold. */
function ruleLines({ findings }: CheckedHost, { paint, columns }: CheckTextOptions): string[] {
  const rules = findings.filter(({ check }) => check === "baseline-rule" || check === "baseline-system");
  if (rules.length === 0) return [];
  const held = rules.filter(({ outcome }) => outcome === "pass").length;
  const groups = groupAlike(
    rules.filter(({ outcome }) => outcome !== "pass"),
    (finding) => ({ ...finding, role: "" }),
  );
  const lines = groups.flatMap((group) => {
    const [{ rule, subject = "", expected, actual, source, outcome }] = group;
    const roles = group.map(({ role }) => role).filter((role) => role !== "*");
    const who = roles.length === 0 ? "" : ` for ${roles.join(", ")}`;
    const head = `${rule ?? OUTCOME_WORDS[outcome]} ${subject}${who}`;
    const text = visible(`${head}: wanted ${expected}, found ${actual} (${source})`);
    return wrap(`  ${signText(OUTCOME_SIGNS[outcome], paint, ` ${text}`)}`, columns, 4);
  });
  const sum = `  ${signText("holds", paint)} ${held === 1 ? "1 statement" : `${held} statements`} of the baseline hold`;
  return ["", "  Rules of the baseline", ...lines, ...(held === 0 ? [] : [sum])];
}

/** Session kinds by people: after how long each ends, and by what. */
function endLines(cells: readonly LadderCell[], paint: Paint): string[] {
  const roles = [...new Set(cells.map(({ role }) => role))];
  const kinds = SESSION_KINDS.filter((kind) => cells.some((cell) => cell.kind === kind));
  const head = [
    paint.bold("ends after"),
    ...roles.map((role) => paint.bold(fit(visible(role), ROLE_COLUMNS))),
  ];
  const textOf = (kind: SessionKind, role: string): string => {
    const cell = cells.find((each) => each.role === role && each.kind === kind);
    return cell === undefined ? "" : cellText(cell, paint);
  };
  const rows = kinds.map((kind) => [kind as string].concat(roles.map((role) => textOf(kind, role))));
  return table([head, ...rows]);
}

function cellText(cell: LadderCell, paint: Paint): string {
  const sign = signOf(cell);
  const rung = cell.evidence === "effective" ? cell.effective : cell.configured;
  if (sign === "open" || rung === null || rung.seconds === null)
    return signText(sign, paint, sign === "unknown" ? " unknown" : " never");
  return signText(sign, paint, ` ${formatDuration(rung.seconds)} ${rung.by}`);
}

function signOf({ outcome, evidence }: LadderCell): SignName {
  if (outcome === "unknown") return "unknown";
  if (outcome === "fail") return "open";
  return evidence === "effective" ? "daemon" : evidence === "configured" ? "file" : "open";
}

/** What nothing ends for anybody, and why what is unknown is unknown. */
function neverLines({ ladder: cells }: CheckedHost, { paint, columns, limit }: CheckTextOptions): string[] {
  const kinds = SESSION_KINDS.filter((kind) => cells.some((cell) => cell.kind === kind));
  const never = kinds.filter((kind) => cells.every((cell) => cell.kind !== kind || signOf(cell) === "open"));
  const unknown = cells.filter(({ outcome, reason }) => outcome === "unknown" && reason !== undefined);
  const reasons = [...new Set(unknown.map(({ reason = "" }) => reason))];
  return [
    ...(limit === null && never.length > 0
      ? wrap(`  ${signText("open", paint)} never ends, for all of them: ${never.join(", ")}`, columns, 4)
      : []),
    ...reasons.flatMap((reason) => wrap(`  ${signText("unknown", paint)} ${visible(reason)}`, columns, 4)),
  ];
}

/** Whoever has no policy has not read of a role `default`. */
function withRoleNames(checked: CheckedHost): CheckedHost {
  const { ladder, probes, findings } = checked;
  return {
    ...checked,
    ladder: ladder.map(withRoleName),
    probes: probes.map(withRoleName),
    findings: findings.map(withRoleName),
  };
}

function withRoleName<T extends { readonly role: string }>(item: T): T {
  return item.role === "default" ? { ...item, role: EVERYBODY_ELSE } : item;
}

function nextLines(
  checked: readonly CheckedHost[],
  { columns, limit, proved, named }: CheckTextOptions,
): string[] {
  const [first] = checked;
  if (first === undefined) return ["Next: name a host, such as curfew check root@web1"];
  if (checked.every(({ error }) => error !== undefined)) {
    return [
      "Next: mend the way to the host, then run this again; curfew help troubleshooting knows every error",
    ];
  }
  const name = visible(named[0] ?? first.host);
  if (checked.some(({ managed }) => managed)) {
    const text =
      "Next: curfew has changed some of these hosts; curfew audit -p POLICY -i INVENTORY holds them against its policy";
    return wrap(text, columns, 2);
  }
  if (limit === null)
    return wrap(
      named.length === 1 && checked.length === 1
        ? `Next: curfew check ${name} --limit 15m holds it against a limit, and --prove opens real sessions`
        : "Next: the same with --limit 15m holds what was found against a limit; --prove opens real sessions",
      columns,
      2,
    );
  if (!proved)
    return wrap(
      `Next: the same with --prove opens real sessions; curfew wizard ${name} sets what is missing`,
      columns,
      2,
    );
  return wrap(
    `Next: curfew wizard ${name} sets what is missing on one host; curfew init begins a policy for many`,
    columns,
    2,
  );
}
