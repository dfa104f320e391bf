/**
 * What `flow/` may ask of a machine, whatever carries it (ssh2 today, the system `ssh` next).
 * No type of an SSH library appears here.
 */
import type { Duplex } from "node:stream";
import type { Host } from "./host.ts";

/** The answer of a remote script. */
export interface ScriptOutput {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Null when the remote side ended without one (killed, connection lost). */
  readonly exitCode: number | null;
}

export interface ScriptOptions {
  readonly signal: AbortSignal;
  /** The script is given up after this long; the connection is then closed. */
  readonly timeoutSeconds: number;
  /**
   * The root shell stays for the next script on this connection where this one ends with status 0: a channel
   * and a sudo less. The script gets no standard input.
   */
  readonly keepShell?: boolean;
  /** Called for each complete line of standard output as it arrives. */
  readonly onLine?: (line: string) => void;
}

/** A script that goes on running, its standard input held open; closing it ends the script. */
export interface RunningScript {
  readonly lines: AsyncIterable<string>;
  /** Resolves when the script ended; never rejects. */
  readonly ended: Promise<ScriptOutput>;
  write(text: string): void;
  /** Closes standard input: the script's own signal to clean up. */
  end(): void;
}

/** How a session ended, as the client saw it. */
export interface SessionEnd {
  /** Milliseconds on the monotonic clock of `performance.now()`. */
  readonly at: number;
  /** Null when the server closed the channel without an exit status. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** True when the whole connection went, not only the channel. */
  readonly connectionLost: boolean;
}

/** What a probe holds open: one channel, whatever is on it. */
export interface OpenChannel {
  /** Everything received, as text, at most the last 64 KiB; nothing for sftp. */
  transcript(): string;
  /** Milliseconds on the monotonic clock of the last byte in either direction. */
  lastActivity(): number;
  readonly ended: Promise<SessionEnd>;
  close(): void;
}

/** One interactive session with a terminal, for probes. */
export interface TerminalSession extends OpenChannel {
  write(text: string): void;
  /** Stops reading from the network, as a stopped client process does. There is no way back. */
  freeze(): void;
}

/** One authenticated connection to one host. */
export interface Connection {
  readonly host: Host;
  /** The name that logged in. */
  readonly user: string;
  /** The server's identification string, `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6`. */
  readonly serverIdent: string;
  /** Set where scripts run on this machine itself: no session of `user` can be opened over this connection. */
  readonly loginless?: true;
  /**
   * Runs a POSIX sh script as root (through sudo where the login user is not root), the script on
   * standard input so that the user's login shell never parses it.
   * Errors: CurfewError `escalation`, `timeout`, `unreachable` (connection lost), `interrupted`.
   */
  runScript(script: string, options: ScriptOptions): Promise<ScriptOutput>;
  /** The same, but standard input stays open after the script. */
  startScript(script: string, options: { readonly signal: AbortSignal }): Promise<RunningScript>;
  /** Opens the user's login shell in a terminal of 80 by 24. */
  openTerminal(signal: AbortSignal): Promise<TerminalSession>;
  /** Runs a command line in the user's shell without a terminal, its standard input held open. */
  openCommand(command: string, signal: AbortSignal): Promise<OpenChannel>;
  /** Starts the SFTP subsystem and waits for its answer to the first request. */
  openSftp(signal: AbortSignal): Promise<OpenChannel>;
  /** A forward to a TCP port on the host's own loopback address, over which nothing is sent. */
  openIdleForward(port: number, signal: AbortSignal): Promise<OpenChannel>;
  /**
   * Gives up opening anything else, as `ssh -N` does, and waits for the answer: the login is complete on the host
   * then, PAM's part with it. May be asked again. (OpenSSH PROTOCOL, 2.2.)
   * Errors: CurfewError `unsupported` where the server does not know the request, `unreachable`, `interrupted`.
   */
  noMoreSessions(signal: AbortSignal): Promise<void>;
  /** A byte stream to a TCP port on the host's own loopback address. */
  openLoopback(port: number, signal: AbortSignal): Promise<Duplex>;
  /** Resolves once, when the connection is gone for whatever reason. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Logs in as a person over a given byte stream, with a key made for that one session. */
interface ProbeLogin {
  readonly stream: Duplex;
  /** The host at the other end, for messages and `Connection.host`. */
  readonly host: Host;
  readonly user: string;
  /** OpenSSH private key text. */
  readonly privateKey: string;
  /** The host keys the shadow instance may present: base64 blobs as in known_hosts. */
  readonly hostKeys: readonly string[];
}

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Seconds until the login must be complete. */
  readonly timeoutSeconds: number;
  /**
   * Asks the host for a sign of life every few seconds, so that a dead one is noticed within half a
   * minute. Default true; false for probes, whose idleness it would disturb.
   */
  readonly keepAlive?: boolean;
  /**
   * The connection is to prove that people still get in: this machine too is asked over its own sshd then, by a
   * login over the loopback, or where the user has no way in, by a key exchange, which is noted.
   */
  readonly proof?: boolean;
}

/**
 * Opens a full new login (never multiplexed, never reused).
 * Errors: CurfewError `unreachable`, `host-key`, `auth`, `unsupported`, `interrupted`.
 */
export type Connect = (host: Host, options: ConnectOptions) => Promise<Connection>;

/** Opens a login through an existing byte stream, for shadow probes. Errors as Connect. */
export type ConnectThrough = (login: ProbeLogin, options: ConnectOptions) => Promise<Connection>;

/**
 * The system's own `ssh` as the client: what it opens has its login shell and nothing else. Whether it gets
 * in is only known with `openTerminal`, which then rejects with `auth`. It ends with curfew, however that ends.
 */
export interface SystemSsh {
  /** False where no `ssh` is installed. */
  available(): Promise<boolean>;
  /** A login as the user's ssh_config says, without questions, agent forwarding and shared connections. */
  readonly live: Connect;
  /** A login over a stream, with nothing of the user's: neither configuration nor keys nor agent. */
  readonly through: ConnectThrough;
}
