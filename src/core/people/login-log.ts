/** What the host's log says of timeouts and of logins: the part `login-log`, which comes where it was asked for. */
import { addressOf } from "../misuse/lines.ts";
import type { LoginLog } from "../../model/facts/login-log.ts";
import { known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { believedMessage, type LogLine } from "../misuse/believed.ts";
import { loginConnections, type Said, timedOut } from "../misuse/connections.ts";
import { stampTime, zoneSeconds } from "../misuse/stamps.ts";
import { visible } from "../text/visible.ts";
import { lines, malformed, type Section, type Sections } from "../answer/sections.ts";

/** As the script cuts what it read. */
const MOST_BYTES = 262_144;
const MOST_FILES = 2;
/** The script asks no more. */
const MOST_ACCOUNTS = 200;

interface Part {
  readonly heard: readonly Said[];
  /** The oldest that was read, or where the log begins. */
  readonly since: number;
  readonly cut: string | undefined;
}

/** Undefined where it was not asked for. Errors: CurfewError `remote` for what the script cannot have written. */
export function parseLoginLog(sections: Sections): Reading<LoginLog> | undefined {
  const section = sections.maybe("login-log");
  if (section === undefined) return undefined;
  const [now = NaN, asked = NaN] = [section.arguments[0], section.arguments[2]].map(Number);
  const zone = zoneSeconds(section.arguments[1] ?? "");
  if (!(now > 0 && asked > 0) || zone === undefined)
    throw malformed(sections.host, "login-log", "its times are incomplete");
  const journal = sections.maybe("log-journal");
  const files = sections.all("log-file");
  if (files.length > MOST_FILES) throw malformed(sections.host, "log-file", "there are too many");
  if (files.length > 0) {
    const parts = files.map((file) => filePart(file, now, zone));
    return known(
      logOf(joined(parts), { now, asked, source: files.map(pathOf).join(" and "), vouched: false }, sections),
    );
  }
  if (journal === undefined)
    return unreadable("there is neither a journal nor /var/log/auth.log or /var/log/secure");
  return known(
    logOf(journalPart(journal, sections), { now, asked, source: "the journal", vouched: true }, sections),
  );
}

function pathOf({ arguments: [path = ""] }: Section): string {
  return visible(path).slice(0, 200);
}

function logOf(
  { heard, since, cut }: Part,
  about: Pick<LoginLog, "now" | "source" | "vouched"> & { readonly asked: number },
  sections: Sections,
): LoginLog {
  const { asked, ...rest } = about;
  const ours = heard
    .filter(({ at }) => at >= asked && at <= rest.now + 60)
    .toSorted((left, right) => left.at - right.at);
  const itself = ownLogin(sections);
  const own = ours.find(
    ({ message }) =>
      message.type === "accepted" && message.address === itself?.address && message.port === itself.port,
  )?.message;
  return {
    ...rest,
    since: Math.max(since, asked),
    cut: since > asked ? cut : undefined,
    heard: ours.some(({ message }) => SSHD_SAYS.has(message.type)),
    heardItself: itself === undefined ? undefined : own !== undefined,
    own: own?.type === "accepted" ? own.user : undefined,
    timeouts: timedOut(ours),
    connections: loginConnections(ours, rest.now),
  };
}

const SSHD_SAYS: ReadonlySet<string> = new Set(["accepted", "failed", "closed", "session", "grace"]);

/** Where this login came from: the host's own words in the part `machine`. */
function ownLogin(sections: Sections): { readonly address: string; readonly port: number } | undefined {
  const [, from = "", port] = /^(\S+) (\d{1,5}) /u.exec(sections.maybe("login")?.arguments[0] ?? "") ?? [];
  const address = addressOf(from);
  return address === undefined ? undefined : { address, port: Number(port) };
}

function journalPart(section: Section, sections: Sections): Part {
  const accounts = new Map(
    lines(sections.maybe("log-accounts"))
      .slice(0, MOST_ACCOUNTS)
      .map((line) => line.split("\t", 2) as [string, string]),
  );
  const { rows, status } = rowsOf(section);
  const heard = rows.flatMap(({ time, pid, ...line }): Said[] => {
    const text = unescaped(line.text);
    const message = text === undefined ? undefined : believedMessage({ ...line, text }, accounts);
    return message === undefined || !/^\d{16}$/u.test(time)
      ? []
      : [{ at: Number(time) / 1e6, pid: numberOf(pid), message }];
  });
  const begins = Number(section.arguments[0]);
  if (status === "0") return { heard, since: begins, cut: undefined };
  // It comes newest first.
  const since = Math.max(begins, Number(rows.at(-1)?.time ?? Infinity) / 1e6);
  const cut = status === undefined ? "it holds more than 256 KiB of such lines" : "reading it took too long";
  return { heard, since, cut };
}

function numberOf(pid: string): number | null {
  return /^\d{1,10}$/u.test(pid) ? Number(pid) : null;
}

/** One file, its beginning lost where it is large. */
function filePart(section: Section, now: number, zone: number): Part {
  const [path, skipped, begins = ""] = section.arguments;
  const { rows, status } = rowsOf(section);
  const heard = rows.flatMap(({ time, pid, ...line }): Said[] => {
    const at = stampTime(time, now, zone);
    const message = believedMessage(line, new Map());
    return at === undefined || message === undefined ? [] : [{ at, pid: numberOf(pid), message }];
  });
  const oldest = heard[0]?.at ?? now;
  const lost = status !== "0" || section.body.length >= MOST_BYTES;
  if (lost || skipped !== "") {
    return {
      heard,
      since: oldest,
      cut: `${visible(path ?? "").slice(0, 200)} holds more than can be read at once`,
    };
  }
  return { heard, since: stampTime(begins, now, zone) ?? oldest, cut: undefined };
}

/** Older files first. A line that stands in two files, as while one is being copied, counts once. */
function joined(parts: readonly Part[]): Part {
  const [older, newer] = parts;
  if (newer === undefined) return older ?? { heard: [], since: Infinity, cut: undefined };
  if (older === undefined || newer.cut !== undefined) return newer;
  const counts = new Map<string, number>();
  for (const each of older.heard) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1);
  const more = newer.heard.filter((each) => {
    const left = counts.get(keyOf(each)) ?? 0;
    counts.set(keyOf(each), left - 1);
    return left <= 0;
  });
  return { heard: [...older.heard, ...more], since: Math.min(older.since, newer.since), cut: older.cut };
}

function keyOf({ at, pid, message }: Said): string {
  return JSON.stringify([at, pid, message]);
}

type Row = LogLine & { readonly time: string; readonly pid: string };

/** The status is undefined where the end was cut off. A line that lost its beginning is none. */
function rowsOf(section: Section): { readonly rows: readonly Row[]; readonly status: string | undefined } {
  const all = lines(section).map((line) => line.split("\t"));
  const rows = all.flatMap(([time = "", pid = "", uid = "", program = "", identifier = "", ...text]): Row[] =>
    text.length === 0 ? [] : [{ time, pid, uid, program, identifier, text: text.join("\t") }],
  );
  return { rows, status: all.find(([word, , more]) => word === "end" && more === undefined)?.[1] };
}

/** The journal's own escapes; undefined where a line was cut within one. */
function unescaped(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
