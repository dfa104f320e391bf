/**
 * The lab: disposable real hosts on this machine, for tests, the demo and experiments.
 *
 * Hosts can only be reached from the controller's network namespace. A process started by `enterLab` (all of
 * `npm test`) is in it and shares one run with its siblings; any other process gets a run of its own and reaches
 * its hosts through `nsenter --net=/run/netns/<lab.netns>`.
 */
import { mkdtemp, appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { createHost, type HostSpec, type LabHost } from "./host.ts";
import { addController } from "./network.ts";
import { createRun, downHost, downHostNow, downRun, downRunNow, reap, runAt, type Run } from "./runs.ts";

export interface Lab {
  /** makes and boots a host; any number at once. Throws with the console's last lines. */
  host(spec: HostSpec): Promise<LabHost>;
  /** the key that root and, unless told otherwise, every user of every host accepts */
  readonly key: { readonly privatePath: string; readonly publicLine: string };
  /** scratch directory of this lab, gone after `close` */
  readonly dir: string;
  /** for `ssh -F`: every host by its name, host keys known, nothing of the user's own read */
  readonly sshConfigPath: string;
  readonly knownHostsPath: string;
  /** the controller's network namespace, /run/netns/NAME */
  readonly netns: string;
  /** takes all hosts of this lab away */
  close(): Promise<void>;
}

/** Why tests that need hosts are skipped, as a sentence for their name; null where they can run. */
export function labUnavailable(): string | null {
  if (process.env["CURFEW_LAB_RUN"] !== undefined) return null;
  return `skipped: needs ${process.env["CURFEW_LAB_LACKS"] ?? "the lab, which npm test sets up"}`;
}

/** Opens a lab of this process. Needs root. What it makes is removed by `close`, at exit, or by the next lab. */
export async function openLab(): Promise<Lab> {
  const shared = process.env["CURFEW_LAB_RUN"];
  const run = shared === undefined ? await openRun() : runAt(shared);
  if (shared !== undefined) await reap(run);
  const hosts = new Map<string, LabHost | null>();
  const atExit = (): void => {
    if (shared === undefined) downRunNow(run);
    else for (const dir of hosts.keys()) downHostNow(run, dir);
  };
  const unhook = onExit(atExit);
  const dir = await mkdtemp(join(run.dir, "labs", "lab-"));
  const client = await writeClientFiles(dir);
  return {
    ...client,
    dir,
    netns: run.netns,
    async host(spec) {
      let hostDir = "";
      const host = await createHost(spec, {
        run,
        keyLine: client.key.publicLine,
        onDir: (made) => {
          hostDir = made;
          hosts.set(made, null);
        },
        onGone: (gone) => hosts.delete(gone),
      });
      hosts.set(hostDir, host);
      await addToClientFiles(client, host);
      return host;
    },
    async close() {
      // null: still being made, as when a test's preparation took too long
      await Promise.all([...hosts].map(([at, host]) => host?.stop() ?? downHost(run, at)));
      if (shared === undefined) await downRun(run);
      else await rm(dir, { recursive: true, force: true });
      unhook();
    },
  };
}

/** Makes a run with its controller namespace; also clears away what dead owners left behind. */
export async function openRun(): Promise<Run> {
  await reap();
  await raiseInotifyLimit();
  const run = await createRun();
  await addController(run);
  return run;
}

/** Calls `act` synchronously when this process ends by itself or by a signal. Returns how to take that back. */
function onExit(act: () => void): () => void {
  const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
  const handlers = Object.entries(signals).map(
    ([signal, code]) => [signal, () => process.exit(code)] as const,
  );
  process.on("exit", act);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    process.off("exit", act);
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** Each systemd takes six or seven of the usual 128, for all hosts together; stays raised until reboot. */
async function raiseInotifyLimit(): Promise<void> {
  const path = "/proc/sys/fs/inotify/max_user_instances";
  if (Number(await readFile(path, "utf8")) >= 1024) return;
  await writeFile(path, "1024");
  process.stderr.write("lab: fs.inotify.max_user_instances raised to 1024 until the next reboot\n");
}

type ClientFiles = Pick<Lab, "key" | "sshConfigPath" | "knownHostsPath">;

async function writeClientFiles(dir: string): Promise<ClientFiles> {
  const privatePath = join(dir, "id_ed25519");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "curfew-lab", "-f", privatePath]);
  const publicLine = (await readFile(`${privatePath}.pub`, "utf8")).trim();
  const knownHostsPath = join(dir, "known_hosts");
  const sshConfigPath = join(dir, "ssh_config");
  await writeFile(knownHostsPath, "");
  const common = [
    `UserKnownHostsFile ${knownHostsPath}`,
    "GlobalKnownHostsFile /dev/null",
    "StrictHostKeyChecking yes",
    `IdentityFile ${privatePath}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "BatchMode yes",
    "ConnectTimeout 10",
  ];
  await writeFile(sshConfigPath, `${common.join("\n")}\n`);
  return { key: { privatePath, publicLine }, sshConfigPath, knownHostsPath };
}

async function addToClientFiles(client: ClientFiles, host: LabHost): Promise<void> {
  await appendFile(client.knownHostsPath, host.hostKeyLines.map((line) => `${line}\n`).join(""));
  const block = [
    `Host ${host.name}`,
    `HostName ${host.address}`,
    `Port ${host.port}`,
    `HostKeyAlias ${host.name}`,
  ];
  await appendFile(client.sshConfigPath, `${block.join("\n  ")}\n`);
}
