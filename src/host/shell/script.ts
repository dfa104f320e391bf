/** Scripts on a host: one channel each, the script on standard input of a root shell. */
import { limitText } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { RunningScript, ScriptOptions, ScriptOutput } from "../../model/inventory/connection.ts";
import { LineQueue } from "../channel/lines.ts";
import { handOver, STDOUT_LIMIT, tooMuchOutput, type ScriptPlace } from "./root-shell.ts";

/** Runs a script to its end. See `Connection.runScript`. */
export async function runScript(
  place: ScriptPlace,
  script: string,
  options: ScriptOptions,
): Promise<ScriptOutput> {
  const { carrier, host } = place;
  const { signal, timeoutSeconds, keepShell: keep = false, onLine } = options;
  const deadline = new AbortController();
  let late = false;
  const giveUp = (): void => {
    late ||= !signal.aborted && !deadline.signal.aborted;
    deadline.abort(signal.aborted ? signal.reason : lateError(host, timeoutSeconds));
  };
  const timer = setTimeout(giveUp, timeoutSeconds * 1000);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    const run = await handOver(place, script, { signal: deadline.signal, hold: false, keep, onLine });
    const output = await run.finished;
    const lost = output.exitCode === null ? carrier.lost() : undefined;
    if (lost !== undefined) throw lost;
    return output;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    if (late) carrier.destroy();
  }
}

/** Starts a script and returns once it runs, its standard input open. See `Connection.startScript`. */
export async function startScript(
  place: ScriptPlace,
  script: string,
  signal: AbortSignal,
): Promise<RunningScript> {
  const queue = new LineQueue();
  const flood = new AbortController();
  const run = await handOver(place, script, {
    signal: AbortSignal.any([signal, flood.signal]),
    hold: true,
    keep: false,
    onLine(line) {
      if (queue.add(line) > STDOUT_LIMIT) flood.abort(tooMuchOutput(place.host));
    },
  });
  // An abort or a flood ends the script; its caller sees that there was no exit code.
  const ended = run.finished.catch(() => run.soFar());
  void ended.then(() => queue.end());
  await Promise.race([run.began, ended]);
  return { lines: queue, ended, write: run.write, end: run.end };
}

function lateError(host: string, seconds: number): CurfewError {
  return new CurfewError(
    "timeout",
    `the script did not end within ${limitText(seconds)}; the connection was closed`,
    {
      host,
      hint: "look at the load of the host; what the script began there may still be running",
    },
  );
}
