/** A PostgreSQL server of the test's own: Debian's programs, an own cluster, port and folder, gone afterwards. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { appendFile, chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { freePort } from "../free-port.ts";
import { patient } from "../patience.ts";
import { debianTools, libraryEnvironment } from "./debian-tools.ts";

/** What Debian 12 has. */
const PACKAGE = "postgresql-15";
/** The server refuses to run as root. */
const SERVANT = "nobody";

export interface PostgresServer {
  readonly port: number;
  /** Its socket is there as well. */
  readonly directory: string;
  /** A URL for a database of that server, over TCP; the account is the superuser where none is given. */
  url(database: string, account?: string): string;
  /** Runs SQL as the superuser; the rows of the last statement, columns separated by tabs. */
  sql(database: string, text: string): Promise<string[]>;
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string, options?: string): Promise<string>;
  /** Adds lines to postgresql.conf or replaces pg_hba.conf, and has the server read them. */
  configure(lines: string): Promise<void>;
  setAccess(lines: string): Promise<void>;
  start(): Promise<void>;
  /** Of the server itself; throws where it does not run. */
  pid(): number;
  /** SIGKILL to the server and all that it has started, as a power cut would. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** A second server that follows this one and may be read; `stop` it as well. */
  standby(): Promise<Standby>;
}

export interface Standby extends PostgresServer {
  /** Whether it has all that the first one has written. */
  isUpToDate(): Promise<boolean>;
  /** It stays at what it has. */
  stopFollowing(): Promise<void>;
  /** It takes writes from now on. */
  promote(): Promise<void>;
}

/** Fetches the programs where this machine lacks them; within the lab there is no way to a mirror. */
export async function ensurePostgres(): Promise<void> {
  if (installed() === undefined) await debianTools([PACKAGE]);
}

/** Why there can be no server here, as words after "needs", or null. */
export async function postgresLacks(): Promise<string | null> {
  if (process.platform !== "linux") return "Linux";
  return (await programs()) === undefined ? `Debian's ${PACKAGE}` : null;
}

/** What it shares in memory is below its folder, and goes with it. */
const INSIDE = "dynamic_shared_memory_type = mmap\n";

/** A running server with trust for everybody on this machine. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = await programs();
  if (bin === undefined) throw new Error(`needs Debian's ${PACKAGE}`);
  const owner = servant();
  const directory = await ownDirectory(owner);
  const data = join(directory, "data");
  const options = [
    "-A",
    "trust",
    "-U",
    "postgres",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
    "-D",
    data,
  ];
  await execa(join(bin.directory, "initdb"), options, { ...owner, cwd: "/", env: bin.environment });
  const port = await freePort();
  const own = `port = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '${directory}'\n`;
  await appendFile(
    join(data, "postgresql.conf"),
    `${own}max_connections = 60\nshared_buffers = 32MB\n${INSIDE}`,
  );
  const server = createHandle({ ...bin, root: directory, data, port, owner });
  await server.start();
  return server;
}

async function ownDirectory({ uid, gid }: Owner): Promise<string> {
  const directory = await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "curfew-postgres-"));
  await chmod(directory, 0o755);
  if (uid !== undefined) await chown(directory, uid, gid ?? uid);
  return directory;
}

/** A copy of a running server that follows it. */
async function startStandby(first: PostgresServer, bin: Programs): Promise<Standby> {
  const owner = servant();
  const directory = await ownDirectory(owner);
  const data = join(directory, "data");
  const from = ["-h", first.directory, "-p", String(first.port), "-U", "postgres"];
  // -R: it follows where it was copied from.
  const argv = [...from, "-D", data, "-R", "-X", "stream", "--no-sync", "-c", "fast"];
  await execa(join(bin.directory, "pg_basebackup"), argv, { ...owner, cwd: "/", env: bin.environment });
  const port = await freePort();
  // The last lines count.
  await appendFile(
    join(data, "postgresql.conf"),
    `\nport = ${port}\nunix_socket_directories = '${directory}'\nhot_standby = on\n`,
  );
  const server = createHandle({ ...bin, root: directory, data, port, owner });
  await server.start();
  const ask = async (at: PostgresServer, text: string): Promise<string> =>
    (await at.sql("postgres", text))[0] ?? "";
  return {
    ...server,
    async isUpToDate() {
      const written = await ask(first, "SELECT pg_current_wal_flush_lsn()");
      return (await ask(server, `SELECT pg_last_wal_replay_lsn() >= '${written}'`)) === "t";
    },
    async stopFollowing() {
      await server.sql("postgres", "ALTER SYSTEM SET primary_conninfo = ''");
      await server.sql("postgres", "SELECT pg_reload_conf()");
      const following = (): Promise<string> => ask(server, "SELECT count(*) FROM pg_stat_wal_receiver");
      while ((await following()) !== "0") await sleep(20);
    },
    async promote() {
      await server.sql("postgres", "SELECT pg_promote()");
    },
  };
}

interface Programs {
  readonly directory: string;
  readonly environment: Record<string, string>;
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

function createHandle({
  directory: bin,
  environment,
  root,
  data,
  port,
  owner,
}: Programs & {
  readonly root: string;
  readonly data: string;
  readonly port: number;
  readonly owner: Owner;
}): PostgresServer {
  let child: ChildProcess | undefined;
  const running = (): ChildProcess | undefined =>
    child?.exitCode === null && child.signalCode === null ? child : undefined;
  const signal = (name: NodeJS.Signals): void => {
    const pid = running()?.pid;
    if (pid === undefined) return;
    // Its processes are a session of their own, each with the server as its parent.
    for (const each of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(each, name);
      } catch (error) {
        // That of a connection ends when it does.
        if (each === pid || !isGone(error)) throw error;
      }
    }
  };
  const psql = async (database: string, text: string): Promise<string[]> => {
    const argv = ["-h", root, "-p", String(port), "-U", "postgres", "-d", database];
    const { stdout } = await execa(
      join(bin, "psql"),
      [...argv, "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1"],
      {
        input: text,
        env: { ...environment, PGOPTIONS: "--client-min-messages=warning" },
      },
    );
    return stdout === "" ? [] : stdout.split("\n");
  };
  const end = async (name: NodeJS.Signals): Promise<void> => {
    const own = running();
    if (own === undefined) return;
    const over = once(own, "exit");
    if (name === "SIGKILL") signal(name);
    else own.kill(name);
    await over;
  };
  const server: PostgresServer = {
    port,
    directory: root,
    url: (database, account = "postgres") => `postgres://${account}@127.0.0.1:${port}/${database}`,
    sql: psql,
    async createDatabase(name, options = "") {
      await psql("postgres", `CREATE DATABASE "${name}" ${options}`);
      return server.url(name);
    },
    async configure(lines) {
      await appendFile(join(data, "postgresql.conf"), lines);
      child?.kill("SIGHUP");
    },
    async setAccess(lines) {
      await writeFile(join(data, "pg_hba.conf"), lines);
      child?.kill("SIGHUP");
    },
    async start() {
      await rm(join(data, "postmaster.pid"), { force: true });
      child = spawn(join(bin, "postgres"), ["-D", data], {
        ...owner,
        cwd: "/",
        env: environment,
        stdio: ["ignore", "ignore", "ignore"],
      });
      const begin = performance.now();
      while ((await psql("postgres", "SELECT 1").catch(() => [])).length === 0) {
        if (performance.now() - begin > patient(20_000)) throw new Error("PostgreSQL did not start");
        await sleep(50);
      }
    },
    pid() {
      const pid = running()?.pid;
      if (pid === undefined) throw new Error("PostgreSQL does not run");
      return pid;
    },
    kill: () => end("SIGKILL"),
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    async stop() {
      signal("SIGCONT");
      // Immediate shutdown: what it has in shared memory goes with it.
      await end("SIGQUIT");
      await removeSegment(data);
      await rm(root, { recursive: true, force: true });
    },
    standby: () => startStandby(server, { directory: bin, environment }),
  };
  return server;
}

/** One that was killed leaves the few bytes by which a second server in its folder would notice it. */
async function removeSegment(data: string): Promise<void> {
  const lines = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  // The seventh line: key and number (miscadmin.h, LOCK_FILE_LINE_SHMEM_KEY).
  const [, id] = lines.split("\n")[6]?.trim().split(/\s+/u) ?? [];
  if (id !== undefined) spawnSync("ipcrm", ["-m", id]);
}

/** Of that process alone, not of these in turn. */
export function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(Number);
}

async function programs(): Promise<Programs | undefined> {
  const here = installed();
  if (here !== undefined) return { directory: here, environment: {} };
  const root = await debianTools([PACKAGE]).catch(() => undefined);
  if (root === undefined) return undefined;
  return {
    directory: newest(join(root, "usr/lib/postgresql")) ?? "",
    environment: libraryEnvironment(root),
  };
}

function installed(): string | undefined {
  return newest("/usr/lib/postgresql");
}

function newest(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const versions = readdirSync(folder).filter((name) => existsSync(join(folder, name, "bin/postgres")));
  const [best] = versions.toSorted((left, right) => Number(right) - Number(left));
  return best === undefined ? undefined : join(folder, best, "bin");
}

/** The account for servers that refuse to run as root; nothing for one who is not root, who runs them himself. */
export function servant(): Owner {
  if (userInfo().uid !== 0) return {};
  const id = (what: string): number =>
    Number(spawnSync("id", [what, SERVANT], { encoding: "utf8" }).stdout.trim());
  return { uid: id("-u"), gid: id("-g") };
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}
