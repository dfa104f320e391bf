/** Interactive sessions for probes: the user's login shell in a terminal, watched from outside. */
import { CurfewError } from "../model/error.ts";
import type { SessionEnd, TerminalSession } from "../model/connection.ts";
import { Tail } from "./capture.ts";
import { openChannel, type Session } from "./session.ts";
import type { ClientChannel } from "./ssh2.ts";

const TRANSCRIPT_LIMIT = 64 * 1024;

/** A terminal of which no program expects escape sequences: the transcript stays readable. */
const TERMINAL = { term: "dumb", cols: 80, rows: 24 } as const;

/** Opens the user's login shell. See `Connection.openTerminal`. */
export async function openTerminal(
  session: Session,
  host: string,
  signal: AbortSignal,
): Promise<TerminalSession> {
  const channel = await openChannel(
    session,
    host,
    signal,
    (client, answer) => client.shell(TERMINAL, answer),
    (error) =>
      new CurfewError("remote", `the host does not open a terminal: ${error.message}`, {
        host,
        hint: "check PermitTTY, MaxSessions and ForceCommand in its sshd_config",
        cause: error,
      }),
  );
  return watch(session, channel);
}

function watch(session: Session, channel: ClientChannel): TerminalSession {
  const transcript = new Tail(TRANSCRIPT_LIMIT);
  let lastActivity = performance.now();
  let frozen = false;
  const onData = (chunk: Buffer): void => {
    transcript.add(chunk);
    lastActivity = performance.now();
  };
  channel.on("data", onData);
  channel.stderr.on("data", onData);
  return {
    transcript: () => transcript.text(),
    lastActivity: () => lastActivity,
    write(text) {
      if (frozen || !channel.writable) return;
      lastActivity = performance.now();
      channel.write(text);
    },
    freeze() {
      frozen = true;
      session.freeze();
    },
    ended: endOf(session, channel),
    close: () => channel.close(),
  };
}

/**
 * The first sign of the end counts: `exit` with a code (a shell that left), `end` without one
 * (the server closed the channel: ChannelTimeout), or the loss of the connection.
 */
function endOf(session: Session, channel: ClientChannel): Promise<SessionEnd> {
  return new Promise((resolve) => {
    let at: number | undefined;
    let exitCode: number | null = null;
    let signal: string | null = null;
    const mark = (): void => void (at ??= performance.now());
    channel.on("exit", (code: number | null, name?: string) => {
      mark();
      exitCode = code;
      signal = name ?? null;
    });
    channel.on("end", mark);
    channel.on("close", () => {
      mark();
      const lost = session.lost();
      const ended = at ?? performance.now();
      resolve({
        at: Math.min(ended, lost?.at ?? ended),
        exitCode,
        signal,
        connectionLost: lost !== undefined && exitCode === null && lost.at <= ended,
      });
    });
  });
}
