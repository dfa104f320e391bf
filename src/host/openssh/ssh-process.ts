/** One session through the system's own `ssh`, as a process that cannot outlive curfew. */
import type { Duplex, Readable } from "node:stream";
import { execa } from "execa";
import type { SessionEnd, TerminalSession } from "../../model/inventory/connection.ts";
import { Tail } from "../channel/byte-buffer.ts";
import type { Environment } from "./ssh-settings.ts";
import { TERMINAL_NAME } from "../channel/terminal.ts";

export interface SshProcess {
  readonly terminal: TerminalSession;
  /** True with the first byte of the session, false when there will be none. */
  readonly begun: Promise<boolean>;
  /** What ssh itself said: nothing of it comes from the session. */
  complaints(): string;
  /** Ends ssh. */
  close(): void;
}

export interface SshCall {
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Where ssh runs, where it matters; removed with all that is in it when ssh ends. */
  readonly directory?: string | undefined;
}

/**
 * ssh is held by a shell that reads from a pipe of ours: were curfew killed, the pipe would end, and with
 * it ssh and its directory. In a session of its own, so that no interrupt from a keyboard reaches it and it
 * has no terminal to ask anything on.
 */
const HOLD = `directory=$1
shift
exec 4<&0
ssh "$@" <&4 4<&- 3<&- &
ssh=$!
{
  read -r nothing <&3
  kill "$ssh"
  sleep 3
  kill -9 "$ssh"
} >/dev/null 2>&1 </dev/null 4<&- &
holder=$!
exec 4<&- 3<&-
wait "$ssh"
status=$?
kill "$holder" 2>/dev/null
[ -z "$directory" ] || rm -rf "$directory"
exit "$status"`;

const TRANSCRIPT_LIMIT = 64 * 1024;
/** What ssh says when the server ended the connection, and not only the session (clientloop.c, packet.c). */
const CONNECTION_LOST =
  /closed by remote host|Connection reset|Broken pipe|client_loop|Timeout, server|timed out/u;
/** ssh(1), EXIT STATUS: 255 where an error occurred, else that of the remote command. */
const NO_STATUS = 255;

/** Starts ssh. Never throws: that it could not be started is an end as well. */
export function startSsh({ args, environment, directory }: SshCall): SshProcess {
  const child = execa("sh", ["-c", HOLD, "curfew-ssh", directory ?? "", ...args], {
    // ssh passes its name on.
    env: { ...environment, TERM: TERMINAL_NAME } as Record<string, string>,
    extendEnv: false,
    ...(directory === undefined ? {} : { cwd: directory }),
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
  });
  const transcript = new Tail(TRANSCRIPT_LIMIT);
  const said = new Tail(4096);
  const begun = Promise.withResolvers<boolean>();
  let lastActivity = performance.now();
  const hear = (stream: Readable, more: (chunk: Buffer) => void): void => {
    stream
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        transcript.add(chunk);
        more(chunk);
      });
  };
  hear(child.stdout, () => {
    lastActivity = performance.now();
    begun.resolve(true);
  });
  hear(child.stderr, (chunk) => said.add(chunk));
  const hold = child.stdio[3] as unknown as Duplex;
  for (const stream of [child.stdin, hold]) stream.on("error", () => undefined);
  const ended = child.then(({ exitCode }): SessionEnd => {
    begun.resolve(false);
    const status = exitCode === undefined || exitCode >= NO_STATUS ? null : exitCode;
    const connectionLost = status === null && CONNECTION_LOST.test(said.text());
    return { at: performance.now(), exitCode: status, signal: null, connectionLost };
  });
  const close = (): void => void hold.destroy();
  return {
    terminal: {
      transcript: () => transcript.text(),
      lastActivity: () => lastActivity,
      ended,
      close,
      write(text) {
        lastActivity = performance.now();
        child.stdin.write(text);
      },
      // Only the library's sessions are frozen: who stops a process has to let it go on again.
      freeze: () => undefined,
    },
    begun: begun.promise,
    complaints: () => said.text().trim(),
    close,
  };
}
