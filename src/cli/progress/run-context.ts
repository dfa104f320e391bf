import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import type { Verdict } from "../../core/verdict/outcome.ts";
import { visible } from "../../core/text/visible.ts";
import type { RunContext } from "../../flow/run/context.ts";
import type { CurfewError } from "../../model/terms/error.ts";
import type { KeepEvidence } from "../../model/verdict/evidence.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Emit, HostResult, RunEvent } from "../../model/change/run.ts";
import type { Secret } from "../../model/terms/secret.ts";
import type { Paint } from "../../report/layout/paint.ts";
import { TIME } from "../../host/time.ts";
import { createEvidence } from "../../store/run/evidence.ts";
import { createRunId, type Journal, openJournal } from "../../store/run/journal.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import type { HostOptions } from "../options/args.ts";
import type { StoreOptions } from "../options/history-access.ts";
import { becomePassword } from "../options/become-password.ts";
import { type ExitCode, exitCodeOf, exitCodeOfVerdict, writeError } from "../terminal/exit.ts";
import { type AppliedHead, rememberApplied } from "./applied-record.ts";
import { fitted } from "../terminal/fitted.ts";
import { type Interrupts, watchInterrupts } from "./interrupts.ts";
import { boundYoungGeneration } from "./memory.ts";
import { ownerName } from "./owner.ts";
import { createProgress } from "./progress.ts";
import { type Progress } from "./shown-run.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** One run of a command that contacts hosts. */
export interface Run {
  readonly context: RunContext;
  /** Who changes hosts, for their locks: `alice@controller`. */
  readonly owner: string;
  readonly journal: Journal;
  /** Runs one part of the work with progress on screen. */
  phase<T>(title: string, hosts: readonly string[], work: () => Promise<T>): Promise<T>;
  /** For a command that decides on the way to change hosts: tells the history now, and again with the results. */
  remember(policy: AppliedHead["policy"], results?: readonly HostResult[]): Promise<void>;
}

/** What a run came to, and how it is shown. */
export interface RunResult {
  readonly verdict: Verdict;
  /** The JSON document for `--json`. */
  readonly document: () => Iterable<string>;
  /** What the journal keeps, where that is less than the document. */
  readonly record?: () => Iterable<string>;
  readonly text: (view: { readonly paint: Paint; readonly verbose: boolean }) => string;
  /** What a run that changes hosts did to each, for the history. */
  readonly applied?: readonly HostResult[];
  /** What went wrong beside the hosts: told once the result was shown and recorded; exit code 3. */
  readonly failures?: readonly CurfewError[];
}

export interface RunSetting {
  readonly command: string;
  readonly hosts: readonly Host[];
  readonly options: HostOptions;
  readonly terminal: Terminal;
  /** Set by a command that changes hosts in any case: what it follows, null for nothing. It is remembered in the history. */
  readonly changesBy?: AppliedHead["policy"];
  /** Where that history is, if not where the environment says. */
  readonly store?: StoreOptions;
  /** Where it has been asked for already; the options are not looked at then. */
  readonly sudoPassword?: Secret | undefined;
}

/**
 * Does one run from its journal to its exit code: interrupts, progress and the way to the hosts for
 * `work`, then its result shown and recorded. Returns 130 after an interrupt, whatever the verdict.
 * Errors: those of `becomePassword` and of `work`, recorded as well.
 */
export async function withRun(
  setting: RunSetting,
  work: (run: Run) => Promise<RunResult>,
): Promise<ExitCode> {
  const password =
    "sudoPassword" in setting
      ? setting.sudoPassword
      : await becomePassword(setting.options, setting.terminal);
  const parts = await openParts(setting);
  const { journal, interrupts, emit } = parts;
  const { command } = setting;
  const hosts = setting.hosts.map(({ name }) => name);
  let exitCode: ExitCode = 1;
  try {
    emit({ type: "run-started", at: TIME.clock(), command, runId: journal.runId, hosts });
    const remember = rememberer(parts, setting);
    const { changesBy } = setting;
    if (changesBy !== undefined) await remember(changesBy);
    const context = await createContext({
      ...setting,
      ...parts,
      sudoPassword: password,
      note: (text) => parts.progress.note(text),
    });
    const result = await work(createRun(context, parts, remember));
    exitCode = interrupts.stopping.aborted ? 130 : exitCodeOfVerdict(result.verdict);
    await show(result, setting);
    await journal.write("result.json", (result.record ?? result.document)());
    if (changesBy !== undefined) await remember(changesBy, result.applied ?? []);
    for (const failure of result.failures ?? []) writeError(failure, setting.terminal);
    if (exitCode !== 130 && (result.failures ?? []).length > 0) exitCode = exitCodeOfVerdict("unknown");
  } catch (error) {
    exitCode = exitCodeOf(error);
    throw error;
  } finally {
    interrupts.close();
    emit({ type: "run-finished", at: TIME.clock(), exitCode });
    await journal.close();
    tellWhere(journal, exitCode, setting);
  }
  return exitCode;
}

/** Keeps in the history that hosts are changed; nothing where the run has no journal. */
function rememberer({ journal, warn }: Parts, { command, terminal, store }: RunSetting): Run["remember"] {
  const { runId } = journal;
  const head = { runId, command, owner: ownerName(), startedAt: new Date().toISOString() };
  return async (policy, results) => {
    if (journal.directory !== null)
      await rememberApplied({ ...head, policy }, results, terminal, warn, store);
  };
}

interface Parts {
  readonly journal: Journal;
  readonly keep: KeepEvidence;
  readonly progress: Progress;
  /** Shows a warning beside the run. */
  readonly warn: (message: string) => void;
  readonly interrupts: Interrupts;
  readonly emit: Emit;
}

async function openParts({ command, options, terminal }: RunSetting): Promise<Parts> {
  const progress = createProgress(options, terminal, TIME.clock);
  const { yellow } = terminal.errPaint;
  const warn = (message: string): void => progress.note(`${yellow("warning:")} ${visible(message)}`);
  const journal = await openJournal({
    state: stateDirectory(terminal.environment, homedir()),
    runId: createRunId(command, now(), token()),
    now,
    warn,
  });
  const keep = createEvidence({ directory: journal.directory, warn });
  const interrupts = watchInterrupts((message) => progress.note(yellow(message)));
  const emit = (event: RunEvent): void => {
    journal.append(event);
    progress.emit(event);
  };
  return { journal, keep, progress, warn, interrupts, emit };
}

/** What a way to hosts is made of. */
export interface Access {
  readonly hosts: readonly Host[];
  readonly options: Pick<HostOptions, "sshConfig" | "concurrency" | "connectTimeout">;
  readonly terminal: Pick<Terminal, "environment">;
  readonly sudoPassword: Secret | undefined;
  readonly keep?: KeepEvidence;
  readonly interrupts: Pick<Interrupts, "stopping" | "aborting">;
  readonly emit: Emit;
  /** For people, made safe to show. */
  readonly note: (text: string) => void;
}

/** The effects with which hosts are worked on. */
export async function createContext({
  hosts,
  options,
  terminal,
  sudoPassword,
  keep,
  interrupts: { stopping, aborting },
  emit,
  note: tell,
}: Access): Promise<RunContext> {
  boundYoungGeneration();
  const [{ connectThrough, createConnect }, { createSystemSsh }, { CONTROLS }] = await Promise.all([
    import("../../host/connect.ts"),
    import("../../host/openssh/system-ssh.ts"),
    import("../../controls/index.ts"),
  ]);
  const connect = await createConnect({
    hosts,
    sshConfig: options.sshConfig,
    sudoPassword,
    environment: terminal.environment,
    signal: aborting,
    onNote: (note) => tell(visible(note)),
  });
  const { concurrency, connectTimeout: connectTimeoutSeconds } = options;
  const systemSsh = createSystemSsh(terminal.environment, options.sshConfig);
  const effects = { connect, connectThrough, systemSsh, controls: CONTROLS, emit, ...TIME, now, token, keep };
  return { ...effects, stopping, aborting, concurrency, connectTimeoutSeconds };
}

function createRun(context: RunContext, { journal, progress }: Parts, remember: Run["remember"]): Run {
  return {
    context,
    owner: ownerName(),
    journal,
    remember,
    async phase(title, hosts, work) {
      progress.begin(title, hosts);
      try {
        return await work();
      } finally {
        progress.end();
      }
    },
  };
}

async function show({ document, text }: RunResult, { options, terminal }: RunSetting): Promise<void> {
  const view = { paint: terminal.outPaint, verbose: options.verbose === true };
  if (options.json === true) await terminal.out(document());
  else await terminal.page(fitted(text(view), terminal));
}

/** People who have to look into something are told where the record is. */
function tellWhere(journal: Journal, exitCode: ExitCode, { options, terminal }: RunSetting): void {
  if (options.quiet === true || options.events === true || journal.directory === null) return;
  if (exitCode === 0 && options.verbose !== true) return;
  terminal.err(`${terminal.errPaint.dim(`recorded in ${visible(journal.directory)}`)}\n`);
}

function now(): Date {
  return new Date();
}

/** 32 hexadecimal digits. */
function token(): string {
  return randomBytes(16).toString("hex");
}
