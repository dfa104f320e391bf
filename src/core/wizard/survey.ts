/** What `templates/remote/wizard-survey.sh` says of a host. Everything in it may have been chosen by somebody hostile. */
import type { Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { visible } from "../text/visible.ts";

/** An account whose shell lets somebody in. */
export interface LoginAccount {
  readonly name: string;
  readonly uid: number;
  readonly shell: string;
}

/** A process that is neither the kernel's nor part of this very login. Texts are visible ones. */
export interface RunningProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly terminal: boolean;
  /** Since it was started. */
  readonly seconds: Seconds;
  readonly command: string;
  /** The command line; the command where it was not read. */
  readonly words: string;
}

export interface WizardSurvey {
  readonly accounts: readonly LoginAccount[];
  /** Groups that exist and may become root, with their listed members. */
  readonly admins: readonly { readonly group: string; readonly members: readonly string[] }[];
  /** Accounts to which sudoers gives everything by name. */
  readonly sudoers: readonly string[];
  /** Null where the host has no /proc to read them from. */
  readonly processes: readonly RunningProcess[] | null;
}

/** The kernel numbers processes up to four million; nobody has so many, each with its words. */
const MOST_LINES = 200_000;
/** One more than any line has. */
const MOST_FIELDS = 8;
/** Characters of a command line; the script sends fewer. */
const LONGEST_WORDS = 1000;

/**
 * Reads the script's standard output. Errors: CurfewError `remote` for output that was cut short or
 * has a line that the script cannot have written.
 */
export function parseWizardSurvey(output: string, host: string): WizardSurvey {
  const all = output.split("\n", MOST_LINES + 1);
  if (all.length > MOST_LINES) throw malformed(host, `it has more than ${MOST_LINES} lines`);
  const lines = all.filter((line) => line !== "");
  if (lines.at(-1) !== "end") throw malformed(host, "it was cut short");
  const rows = lines.slice(0, -1).map((line) => line.split("\t", MOST_FIELDS));
  const of = (word: string): (readonly string[])[] => rows.filter(([first]) => first === word);
  const strange = rows.find(([word = ""]) => !FIELDS.has(word));
  if (strange !== undefined) throw malformed(host, `a line begins with ${shortened(strange[0])}`);
  const wrong = rows.find(([word = "", ...fields]) => fields.length !== FIELDS.get(word));
  if (wrong !== undefined) throw malformed(host, `a line ${shortened(wrong[0])} is incomplete`);
  return {
    accounts: of("account").map(([, name = "", uid = "", shell = ""]) => ({
      name,
      uid: whole(uid, host),
      shell: shortened(shell),
    })),
    admins: of("admins").map(([, group = "", members = ""]) => ({
      group,
      members: members.split(",").filter((name) => name !== ""),
    })),
    sudoers: of("sudoer").map(([, name = ""]) => name),
    processes: processes(of, host),
  };
}

/** How many fields follow each word. */
const FIELDS: ReadonlyMap<string, number> = new Map([
  ["account", 3],
  ["admins", 2],
  ["sudoer", 1],
  ["clock", 2],
  ["self", 1],
  ["process", 6],
  ["words", 2],
]);

function processes(
  of: (word: string) => (readonly string[])[],
  host: string,
): readonly RunningProcess[] | null {
  const [clock] = of("clock");
  const [self] = of("self");
  if (clock === undefined || self === undefined) return null;
  const [uptime, ticks] = [whole(clock[1], host), Math.max(1, whole(clock[2], host))];
  const words = new Map(
    of("words").map(([, pid = "", text = ""]) => [pid, visible(text.slice(0, LONGEST_WORDS).trim())]),
  );
  const all = of("process").map(([, pid = "", ppid, uid, tty, start, command = ""]) => ({
    pid: whole(pid, host),
    ppid: whole(ppid, host),
    uid: whole(uid, host),
    terminal: tty !== "0",
    seconds: Math.max(0, uptime - Math.floor(whole(start, host) / ticks)),
    command: shortened(command),
    words: words.get(pid) ?? shortened(command),
  }));
  return withoutOwn(all, whole(self[1], host));
}

/** This login is no finding of its own: everything below the sshd process that carries it is left out. */
function withoutOwn(all: readonly RunningProcess[], self: number): RunningProcess[] {
  const byPid = new Map(all.map((each) => [each.pid, each]));
  const ancestors = lineageOf(self, byPid);
  const top = ancestors.find(({ command }) => command.startsWith("sshd"))?.pid ?? self;
  // The monitor above it belongs to the same login; the listener above that does not.
  const above = byPid.get(byPid.get(top)?.ppid ?? 0);
  const root = above?.command.startsWith("sshd") && / \[priv\]/u.test(above.words) ? above.pid : top;
  const isOwn = fromTop(
    all,
    byPid,
    (each, below: boolean | undefined) => each.pid === root || below === true,
  );
  return all.filter((each) => isOwn.get(each) !== true);
}

/** A process and those above it, itself first. Ends at a circle, which only a liar can have. */
function lineageOf(pid: number, byPid: ReadonlyMap<number, RunningProcess>): readonly RunningProcess[] {
  const found = new Set<RunningProcess>();
  let each = byPid.get(pid);
  while (each !== undefined && !found.has(each)) {
    found.add(each);
    each = byPid.get(each.ppid);
  }
  return [...found];
}

/**
 * Something about each process that follows from the process and from what is so of the one above it. Each is looked
 * at once, however long the chains are; where they form a circle, which only a liar can have, it begins anywhere.
 */
export function fromTop<T>(
  all: readonly RunningProcess[],
  byPid: ReadonlyMap<number, RunningProcess>,
  judge: (each: RunningProcess, above: T | undefined) => T,
): ReadonlyMap<RunningProcess, T> {
  const judged = new Map<RunningProcess, T>();
  for (const each of all) {
    const open = new Set<RunningProcess>();
    let next: RunningProcess | undefined = each;
    while (next !== undefined && !judged.has(next) && !open.has(next)) {
      open.add(next);
      next = byPid.get(next.ppid);
    }
    for (const below of [...open].toReversed()) {
      const above = byPid.get(below.ppid);
      judged.set(below, judge(below, above === undefined ? undefined : judged.get(above)));
    }
  }
  return judged;
}

function shortened(text = ""): string {
  return visible(text.slice(0, 200));
}

function whole(text: string | undefined, host: string): number {
  if (text !== undefined && /^\d{1,15}$/u.test(text)) return Number(text);
  throw malformed(host, `${shortened(text)} is not a number`);
}

function malformed(host: string, what: string): CurfewError {
  return new CurfewError("remote", `the survey of ${host} cannot be used: ${what}`, {
    host,
    hint: "run the command again; where it stays so, look at the host by hand before changing anything",
  });
}
