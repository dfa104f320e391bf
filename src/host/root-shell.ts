/** A `sh` of root on one channel, and the script that is handed to it. */
import { CurfewError } from "../model/error.ts";
import type { ScriptOutput } from "../model/connection.ts";
import { captureOutput, Tail, type Capture } from "./capture.ts";
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

export interface HandOver {
  readonly signal: AbortSignal;
  /** Keep standard input open; then only the end of the output is kept, whatever its length. */
  readonly hold: boolean;
  readonly onLine: ((line: string) => void) | undefined;
}

/** A script that the root shell has taken. */
export interface HandedOver {
  /** The shell has read the whole script and executes it. Never rejects, may never resolve. */
  readonly began: Promise<void>;
  /** Rejects with the signal's reason, or `remote` where the output is too long. */
  readonly finished: Promise<ScriptOutput>;
  soFar(): ScriptOutput;
  write(text: string): void;
  end(): void;
}

/** What a script may print. */
export const STDOUT_LIMIT = 32 * 1024 * 1024;
const HELD_STDOUT_LIMIT = 256 * 1024;
const STDERR_LIMIT = 256 * 1024;

/**
 * Opens a channel, becomes root and hands the script over; resolves when the root shell reported.
 * Errors: CurfewError `escalation`, `auth`, `remote`, `unreachable`, and the signal's reason.
 */
export async function handOver(place: ScriptPlace, script: string, options: HandOver): Promise<HandedOver> {
  const { signal, hold, onLine } = options;
  const launch = place.launch();
  const channel = await openExec(place, launch, signal);
  const started = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<ScriptOutput>();
  // Nobody may be listening yet when the host refuses at once.
  finished.promise.catch(() => undefined);
  const beginMarker = `${launch.marker}-begin`;
  const send = (text: string): void => void (hold ? channel.write(text) : channel.end(text));
  const stdout = captureOutput([launch.marker, beginMarker], {
    limit: hold ? HELD_STDOUT_LIMIT : STDOUT_LIMIT,
    forget: hold,
    onMarker(index) {
      if (index === 1) return began.resolve();
      if (launch.opening === "") send(wrap(script, beginMarker));
      started.resolve();
    },
    onLine,
  });
  const stderr = new Tail(STDERR_LIMIT);
  const stop = (error: CurfewError): void => {
    started.reject(error);
    finished.reject(error);
    channel.signal("TERM");
    channel.close();
  };
  const abort = (): void => stop(interruption(signal, place.host));
  signal.addEventListener("abort", abort, { once: true });
  channel.on("data", (chunk: Buffer) => {
    if (!stdout.add(chunk)) stop(tooMuchOutput(place.host));
  });
  channel.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
  const prompts = answerPrompt(channel, launch, stdout, stderr);
  let exitCode: number | null = null;
  channel.on("exit", (code: number | null) => (exitCode = code));
  const soFar = (): ScriptOutput => ({
    stdout: stdout.body(),
    stderr: afterPrompt(stderr.text(), launch),
    exitCode,
  });
  channel.on("close", () => {
    signal.removeEventListener("abort", abort);
    if (stdout.passed() > 0) return finished.resolve(soFar());
    const left = { stdout: stdout.noise(), stderr: stderr.text(), exitCode, prompts: prompts() };
    started.reject(launchError(place, launch, left));
  });
  if (launch.opening !== "") send(launch.opening + wrap(script, beginMarker));
  await started.promise;
  return { began: began.promise, finished: finished.promise, soFar, ...heldInput(channel, began.promise) };
}

/** The error of a script that never stops printing. */
export function tooMuchOutput(host: string): CurfewError {
  return new CurfewError("remote", `the script printed more than ${STDOUT_LIMIT / 1024 / 1024} MiB`, {
    host,
  });
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

/** Gives sudo the password when, and only when, it asks. Returns how often it did. */
function answerPrompt(channel: ClientChannel, launch: Launch, stdout: Capture, stderr: Tail): () => number {
  const { password } = launch;
  if (password === undefined) return () => 0;
  let prompts = 0;
  channel.stderr.on("data", () => {
    if (stdout.passed() > 0) return;
    const asked = stderr.text().split(password.prompt).length - 1;
    if (asked === prompts) return;
    prompts = asked;
    // A second prompt says that the password was wrong; one failed attempt is enough for any account.
    if (prompts === 1) channel.write(`${password.secret.reveal()}\n`);
    else channel.end();
  });
  return () => prompts;
}

function launchError(
  { session, host, user }: ScriptPlace,
  launch: Launch,
  left: Parameters<typeof explainLaunch>[1],
): CurfewError {
  const lost = left.exitCode === null && session.lost() !== undefined;
  return lost ? lostError(session, host) : explainLaunch(launch, left, user, host);
}

/**
 * One compound command: a shell executes nothing of it before it has read the last line, so a
 * connection that dies on the way leaves a script that never began. `exit` keeps the shell from
 * reading on: what is written later belongs to the script.
 */
function wrap(script: string, beginMarker: string): string {
  return `{\necho ${beginMarker}\n${script}\nexit\n}\n`;
}

function afterPrompt(text: string, { password }: Launch): string {
  const at = password === undefined ? -1 : text.lastIndexOf(password.prompt);
  if (password === undefined || at < 0) return text;
  return text.slice(at + password.prompt.length).replace(/^\r?\n/u, "");
}

/** Held back until the script began: some shells read ahead, and would take it for more script. */
function heldInput(channel: ClientChannel, began: Promise<void>): Pick<HandedOver, "write" | "end"> {
  return {
    write: (text) => void began.then(() => channel.writable && channel.write(text)),
    end: () => void began.then(() => channel.end()),
  };
}
