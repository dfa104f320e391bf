/** One lab host: a real Debian with its own init, sshd, network namespace and address. */
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { digestEtc } from "./etc-digest.ts";
import { ensureImage, type Release } from "./image.ts";
import { boot, execInside, leaderOf, offline } from "./machine.ts";
import type { ExecOptions, ExecResult, Life, Machine } from "./machine.ts";
import { addHostLink, blockPort, hostAddress, setLink, unblockPort } from "./network.ts";
import { provisionScript, putFile, quote, type FileSpec, type UserSpec } from "./provision.ts";
import { downHost, hostNetns, killHost, takeHostDir, type Run } from "./runs.ts";

/** What is wanted. Everything but `release` has a default: a systemd host with root only. */
export interface HostSpec {
  readonly release: Release;
  /** host name and ssh_config alias; default `<release>-<number>` */
  readonly name?: string;
  /** "none": sshd is process 1, there is no logind, a reboot check or a service manager; "own": /sbin/init is */
  readonly init?: "systemd" | "none" | "own";
  readonly users?: readonly UserSpec[];
  /** extra groups; those of `users` are made anyway. Spaces are allowed. */
  readonly groups?: readonly string[];
  /** absolute path to content, or content with mode, uid, gid; written after users and `removeFiles` */
  readonly files?: Readonly<Record<string, string | FileSpec>>;
  readonly removeFiles?: readonly string[];
  /** last touch before the first boot; `root` is a path to the host's files (mind absolute symlinks in it) */
  readonly prepare?: (root: string) => Promise<void>;
  /** where its sshd will listen, default 22; only tells the lab, changes nothing on the host */
  readonly port?: number;
  /** default 60 */
  readonly bootTimeoutSeconds?: number;
}

export interface LabHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly release: Release;
  /** known_hosts lines for name and address */
  readonly hostKeyLines: readonly string[];
  /** its network namespace: /run/netns/NAME */
  readonly netns: string;
  /** everything its console printed, all boots */
  readonly consolePath: string;
  /** a path to the running host's `/` as seen from here; changes with every boot; throws when off */
  root(): Promise<string>;
  /** a sh script as root inside the host, not through SSH */
  exec(script: string, options?: ExecOptions): Promise<ExecResult>;
  readFile(path: string): Promise<string>;
  writeFile(path: string, content: string, mode?: number): Promise<void>;
  /** every path under /etc → type, mode, uid, gid and content hash or link target */
  etcDigest(): Promise<Record<string, string>>;
  /** sudden power loss: every process dies, nothing is tidied up, files stay as the kernel has them */
  powerOff(): Promise<void>;
  /** boots again over the same files; returns when it answers */
  boot(): Promise<void>;
  /** with the host powered off: `use` gets a path to its files */
  offline<T>(use: (root: string) => Promise<T>): Promise<T>;
  linkDown(): Promise<void>;
  linkUp(): Promise<void>;
  /** drops packets to a TCP port; with `newOnly` established connections live on. Survives a reboot. */
  blockPort(port?: number, options?: { readonly newOnly?: boolean }): Promise<void>;
  unblockPort(port?: number): Promise<void>;
  /** takes the host away for good */
  stop(): Promise<void>;
}

/** What a host needs to know of its lab. `onDir` hears of the directory as soon as there is something to undo. */
export interface HostSetting {
  readonly run: Run;
  readonly keyLine: string;
  readonly onDir: (dir: string) => void;
  readonly onGone: (dir: string) => void;
}

/** Makes and boots a host. When that fails, nothing of it is left and the error carries the console's end. */
export async function createHost(spec: HostSpec, setting: HostSetting): Promise<LabHost> {
  const { run } = setting;
  const image = await ensureImage(spec.release);
  const { number, dir } = await takeHostDir(run);
  setting.onDir(dir);
  const machine: Machine = {
    run,
    number,
    dir,
    image,
    init: spec.init ?? "systemd",
    port: spec.port ?? 22,
    hostname: spec.name ?? `${spec.release}-${number}`,
    address: hostAddress(number),
  };
  try {
    await Promise.all(["upper", "work", "merged"].map((name) => mkdir(join(dir, name))));
    await Promise.all([addHostLink(run, number), provision(spec, machine, setting.keyLine)]);
    const life = await boot(machine, spec.bootTimeoutSeconds ?? 60);
    return assemble(spec, machine, life, await hostKeyLines(machine), setting);
  } catch (error) {
    await downHost(run, dir).then(() => setting.onGone(dir));
    throw error;
  }
}

async function provision(spec: HostSpec, machine: Machine, keyLine: string): Promise<void> {
  const kinds = await readFile(join(machine.image, "host-key-kinds"), "utf8");
  const script = provisionScript({
    hostname: machine.hostname,
    address: machine.address,
    keyLine,
    hostKeyKinds: kinds.split("\n").filter((kind) => kind !== ""),
    groups: spec.groups ?? [],
    users: spec.users ?? [],
    files: spec.files ?? {},
    removeFiles: spec.removeFiles ?? [],
  });
  await offline(machine, async (root, run) => {
    await run(script);
    await spec.prepare?.(root);
  });
}

/** Read from the overlay: the keys are the host's own, never the image's. */
async function hostKeyLines(machine: Machine): Promise<string[]> {
  const dir = join(machine.dir, "upper/etc/ssh");
  const names = (await readdir(dir)).filter((name) => /^ssh_host_.*_key\.pub$/.test(name));
  const at = (name: string): string => (machine.port === 22 ? name : `[${name}]:${machine.port}`);
  const who = `${at(machine.hostname)},${at(machine.address)}`;
  const keys = await Promise.all(names.map((name) => readFile(join(dir, name), "utf8")));
  return keys.map((key) => `${who} ${key.split(" ").slice(0, 2).join(" ").trim()}`);
}

function assemble(
  spec: HostSpec,
  machine: Machine,
  firstLife: Life,
  keyLines: readonly string[],
  setting: HostSetting,
): LabHost {
  const { run, number, dir } = machine;
  let life = firstLife;
  const exec = (script: string, options?: ExecOptions): Promise<ExecResult> =>
    execInside(life, script, options);
  const must = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await exec(script);
    if (exitCode !== 0) throw new Error(`${machine.hostname}: exit code ${exitCode}: ${stderr.trim()}`);
    return stdout;
  };
  return {
    name: machine.hostname,
    address: machine.address,
    port: machine.port,
    release: spec.release,
    hostKeyLines: keyLines,
    netns: hostNetns(run, number),
    consolePath: join(dir, "console.log"),
    async root() {
      const leader = await leaderOf(life);
      if (leader === null) throw new Error(`${machine.hostname} is off`);
      return `/proc/${leader}/root`;
    },
    exec,
    readFile: (path) => must(`cat -- ${quote(path)}`),
    async writeFile(path, content, mode) {
      await must(putFile(path, mode === undefined ? { content } : { content, mode }));
    },
    etcDigest: () => digestEtc(must),
    async powerOff() {
      life.mayReboot = false;
      await killHost(run, dir);
      await life.end;
    },
    async boot() {
      if (life.ended === null) throw new Error(`${machine.hostname} is still on`);
      life = await boot(machine, spec.bootTimeoutSeconds ?? 60);
    },
    async offline(use) {
      if (life.ended === null) throw new Error(`${machine.hostname} is still on`);
      return offline(machine, (root) => use(root));
    },
    linkDown: () => setLink(run, number, "down"),
    linkUp: () => setLink(run, number, "up"),
    blockPort: (port = machine.port, options = {}) => blockPort(run, number, port, options.newOnly ?? false),
    unblockPort: (port = machine.port) => unblockPort(run, number, port),
    async stop() {
      life.mayReboot = false;
      await downHost(run, dir);
      setting.onGone(dir);
    },
  };
}
