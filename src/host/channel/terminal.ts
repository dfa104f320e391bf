/** Interactive sessions for probes: the user's login shell in a terminal, watched from outside. */
import { CurfewError } from "../../model/terms/error.ts";
import type { TerminalSession } from "../../model/inventory/connection.ts";
import { openChannel, type Session } from "./session.ts";
import type { ClientChannel } from "./ssh2.ts";
import { watchChannel } from "./watched-channel.ts";

/**
 * As people's terminals are: what a login starts for them (`exec tmux`) gives up on a lesser one. The locale is one
 * that every host has, and ssh sends it where the user's configuration says so (ssh_config(5), SendEnv).
 */
export const TERMINAL_NAME = "xterm-256color";
const TERMINAL = { term: TERMINAL_NAME, cols: 80, rows: 24 } as const;
const ENVIRONMENT = { LANG: "C.UTF-8" } as const;

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
    (client, answer) => client.shell(TERMINAL, { env: ENVIRONMENT }, answer),
    (error) =>
      new CurfewError("remote", `the host does not open a terminal: ${error.message}`, {
        host,
        hint: "check PermitTTY, MaxSessions and ForceCommand in its sshd_config",
        cause: error,
      }),
  );
  const watched = watchChannel(session, channel);
  sayOften(session, channel);
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

/** What OpenSSH's client takes in a session with a terminal before it tells the server to go on (channels.c, ssh.c). */
const OPENSSH_BYTES = 3 * 16 * 1024;
/** What the library grants the server at once; by itself it says no word before half of it is used up. */
const LIBRARY_BYTES = 2 * 1024 * 1024;

/**
 * Tells the server to go on as often as the `ssh` that people use: before OpenSSH 8.2 each such word counts as a sign
 * of life (ClientAliveCountMax 0). A test sees that the library still has the fields named here.
 */
function sayOften({ client }: Session, channel: ClientChannel): void {
  const { incoming, outgoing } = channel as unknown as ChannelEnds;
  const { _protocol: protocol } = client as unknown as { readonly _protocol: Protocol };
  channel.on("data", () => {
    const taken = LIBRARY_BYTES - incoming.window;
    if (taken <= OPENSSH_BYTES || outgoing.state === "closed") return;
    incoming.window += taken;
    protocol.channelWindowAdjust(outgoing.id, taken);
  });
}

interface ChannelEnds {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
}

interface Protocol {
  channelWindowAdjust(channel: number, bytes: number): void;
}
