/** Interactive sessions for probes: the user's login shell in a terminal, watched from outside. */
import { CurfewError } from "../model/error.ts";
import type { TerminalSession } from "../model/connection.ts";
import { openChannel, type Session } from "./session.ts";
import { watchChannel } from "./watched-channel.ts";

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
  const watched = watchChannel(session, channel);
  let typedAt = 0;
  let frozen = false;
  return {
    ...watched,
    lastActivity: () => Math.max(typedAt, watched.lastActivity()),
    write(text) {
      if (frozen || !channel.writable) return;
      typedAt = performance.now();
      channel.write(text);
    },
    freeze() {
      frozen = true;
      session.freeze();
    },
  };
}
