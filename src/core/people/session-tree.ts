/** Connections of sshd and what runs below them, from a host's processes. Pure. */
/** One process of the answer. */
export interface SessionProcess {
  readonly pid: number;
  readonly ppid: number;
  /** Empty where the host did not tell. */
  readonly uid: string;
  readonly tty: number;
  /** Ticks since boot. */
  readonly start: number;
  readonly name: string;
  readonly words: string;
  /** The name of its binary; null where that is not one of sshd's. */
  readonly sshd: string | null;
}

/** The answer, taken apart. */
export interface SessionTable {
  readonly processes: ReadonlyMap<number, SessionProcess>;
  /** The first remote half of an editor, by the number of its account. */
  readonly editors: ReadonlyMap<string, SessionProcess>;
  /** Access times of terminals, seconds since 1970, by number. */
  readonly touched: ReadonlyMap<number, number>;
  /** Of sshd's processes. */
  readonly addresses: ReadonlyMap<number, string>;
  /** What id(1) says, by login name; empty where it did not know, or was not in time. */
  readonly people: ReadonlyMap<string, string>;
  readonly now: number;
  readonly uptime: number;
  readonly ticks: number;
  readonly self: number;
}

/** One authenticated connection. */
export interface SshConnection {
  /** As it logged in. */
  readonly login: string;
  /** Number of the account. */
  readonly owner: string;
  readonly address: string | null;
  /** sshd's process for it. */
  readonly daemon: SessionProcess;
  /** What sshd started there: one per terminal or command, with everything below it. */
  readonly tops: readonly { readonly top: SessionProcess; readonly below: readonly SessionProcess[] }[];
}

/** How often a process may count, once for each login that it is in: sshd within sshd within sshd. */
const MOST_WITHIN = 10;

/**
 * Of this very login nothing is said, unless it has a terminal: then somebody sits there. Undefined where processes are
 * in more logins than any real ones are.
 */
export function connectionsOf(table: SessionTable): SshConnection[] | undefined {
  const children = Map.groupBy(table.processes.values(), ({ ppid }) => ppid);
  const own = lineage(table.self, table);
  let left = MOST_WITHIN * table.processes.size;
  const found = [...table.processes.values()].flatMap((daemon) => {
    const login = loginOf(daemon, table);
    if (login === undefined || isMonitor(daemon) || left < 0) return [];
    const started = (children.get(daemon.pid) ?? []).filter(({ sshd }) => sshd !== "sshd-auth");
    const tops = started.map((top) => ({ top, below: below(top, children) }));
    for (const each of tops) left -= each.below.length;
    const others = tops.filter(({ top }) => !own.has(top.pid) || top.tty !== 0);
    if (others.length === 0 && tops.length > 0) return [];
    const monitor = table.processes.get(daemon.ppid);
    const address = table.addresses.get(daemon.pid) ?? (monitor && table.addresses.get(monitor.pid)) ?? null;
    return [{ login, owner: daemon.uid, address, daemon, tops: others }];
  });
  return left < 0 ? undefined : found;
}

const NAMED = /^sshd(?:-session)?: (.+?)(?: \[(?:priv|postauth)\]|@\S+)$/u;
const MONITOR = /^sshd(?:-session)?: .+ \[(?:priv|postauth)\]$/u;

/** What root's process says: itself, or the one above it. Nobody has authenticated yet where the child is not the user's. */
function loginOf(process: SessionProcess, { processes }: SessionTable): string | undefined {
  if (process.sshd === null || process.sshd === "sshd-auth") return undefined;
  if (/ \[(?:net|accepted|preauth)\]$/u.test(process.words)) return undefined;
  const above = processes.get(process.ppid);
  const monitored =
    above !== undefined && above.sshd !== null && above.uid === "0" && MONITOR.test(above.words);
  const title = monitored ? above.words : process.uid === "0" ? process.words : "";
  return NAMED.exec(title)?.[1];
}

/** root's half of a connection; the other half is the user's own. */
function isMonitor({ uid, words }: SessionProcess): boolean {
  return uid === "0" && MONITOR.test(words);
}

function below(
  top: SessionProcess,
  children: ReadonlyMap<number, readonly SessionProcess[]>,
): SessionProcess[] {
  const found = new Set<SessionProcess>();
  const open = [top];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next.pid) ?? []) {
      if (found.has(child) || child === top) continue;
      found.add(child);
      open.push(child);
    }
  }
  return [...found];
}

/** A process and those above it; ends at a circle, which only a liar can have. */
function lineage(pid: number, { processes }: SessionTable): ReadonlySet<number> {
  const found = new Set<number>();
  for (let each = processes.get(pid); each !== undefined && !found.has(each.pid);) {
    found.add(each.pid);
    each = processes.get(each.ppid);
  }
  return found;
}
