/** A history behind the real PgBouncer: one that takes a connection away between transactions is refused. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { History } from "../../src/model/record/history.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { auditedHost, auditRun, store } from "../fixtures/audits.ts";
import { debianTools, libraryEnvironment, PGBOUNCER } from "../lab/debian-tools.ts";
import { freePort } from "../free-port.ts";
import { type PostgresServer, postgresLacks, servant, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";

const tools = await debianTools(PGBOUNCER).catch(() => undefined);
const lacks = tools === undefined ? "Debian's pgbouncer" : await postgresLacks();
let server: PostgresServer;
let directory: string;
let pooler: ChildProcess | undefined;

beforeAll(async () => {
  if (lacks !== null) return;
  server = await startPostgres();
  await server.createDatabase("history");
  directory = await mkdtemp(join(tmpdir(), "curfew-pooler-"));
  await chmod(directory, 0o755);
}, patient(60_000));
afterAll(async () => {
  await stopPooler();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
}, patient(30_000));

/** Starts it in place of the one before, and returns the URL of the history by way of it. */
async function startPooler(mode: string, lines = ""): Promise<string> {
  await stopPooler();
  const port = await freePort();
  const settings = [
    `[databases]\nhistory = host=127.0.0.1 port=${server.port} user=postgres`,
    `[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
    `auth_type = any\npool_mode = ${mode}\n${lines}\n`,
  ];
  const file = join(directory, `${port}.ini`);
  await writeFile(file, settings.join("\n"));
  const root = tools ?? "";
  pooler = spawn(join(root, "usr/sbin/pgbouncer"), [file], {
    ...servant(),
    env: libraryEnvironment(root),
    stdio: "ignore",
  });
  await expect.poll(() => listens(port), { interval: 50 }).toBe(true);
  return `postgres://postgres@127.0.0.1:${port}/history`;
}

async function stopPooler(): Promise<void> {
  if (pooler === undefined || pooler.exitCode !== null || pooler.signalCode !== null) return;
  const over = once(pooler, "exit");
  pooler.kill("SIGKILL");
  await over;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const answer = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return answer;
}

function open(url: string): Promise<History> {
  return openHistory({ postgres: postgresSettings(url, {}, "/nonexistent"), now: () => new Date() });
}

describe.skipIf(lacks !== null)(`behind PgBouncer${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  test("that keeps a connection for a client, it is as without it", async () => {
    const history = await open(await startPooler("session"));
    const run = auditRun(1, [auditedHost("a")]);
    await store(history, run);
    expect((await history.load(run.runId)).hosts).toEqual(run.hosts);
    await history.close();
  });

  test.each([
    ["transaction", ""],
    ["transaction", "server_round_robin = 1\nmin_pool_size = 2"],
    ["transaction", "default_pool_size = 1"],
    ["statement", ""],
  ])("that gives a connection for one %s (%j), it is refused, and nothing is made", async (mode, lines) => {
    const count = "SELECT count(*) FROM pg_stat_user_tables";
    const before = await server.sql("history", count);
    await expect(open(await startPooler(mode, lines))).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining("gives each transaction another connection"),
      hint: expect.stringContaining("pool_mode = session"),
    });
    expect(await server.sql("history", count)).toEqual(before);
  });
});
