/** What ends an idle page of the web console, what looks as if it did, and what is in force. Pure. */
import { formatDuration } from "../../model/terms/duration.ts";
import type { Ending, EndingQuestion, Endings, InertLine, InForce } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { visible } from "../../core/text/visible.ts";
import {
  type Conf,
  type ConfEntry,
  type BridgeKind,
  idleEntry,
  idleMinutes,
  isSession,
  minutesIn,
} from "./conf.ts";
import { type Cockpit, COCKPIT_CONF, cockpitOf, confOf, confState } from "./facts.ts";

export const IDLE_TIMEOUT = "IdleTimeout";
/** As results name it: of a page that is hidden no limit can be promised. */
export const IN_VIEW = "IdleTimeout of the page in view";
export const CONSOLE = "idle-console";
export const NO_PAGE = "cockpit-system is not installed, so there is no page that could log out";

/** As the bridge says it; what only the file says is denied by it. */
export function cockpitEndings({ facts, kind, placed }: EndingQuestion): Endings {
  const found = kind === CONSOLE ? cockpitOf(facts) : undefined;
  if (found === undefined || found.state === "absent") return NOTHING;
  if (found.state === "unreadable") return { endings: [], unread: [`cockpit: ${found.reason}`] };
  const { dialect, said, why } = found.value;
  if (dialect === null) return NOTHING;
  if (said === null) return { endings: [], unread: [`cockpit-bridge (${why})`] };
  const conf = confOf(facts, dialect);
  const base = { control: "cockpit", by: IN_VIEW, grace: 0, source: sourceOf(conf, dialect) } as const;
  if (said === 0) {
    if (placed === undefined) return NOTHING;
    const denied = `cockpit-bridge says that ${IDLE_TIMEOUT} is off: ${whyOff(facts, conf, dialect)}`;
    return { endings: [{ ...base, seconds: placed, confirmed: undefined, denied }], unread: [] };
  }
  const ending = { ...base, seconds: said * 60, confirmed: `cockpit-bridge says ${IDLE_TIMEOUT} ${said}` };
  return { endings: [{ ...ending, ...trouble(found.value, said) }], unread: [] };
}

const NOTHING: Endings = { endings: [], unread: [] };

/** A page in view is logged out in time; whether it is in view, only its browser knows. */
function trouble({ page, elsewhere }: Cockpit, minutes: number): Pick<Ending, "denied" | "doubt"> {
  if (!page) return { denied: NO_PAGE };
  return { doubt: elsewhere.length === 0 ? hiddenText(minutes) : elsewhereText(elsewhere) };
}

function hiddenText(minutes: number): string {
  return `whether a page is in view is not known on the host: one in a hidden tab may stay ${stayHidden(minutes)}`;
}

/**
 * How long an idle page in a hidden tab may stay. From the sources of 239 to 370: it counts runs of a timer of 5 s up to
 * half a minute before the end, then 30 of one of 1 s. Chromium runs each once a minute in a hidden tab (measured).
 */
export function stayHidden(minutes: number): string {
  return formatDuration((minutes * 12 - 6 + 30) * 60);
}

/** A session's bridge has its environment from PAM, and reads the file where that says. */
export function elsewhereText(files: readonly string[]): string {
  return `whether cockpit reads ${COCKPIT_CONF}: XDG_CONFIG_DIRS is set in ${files.join(", ")}`;
}

function sourceOf(conf: Conf, dialect: BridgeKind): string {
  const entry = idleEntry(conf, dialect);
  return entry === undefined ? `cockpit.conf(5) ${IDLE_TIMEOUT}` : `${COCKPIT_CONF}:${entry.line}`;
}

function whyOff(facts: Facts, conf: Conf, dialect: BridgeKind): string {
  if (hidden(facts)) return HIDDEN;
  const { problem } = conf;
  return problem === undefined
    ? `it takes ${COCKPIT_CONF} otherwise than curfew (${idleMinutes(conf, dialect)} minutes)`
    : droppedText(problem);
}

/** It runs as the account that logged in. */
export function hidden(facts: Pick<Facts, "files">): boolean {
  const mode = confState(facts)?.mode;
  return mode !== undefined && (Number.parseInt(mode, 8) & 0o004) === 0;
}

export const HIDDEN =
  "ordinary accounts cannot read the file, and the console reads it as the account that logged in";

function droppedText({ line, why }: NonNullable<Conf["problem"]>): string {
  return `${COCKPIT_CONF}:${line} ${why}, so cockpit drops the whole file`;
}

/** What it does on the host before curfew, for people. */
export function cockpitInForce(facts: Facts): InForce[] {
  const found = cockpitOf(facts);
  if (found?.state !== "known" || found.value.dialect === null) return [];
  const { said, dialect, page } = found.value;
  if (said === null || said === 0) return [];
  const effect = page
    ? `the page of the web console logs out after ${formatDuration(said * 60)} without input, where the login was by password`
    : NO_PAGE;
  const source = sourceOf(confOf(facts, dialect), dialect);
  return [{ setting: `${IDLE_TIMEOUT} ${said}`, source, effect, verdict: page ? "partly" : "nothing" }];
}

/** Lines of cockpit.conf that look as if they ended idle sessions and do nothing. */
export function cockpitInert(facts: Facts): InertLine[] {
  const found = cockpitOf(facts);
  if (found?.state !== "known" || found.value.dialect === null) return [];
  const { dialect, said } = found.value;
  const conf = confOf(facts, dialect);
  return conf.seen.flatMap((entry) => {
    const why = isAboutIdling(entry) ? whyInert(entry, conf, dialect, facts, said) : undefined;
    return why === undefined ? [] : [inertLine(entry, why)];
  });
}

function inertLine({ key, value, line, section }: ConfEntry, why: string): InertLine {
  const text = `[${section}] ${key}=${value}`;
  return {
    check: "mechanism-works",
    control: "cockpit",
    text: visible(text.replaceAll("\n", " ")).slice(0, 200),
    source: `${COCKPIT_CONF}:${line}`,
    subject: `${visible(key).slice(0, 60)} of [${visible(section).slice(0, 60)}]`,
    why,
    kinds: [CONSOLE],
  };
}

/** IdleTimeout, and what people write for it. */
function isAboutIdling({ key }: ConfEntry): boolean {
  return /^(?:session|client)?idle(?:session)?time(?:out)?$|^sessiontime(?:out)?$/u.test(
    key.toLowerCase().replaceAll(/[^a-z]/gu, ""),
  );
}

function whyInert(
  entry: ConfEntry,
  conf: Conf,
  dialect: BridgeKind,
  facts: Facts,
  said: number | null,
): string | undefined {
  if (entry.key.toLowerCase() !== IDLE_TIMEOUT.toLowerCase())
    return `cockpit has no such key; it is ${IDLE_TIMEOUT} under [Session]`;
  if (conf.problem !== undefined) return droppedText(conf.problem);
  const counts = idleEntry(conf, dialect);
  if (entry !== counts)
    return counts !== undefined && isSession(entry, dialect)
      ? `line ${counts.line} comes later and counts`
      : "cockpit reads it under [Session]";
  const minutes = minutesIn(entry.value, dialect);
  if (minutes === undefined)
    return "the value has to be a plain number of whole minutes, and nothing behind it; any other is read as off";
  if (minutes === 0 || said !== 0) return undefined;
  return hidden(facts) ? HIDDEN : "cockpit-bridge itself says that it is off";
}
