/** The two levels of being told to stop; ARCHITECTURE.md calls them the first and second interrupt. */

// A closed terminal (HUP) counts too: the administrator's own session may be the idle one.
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * npx, npm and src/curfew.js pass on the signal that the terminal has already sent to every process,
 * so two that come this close together are one. In milliseconds; nobody presses twice so fast.
 */
const SAME_INTERRUPT = 150;

export interface Interrupts {
  /** First interrupt: nothing new is started. */
  readonly stopping: AbortSignal;
  /** Second interrupt: everything stops now. A third one ends the process as the system would. */
  readonly aborting: AbortSignal;
  /** Stops listening. */
  close(): void;
}

/** What can send signals: the process, or an emitter in a test. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/**
 * Where `curfew schedule run` started this process, its end is an interrupt here: an audit that nobody watches over
 * would run beside the next one.
 */
export function endWithParent(): void {
  if (!process.connected) return;
  process.once("disconnect", () => {
    interrupt();
    setTimeout(interrupt, 2 * SAME_INTERRUPT);
  });
  process.channel?.unref();
}

function interrupt(): void {
  process.kill(process.pid, "SIGTERM");
}

/** Listens for interrupts; `tell` is given what happens now, for people. */
export function watchInterrupts(
  tell: (message: string) => void,
  source: SignalSource = process,
  clock: () => number = () => performance.now(),
): Interrupts {
  const stop = new AbortController();
  const abort = new AbortController();
  let last = Number.NEGATIVE_INFINITY;
  const close = (): void => SIGNALS.forEach((signal) => source.off(signal, listener));
  function listener(): void {
    const now = clock();
    if (now - last < SAME_INTERRUPT) return;
    last = now;
    if (!stop.signal.aborted) {
      stop.abort();
      tell("stopping: no further host is begun, those in flight finish; interrupt again to stop at once");
      return;
    }
    abort.abort();
    close();
    tell("stopping at once: hosts with an armed change take it back by themselves");
  }
  for (const signal of SIGNALS) source.on(signal, listener);
  return { stopping: stop.signal, aborting: abort.signal, close };
}
