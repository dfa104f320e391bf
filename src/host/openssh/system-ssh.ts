/** The system's own `ssh` as the client of a probe: no verdict shall rest on a library alone. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline, type Duplex } from "node:stream";
import { visible } from "../../core/text/visible.ts";
import type { Connection, ConnectOptions, SystemSsh } from "../../model/inventory/connection.ts";
import { limitText } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import { blobType } from "../channel/ssh2.ts";
import type { SshCall } from "./ssh-process.ts";
import { targetOf } from "./ssh-config.ts";
import type { Environment } from "./ssh-settings.ts";

/**
 * What outranks the user's configuration: one session and nothing beside it, no question, no key or agent
 * handed on, nothing written, and no sign of life of its own (ssh_config(5)).
 */
const OPTIONS = [
  "BatchMode=yes StrictHostKeyChecking=yes UpdateHostKeys=no PreferredAuthentications=publickey",
  "ControlMaster=no ControlPath=none ClearAllForwardings=yes ForwardAgent=no ForwardX11=no Tunnel=no",
  "AddKeysToAgent=no PermitLocalCommand=no RemoteCommand=none EscapeChar=none VisualHostKey=no",
  "ServerAliveInterval=0 LogLevel=INFO",
].flatMap((line) => line.split(" "));

/** Where the one-time key and the host keys of a shadow login are, in its own directory. */
const KEY = "key";
const KNOWN_HOSTS = "known_hosts";
const SHADOW = "curfew-shadow";
const SHADOW_OPTIONS = [
  `IdentityFile=./${KEY}`,
  "IdentitiesOnly=yes",
  "IdentityAgent=none",
  `UserKnownHostsFile=./${KNOWN_HOSTS}`,
  "GlobalKnownHostsFile=/dev/null",
  `HostKeyAlias=${SHADOW}`,
];

/** @param sshConfig `--ssh-config FILE`; outranks a host's own file. */
export function createSystemSsh(environment: Environment, sshConfig: string | undefined): SystemSsh {
  let installed: Promise<boolean> | undefined;
  return {
    available: () => (installed ??= isInstalled(environment)),
    async live(host, options) {
      const { address, user, port, identityFile, configFile } = targetOf(host);
      const file = sshConfig ?? configFile;
      const args = [
        ...(file === undefined ? [] : ["-F", file]),
        ...(user === undefined ? [] : ["-l", user]),
        ...(port === undefined ? [] : ["-p", String(port)]),
        ...(identityFile === undefined ? [] : ["-i", identityFile]),
        "-tt",
        ...optionArguments(options),
        "--",
        address,
      ];
      return shellOnly(host, user ?? "", { args, environment }, options);
    },
    async through({ stream, host, user, privateKey, hostKeys }, options) {
      const directory = await mkdtemp(join(tmpdir(), "curfew-ssh-"));
      try {
        await writeFile(join(directory, KEY), privateKey, { mode: 0o600 });
        const lines = hostKeys.map((key) => `${SHADOW} ${blobType(Buffer.from(key, "base64"))} ${key}\n`);
        await writeFile(join(directory, KNOWN_HOSTS), lines.join(""), { mode: 0o600 });
        const port = await offerOnce(stream);
        const login = ["-F", "none", "-tt", "-l", user, "-p", String(port), ...optionArguments(options)];
        const args = [...login, ...asOptions(SHADOW_OPTIONS), "--", "127.0.0.1"];
        // The agent is not for this login.
        const { SSH_AUTH_SOCK: _, ...own } = environment;
        const connection = await shellOnly(host, user, { args, environment: own, directory }, options);
        void connection.closed.then(() => stream.destroy());
        return connection;
      } catch (error) {
        await rm(directory, { recursive: true, force: true });
        throw error;
      }
    },
  };
}

async function isInstalled(environment: Environment): Promise<boolean> {
  // Loaded when it is used, here and below: it takes longer than a dozen logins, and only verify does.
  const { execa } = await import("execa");
  const { exitCode } = await execa("ssh", ["-V"], {
    env: environment as Record<string, string>,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  return exitCode === 0;
}

function optionArguments({ timeoutSeconds }: ConnectOptions): string[] {
  return asOptions([...OPTIONS, `ConnectTimeout=${Math.ceil(timeoutSeconds)}`]);
}

function asOptions(options: readonly string[]): string[] {
  return options.flatMap((option) => ["-o", option]);
}

/**
 * Gives the stream to the first who connects to a port of our own loopback, then listens no more. Somebody
 * else who is faster has a way to a sshd that wants a key they do not have; the probe then says so.
 */
function offerOnce(stream: Duplex): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      server.close();
      socket.setNoDelay(true);
      pipeline(socket, stream, socket, () => undefined);
    });
    stream.once("close", () => server.close());
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
    });
  });
}

/** A connection of which the one thing that can be asked is its login shell. */
async function shellOnly(
  host: Host,
  user: string,
  call: SshCall,
  options: ConnectOptions,
): Promise<Connection> {
  const { startSsh } = await import("./ssh-process.ts");
  const process = startSsh(call);
  const { terminal } = process;
  const refuse = async (): Promise<never> => {
    throw new CurfewError("unsupported", "a login through the system's ssh is its one session", {
      host: host.name,
    });
  };
  return {
    host,
    user,
    serverIdent: "",
    async openTerminal(signal) {
      const inside = await within(process.begun, options.timeoutSeconds, signal);
      // Read by ssh, and not needed any more.
      if (call.directory !== undefined) await rm(call.directory, { recursive: true, force: true });
      if (inside === true) return terminal;
      process.close();
      const said = visible(process.complaints().split("\n").at(-1) ?? "").slice(0, 300);
      const reason = said === "" ? `no session within ${limitText(options.timeoutSeconds)}` : said;
      throw new CurfewError("auth", `the system's ssh does not get in: ${reason}`, { host: host.name });
    },
    runScript: refuse,
    startScript: refuse,
    openCommand: refuse,
    openSftp: refuse,
    openIdleForward: refuse,
    noMoreSessions: refuse,
    openLoopback: refuse,
    closed: terminal.ended.then(() => undefined),
    close: process.close,
  };
}

/** Undefined after so many seconds. Errors: the signal's reason. */
function within(first: Promise<boolean>, seconds: number, signal: AbortSignal): Promise<boolean | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    const timer = setTimeout(() => resolve(undefined), seconds * 1000);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    void first.then(resolve).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    });
  });
}
