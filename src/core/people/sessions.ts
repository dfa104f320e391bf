/** Who is logged in: the section `sessions`, which comes where it was asked for. Everything in it may be forged. */
import type { Activity, LoginSession } from "../../model/facts/session.ts";
import { known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { visible } from "../text/visible.ts";
import { AROUND, EDITOR, TRANSFER } from "./programs.ts";
import { remoteAddress } from "./remote-address.ts";
import { lines, malformed, type Section, type Sections } from "../answer/sections.ts";
import { connectionsOf, type SessionProcess, type SessionTable, type SshConnection } from "./session-tree.ts";

/** As the script has it, which then says "many". */
const MOST_PROCESSES = 4000;
/** Longer than any that the script prints: 4000 bytes of id(1). */
const LONGEST_LINE = 4400;
/** The script shows so much of a command line; what looks into it may take the square of its length. */
const LONGEST_WORDS = 300;
/** More lines than the script prints for 4000 processes. */
const MOST_LINES = 20_000;

/** Undefined where it was not asked for. Errors: CurfewError `remote` for lines that the script cannot have written. */
export function parseLoginSessions(sections: Sections): Reading<readonly LoginSession[]> | undefined {
  const section = sections.maybe("sessions");
  if (section === undefined) return undefined;
  const rows = lines(section).map((line) => line.slice(0, LONGEST_LINE).split("\t", 9));
  const processes = rows.filter(([word]) => word === "process").length;
  if (rows.length > MOST_LINES || processes > MOST_PROCESSES || rows.some(([word]) => word === "many"))
    return unreadable(`more than ${MOST_PROCESSES} processes run in logins there`);
  const table = tableOf(rows, section, sections.host);
  const connections = connectionsOf(table);
  if (connections === undefined) return unreadable("there are too many logins within logins there");
  return known(connections.flatMap((connection) => sessionsIn(connection, table)));
}

function tableOf(rows: readonly (readonly string[])[], section: Section, host: string): SessionTable {
  const of = (word: string, fields: number): (readonly string[])[] => {
    const found = rows.filter(([first]) => first === word);
    if (found.some((row) => row.length !== fields + 1))
      throw malformed(host, "sessions", `a line "${word}" is incomplete`);
    return found;
  };
  const number = (text = ""): number => {
    if (/^\d{1,18}$/u.test(text)) return Number(text);
    throw malformed(host, "sessions", `${visible(text).slice(0, 40)} is not a number`);
  };
  const words = new Map(of("words", 2).map(([, pid, text = ""]) => [number(pid), wordsOf(text)]));
  const daemons = new Map(of("sshd", 2).map(([, pid, name = ""]) => [number(pid), visible(name)]));
  const processes = of("process", 6).map(
    ([, pid, ppid, uid = "", tty, start, name = ""]): SessionProcess => ({
      pid: number(pid),
      ppid: number(ppid),
      uid,
      tty: number(tty),
      start: number(start),
      name: visible(name),
      words: words.get(number(pid)) ?? "",
      sshd: daemons.get(number(pid)) ?? null,
    }),
  );
  const [now, uptime, ticks, self, little] = section.arguments;
  const editors = processes.filter(({ words: text }) => EDITOR.test(text)).toReversed();
  return {
    processes: new Map(processes.map((each) => [each.pid, each])),
    editors: new Map(editors.map((each) => [each.uid, each])),
    touched: new Map(of("idle", 2).map(([, terminal, time]) => [number(terminal), number(time)])),
    addresses: new Map(
      of("from", 2).flatMap(([, pid, text = ""]): [number, string][] => {
        const address = remoteAddress(text, little === "1");
        return address === null ? [] : [[number(pid), address]];
      }),
    ),
    people: new Map(of("person", 2).map(([, name = "", text = ""]) => [name, text])),
    now: number(now),
    uptime: number(uptime),
    ticks: Math.max(1, number(ticks)),
    self: number(self),
  };
}

function wordsOf(text: string): string {
  return visible(text.slice(0, LONGEST_WORDS).trim());
}

function sessionsIn(connection: SshConnection, table: SessionTable): LoginSession[] {
  const { login, owner, address } = connection;
  const base = { user: visible(login), groups: groupsOf(login, owner, table), from: address };
  const begun = ({ start }: SessionProcess): number =>
    Math.max(0, table.uptime - Math.floor(start / table.ticks));
  if (connection.tops.length === 0) {
    const [activity, what] = remoteEditor(owner, table) ?? (["connection", "no session"] as const);
    const seconds = begun(connection.daemon);
    return [{ ...base, terminal: null, seconds, idle: null, activity, what }];
  }
  return connection.tops.map(({ top, below }) => {
    const [activity, what] = activityOf(top, below);
    const seconds = begun(top);
    const terminal = terminalOf(top);
    const idle = terminal === null ? null : idleOf(table.touched.get(terminal), seconds, table);
    const name = terminal === null ? null : `pts/${terminal}`;
    return { ...base, terminal: name, seconds, idle, activity, what };
  });
}

/** Pseudo-terminals have the major number 136 (tty_nr in proc(5); devices.txt of the kernel). */
function terminalOf({ tty }: SessionProcess): number | null {
  return Math.floor(tty / 256) % 4096 === 136 ? (tty % 256) + Math.floor(tty / 1_048_576) * 256 : null;
}

/** Steps in which the kernel moves an access time, and what clocks lose in rounding. */
const ROUNDED = 10;

/**
 * By the wall clock, as nothing else tells; the session's age, which goes by uptime, is the most it can be. Where the two
 * contradict each other somebody has set the clock, and it is unknown.
 */
function idleOf(touched: number | undefined, age: number, { now }: SessionTable): number | null {
  if (touched === undefined) return null;
  const idle = now - touched;
  if (idle < -ROUNDED || idle > age + ROUNDED) return null;
  return Math.min(Math.max(0, idle), age);
}

/** Only where id(1) speaks of the account whose processes these are. */
function groupsOf(login: string, owner: string, { people }: SessionTable): readonly string[] | null {
  const [, uid, groups] = /^uid=(\d+)\([^]*?(?: groups=(.*))?$/u.exec(people.get(login) ?? "") ?? [];
  if (uid === undefined || uid !== owner) return null;
  return groupNames(groups ?? "");
}

/** Of what id(1) says behind `groups=`: `100(users),27(sudo)`. */
export function groupNames(text: string): string[] {
  return [...text.matchAll(/(?:^|,)\d+\(([^()]*)\)/gu)].map(([, name = ""]) => name);
}

function remoteEditor(owner: string, { editors }: SessionTable): readonly [Activity, string] | undefined {
  const editor = editors.get(owner);
  return editor === undefined || owner === "0" ? undefined : ["editor", nameOfEditor(editor)];
}

function nameOfEditor({ words }: SessionProcess): string {
  return EDITOR.exec(words)?.[0] ?? "";
}

/** What is at work there: of several programs the oldest, as that is what somebody waits for. */
function activityOf(top: SessionProcess, below: readonly SessionProcess[]): readonly [Activity, string] {
  const all = [top, ...below];
  const multiplexer = all.find(({ name }) => /^(?:tmux: client|screen|zellij|abduco|dtach)$/u.test(name));
  if (multiplexer !== undefined) return ["multiplexer", multiplexer.name.replace(/: client$/u, "")];
  const editor = all.find(({ words }) => EDITOR.test(words));
  if (editor !== undefined) return ["editor", nameOfEditor(editor)];
  const transfer = all.find(({ name, sshd }) => TRANSFER.test(name) || sshd !== null);
  if (transfer !== undefined) return ["transfer", transfer.sshd === null ? transfer.name : "sftp"];
  const programs = all.filter(({ name }) => !AROUND.test(name));
  const [oldest] = programs.toSorted((left, right) => left.start - right.start);
  if (oldest !== undefined) return [top.tty === 0 ? "job" : "program", oldest.name];
  return [top.tty === 0 ? "job" : "shell", top.name];
}
