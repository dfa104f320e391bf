/** What a probe sees of one channel: what came, when, and how it ended. */
import type { EventEmitter } from "node:events";
import type { OpenChannel, SessionEnd } from "../../model/inventory/connection.ts";
import { Tail } from "./byte-buffer.ts";
import type { Session } from "./session.ts";
import type { ClientChannel } from "./ssh2.ts";

const TRANSCRIPT_LIMIT = 64 * 1024;

/** A channel of ssh2, or its SFTP client, which gives the same events but no bytes. */
type AnyChannel = EventEmitter & { end(): unknown };

/** Reads a channel to its end and remembers the last of it. */
export function watchChannel(session: Session, channel: ClientChannel): OpenChannel {
  const transcript = new Tail(TRANSCRIPT_LIMIT);
  let lastActivity = performance.now();
  const onData = (chunk: Buffer): void => {
    transcript.add(chunk);
    lastActivity = performance.now();
  };
  channel.on("data", onData);
  channel.stderr.on("data", onData);
  return {
    transcript: () => transcript.text(),
    lastActivity: () => lastActivity,
    ended: endOf(session, channel),
    close: () => channel.close(),
  };
}

/** A channel on which somebody else reads; the last activity is now. */
export function watchQuiet(session: Session, channel: AnyChannel): OpenChannel {
  const lastActivity = performance.now();
  return {
    transcript: () => "",
    lastActivity: () => lastActivity,
    ended: endOf(session, channel),
    close: () => void channel.end(),
  };
}

/**
 * The first sign of the end counts: `exit` with a code (a shell that left), `end` without one
 * (the server closed the channel: ChannelTimeout), or the loss of the connection.
 */
function endOf(session: Session, channel: AnyChannel): Promise<SessionEnd> {
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
