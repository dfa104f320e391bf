/**
 * What is done in an open session, one function for each kind of session. Adding a kind: one function
 * and one line in the registry. All of them wait in parallel in one process, so nothing here blocks.
 */
import type { Observation, SessionTrace } from "../../core/probe/judge-probe.ts";
import type { SessionEnd } from "../../model/inventory/connection.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";
import type { OpenProbe } from "./opened.ts";
import * as opening from "./open.ts";
import { PROBE_PROGRAMS as PROGRAMS } from "./programs.ts";
import { answers, terminalOf } from "./answers.ts";
import { observeService, openService } from "./service.ts";
import { over, rest } from "./wait.ts";
import type { TimedEvent } from "../shadow/shadow.ts";

interface Probe {
  readonly open: (setup: opening.OpeningSetup) => Promise<opening.OpenedSession>;
  readonly observe: (open: OpenProbe) => Promise<Observation>;
}

export const PROBE_KINDS: Readonly<Record<SessionKind, Probe>> = {
  "idle-shell": { open: opening.openUsedShell, observe: observeIdle },
  "frozen-client": { open: opening.openUsedShell, observe: observeFrozenClient },
  "nested-shell": idleIn("nested-shell"),
  "escaped-shell": idleIn("escaped-shell"),
  "foreground-program": idleIn("foreground-program"),
  "output-loop": idleIn("output-loop"),
  tmux: idleIn("tmux"),
  "idle-command": {
    open: (setup) => opening.openCommandProbe(setup, PROGRAMS["idle-command"]),
    observe: observeIdle,
  },
  "idle-sftp": { open: opening.openSftpProbe, observe: observeIdle },
  "unused-connection": { open: opening.openNothing, observe: observeUnused },
  "idle-forward": { open: opening.openForwardProbe, observe: observeIdle },
  "idle-database": { open: openService, observe: observeService },
  "idle-console": { open: openService, observe: observeService },
  typing: { open: opening.openShell, observe: observeTyping },
};

/** Seconds between two lines of somebody typing: well inside the limit, and at least every 10. */
const TYPING_SECONDS = 10;
/** Seconds in which the host must say what still runs, and in which a log line about its end arrives. */
const LISTING_SECONDS = 8;
const LOG_SECONDS = 0.8;
/** Seconds in which a connection that sshd has ended is gone. */
const CLOSING_SECONDS = 20;
/** How often a program that should have died is looked for, a log's time apart. */
const ORPHAN_LOOKS = 3;

function idleIn(program: keyof typeof PROGRAMS): Probe {
  return { open: (setup) => opening.openProgram(setup, PROGRAMS[program]), observe: observeIdle };
}

async function observeIdle(open: OpenProbe): Promise<Observation> {
  const { planned, channel, quietSince, patience } = open;
  const end = await over(channel.ended, quietSince + patience * 1000, open);
  if (end !== undefined) return ended(open, end, quietSince);
  return kept(open, planned.expect === "kept");
}

/**
 * sshd ends the connection, then PAM's session, and only then does the client see it. Where its log is seen, that
 * moment counts; the connection has to go all the same.
 */
async function observeUnused(open: OpenProbe): Promise<Observation> {
  const { planned, channel, quietSince, patience } = open;
  const until = quietSince + patience * 1000;
  let end = await over(channel.ended, until, open);
  const closing = (): TimedEvent | undefined => ofConnection(open, "connection-unused");
  if (end === undefined && closing() !== undefined) {
    end = await over(channel.ended, until + CLOSING_SECONDS * 1000, open);
  }
  if (end === undefined) return kept(open, planned.expect === "kept");
  await rest(LOG_SECONDS * 1000, open);
  return ended(open, { ...end, at: Math.min(end.at, closing()?.at ?? end.at) }, quietSince);
}

/** The client cannot see its own end, so the host is watched. The session is its shell. */
async function observeFrozenClient(open: OpenProbe): Promise<Observation> {
  const { processes, quietSince, patience, clock, watch } = open;
  if (processes === undefined) {
    return { type: "unmeasured", reason: "the session's processes could not be found on the host" };
  }
  const shell = watch.whenGone(processes.shell);
  const sshd = watch.whenGone(processes.sshd);
  await open.silence();
  const at = await over(shell, quietSince + patience * 1000, open);
  // Nothing can be asked of it, but the host still has it.
  if (at === undefined) return { type: "kept", seconds: secondsOf(open), answers: true };
  const sshdAt = await over(sshd, clock() + LOG_SECONDS * 1000, open);
  // sshd's last words may be on their way still.
  if (sshdAt !== undefined) await rest(LOG_SECONDS * 1000, open);
  const trace: SessionTrace = {
    seconds: (at - quietSince) / 1000,
    exitCode: null,
    signal: null,
    connectionLost: sshdAt !== undefined,
    text: "",
    shellWentFirst: sshdAt === undefined,
    ...fromLog(open, at, quietSince),
  };
  return { type: "ended", trace };
}

/** A complete line now and then: TMOUT does not count anything less. */
async function observeTyping(open: OpenProbe): Promise<Observation> {
  const { planned, quietSince, clock } = open;
  const terminal = terminalOf(open);
  const step = Math.min(TYPING_SECONDS, planned.scaledLimit / 3) * 1000;
  const until = quietSince + open.patience * 1000;
  let typedAt = quietSince;
  while (clock() < until) {
    terminal.write("\r");
    typedAt = clock();
    const end = await over(terminal.ended, Math.min(typedAt + step, until), open);
    if (end !== undefined) return ended(open, end, typedAt);
  }
  return kept(open, true);
}

async function kept(open: OpenProbe, ask: boolean): Promise<Observation> {
  const seconds = secondsOf(open);
  return { type: "kept", seconds, answers: ask && (await answers(open)) };
}

function secondsOf({ quietSince, clock }: OpenProbe): number {
  return (clock() - quietSince) / 1000;
}

async function ended(open: OpenProbe, end: SessionEnd, since: number): Promise<Observation> {
  await rest(LOG_SECONDS * 1000, open);
  const trace: SessionTrace = {
    seconds: (end.at - since) / 1000,
    exitCode: end.exitCode,
    signal: end.signal,
    connectionLost: end.connectionLost,
    text: open.channel.transcript().slice(open.transcriptLength),
    ...fromLog(open, end.at, since),
    orphans: await orphansOf(open),
  };
  return { type: "ended", trace };
}

/** What of the probe's own programs is still there, after they had time to die with their terminal. */
async function orphansOf(open: OpenProbe): Promise<readonly string[]> {
  const { planned, watch, token, clock } = open;
  if (!(planned.session in PROGRAMS)) return [];
  let left: readonly string[] = [];
  for (let looks = 0; looks < ORPHAN_LOOKS; looks++) {
    const until = clock() + LISTING_SECONDS * 1000;
    left = (await over(watch.programs(token), until, open)) ?? [];
    if (left.length === 0) return [];
    await rest(LOG_SECONDS * 1000, open);
  }
  return left;
}

/** sshd's log names the session for ClientAlive; for ChannelTimeout the moment and the seconds have to fit. */
function fromLog(
  open: OpenProbe,
  at: number,
  since: number,
): Pick<SessionTrace, "clientSilent" | "channelIdle" | "connectionUnused" | "logSeen"> {
  const { events, port, planned } = open;
  const seconds = (at - since) / 1000;
  return {
    logSeen: events !== undefined && port !== undefined,
    clientSilent: ofConnection(open, "client-silent") !== undefined,
    connectionUnused: ofConnection(open, "connection-unused") !== undefined,
    channelIdle: (events?.() ?? []).some(
      (event) =>
        event.type === "channel-idle" &&
        planned.session !== "unused-connection" &&
        Math.abs(event.at - at) < 1500 &&
        Math.abs(event.seconds - seconds) < 2,
    ),
  };
}

/** What sshd's log says of this very connection; nothing for a live probe. */
function ofConnection(
  { events, port }: OpenProbe,
  type: "client-silent" | "connection-unused",
): TimedEvent | undefined {
  return events?.().find((event) => event.type === type && event.port === port);
}
