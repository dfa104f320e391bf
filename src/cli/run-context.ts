import { randomBytes } from "node:crypto";
import { homedir, hostname, userInfo } from "node:os";
import { documentText } from "../core/document.ts";
import type { RunContext } from "../flow/context.ts";
import type { RunEvent } from "../model/run.ts";
import { createRunId, type Journal, openJournal } from "../store/journal.ts";
import { stateDirectory } from "../store/xdg.ts";
import type { HostOptions } from "./args.ts";
import { becomePassword } from "./become-password.ts";
import type { ExitCode } from "./exit.ts";
import { type Interrupts, watchInterrupts } from "./interrupts.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** One run of a command that contacts hosts, from its first login to its exit code. */
export interface Run {
  readonly context: RunContext;
  /** Who changes hosts, for their locks: `alice@controller`. */
  readonly owner: string;
  readonly journal: Journal;
  /** Runs one part of the work with progress on screen. */
  phase<T>(title: string, hosts: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Records the result and returns the exit code: 130 after an interrupt, whatever the verdict. */
  finish(exitCode: ExitCode, head: object, hosts: Iterable<object>): Promise<ExitCode>;
}

/** Begins a run: journal, interrupts, progress and the way to the hosts. Errors as `becomePassword`. */
export async function openRun(
  command: string,
  hosts: readonly string[],
  options: HostOptions,
  terminal: Terminal,
): Promise<Run> {
  const password = await becomePassword(options, terminal);
  const clock = (): number => performance.now();
  const now = (): Date => new Date();
  const progress = createProgress(options, terminal, clock);
  const journal = await openJournal({
    state: stateDirectory(terminal.environment, homedir()),
    runId: createRunId(command, now(), token()),
    now,
    warn: (message) => progress.note(`${terminal.errPaint.yellow("warning:")} ${message}`),
  });
  const interrupts = watchInterrupts((message) => progress.note(terminal.errPaint.yellow(message)));
  const emit = (event: RunEvent): void => {
    journal.append(event);
    progress.emit(event);
  };
  emit({ type: "run-started", at: clock(), command, runId: journal.runId, hosts });
  const [{ createConnector }, { CONTROLS }] = await Promise.all([
    import("../host/connector.ts"),
    import("../controls/index.ts"),
  ]);
  const { connect, connectThrough } = createConnector({
    environment: terminal.environment,
    ...(options.sshConfig === undefined ? {} : { configFile: options.sshConfig }),
    ...(password === undefined ? {} : { becomePassword: password }),
  });
  const context: RunContext = {
    connect,
    connectThrough,
    controls: CONTROLS,
    emit,
    clock,
    now,
    token,
    stopping: interrupts.stopping,
    aborting: interrupts.aborting,
    concurrency: options.concurrency,
    connectTimeoutSeconds: options.connectTimeout,
  };
  return createRun(context, { journal, progress, interrupts }, { options, terminal });
}

interface Parts {
  readonly journal: Journal;
  readonly progress: Progress;
  readonly interrupts: Interrupts;
}

function createRun(
  context: RunContext,
  { journal, progress, interrupts }: Parts,
  { options, terminal }: { readonly options: HostOptions; readonly terminal: Terminal },
): Run {
  return {
    context,
    owner: `${userInfo().username}@${hostname()}`,
    journal,
    async phase(title, hosts, work) {
      progress.begin(title, hosts);
      try {
        return await work();
      } finally {
        progress.end();
      }
    },
    async finish(verdict, head, hosts) {
      const exitCode = interrupts.stopping.aborted ? 130 : verdict;
      interrupts.close();
      context.emit({ type: "run-finished", at: context.clock(), exitCode });
      await journal.write("result.json", documentText(head, hosts));
      await journal.close();
      const tell = options.quiet !== true && options.events !== true;
      if (tell && journal.directory !== null && (exitCode !== 0 || options.verbose === true)) {
        terminal.err(terminal.errPaint.dim(`recorded in ${journal.directory}`) + "\n");
      }
      return exitCode;
    },
  };
}

/** 32 hexadecimal digits. */
function token(): string {
  return randomBytes(16).toString("hex");
}
