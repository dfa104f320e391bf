/** Byte streams to a host: TCP, or the standard streams of a ProxyCommand. */
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { CurfewError } from "../model/terms/error.ts";
import type { Environment, SshSettings } from "./openssh/ssh-settings.ts";
import { interruption } from "./channel/session.ts";

/** What the system's words mean to somebody who does not read errno(3). */
const CAUSES: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ["refused the connection", "check that sshd runs there and listens on this port"],
  EHOSTUNREACH: ["cannot be reached: no route to it", "check the network and the address"],
  ENETUNREACH: ["cannot be reached: no route to its network", "check the network and the address"],
  ENOTFOUND: ["has no address: the name is not known", "check the name in the inventory and in ssh_config"],
  EAI_AGAIN: ["has no address: the name service did not answer", "check the resolver and try again"],
  ETIMEDOUT: ["did not answer", "check that it is on and that no firewall drops the port"],
  ECONNRESET: ["reset the connection", "look into the host's sshd log"],
};

/**
 * Connects by TCP and waits until it is connected. `host` is the inventory name.
 * Errors: CurfewError `unreachable`, `interrupted`.
 */
export function openTcp(
  settings: Pick<SshSettings, "hostname" | "port"> & Partial<SshSettings>,
  host: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname, port, family, localAddress, connectTimeout } = settings;
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host: hostname,
      port,
      ...(family === undefined ? {} : { family }),
      ...(localAddress === undefined ? {} : { localAddress }),
      // Scripts are small packets, each waited for: Nagle's algorithm would hold them back.
      noDelay: true,
    });
    const settle = (): void => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      socket.setTimeout(0);
    };
    const fail = (error: Error): void => {
      settle();
      socket.destroy();
      reject(error instanceof CurfewError ? error : unreachable(error, `${hostname} port ${port}`, host));
    };
    const abort = (): void => fail(interruption(signal, host));
    if (signal.aborted) return fail(interruption(signal, host));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    if (connectTimeout !== undefined) {
      socket.setTimeout(connectTimeout * 1000, () => fail(errorWithCode("ETIMEDOUT")));
    }
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
  });
}

/**
 * Runs a ProxyCommand, its tokens already expanded, and gives its standard streams. It is run by the
 * shell and dies with the stream (ssh_config(5), ProxyCommand). `complaints` is what it wrote to
 * standard error, for the message when no SSH server answers through it.
 */
export async function openProxyCommand(
  line: string,
  environment: Environment,
): Promise<{ readonly stream: Duplex; readonly complaints: () => string; readonly dispose: () => void }> {
  // Loaded here, as it takes longer than a dozen logins and most runs have no ProxyCommand.
  const { execa } = await import("execa");
  const child = execa("sh", ["-c", `exec ${line}`], {
    env: environment as Record<string, string>,
    extendEnv: false,
    buffer: false,
    reject: false,
    forceKillAfterDelay: 1000,
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-1000);
  });
  const stream = child.duplex();
  stream.on("error", () => undefined);
  return { stream, complaints: () => complaints.trim(), dispose: () => void child.kill() };
}

/** A system error of a connection as ours. `where` is what was dialled. */
export function unreachable(error: Error, where: string, host: string): CurfewError {
  // Happy eyeballs gives one error per address; the first stands for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as NodeJS.ErrnoException).code ?? "";
  const [words, hint] = CAUSES[code] ?? [
    `cannot be reached: ${(first as Error).message}`,
    "check the network",
  ];
  return new CurfewError("unreachable", `${where} ${words}`, { host, hint, cause: error });
}

function errorWithCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
