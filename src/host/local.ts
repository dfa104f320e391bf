/**
 * The machine that curfew runs on, without a login: scripts run in child processes, and other people are probed
 * through the shadow instance as on any host. `Host.connection` says which host that is.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Connection, ConnectOptions } from "../model/inventory/connection.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { Host } from "../model/inventory/host.ts";
import type { Secret } from "../model/terms/secret.ts";
import { planLaunch } from "./shell/escalation.ts";
import type { Carrier, CommandChannel } from "./shell/carrier.ts";
import type { ScriptPlace } from "./shell/root-shell.ts";
import { runScript, startScript } from "./shell/script.ts";
import { listenForHello } from "./channel/server-hello.ts";
import { interruption } from "./channel/session.ts";
import { openTcp } from "./transport.ts";

/** What sshd gives to root (session.c, SUPERUSER_PATH), so that scripts find the same programs as over SSH. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const LOOPBACK = "127.0.0.1";
/** Where host keys are unless HostKey says otherwise (sshd_config(5)). */
const HOST_KEYS = "/etc/ssh";

/**
 * A connection to this machine. Errors: CurfewError `unreachable` where no SSH server answers on its port: what
 * curfew changes is that server, so there has to be one; `interrupted`.
 */
export async function connectLocally(
  host: Host,
  { signal }: ConnectOptions,
  sudoPassword: Secret | undefined,
): Promise<Connection> {
  const serverIdent = await readIdentification(host, signal);
  const closed = Promise.withResolvers<void>();
  const { username: user } = userInfo();
  const place: ScriptPlace = {
    carrier: localCarrier(host.name),
    host: host.name,
    user,
    launch: () => planLaunch(user, host.become, sudoPassword),
    waiting: undefined,
  };
  return {
    host,
    user,
    serverIdent,
    loginless: true,
    runScript: (script, options) => runScript(place, script, options),
    startScript: (script, options) => startScript(place, script, options.signal),
    openTerminal: () => noLogin(host.name),
    openCommand: () => noLogin(host.name),
    openSftp: () => noLogin(host.name),
    openIdleForward: () => noLogin(host.name),
    noMoreSessions: () => noLogin(host.name),
    openLoopback: (port, aborting) => dial(host, port, aborting),
    closed: closed.promise,
    close() {
      place.waiting?.end();
      closed.resolve();
    },
  };
}

/** Where this machine's own sshd is dialled. */
export function loopbackOf({ port = 22 }: Pick<Host, "port">): { hostname: string; port: number } {
  return { hostname: LOOPBACK, port };
}

/** The public host keys of this machine as known_hosts has them, base64; what cannot be read is left out. */
export async function ownHostKeys(directory: string = HOST_KEYS): Promise<string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith("_key.pub"));
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory, name), "utf8").catch(() => "")),
  );
  return texts.map((text) => text.split(" ")[1] ?? "").filter((blob) => blob !== "");
}

function noLogin(host: string): Promise<never> {
  const message = "there is no login to this machine in a local run";
  return Promise.reject(new CurfewError("unsupported", message, { host }));
}

async function readIdentification(host: Host, signal: AbortSignal): Promise<string> {
  const { hostname, port } = loopbackOf(host);
  const stream = await dial(host, port, signal).catch((error: unknown) => {
    if (!(error instanceof CurfewError) || error.code !== "unreachable") throw error;
    throw new CurfewError("unreachable", `this machine's sshd does not answer: ${error.message}`, {
      host: host.name,
      hint: "start sshd, or give its port as ansible_port",
      cause: error,
    });
  });
  try {
    return await identificationOf(stream, signal, host.name);
  } catch (error) {
    if (error instanceof CurfewError) throw error;
    throw new CurfewError("unreachable", `no SSH server answers at ${hostname} port ${port}`, {
      host: host.name,
      hint: "give the port of sshd as ansible_port",
      cause: error,
    });
  } finally {
    stream.destroy();
  }
}

/** The server speaks first (RFC 4253, 4.2); nothing is sent, so nothing is refused. */
function identificationOf(stream: Duplex, signal: AbortSignal, host: string): Promise<string> {
  const hello = listenForHello(stream);
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(interruption(signal, host));
    signal.addEventListener("abort", abort, { once: true });
    stream.on("data", () => {
      const { identification } = hello();
      if (identification !== "") resolve(identification);
    });
    stream.once("close", () =>
      reject(new Error("the connection was closed before the server said anything")),
    );
    stream.once("error", reject);
  });
}

function dial(host: Host, port: number, signal: AbortSignal): Promise<Duplex> {
  return openTcp({ hostname: LOOPBACK, port, family: 4 }, host.name, signal);
}

function localCarrier(host: string): Carrier {
  const running = new Set<ChildProcess>();
  return {
    open(command, signal) {
      if (signal.aborted) return Promise.reject(interruption(signal, host));
      // A process group of its own: Ctrl-C in the terminal is for curfew, which then ends things in order.
      const child = spawn("/bin/sh", ["-c", command], { env: environment(), detached: true, stdio: "pipe" });
      running.add(child);
      child.once("close", () => running.delete(child));
      return started(child, host);
    },
    lost: () => undefined,
    destroy() {
      for (const child of running) stop(child, "SIGKILL");
    },
  };
}

function environment(): NodeJS.ProcessEnv {
  const { username, homedir, shell } = userInfo();
  return { PATH, HOME: homedir, USER: username, LOGNAME: username, SHELL: shell ?? "/bin/sh" };
}

function started(child: ChildProcess, host: string): Promise<CommandChannel> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(channelOf(child)));
    child.once("error", (cause) => {
      reject(new CurfewError("remote", `a shell could not be started: ${cause.message}`, { host, cause }));
    });
  });
}

type Listener = ((chunk: Buffer) => void) | ((code: number | null) => void);

/** A child process with the events of a channel: data and close come from its pipes, exit from itself. */
function channelOf(child: ChildProcess): CommandChannel {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) {
    throw new CurfewError("internal", "a child process has no pipes");
  }
  // A script that ended before it read everything: its exit code tells.
  stdin.on("error", () => undefined);
  const sourceOf = (event: string): NodeJS.EventEmitter => (event === "data" ? stdout : child);
  const channel: CommandChannel = {
    get writable() {
      return stdin.writable;
    },
    stderr,
    on(event: string, listener: Listener) {
      sourceOf(event).on(event, listener);
      return channel;
    },
    off(event: string, listener: Listener) {
      sourceOf(event).off(event, listener);
      return channel;
    },
    removeAllListeners: (event) => stdout.removeAllListeners(event),
    once: (event: string, listener: Listener) => sourceOf(event).once(event, listener),
    write: (text) => stdin.write(text),
    end: (text) => (text === undefined ? stdin.end() : stdin.end(text)),
    signal: () => stop(child, "SIGTERM"),
    close() {
      stdin.destroy();
      stdout.destroy();
    },
  };
  return channel;
}

/** The whole group; what sudo made root's own ends with its standard input. */
function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It is gone, or it is root's.
  }
}
