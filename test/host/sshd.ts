/** A real sshd of this machine on a loopback port, with keys and a client configuration of its own. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { createConnect } from "../../src/host/connect.ts";
import type { Connection, ConnectOptions } from "../../src/model/inventory/connection.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import type { Secret } from "../../src/model/terms/secret.ts";
import { patient } from "../patience.ts";
import { freePort } from "../free-port.ts";

const SSHD = "/usr/sbin/sshd";

/** Why tests against a local sshd are skipped, null where they can run. */
export function sshdUnavailable(): string | null {
  if (process.getuid?.() !== 0) return "skipped: needs root";
  return existsSync(SSHD) ? null : "skipped: needs openssh-server";
}

export const NEVER = new AbortController().signal;

/** A scratch directory with a key for root, known_hosts and ssh_config. */
export interface Bench {
  readonly dir: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly sshConfig: string;
  /** Adds to the end of ssh_config. */
  configure(text: string): void;
  sshd(options?: SshdOptions): Promise<LocalSshd>;
  close(): Promise<void>;
}

interface SshdOptions {
  readonly config?: string;
  readonly hostKey?: string;
  /** Written to known_hosts; true by default. */
  readonly known?: boolean;
}

export interface LocalSshd {
  readonly name: string;
  readonly port: number;
  readonly hostKey: string;
  log(): string;
  stop(): Promise<void>;
}

export function newKey(path: string, ...options: string[]): string {
  const type = options.includes("-t") ? [] : ["-t", "ed25519"];
  spawnSync("ssh-keygen", ["-q", ...type, "-N", "", "-C", "test", ...options, "-f", path]);
  return readFileSync(`${path}.pub`, "utf8").trim();
}

export function openBench(): Bench {
  const dir = mkdtempSync(join(tmpdir(), "curfew-host-"));
  const [key, knownHosts, sshConfig] = [join(dir, "id"), join(dir, "known_hosts"), join(dir, "ssh_config")];
  writeFileSync(join(dir, "authorized_keys"), `${newKey(key)}\n`);
  writeFileSync(knownHosts, "");
  writeFileSync(sshConfig, "");
  const started: LocalSshd[] = [];
  const configure = (text: string): void => {
    writeFileSync(sshConfig, `${readFileSync(sshConfig, "utf8")}${text}\n`);
  };
  return {
    dir,
    key,
    knownHosts,
    sshConfig,
    configure,
    async sshd(options = {}) {
      const server = await startSshd(dir, started.length, options);
      started.push(server);
      if (options.known !== false) {
        const line = `[127.0.0.1]:${server.port} ${readFileSync(`${server.hostKey}.pub`, "utf8")}`;
        writeFileSync(knownHosts, readFileSync(knownHosts, "utf8") + line);
      }
      configure(
        [
          `Host ${server.name}`,
          "HostName 127.0.0.1",
          `Port ${server.port}`,
          "User root",
          `UserKnownHostsFile ${knownHosts}`,
          "GlobalKnownHostsFile /dev/null",
        ].join("\n  "),
      );
      return server;
    },
    async close() {
      await Promise.all(started.map((server) => server.stop()));
      rmSync(dir, { recursive: true });
    },
  };
}

async function startSshd(dir: string, index: number, options: SshdOptions): Promise<LocalSshd> {
  const port = await freePort();
  const hostKey = options.hostKey ?? join(dir, `host_key_${index}`);
  if (options.hostKey === undefined) newKey(hostKey);
  const config = join(dir, `sshd_config_${index}`);
  const own = [
    "ListenAddress 127.0.0.1",
    `Port ${port}`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "LogLevel VERBOSE",
  ];
  // The first value wins, so what a test wants stands first.
  writeFileSync(config, `${options.config ?? ""}\n${own.join("\n")}\n`);
  mkdirSync("/run/sshd", { recursive: true });
  const child = execa(SSHD, ["-D", "-e", "-f", config], { buffer: false, reject: false, stdout: "ignore" });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  while (!log.includes("Server listening")) {
    const [ended] = await Promise.race([
      once(child.stderr, "data").then(() => [false]),
      child.then(() => [true]),
    ]);
    if (ended === true) throw new Error(`sshd did not start: ${log}`);
  }
  return {
    name: `local${index}`,
    port,
    hostKey,
    log: () => log,
    async stop() {
      child.kill();
      await child;
    },
  };
}

export function hostNamed(name: string, more: Partial<Host> = {}): Host {
  return { name, address: name, groups: ["all"], source: { file: "test" }, ...more };
}

/** Logs in with the bench's configuration, its key named by the inventory unless told otherwise. */
export async function connectTo(
  bench: Pick<Bench, "sshConfig" | "key">,
  name: string,
  more: Partial<Host> = {},
  options: Partial<ConnectOptions> & {
    readonly sudoPassword?: Secret;
    readonly environment?: Record<string, string | undefined>;
  } = {},
): Promise<Connection> {
  const host = hostNamed(name, { identityFile: bench.key, ...more });
  const {
    environment = { PATH: process.env["PATH"], HOME: "/nonexistent" },
    sudoPassword,
    ...rest
  } = options;
  const setup = { hosts: [host], sshConfig: bench.sshConfig, environment, sudoPassword, signal: NEVER };
  const connect = await createConnect(setup);
  return connect(host, { signal: NEVER, timeoutSeconds: patient(15), ...rest });
}

/** Runs a script and gives its standard output. */
export async function output(connection: Connection, script: string): Promise<string> {
  const { stdout } = await connection.runScript(script, { signal: NEVER, timeoutSeconds: patient(20) });
  return stdout.toString();
}
