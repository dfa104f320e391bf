/** The ladder on screen: session kinds by roles, what a session showed, and what is only promised. */
import { signMeanings, type SignName, signText } from "../layout/signs.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { LadderCell, Rung } from "../../model/verdict/finding.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { SESSION_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";
import { visible } from "../../core/text/visible.ts";
import { fit, table, widthOf } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";

/** What the host's lines are indented by is not counted. */
const COLUMNS = 78;
/** Three roles of this width fit beside the session kinds. */
const ROLE_COLUMNS = 18;

/**
 * One row per kind of session and one column per role; roles for which there is no room in 78 columns
 * stand in blocks below. Empty without cells.
 */
export function ladderLines(
  cells: readonly LadderCell[],
  probes: readonly ProbeResult[],
  paint: Paint,
): string[] {
  const roles = [...new Set(cells.map(({ role }) => role))];
  const kinds = SESSION_KINDS.filter((kind) => cells.some((cell) => cell.kind === kind));
  if (kinds.length === 0) return [];
  const columns = roles.map((role) => columnOf(role, kinds, { cells, probes }, paint));
  const labels = [paint.bold("session"), paint.dim("limit"), ...kinds];
  const blocks = blocksOf(labels, columns).map((block) =>
    table(labels.map((label, row) => [label].concat(block.map((column) => column[row] ?? "")))),
  );
  return blocks.flatMap((lines, index) => (index === 0 ? lines : [""].concat(lines)));
}

/** What the signs and short words mean, of those that occur. */
export function ladderLegend(cells: readonly LadderCell[], paint: Paint): string[] {
  const meanings = signMeanings(cells.map(signOf), { fails: "a session showed otherwise" });
  const words = new Set(
    cells.flatMap(({ configured, effective, demonstrated }) =>
      [demonstrated ?? effective ?? configured].flatMap((rung) => (rung === null ? [] : [rung.by])),
    ),
  );
  const short = [...words].filter((by) => SHORT[by] !== undefined).map((by) => `${SHORT[by]}: ${by}`);
  return [...packed(meanings), ...packed(short)].map(paint.dim);
}

/** The words in as few lines as have room for them. */
function packed(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = `${lines.at(-1) ?? ""} · ${word}`;
    if (lines.length > 0 && widthOf(longer) <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

interface Shown {
  readonly cells: readonly LadderCell[];
  readonly probes: readonly ProbeResult[];
}

/** Mechanisms whose keyword is too long for a cell. */
const SHORT: Readonly<Record<string, string>> = {
  ChannelTimeout: "channel",
  ClientAlive: "alive",
  UnusedConnectionTimeout: "unused",
};

function columnOf(
  role: string,
  kinds: readonly SessionKind[],
  { cells, probes }: Shown,
  paint: Paint,
): string[] {
  const own = cells.filter((cell) => cell.role === role);
  const scaled = probes.filter((probe) => probe.role === role && probe.scaled !== undefined);
  const of = (kind: SessionKind): string => {
    const cell = own.find((each) => each.kind === kind);
    return cell === undefined ? "" : cellText(cell, paint);
  };
  return [
    paint.bold(fit(visible(role), ROLE_COLUMNS)),
    paint.dim(fit(limitText(own, scaled), ROLE_COLUMNS)),
    ...kinds.map(of),
  ];
}

/**
 * `15m`, or `15m, frozen 3m` where a client that does not answer has a limit of its own. In a scaled
 * run `10s for 15m`: the seconds in the cells are to be held against the former.
 */
function limitText(cells: readonly LadderCell[], scaled: readonly ProbeResult[]): string {
  const limitOf = (frozen: boolean): string => {
    const limit = cells.find(({ kind }) => (kind === "frozen-client") === frozen)?.limit ?? null;
    if (limit === null) return "none";
    const probe = scaled.find(({ session }) => (session === "frozen-client") === frozen);
    return probe === undefined
      ? formatDuration(limit)
      : `${formatDuration(probe.withinSeconds)} for ${formatDuration(limit)}`;
  };
  const [idle, frozen] = [limitOf(false), limitOf(true)];
  const alike = idle === frozen || !cells.some(({ kind }) => kind === "frozen-client");
  return alike || scaled.length > 0 ? idle : `${idle}, frozen ${frozen}`;
}

function cellText(cell: LadderCell, paint: Paint): string {
  const sign = signOf(cell);
  return `${signText(sign, paint)} ${wordsOf(cell, sign)}`;
}

function signOf({ outcome, limit, demonstrated, evidence, kind }: LadderCell): SignName {
  if (outcome === "waived") return "exempt";
  if (outcome === "unknown") return "unknown";
  if (demonstrated !== null) return outcome === "pass" ? "shown" : "fails";
  if (limit === null && kind !== "typing") return "none";
  if (outcome === "fail") return "open";
  return evidence === "effective" ? "daemon" : evidence === "configured" ? "file" : "none";
}

function wordsOf(
  { demonstrated, effective, configured, evidence, outcome }: LadderCell,
  sign: SignName,
): string {
  if (demonstrated !== null) {
    if (demonstrated.seconds === null) return outcome === "fail" ? "still there" : "kept";
    return `${shownSeconds(demonstrated.seconds)} ${shortName(demonstrated)}`;
  }
  if (sign === "exempt") return "exempt";
  if (sign === "none") return "no limit";
  if (sign === "unknown") return "unknown";
  const rung = evidence === "effective" ? effective : configured;
  return rung === null ? "nothing" : `${formatDuration(rung.seconds ?? 0)} ${shortName(rung)}`;
}

function shortName({ by }: Rung): string {
  if (by === "unattributed") return "unclear";
  return SHORT[by] ?? by;
}

/** Tenths below 100 s only: a cell is narrow, and timers are not that exact. */
function shownSeconds(seconds: number): string {
  return seconds < 100 ? `${seconds.toFixed(1)}s` : `${Math.round(seconds)}s`;
}

/** Columns in blocks that are not too wide. */
function blocksOf(labels: readonly string[], columns: readonly string[][]): string[][][] {
  const blocks: string[][][] = [[]];
  let used = widest(labels);
  for (const column of columns) {
    const width = widest(column) + 2;
    if (used + width > COLUMNS && (blocks.at(-1)?.length ?? 0) > 0) {
      blocks.push([]);
      used = widest(labels);
    }
    blocks.at(-1)?.push(column);
    used += width;
  }
  return blocks;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(widthOf));
}
