/** One authenticated SSH connection, as the rest of `host` sees it. */
import type { Duplex } from "node:stream";
import { CurfewError } from "../../model/terms/error.ts";
import { writeNow } from "./one-write.ts";
import type { Client, ClientChannel, SftpClient } from "./ssh2.ts";

export interface Session {
  readonly client: Client;
  readonly identification: string;
  /** `performance.now()` when the transport ended, and why; undefined while it lives. */
  readonly lost: () => { readonly at: number; readonly reason: string } | undefined;
  readonly closed: Promise<void>;
  /** Reads on, but nothing is understood or answered any more. There is no way back. */
  freeze(): void;
  close(): void;
  /** At once, without the courtesies of the protocol. */
  destroy(): void;
}

/** How long a peer may take over the end of a connection before it is cut off. */
const GRACE_MS = 1000;

/** Wraps a client that has just become ready over `stream`. */
export function openSession(client: Client, stream: Duplex, identification: string): Session {
  let lost: { at: number; reason: string } | undefined;
  const lose = (reason: string): void => {
    lost ??= { at: performance.now(), reason };
  };
  client.on("error", (error) => lose(error.message));
  stream.once("end", () => {
    lose("the host closed the connection");
    // A channel of another connection stays half open by itself and would never say "close".
    if (!stream.writableEnded) stream.end();
  });
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      lose("the connection ended");
      resolve();
    });
  });
  const destroy = (): void => {
    writeNow(stream);
    stream.destroy();
  };
  return {
    client,
    identification,
    lost: () => lost,
    closed,
    freeze() {
      // Pausing the stream would hide its end. Reading on and throwing away is the same to the
      // server: no reply, no window adjustment; and the moment of the drop is still seen.
      stream.removeAllListeners("data");
      stream.on("data", () => undefined);
    },
    close() {
      client.end();
      const timer = setTimeout(destroy, GRACE_MS).unref();
      void closed.then(() => clearTimeout(timer));
    },
    destroy,
  };
}

/** A request to the far end; the library answers once. */
type Ask<T> = (client: Client, answer: (error: Error | undefined, value: T) => void) => unknown;
type Refused = (error: Error & { readonly reason?: unknown }) => CurfewError;

/**
 * Opens a channel and waits for it. The signal gives up the waiting; a channel that comes later is closed.
 * Errors: CurfewError `unreachable` when the connection is gone, `interrupted`, and whatever `refused`
 * makes of the host's refusal.
 */
export function openChannel<C extends ClientChannel | SftpClient = ClientChannel>(
  session: Session,
  host: string,
  signal: AbortSignal,
  open: Ask<C>,
  refused: Refused,
): Promise<C> {
  const asking: Ask<C> = (client, answer) =>
    open(client, (error, channel) => {
      // ssh2 emits errors on a channel whose connection died while it was written to.
      if (error === undefined) channel.on("error", () => undefined);
      if (error === undefined && signal.aborted) channel.destroy();
      answer(error, channel);
    });
  return request(session, host, signal, asking, refused);
}

/** Any request and its answer. The signal gives up the waiting. Errors: those of `openChannel`. */
export function request<T>(
  session: Session,
  host: string,
  signal: AbortSignal,
  ask: Ask<T>,
  refused: Refused,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(interruption(signal, host));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    const answer = (error: Error | undefined, value: T): void => {
      signal.removeEventListener("abort", abort);
      if (error === undefined) resolve(value);
      else reject(session.lost() === undefined ? refused(error) : lostError(session, host));
    };
    try {
      ask(session.client, answer);
    } catch {
      // "Not connected", the library's one synchronous error.
      signal.removeEventListener("abort", abort);
      reject(lostError(session, host));
    }
  });
}

/** The error of everything that was under way when the connection went. */
export function lostError(session: Session, host: string): CurfewError {
  const reason = session.lost()?.reason ?? "it was closed";
  return new CurfewError("unreachable", `the connection was lost: ${reason}`, {
    host,
    hint: "look at the host; run curfew again when it answers",
  });
}

/** The error of an aborted signal: its own reason where that is ours already, for the first reason wins. */
export function interruption(signal: AbortSignal, host: string): CurfewError {
  const reason: unknown = signal.reason;
  return reason instanceof CurfewError ? reason : new CurfewError("interrupted", "interrupted", { host });
}
