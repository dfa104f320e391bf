import { remoteScript } from "../../template/remote-script.ts";
import { visible } from "../../core/text/visible.ts";
import type { Connection, RunningScript } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Waiting } from "./wait.ts";

/** A session with a terminal, as the host sees it. */
export interface HostSession {
  /** Process numbers of the login shell and of the sshd process above it. */
  readonly shell: number;
  readonly sshd: number;
  readonly user: string;
  /** `CLIENT PORT SERVER PORT`, as sshd told the session: no two have the same at one time. */
  readonly from: string;
  readonly clientPort: number;
  readonly serverPort: number;
}

/** Looks at the processes of one host while probes wait. */
export interface HostWatch {
  /** All SSH sessions with a terminal, now and since the watch began; of two with one `from`, the later. */
  sessions(): Promise<readonly HostSession[]>;
  /** Resolves with the moment when the process is gone. Never rejects; never resolves if the watch ends first. */
  whenGone(pid: number): Promise<number>;
  /** Names of the processes that carry this probe's token, now. Whatever they are, they are reaped at the end. */
  programs(token: string): Promise<readonly string[]>;
  /** Ends the processes that carry the token. Resolves when they are gone. */
  reap(token: string): Promise<void>;
  /** A sign of life; the host gives up after 45 s without. */
  beat(): void;
  end(): void;
}

/**
 * Starts the watch: one channel and one cheap process per host, however many sessions.
 * Errors: CurfewError `unsupported` where the host cannot tell, and those of `Connection.startScript`.
 */
export async function startWatch(
  connection: Connection,
  { clock, signal }: Pick<Waiting, "clock" | "signal">,
): Promise<HostWatch> {
  // An abort would kill the script, and from its start on that must not happen: it has to tidy up.
  const starting = new AbortController();
  const giveUp = (): void => starting.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  const script = await connection.startScript(remoteScript("watch-sessions", {}), {
    signal: starting.signal,
  });
  const state: State = {
    gone: new Map(),
    found: new Map(),
    scans: [],
    programs: new Map(),
    reaps: new Map(),
  };
  const ready = Promise.withResolvers<void>();
  void follow(script, state, ready, clock).finally(() => {
    const over = new CurfewError("remote", "the watch over sessions ended", { host: connection.host.name });
    ready.reject(over);
    for (const scan of state.scans.splice(0)) scan.reject(over);
    for (const { listed } of state.programs.values()) listed.reject(over);
    for (const reaped of state.reaps.values()) reaped.resolve();
  });
  await ready.promise.finally(() => signal.removeEventListener("abort", giveUp));
  return {
    sessions() {
      const scan = Promise.withResolvers<readonly HostSession[]>();
      state.scans.push(scan);
      script.write("scan\n");
      return scan.promise;
    },
    whenGone(pid) {
      const known = state.gone.get(pid) ?? Promise.withResolvers<number>();
      if (!state.gone.has(pid)) {
        state.gone.set(pid, known);
        script.write(`watch ${pid}\n`);
      }
      return known.promise;
    },
    programs(token) {
      const known = state.programs.get(token);
      if (known !== undefined) return known.listed.promise;
      const listed = Promise.withResolvers<readonly string[]>();
      state.programs.set(token, { names: new Set(), listed });
      script.write(`programs ${token}\n`);
      return listed.promise;
    },
    reap(token) {
      const reaped = Promise.withResolvers<void>();
      state.reaps.set(token, reaped);
      script.write(`reap ${token}\n`);
      return reaped.promise;
    },
    beat: () => script.write("beat\n"),
    end: () => script.end(),
  };
}

interface State {
  readonly gone: Map<number, PromiseWithResolvers<number>>;
  /** By `from`. */
  readonly found: Map<string, HostSession>;
  readonly scans: PromiseWithResolvers<readonly HostSession[]>[];
  /** By token: what is being listed. */
  readonly programs: Map<string, Listing>;
  readonly reaps: Map<string, PromiseWithResolvers<void>>;
}

interface Listing {
  readonly names: Set<string>;
  readonly listed: PromiseWithResolvers<readonly string[]>;
}

async function follow(
  script: RunningScript,
  state: State,
  ready: PromiseWithResolvers<void>,
  clock: Waiting["clock"],
): Promise<void> {
  for await (const line of script.lines) {
    const [word, ...rest] = line.slice(0, LONGEST_LINE).split(" ");
    if (word === "ready") ready.resolve();
    else if (word === "fail")
      ready.reject(new CurfewError("unsupported", visible(rest.join(" ")).slice(0, 200)));
    else if (word === "gone") state.gone.get(Number(rest[0]))?.resolve(clock());
    else if (word === "program") noteProgram(state, rest);
    else if (word === "listed") finishListing(state, rest[0] ?? "");
    else if (word === "reaped") state.reaps.get(rest[0] ?? "")?.resolve();
    else if (word === "session") for (const each of parseSession(rest)) noteSession(state, each);
    else if (word === "scanned") state.scans.shift()?.resolve([...state.found.values()]);
  }
}

/** More sessions, and more programs of one probe, than any host has at once. */
const MOST_KEPT = 10_000;
const LONGEST_LINE = 4096;

function noteSession({ found }: State, session: HostSession): void {
  if (found.size < MOST_KEPT || found.has(session.from)) found.set(session.from, session);
}

function noteProgram({ programs }: State, fields: readonly string[]): void {
  const names = programs.get(fields[0] ?? "")?.names;
  if (names !== undefined && names.size < MOST_KEPT) names.add(programName(fields));
}

/** A process names itself, so the name may be anything; the kernel keeps 15 bytes of it. */
function programName([, ...words]: readonly string[]): string {
  return visible(words.join(" ")).slice(0, 40);
}

function finishListing({ programs }: State, token: string): void {
  const listing = programs.get(token);
  programs.delete(token);
  listing?.listed.resolve([...listing.names]);
}

function parseSession(fields: readonly string[]): HostSession[] {
  // Counted from the end: only the user's name may contain blanks.
  const [shell, sshd] = fields.slice(0, 2).map(Number);
  const [clientPort, , serverPort] = fields.slice(-3).map(Number);
  const user = fields.slice(2, -4).join(" ");
  if (!shell || !sshd || !clientPort || !serverPort) return [];
  return [{ shell, sshd, user, from: fields.slice(-4).join(" "), clientPort, serverPort }];
}
