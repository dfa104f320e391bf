/** A `sh` of root on one channel, and the script that is handed to it. */
import { CurfewError } from "../../model/terms/error.ts";
import type { ScriptOutput } from "../../model/inventory/connection.ts";
import { Tail } from "../channel/byte-buffer.ts";
import { captureOutput, type Capture } from "./capture.ts";
import type { Carrier, CommandChannel } from "./carrier.ts";
import { explainLaunch, type Launch } from "./escalation.ts";
import { interruption } from "../channel/session.ts";

/** Where the scripts of one connection run. */
export interface ScriptPlace {
  readonly carrier: Carrier;
  /** Inventory name. */
  readonly host: string;
  readonly user: string;
  /** A new launch for every script: its marker must not repeat. */
  readonly launch: () => Launch;
  /** A root shell that has done its script and waits for the next. */
  waiting: CommandChannel | undefined;
}

export interface HandOver {
  readonly signal: AbortSignal;
  /** Keep standard input open; then only the end of the output is kept, whatever its length. */
  readonly hold: boolean;
  /** Keep the shell for the next script where this one ends with status 0; its standard input is empty then. */
  readonly keep: boolean;
  readonly onLine: ((line: string) => void) | undefined;
}

/** A script that the root shell has taken. */
export interface HandedOver {
  /** The shell has read the whole script and executes it. Never rejects, may never resolve, and never does without `hold`. */
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
 * Hands the script to the root shell that waits, or opens a channel and becomes root; resolves when there is a
 * root shell that has it.
 * Errors: CurfewError `escalation`, `auth`, `remote`, `unreachable`, and the signal's reason.
 */
export async function handOver(place: ScriptPlace, script: string, options: HandOver): Promise<HandedOver> {
  const { signal, hold, keep, onLine } = options;
  // A shell that waits would take the script all the same.
  if (signal.aborted) throw interruption(signal, place.host);
  const { launch, channel, reports } = takeWaiting(place) ?? (await openShell(place, signal));
  const started = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<ScriptOutput>();
  // Nobody may be listening yet when the host refuses at once.
  finished.promise.catch(() => undefined);
  // Only somebody who writes to the script has to know that it reads.
  const beginMarker = hold ? `${launch.marker}-begin` : undefined;
  const endMarker = keep ? `${launch.marker}-end` : undefined;
  const markers = [reports ? launch.marker : undefined, beginMarker].filter((marker) => marker !== undefined);
  const whole = wrap(script, beginMarker, endMarker);
  const send = (text: string): void => void (hold || keep ? channel.write(text) : channel.end(text));
  const stdout = captureOutput(markers, {
    end: endMarker,
    limit: hold ? HELD_STDOUT_LIMIT : STDOUT_LIMIT,
    forget: hold,
    onMarker(index) {
      if (markers[index] === beginMarker) return began.resolve();
      if (launch.opening === "") send(whole);
      started.resolve();
    },
    onLine,
  });
  const stop = (error: CurfewError): void => {
    started.reject(error);
    finished.reject(error);
    giveUp(channel);
  };
  const stderr = hearComplaints(channel, hold ? Infinity : STDOUT_LIMIT, () =>
    stop(tooMuchOutput(place.host)),
  );
  const abort = (): void => stop(interruption(signal, place.host));
  signal.addEventListener("abort", abort, { once: true });
  let exitCode: number | null = null;
  const onData = (chunk: Buffer): void => {
    if (!stdout.add(chunk)) return stop(tooMuchOutput(place.host));
    if (!stdout.ended()) return;
    exitCode = 0;
    signal.removeEventListener("abort", abort);
    channel.off("data", onData).off("exit", onExit).off("close", onClose);
    channel.stderr.removeAllListeners("data").resume();
    leaveWaiting(place, channel);
    finished.resolve(soFar());
  };
  const onExit = (code: number | null): void => void (exitCode = code);
  channel.on("data", onData).on("exit", onExit);
  const prompts = answerPrompt(channel, launch, stdout);
  const soFar = (): ScriptOutput => ({
    stdout: stdout.body(),
    stderr: afterPrompt(stderr.text(), launch),
    exitCode,
  });
  const onClose = (): void => {
    signal.removeEventListener("abort", abort);
    if (!reports || stdout.passed() > 0) return finished.resolve(soFar());
    const left = { stdout: stdout.noise(), stderr: stderr.text(), exitCode, prompts: prompts() };
    started.reject(launchError(place, launch, left));
  };
  channel.on("close", onClose);
  if (!reports) started.resolve();
  if (!reports || launch.opening !== "") send(launch.opening + whole);
  await started.promise;
  return { began: began.promise, finished: finished.promise, soFar, ...heldInput(channel, began.promise) };
}

/** The error of a script that never stops printing. */
export function tooMuchOutput(host: string): CurfewError {
  return new CurfewError("remote", `the script printed more than ${STDOUT_LIMIT / 1024 / 1024} MiB`, {
    host,
  });
}

/** A root shell, or a login shell on its way to becoming one. */
interface Shell {
  readonly launch: Launch;
  readonly channel: CommandChannel;
  /** Whether it is still to say that it is root; then other people's noise comes before that. */
  readonly reports: boolean;
}

function takeWaiting(place: ScriptPlace): Shell | undefined {
  const { waiting: channel } = place;
  if (channel === undefined) return undefined;
  place.waiting = undefined;
  const launch = place.launch();
  return { channel, launch: { ...launch, opening: "", password: undefined }, reports: false };
}

function leaveWaiting(place: ScriptPlace, channel: CommandChannel): void {
  place.waiting = channel;
  channel.once("close", () => {
    if (place.waiting === channel) place.waiting = undefined;
  });
}

async function openShell({ carrier, launch: plan }: ScriptPlace, signal: AbortSignal): Promise<Shell> {
  const launch = plan();
  return { launch, channel: await carrier.open(launch.command, signal), reports: true };
}

/** The end of standard error. `tooMuch` is called for what is beyond the limit. */
function hearComplaints(channel: CommandChannel, limit: number, tooMuch: () => void): Tail {
  const said = new Tail(STDERR_LIMIT);
  let size = 0;
  channel.stderr.on("data", (chunk: Buffer) => {
    said.add(chunk);
    size += chunk.length;
    if (size > limit) tooMuch();
  });
  return said;
}

/** What still comes is read, so that the connection goes on, and not looked at. */
function giveUp(channel: CommandChannel): void {
  for (const stream of [channel, channel.stderr]) stream.removeAllListeners("data").resume();
  channel.signal("TERM");
  channel.close();
}

/** Gives sudo the password when, and only when, it asks. Returns how often it did. */
function answerPrompt(channel: CommandChannel, launch: Launch, stdout: Capture): () => number {
  const { password } = launch;
  if (password === undefined) return () => 0;
  let prompts = 0;
  // What may be the beginning of a prompt; what came before it is not looked at again.
  let rest = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    if (stdout.passed() > 0) return;
    const parts = (rest + chunk.toString("latin1")).split(password.prompt);
    rest = (parts.at(-1) ?? "").slice(1 - password.prompt.length);
    if (parts.length === 1) return;
    prompts += parts.length - 1;
    // A second prompt says that the password was wrong; one failed attempt is enough for any account.
    if (prompts === 1) return void channel.write(`${password.secret.reveal()}\n`);
    // sudo-rs takes the end of the input for an empty password, and tries that as well: it is ended before.
    channel.signal("TERM");
    channel.end();
  });
  return () => prompts;
}

function launchError(
  { carrier, host, user }: ScriptPlace,
  launch: Launch,
  left: Parameters<typeof explainLaunch>[1],
): CurfewError {
  const lost = left.exitCode === null ? carrier.lost() : undefined;
  return lost ?? explainLaunch(launch, left, user, host);
}

/**
 * One compound command: a shell executes nothing of it before it has read the last line, so a
 * connection that dies on the way leaves a script that never began. `exit` keeps the shell from
 * reading on: what is written later belongs to the script. A shell that is kept goes on only after a
 * script that succeeded; it says so on a line of its own, whatever the script printed last.
 */
function wrap(script: string, beginMarker: string | undefined, endMarker: string | undefined): string {
  if (endMarker !== undefined) {
    // Not `|| exit`: it would keep the script's own `set -e` from working.
    const last = `status=$?; [ "$status" -eq 0 ] || exit "$status"\nprintf '\\n%s\\n' ${endMarker}`;
    return `{\n(\n${script}\n) </dev/null\n${last}\n}\n`;
  }
  return `{\n${beginMarker === undefined ? "" : `echo ${beginMarker}\n`}${script}\nexit\n}\n`;
}

function afterPrompt(text: string, { password }: Launch): string {
  const at = password === undefined ? -1 : text.lastIndexOf(password.prompt);
  if (password === undefined || at < 0) return text;
  // sudo-rs asks `[sudo: PROMPT] Password: `.
  return text.slice(at + password.prompt.length).replace(/^(?:\] [^\n]*)?\r?\n/u, "");
}

/** Held back until the script began: some shells read ahead, and would take it for more script. */
function heldInput(channel: CommandChannel, began: Promise<void>): Pick<HandedOver, "write" | "end"> {
  return {
    write: (text) => void began.then(() => channel.writable && channel.write(text)),
    end: () => void began.then(() => channel.end()),
  };
}
