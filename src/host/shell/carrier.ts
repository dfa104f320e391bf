/** What the scripts of a connection need of whatever leads to the host. */
import type { CurfewError } from "../../model/terms/error.ts";

/** A command's standard streams, on a channel of an SSH connection or of a process of this machine. */
export interface CommandChannel {
  readonly writable: boolean;
  readonly stderr: {
    on(event: "data", listener: (chunk: Buffer) => void): unknown;
    removeAllListeners(event: "data"): { resume(): unknown };
  };
  on(event: "data", listener: (chunk: Buffer) => void): CommandChannel;
  on(event: "exit", listener: (code: number | null) => void): CommandChannel;
  on(event: "close", listener: () => void): CommandChannel;
  off(event: "data", listener: (chunk: Buffer) => void): CommandChannel;
  off(event: "exit", listener: (code: number | null) => void): CommandChannel;
  off(event: "close", listener: () => void): CommandChannel;
  once(event: "close", listener: () => void): unknown;
  removeAllListeners(event: "data"): { resume(): unknown };
  write(text: string): boolean;
  end(text?: string): unknown;
  signal(name: "TERM"): unknown;
  close(): unknown;
}

/** What carries commands to a host: an SSH connection, or this machine itself. */
export interface Carrier {
  /**
   * Starts a command line in the login user's shell.
   * Errors: CurfewError `remote` where the host runs none, `unreachable`, `interrupted`.
   */
  open(command: string, signal: AbortSignal): Promise<CommandChannel>;
  /** The error of everything that was under way when the connection went; undefined while it lives. */
  lost(): CurfewError | undefined;
  /** Ends it at once. */
  destroy(): void;
}
