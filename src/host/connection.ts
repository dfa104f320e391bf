/** The `Connection` of the model, over an SSH session. */
import { CurfewError } from "../model/terms/error.ts";
import type { Connection } from "../model/inventory/connection.ts";
import type { Host } from "../model/inventory/host.ts";
import type { Secret } from "../model/terms/secret.ts";
import { planLaunch } from "./shell/escalation.ts";
import { openCommand, openSftp } from "./channel/idle-channels.ts";
import type { Carrier } from "./shell/carrier.ts";
import type { ScriptPlace } from "./shell/root-shell.ts";
import { runScript, startScript } from "./shell/script.ts";
import { lostError, openChannel, request, type Session } from "./channel/session.ts";
import type { ClientChannel } from "./channel/ssh2.ts";
import { openTerminal } from "./channel/terminal.ts";
import { watchChannel } from "./channel/watched-channel.ts";

/** RFC 4254, 5.1: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED. */
const PROHIBITED = 1;

/** Puts a session behind the interface that `flow/` knows. */
export function asConnection(
  session: Session,
  host: Host,
  user: string,
  sudoPassword: Secret | undefined,
): Connection {
  const place: ScriptPlace = {
    carrier: carrierOf(session, host.name),
    host: host.name,
    user,
    launch: () => planLaunch(user, host.become, sudoPassword),
    waiting: undefined,
  };
  return {
    host,
    user,
    serverIdent: session.identification,
    runScript: (script, options) => runScript(place, script, options),
    startScript: (script, { signal }) => startScript(place, script, signal),
    openTerminal: (signal) => openTerminal(session, host.name, signal),
    openCommand: (command, signal) => openCommand(session, host.name, command, signal),
    openSftp: (signal) => openSftp(session, host.name, signal),
    openIdleForward: async (port, signal) =>
      watchChannel(session, await openForward(session, host.name, "127.0.0.1", port, signal)),
    noMoreSessions: (signal) => noMoreSessions(session, host.name, signal),
    openLoopback: (port, signal) => openForward(session, host.name, "127.0.0.1", port, signal),
    closed: session.closed,
    close: () => session.close(),
  };
}

/** Each command on a channel of its own (RFC 4254, 6.5). */
function carrierOf(session: Session, host: string): Carrier {
  return {
    open: (command, signal) =>
      openChannel<ClientChannel>(
        session,
        host,
        signal,
        (client, answer) => client.exec(command, answer),
        (error) =>
          new CurfewError("remote", `the host does not run commands over this connection: ${error.message}`, {
            host,
            hint: "check MaxSessions and ForceCommand in its sshd_config",
            cause: error,
          }),
      ),
    lost: () => (session.lost() === undefined ? undefined : lostError(session, host)),
    destroy: () => session.destroy(),
  };
}

/** See `Connection.noMoreSessions`. */
function noMoreSessions(session: Session, host: string, signal: AbortSignal): Promise<void> {
  return request<void>(
    session,
    host,
    signal,
    (client, answer) => client.openssh_noMoreSessions((error) => answer(error ?? undefined)),
    (error) =>
      new CurfewError("unsupported", `the host does not know no-more-sessions: ${error.message}`, {
        host,
        cause: error,
      }),
  );
}

/**
 * A stream through a session to an address as the far end sees it (direct-tcpip, RFC 4254, 7.2).
 * Errors: CurfewError `unsupported` where the server prohibits forwarding, `remote` where nothing
 * answers there, `unreachable`, `interrupted`.
 */
export function openForward(
  session: Session,
  host: string,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<ClientChannel> {
  return openChannel(
    session,
    host,
    signal,
    (client, answer) => client.forwardOut("127.0.0.1", 0, address, port, answer),
    (error) =>
      error.reason === PROHIBITED
        ? new CurfewError("unsupported", `the host prohibits forwarding to ${address} port ${port}`, {
            host,
            hint: "AllowTcpForwarding, DisableForwarding or PermitOpen in its sshd_config forbid it",
            cause: error,
          })
        : new CurfewError(
            "remote",
            `nothing answers at ${address} port ${port} beyond the host: ${error.message}`,
            {
              host,
              cause: error,
            },
          ),
  );
}
