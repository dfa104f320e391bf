/** A folder with a kubeconfig, a login program and a home of its own, and kubectl and curfew that use them. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa, type Options } from "execa";
import { expect } from "vitest";
import type { GateState, Moment } from "../../src/model/access/kube-gate.ts";
import { readMoment } from "../../src/store/kube/processes.ts";
import { type Cluster, openCluster } from "./cluster.ts";

const CURFEW = resolve(import.meta.dirname, "../../src/curfew.js");

export interface Desk {
  readonly directory: string;
  readonly cluster: Cluster;
  readonly environment: Readonly<Record<string, string>>;
  curfew(...given: readonly string[]): Promise<Ended>;
  run(program: string, given: readonly string[], options?: Options): Promise<Ended>;
  config(): Promise<string>;
  /** How often the login program ran. */
  runs(): Promise<number>;
  /** The state of the only gate, after `change`. */
  state(change?: (state: GateState, now: Moment) => GateState): Promise<GateState>;
  statePath(): Promise<string>;
  close(): Promise<void>;
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

/** A gate before the only context, with a session that has just begun and no use of the login program counted. */
export async function installAndLogIn(desk: Desk, options: readonly string[]): Promise<void> {
  const limits = options.length === 0 ? ["--idle", "15m", "--max", "8h"] : options;
  expect((await desk.curfew("kube", "install", "dev", ...limits)).exitCode).toBe(0);
  expect((await desk.curfew("kube", "login")).exitCode).toBe(0);
  await rm(`${desk.directory}/ran`);
}

/** `plugin`: what the login program does after counting; it prints a credential for `good` unless it says otherwise. */
export async function openDesk(version = "v1"): Promise<Desk> {
  const directory = await mkdtemp(join(tmpdir(), "curfew-kube-"));
  const cluster = await openCluster(directory);
  await mkdir(join(directory, "home"));
  const home = join(directory, "home");
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    KUBECONFIG: join(directory, "config"),
    TZ: "UTC",
    KUBECACHEDIR: join(directory, "cache"),
  };
  await writePlugin(directory, version, '{"token":"good"}');
  await writeFile(environment.KUBECONFIG, kubeconfig(cluster, version), { mode: 0o600 });
  const run = async (program: string, given: readonly string[], options: Options = {}): Promise<Ended> => {
    const { stdout, stderr, exitCode } = await execa(program, given, {
      env: environment,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      cwd: directory,
      ...options,
    });
    return { stdout: String(stdout), stderr: String(stderr), exitCode };
  };
  const statePath = async () =>
    join(
      home,
      ".local/state/curfew/kube",
      `${/"--session"[,\s-]+"([0-9a-f]+)"/u.exec(await readFile(environment.KUBECONFIG, "utf8"))?.[1]}.json`,
    );
  return {
    directory,
    cluster,
    environment,
    run,
    curfew: (...given) => run(process.execPath, [CURFEW, ...given]),
    config: () => readFile(environment.KUBECONFIG, "utf8"),
    runs: async () => (await readFile(join(directory, "ran"), "utf8").catch(() => "")).length,
    statePath,
    async state(change) {
      const path = await statePath();
      const before = JSON.parse(await readFile(path, "utf8")) as GateState;
      if (change === undefined) return before;
      const after = change(before, readMoment(Date.now()));
      await writeFile(path, JSON.stringify(after));
      return after;
    },
    async close() {
      await cluster.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A login program that counts its runs and prints this status. */
export async function writePlugin(
  directory: string,
  version: string,
  status: string,
  first = "",
): Promise<void> {
  const answer = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/${version}","status":${status}}`;
  const path = join(directory, "plugin");
  await writeFile(path, `#!/bin/sh\nprintf x >>"${directory}/ran"\n${first}\ncat <<'EOF'\n${answer}\nEOF\n`);
  await chmod(path, 0o755);
}

function kubeconfig({ url, ca }: Cluster, version: string): string {
  return `# kept
apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: c
  cluster: {server: "${url}", certificate-authority-data: ${ca}}
contexts:
- name: dev
  context: {cluster: c, user: dev}
users:
- name: dev
  user:
    exec:
      # why
      apiVersion: client.authentication.k8s.io/${version}
      command: ./plugin   # the login program
      args:
      - --flag
      - "two words"
      interactiveMode: IfAvailable
      provideClusterInfo: true
`;
}
