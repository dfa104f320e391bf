/** How the session of each kind is opened, until it is what its kind says and nothing more happens in it. */
import { latest } from "../../core/probe/judge-probe.ts";
import type { PlannedProbe } from "../../core/probe/plan.ts";
import type { Connection, OpenChannel, TerminalSession } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { MISSING_PROGRAM, type ProbeProgram } from "./programs.ts";
import type { HostWatch } from "./watch.ts";
import { inTime, over, type Waiting } from "./wait.ts";

/** What is needed to open a session over a login. */
export interface OpeningSetup extends Waiting {
  readonly planned: PlannedProbe;
  readonly connection: Connection;
  readonly watch: HostWatch;
  /** 32 hexadecimal digits: the mark of this probe's programs. */
  readonly token: string;
  /** Where the shadow instance listens; undefined without one. */
  readonly shadowPort: number | undefined;
  /** Called at once with what was opened, so that its last words are known should nothing come of it. */
  readonly opened: (channel: OpenChannel) => void;
}

export interface OpenedSession {
  readonly channel: OpenChannel;
  /** The same, where it has a terminal. */
  readonly terminal: TerminalSession | undefined;
  /** When the last activity: for a session that prints by itself, of what was typed last. */
  readonly quietSince: number;
}

/** A prompt, or a program, counts as quiet after this long without output. */
const QUIET_MS = 1000;
/** Seconds until there must be a quiet prompt, and until a program must run. */
export const SETTLE_SECONDS = 25;
const START_SECONDS = 15;
/** A program ends by itself so long after nobody waits for its session any more. */
const SPARE_SECONDS = 60;

/**
 * A shell that is left or hung up writes its history: neither there (tcsh: savehist), nor, by its blank, in one that is
 * written at once. A kind of shell without `unset` complains and goes on.
 */
const NO_HISTORY = " unset HISTFILE savehist";

/** The login shell at its prompt. */
export async function openShell(setup: OpeningSetup): Promise<OpenedSession> {
  const { connection, signal } = setup;
  const terminal = await connection.openTerminal(signal);
  setup.opened(terminal);
  await settle(terminal, setup);
  return { channel: terminal, terminal, quietSince: terminal.lastActivity() };
}

/**
 * The login shell at a prompt after the first, as whoever has done something leaves it: bash looks at TMOUT before it
 * runs PROMPT_COMMAND, so that what this takes away or changes still ends a session in which nothing was ever typed.
 */
export async function openUsedShell(setup: OpeningSetup): Promise<OpenedSession> {
  const opened = await openShell(setup);
  const { terminal } = opened;
  if (terminal === undefined) return opened;
  terminal.write("\r");
  await settle(terminal, setup);
  return { ...opened, quietSince: terminal.lastActivity() };
}

/** A program, started by a line typed at the prompt. */
export async function openProgram(setup: OpeningSetup, program: ProbeProgram): Promise<OpenedSession> {
  const opened = await openShell(setup);
  const { channel, terminal } = opened;
  if (terminal === undefined) return opened;
  const line = program.line(setup.token, lifetime(setup), setup.planned.scaledLimit);
  terminal.write(`${NO_HISTORY}; ${line}\r`);
  const typedAt = setup.clock();
  await started(channel, setup, program);
  if (program.noisy) return { ...opened, quietSince: typedAt };
  const until = setup.clock() + START_SECONDS * 1000;
  while (setup.clock() < until && setup.clock() - channel.lastActivity() < QUIET_MS) {
    await over(channel.ended, setup.clock() + 50, setup);
  }
  // One that was gone at once leaves a session of another kind.
  await started(channel, setup, program);
  if (program.prompts === true) {
    // Its own files may name a history, which it writes even if nothing was typed; and see openUsedShell.
    terminal.write(`${NO_HISTORY}\r`);
    await settle(terminal, setup);
  }
  return { ...opened, quietSince: channel.lastActivity() };
}

/** A command without a terminal. */
export async function openCommandProbe(setup: OpeningSetup, program: ProbeProgram): Promise<OpenedSession> {
  const { connection, signal, token } = setup;
  const channel = await connection.openCommand(
    program.line(token, lifetime(setup), setup.planned.scaledLimit),
    signal,
  );
  setup.opened(channel);
  const quietSince = channel.lastActivity();
  await started(channel, setup, program);
  return { channel, terminal: undefined, quietSince };
}

/** An SFTP session after its first answer. */
export async function openSftpProbe({ connection, signal }: OpeningSetup): Promise<OpenedSession> {
  const channel = await connection.openSftp(signal);
  return { channel, terminal: undefined, quietSince: channel.lastActivity() };
}

/**
 * A forward over which nothing goes. It leads to the shadow instance, which waits for a login for ever:
 * the host's own sshd would hang up, and hold it against the address.
 */
export async function openForwardProbe(setup: OpeningSetup): Promise<OpenedSession> {
  const { connection, shadowPort, clock, signal } = setup;
  if (shadowPort === undefined) {
    throw new CurfewError("unsupported", "there is no shadow instance for the forward to lead to");
  }
  const channel = await connection.openIdleForward(shadowPort, signal);
  // The far end says its name; whatever comes after that would be no idle forward.
  const until = clock() + START_SECONDS * 1000;
  while (channel.transcript() === "" && clock() < until) {
    await over(channel.ended, clock() + 50, setup);
  }
  return { channel, terminal: undefined, quietSince: channel.lastActivity() };
}

/**
 * The bare login, as `ssh -N` leaves it. sshd says yes to a login before PAM's part of it begins, which on a busy
 * host takes seconds (pam_systemd(8) starts a manager for each user's first session); no timeout runs before its end.
 */
export async function openNothing(setup: OpeningSetup): Promise<OpenedSession> {
  const { connection, clock, signal } = setup;
  const until = clock() + SETTLE_SECONDS * 1000;
  if (!(await inTime(connection.noMoreSessions(signal), until, setup))) {
    throw new CurfewError("remote", `the host did not complete the login within ${SETTLE_SECONDS} s`);
  }
  const quietSince = clock();
  const ended = connection.closed.then(() => {
    return { at: clock(), exitCode: null, signal: null, connectionLost: true } as const;
  });
  const channel = { transcript: () => "", lastActivity: () => quietSince, ended, close: () => undefined };
  return { channel, terminal: undefined, quietSince };
}

/** Seconds after which what a probe has started on the host ends by itself. */
export function lifetime({ planned }: Pick<OpeningSetup, "planned">): number {
  return Math.ceil(latest(planned.scaledLimit)) + SPARE_SECONDS;
}

async function started(channel: OpenChannel, setup: OpeningSetup, { runs }: ProbeProgram): Promise<void> {
  const { watch, token, clock, planned } = setup;
  const until = clock() + START_SECONDS * 1000;
  while (clock() < until) {
    const end = await over(channel.ended, clock() + 200, setup);
    const missing = MISSING_PROGRAM.exec(channel.transcript())?.[1];
    if (missing !== undefined) throw notStarted(missing);
    // What `env` answers where there is no such program (POSIX, env, EXIT STATUS).
    if (end?.exitCode === 127)
      throw notStarted(`the program of the ${planned.session} probe is not installed`);
    if (end !== undefined) throw notStarted(`the session ended before the ${planned.session} program ran`);
    const names = await over(watch.programs(token), until, setup);
    if (names?.some((name) => runs.test(name)) === true) return;
  }
  throw notStarted(`the program of the ${planned.session} probe did not start within ${START_SECONDS} s`);
}

function notStarted(message: string): CurfewError {
  return new CurfewError("unsupported", message);
}

/**
 * Waits for a prompt: something was printed, and then nothing for a second. With a limit of a few
 * seconds the session's clock runs already; `quietSince` is the last activity, not the end of this wait.
 */
async function settle(terminal: TerminalSession, setup: OpeningSetup): Promise<void> {
  const { planned, clock } = setup;
  const until = clock() + SETTLE_SECONDS * 1000;
  while (clock() < until) {
    const end = await over(terminal.ended, clock() + 50, setup);
    if (end !== undefined) {
      const status = end.exitCode === null ? "" : ` with status ${end.exitCode}`;
      throw new CurfewError(
        "remote",
        `the session of ${planned.user} ended${status} before there was a prompt`,
      );
    }
    const quiet = clock() - terminal.lastActivity() >= QUIET_MS;
    if (quiet && /\S/u.test(terminal.transcript())) return;
  }
  throw new CurfewError(
    "remote",
    `the session of ${planned.user} came to no quiet prompt within ${SETTLE_SECONDS} s`,
  );
}
