import { countBy } from "../../core/verdict/outcome.ts";
import { visible } from "../../core/text/visible.ts";
import { STEPS } from "../../model/change/run.ts";
import { asciiText } from "../../report/layout/ascii.ts";
import { fit, pad, widthOf } from "../../report/layout/columns.ts";
import type { Paint } from "../../report/layout/paint.ts";
import type { BoardHost, BoardState } from "./board-state.ts";
import { badRank, isBad, outcomeSymbol, outcomeWord } from "./event-text.ts";

export interface BoardView {
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  readonly ascii?: boolean;
}

/** Fleets up to this size are shown host by host where the rows suffice. */
const LISTED = 24;
const NAMED = 5;
const LONGEST_NAME = 32;

/**
 * The board as lines, none longer than the terminal is wide and fewer than it has rows: a headline
 * with the share done, then each host, or for a large fleet the counts per step and outcome, the
 * slowest hosts and those that failed.
 */
export function boardLines(state: BoardState, view: BoardView): string[] {
  const hosts = [...state.hosts.values()];
  const listed = hosts.length <= Math.min(LISTED, view.rows - 3);
  const body = listed ? hostLines(hosts, view) : fleetLines(hosts, view);
  const lines = [headline(state, hosts, view), ...body].slice(0, Math.max(1, view.rows - 1));
  return lines.map(([text, style]) => style(lineOf(text, view)));
}

/** The last column stays free: writing there wraps on some terminals. What is spelt out may be wider than it was. */
function lineOf(text: string, { columns, ascii }: BoardView): string {
  if (ascii !== true) return fit(text, columns - 1);
  const spelt = asciiText(text);
  return spelt.length < columns
    ? spelt
    : `${spelt.slice(0, Math.max(0, columns - 4))}...`.slice(0, columns - 1);
}

type Line = readonly [text: string, style: (text: string) => string];

function headline(state: BoardState, hosts: readonly BoardHost[], { now, paint }: BoardView): Line {
  const done = hosts.filter(({ outcome }) => outcome !== undefined).length;
  const wave = state.wave > 0 ? `, wave ${state.wave}` : "";
  return [
    `${state.title}: ${done}/${hosts.length} hosts${wave}, ${clockText(now - state.startedAt)}`,
    paint.bold,
  ];
}

function hostLines(hosts: readonly BoardHost[], view: BoardView): Line[] {
  const widest = Math.max(0, ...hosts.map(({ name }) => widthOf(visible(name))));
  const columns = Math.min(widest, LONGEST_NAME);
  return hosts.map((host) => {
    const name = pad(fit(visible(host.name), columns), columns);
    return [`  ${name}  ${stateText(host, view)}`, styleOf(host, view.paint)];
  });
}

function fleetLines(hosts: readonly BoardHost[], view: BoardView): Line[] {
  const { paint } = view;
  const working = hosts.filter(({ outcome, step }) => outcome === undefined && step !== "waiting");
  const slowest = working.toSorted((a, b) => a.since - b.since).slice(0, NAMED);
  return [
    [`  now     ${stepCounts(hosts)}`, paint.cyan],
    [`  done    ${outcomeCounts(hosts)}`, paint.green],
    ...sessionLine(hosts, view),
    ...slowest.map((host): Line => [`  slow    ${visible(host.name)}: ${stateText(host, view)}`, paint.dim]),
    ...badLines(hosts, view),
  ];
}

/** Unreachable hosts first, each kind with its last; a host out of compliance is a result, and in the counts. */
function badLines(hosts: readonly BoardHost[], view: BoardView): Line[] {
  const bad = hosts.filter(({ outcome = "" }) => isBad(outcome) && outcome !== "fail");
  const [unknown, failed] = [true, false].map((wanted) =>
    bad.filter(({ outcome }) => (outcome === "unknown") === wanted).slice(-NAMED),
  );
  const named = [...(unknown ?? []), ...(failed ?? [])];
  const rest = bad.length - named.length;
  const line = (host: BoardHost): Line => {
    const title = host.outcome === "unknown" ? "unknown" : "failed ";
    return [`  ${title} ${visible(host.name)}: ${stateText(host, view)}`, view.paint.red];
  };
  return [...named.map(line), ...(rest > 0 ? [[`          and ${rest} more`, view.paint.red] as const] : [])];
}

function stepCounts(hosts: readonly BoardHost[]): string {
  const counts = countBy(hosts.filter(({ outcome }) => outcome === undefined).map(({ step }) => step));
  const steps = (["waiting", ...STEPS] as const).filter((step) => counts[step] !== undefined);
  return steps.map((step) => `${step} ${counts[step]}`).join("  ") || "-";
}

function outcomeCounts(hosts: readonly BoardHost[]): string {
  const outcomes = hosts.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
  // What is wrong comes first: the end of a line is cut on narrow terminals.
  const counts = Object.entries(countBy(outcomes)).toSorted(([a], [b]) => badRank(a) - badRank(b));
  return (
    counts
      .map(([outcome, count]) => `${outcomeSymbol(outcome)} ${outcomeWord(outcome)} ${count}`)
      .join("  ") || "-"
  );
}

function sessionLine(hosts: readonly BoardHost[], { now, paint }: BoardView): Line[] {
  const text = sessionText(hosts, now);
  return text === "" ? [] : [[`  probes  ${text}`, paint.cyan]];
}

function stateText(host: BoardHost, { now }: BoardView): string {
  if (host.outcome !== undefined) {
    const message = host.message === undefined ? "" : `: ${visible(host.message)}`;
    return `${outcomeSymbol(host.outcome)} ${outcomeWord(host.outcome)}${message}`;
  }
  if (host.step === "waiting") return "waiting";
  const sessions = sessionText([host], now);
  return sessions === "" ? `${host.step} ${clockText(now - host.since)}` : `${host.step}: ${sessions}`;
}

/** `6 sessions open, 2 ended, next limit in 0:12, last in 14:32`; empty where none is open. */
function sessionText(hosts: readonly BoardHost[], now: number): string {
  const limits = hosts.flatMap((host) => [...host.limits.values()]);
  if (limits.length === 0) return "";
  const ended = hosts.reduce((total, { probesEnded }) => total + probesEnded, 0);
  const left = (limit: number): string => clockText(Math.max(0, limit - now));
  const last = limits.reduce((a, b) => Math.max(a, b));
  const coming = limits.filter((limit) => limit > now);
  const next = coming.length === 0 ? last : coming.reduce((a, b) => Math.min(a, b));
  return `${limits.length} open, ${ended} ended, next limit in ${left(next)}, last in ${left(last)}`;
}

function styleOf({ outcome, step }: BoardHost, paint: Paint): Line[1] {
  if (outcome !== undefined) return isBad(outcome) ? paint.red : paint.green;
  return step === "waiting" ? paint.dim : (text) => text;
}

/** `1:05`, `1:02:07`: whole seconds, as on a clock. */
function clockText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = `${String(seconds % 60).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
