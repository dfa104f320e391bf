/**
 * cockpit.conf as each of cockpit's two readers takes it: that of the bridge written in C (src/common/cockpitconf.c, up to
 * Debian 12), and Python's strict configparser of the newer one (src/cockpit/config.py). Pure.
 *
 * Measured on 287 and 337: the page asks the bridge for `[Session] IdleTimeout`, a whole number of minutes, 240 at most; what
 * is none counts as off. One line that a reader does not understand makes it drop the whole file.
 */

export const BRIDGE_KINDS = ["c", "python"] as const;
export type BridgeKind = (typeof BRIDGE_KINDS)[number];

export interface ConfEntry {
  readonly section: string;
  readonly key: string;
  /** As the reader has it, continuations after line feeds. */
  readonly value: string;
  /** 1-based; the last one is that of its last continuation. */
  readonly line: number;
  readonly last: number;
  /** What stands before the value: indentation, key and delimiter. */
  readonly head: string;
}

export interface Conf {
  /** In the order of the file; none where all of it is dropped. */
  readonly entries: readonly ConfEntry[];
  readonly sections: readonly { readonly name: string; readonly line: number }[];
  /** Why all of it is dropped. */
  readonly problem?: { readonly line: number; readonly why: string };
  /** As far as they could be told, also where all of it is dropped. */
  readonly seen: readonly ConfEntry[];
}

export function readConf(text: string, dialect: BridgeKind): Conf {
  const lines = text.split("\n").map((line, index) => ({ text: line, line: index + 1 }));
  if (lines.at(-1)?.text === "") lines.pop();
  const found = dialect === "c" ? readC(lines) : readPython(lines);
  return { ...found, entries: found.problem === undefined ? found.seen : [] };
}

interface Line {
  readonly text: string;
  readonly line: number;
}
type Found = Omit<Conf, "entries">;

/** The first line that is none of these ends it; sections and keys may come again. */
function readC(lines: readonly Line[]): Found {
  const sections: Conf["sections"][number][] = [];
  const seen: ConfEntry[] = [];
  let problem: Conf["problem"];
  for (const { text, line } of lines) {
    // eslint-disable-next-line no-control-regex -- as POSIX has [:cntrl:]
    const [, name] = /^[ \t\r\v\f]*\[([^\][\u0000-\u001F\u007F]+)\][ \t\r\v\f]*$/u.exec(text) ?? [];
    const [, head, key, value] =
      /^([ \t\r\v\f]*([A-Za-z\d-]+)[ \t\r\v\f]*=[ \t\r\v\f]*)(.*)$/su.exec(text) ?? [];
    if (name !== undefined) sections.push({ name, line });
    else if (head !== undefined) {
      const section = sections.at(-1)?.name;
      if (section === undefined) problem ??= { line, why: "stands before any section" };
      seen.push({ section: section ?? "", key: key ?? "", value: value ?? "", line, last: line, head });
    } else if (!/^[ \t\r\v\f]*(?:#.*)?$/su.test(text))
      problem ??= { line, why: "is not a line that it understands" };
  }
  return { sections, seen, ...(problem === undefined ? {} : { problem }) };
}

/** Lib/configparser.py, RawConfigParser._read: strict, `=` and `:`, comments in lines of their own, continuations. */
function readPython(lines: readonly Line[]): Found {
  const sections: Conf["sections"][number][] = [];
  const seen: ConfEntry[] = [];
  let problem: Conf["problem"];
  let [indent, open] = [0, false];
  for (const { text: raw, line } of lines) {
    const text = raw.replace(/\r$/u, "");
    if (text.includes("\r")) problem ??= { line, why: "has a carriage return, which ends a line there" };
    const value = text.trim();
    if (value === "" || /^[#;]/u.test(value)) continue;
    const own = text.search(/\S/u);
    const before = seen.at(-1);
    if (open && own > indent && before !== undefined) {
      seen[seen.length - 1] = { ...before, value: `${before.value}\n${value}`, last: line };
      continue;
    }
    indent = own;
    const [, name] = /^\[(.+)\]/u.exec(value) ?? [];
    const [, head, key = "", rest = ""] = /^(\s*(.*?)\s*[=:]\s*)(.*?)\s*$/u.exec(text) ?? [];
    open = name === undefined && head !== undefined;
    if (name !== undefined) {
      const twice = sections.find((each) => each.name === name && name !== "DEFAULT");
      if (twice !== undefined)
        problem ??= { line, why: `is a second [${name}], after that of line ${twice.line}` };
      sections.push({ name, line });
      continue;
    }
    const section = sections.at(-1)?.name;
    if (section === undefined) problem ??= { line, why: "stands before any section" };
    if (head === undefined || key === "") {
      problem ??= { line, why: "is not a line that it understands" };
      continue;
    }
    const same = seen.find((each) => each.section === section && isKey(each, key));
    if (same !== undefined) problem ??= { line, why: `is a second ${key}, after that of line ${same.line}` };
    seen.push({ section: section ?? "", key, value: rest, line, last: line, head });
  }
  return { sections, seen, ...(problem === undefined ? {} : { problem }) };
}

function isKey({ key }: Pick<ConfEntry, "key">, name: string): boolean {
  return key.toLowerCase() === name.toLowerCase();
}

/** The entry of `[Session] IdleTimeout` that counts; undefined where none does. */
export function idleEntry(
  { entries, sections }: Pick<Conf, "entries" | "sections">,
  dialect: BridgeKind,
): ConfEntry | undefined {
  const ours = entries.filter((entry) => isKey(entry, "IdleTimeout"));
  const own = ours.findLast((entry) => isSession(entry, dialect));
  // What Python has under DEFAULT is in every section, but only where that is there.
  if (own !== undefined || dialect === "c" || !sections.some(({ name }) => name === "Session")) return own;
  return ours.findLast(({ section }) => section === "DEFAULT");
}

export function isSession({ section }: Pick<ConfEntry, "section">, dialect: BridgeKind): boolean {
  return dialect === "c" ? section.toLowerCase() === "session" : section === "Session";
}

/** cockpit's most. */
export const MOST_MINUTES = 240;

/** The minutes that a value is taken for, 0 for off; undefined where it is not a number to that reader. */
export function minutesIn(value: string, dialect: BridgeKind): number | undefined {
  const pattern = dialect === "c" ? /^\s*[+-]?\d+$|^$/u : /^\s*[+-]?\d+(?:_\d+)*\s*$/u;
  if (!pattern.test(value)) return undefined;
  return Math.min(Math.max(Number(value.replaceAll("_", "")), 0), MOST_MINUTES);
}

/** What all of the file comes to, in minutes; 0 for off. */
export function idleMinutes(conf: Conf, dialect: BridgeKind): number {
  const entry = idleEntry(conf, dialect);
  return entry === undefined ? 0 : (minutesIn(entry.value, dialect) ?? 0);
}
