/** Scripts on a host: one channel each, the script on standard input of a root shell. */
import { CurfewError } from "../model/error.ts";
import type { RunningScript, ScriptOptions, ScriptOutput } from "../model/connection.ts";
import { captureOutput, LineQueue, Tail } from "./capture.ts";
import { explainLaunch, type Launch } from "./escalation.ts";
import { interruption, lostError, openChannel, type Session } from "./session.ts";
import type { ClientChannel } from "./ssh2.ts";

/** Where scripts run: set up once per connection. */
export interface ScriptPlace {
  readonly session: Session;
  /** Inventory name. */
  readonly host: string;
  readonly user: string;
  /** A new launch for every script: its marker must not repeat. */
  readonly launch: () => Launch;
}

const STDOUT_LIMIT = 32 * 1024 * 1024;
const STDERR_LIMIT = 256 * 1024;

/** Runs a script to its end. See `Connection.runScript`. */
export async function runScript(
  place: ScriptPlace,
  script: string,
  options: ScriptOptions,
): Promise<ScriptOutput> {
  const { session, host } = place;
  const { signal, timeoutSeconds, onLine } = options;
  const late = new CurfewError(
    "timeout",
    `the script did not end within ${timeoutSeconds} s; the connection was closed`,
    {
      host,
      hint: "look at the load of the host; what the script began there may still be running",
    },
  );
  const deadline = new AbortController();
  const giveUp = (): void => deadline.abort(signal.aborted ? signal.reason : late);
  const timer = setTimeout(giveUp, timeoutSeconds * 1000);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    const run = await begin(place, script, { signal: deadline.signal, hold: false, onLine });
    const output = await run.finished;
    if (output.exitCode === null && session.lost() !== undefined) throw lostError(session, host);
    return output;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    if (deadline.signal.reason === late) session.destroy();
  }
}

/** Starts a script and returns once it runs, its standard input open. See `Connection.startScript`. */
export async function startScript(
  place: ScriptPlace,
  script: string,
  signal: AbortSignal,
): Promise<RunningScript> {
  const queue = new LineQueue();
  const run = await begin(place, script, { signal, hold: true, onLine: (line) => queue.add(line) });
  // An abort or an overflow ends the script; its caller sees that there was no exit code.
  const ended = run.finished.catch(() => run.soFar());
  void ended.then(() => queue.end());
  await Promise.race([run.began, ended]);
  return { lines: queue, ended, write: run.write, end: run.end };
}

interface BeginOptions {
  readonly signal: AbortSignal;
  /** Keep standard input open. */
  readonly hold: boolean;
  readonly onLine: ((line: string) => void) | undefined;
}

interface Run {
  /** The shell has read the whole script and executes it. Never rejects, may never resolve. */
  readonly began: Promise<void>;
  /** Rejects with `escalation`, `unreachable`, `interrupted`, `timeout` or `remote`. */
  readonly finished: Promise<ScriptOutput>;
  soFar(): ScriptOutput;
  write(text: string): void;
  end(): void;
}

/** Opens the channel, becomes root and hands the script over; resolves when the root shell reported. */
async function begin(place: ScriptPlace, script: string, options: BeginOptions): Promise<Run> {
  const { session, host, user } = place;
  const { signal, hold, onLine } = options;
  const launch = place.launch();
  const channel = await openExec(place, launch, signal);
  const started = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<ScriptOutput>();
  // Nobody may be listening yet when the host refuses at once.
  finished.promise.catch(() => undefined);
  const beginMarker = `${launch.marker}-begin`;
  const payload = wrap(script, beginMarker);
  const send = (text: string): void => void (hold ? channel.write(text) : channel.end(text));
  const stdout = captureOutput([launch.marker, beginMarker], STDOUT_LIMIT, {
    onMarker(index) {
      if (index === 1) return began.resolve();
      if (launch.opening === "") send(payload);
      started.resolve();
    },
    onLine,
  });
  const stderr = new Tail(STDERR_LIMIT);
  const exit: { code: number | null } = { code: null };
  const soFar = (): ScriptOutput => ({
    stdout: stdout.body(),
    stderr: afterPrompt(stderr.text(), launch),
    exitCode: exit.code,
  });
  const stop = (error: CurfewError): void => {
    started.reject(error);
    finished.reject(error);
    channel.signal("TERM");
    channel.close();
  };
  const abort = (): void => stop(interruption(signal, host));
  signal.addEventListener("abort", abort, { once: true });
  let prompts = 0;
  channel.on("data", (chunk: Buffer) => {
    if (stdout.add(chunk)) return;
    stop(
      new CurfewError("remote", `the script printed more than ${STDOUT_LIMIT / 1024 / 1024} MiB`, { host }),
    );
  });
  channel.stderr.on("data", (chunk: Buffer) => {
    stderr.add(chunk);
    if (launch.password === undefined || stdout.passed() > 0) return;
    const asked = stderr.text().split(launch.password.prompt).length - 1;
    if (asked === prompts) return;
    prompts = asked;
    // A second prompt says that the password was wrong; one failed attempt is enough for any account.
    if (prompts === 1) channel.write(`${launch.password.secret.reveal()}\n`);
    else channel.end();
  });
  channel.on("exit", (code: number | null) => (exit.code = code));
  channel.on("close", () => {
    signal.removeEventListener("abort", abort);
    if (stdout.passed() > 0) return finished.resolve(soFar());
    const text = { stdout: stdout.noise(), stderr: stderr.text(), exitCode: exit.code, prompts };
    const lost = exit.code === null && session.lost() !== undefined;
    started.reject(lost ? lostError(session, host) : explainLaunch(launch, text, user, host));
  });
  if (launch.opening !== "") send(launch.opening + payload);
  await started.promise;
  return { began: began.promise, finished: finished.promise, soFar, ...input(channel, began.promise) };
}

function openExec(
  { session, host }: ScriptPlace,
  launch: Launch,
  signal: AbortSignal,
): Promise<ClientChannel> {
  return openChannel(
    session,
    host,
    signal,
    (client, answer) => client.exec(launch.command, answer),
    (error) =>
      new CurfewError("remote", `the host does not run commands over this connection: ${error.message}`, {
        host,
        hint: "check MaxSessions and ForceCommand in its sshd_config",
        cause: error,
      }),
  );
}

/**
 * One compound command: a shell executes nothing of it before it has read the last line, so a
 * connection that dies on the way leaves a script that never began. `exit` keeps the shell from
 * reading on: what is written later belongs to the script.
 */
function wrap(script: string, beginMarker: string): string {
  return `{\necho ${beginMarker}\n${script}\nexit\n}\n`;
}

function afterPrompt(text: string, launch: Launch): string {
  if (launch.password === undefined) return text;
  const at = text.lastIndexOf(launch.password.prompt);
  return at < 0 ? text : text.slice(at + launch.password.prompt.length).replace(/^\r?\n/u, "");
}

/** Held back until the script began: some shells read ahead, and would take it for more script. */
function input(channel: ClientChannel, began: Promise<void>): Pick<Run, "write" | "end"> {
  return {
    write: (text) => void began.then(() => channel.writable && channel.write(text)),
    end: () => void began.then(() => channel.end()),
  };
}
