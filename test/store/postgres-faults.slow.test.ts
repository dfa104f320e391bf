/** What can happen to a history in PostgreSQL: kills, cut connections, no room, no right, other versions. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beginRecord } from "../../src/flow/run/audit-record.ts";
import type { History } from "../../src/model/record/history.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { GRANTS } from "../../src/store/postgres-history/schema.ts";
import { PATIENCE } from "../../src/store/postgres/session.ts";
import { type PostgresSettings, postgresSettings } from "../../src/store/postgres/settings.ts";
import { openQueue } from "../../src/store/queue/queue.ts";
import { openScheduleLine } from "../../src/store/schedule/database.ts";
import {
  auditedHost,
  auditEnd,
  auditHeader,
  auditRun,
  fleetHost,
  fleetRun,
  store,
} from "../fixtures/audits.ts";
import { postgresLacks, type PostgresServer, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";
import { WRITER } from "./history-writer.ts";

const lacks = await postgresLacks();
const ROLES = join(import.meta.dirname, "../../templates/postgresql-roles.sql");
const now = (): Date => new Date();
let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  if (lacks === null) server = await startPostgres();
}, patient(30_000));
afterAll(async () => server?.stop(), patient(10_000));

function open(url: string, patience = PATIENCE, readOnly = false): Promise<History> {
  return openHistory({ postgres: postgresSettings(url, {}, "/nonexistent"), now, patience, readOnly });
}

async function using<T>(url: string, work: (history: History) => Promise<T>): Promise<T> {
  const history = await open(url);
  try {
    return await work(history);
  } finally {
    await history.close();
  }
}

const database = (): Promise<string> => server.createDatabase(`faults_${databases++}`);
const nameOf = (url: string): string => new URL(url).pathname.slice(1);

/** Fleet hosts of day 1, each with what became of its promise. */
async function storeHosts(history: History, count: number, between: (number: number) => Promise<void>) {
  const header = auditHeader(1);
  const hosts = Array.from({ length: count }, (_, number) => fleetHost(number, 1));
  const writer = await history.begin(
    header,
    hosts.map(({ host }) => host),
  );
  const stored: string[] = [];
  const promises = [];
  for (const [number, host] of hosts.entries()) {
    const promise = writer.addHost(host).then(() => stored.push(host.host));
    // It may be refused long before all are awaited.
    promise.catch(() => {});
    promises.push(promise);
    await between(number);
  }
  const results = await Promise.allSettled(promises);
  return { header, hosts, writer, stored, failures: results.filter(({ status }) => status === "rejected") };
}

describe.skipIf(lacks !== null)(`PostgreSQL under faults${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  const LONG = patient(60_000);

  test(
    "a writer killed at any moment loses nothing that it was told is stored, and is broken off at once",
    { timeout: LONG },
    async () => {
      const url = await database();
      await using(url, async (history) => history.list({}));
      for (let round = 1; round <= 3; round += 1) {
        const child: ChildProcess = spawn(process.execPath, [WRITER, url, String(round), "900"], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let said = "";
        child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
        await expect.poll(() => said, { timeout: patient(20_000), interval: 5 }).toContain("stored");
        await sleep(Math.random() * 100);
        child.kill("SIGKILL");
        await once(child, "close");
        const last = Number(/stored (\d+)\n(?!stored)/u.exec(said)?.[1] ?? -1);
        await using(url, async (history) => {
          const find = async (): Promise<string> => (await history.find(auditHeader(round).runId)).state;
          await expect.poll(find, { timeout: patient(5000) }).not.toBe("running");
          const { hosts } = await history.load(auditHeader(round).runId);
          expect(hosts.slice(0, last + 1)).toEqual(
            Array.from({ length: last + 1 }, (_, number) => fleetHost(number, round)),
          );
        });
      }
    },
  );

  test(
    "the server is killed between writes and comes back: each host is there once",
    { timeout: LONG },
    async () => {
      const url = await database();
      const history = await open(url, { ...PATIENCE, outage: patient(30_000) });
      let back: Promise<void> | undefined;
      const made = await storeHosts(history, 120, async (number) => {
        if (number % 10 === 0) await sleep(5);
        if (number !== 60) return;
        await server.kill();
        back = sleep(300).then(() => server.start());
      });
      await back;
      expect(made.failures).toEqual([]);
      expect((await history.find(made.header.runId)).state).toBe("running");
      await made.writer.finish(auditEnd(made.header));
      expect((await history.load(made.header.runId)).hosts).toEqual(made.hosts);
      await history.close();
    },
  );

  test("the answer to a commit is lost: the server is asked again, and each host is there once", async () => {
    const url = await database();
    const proxy = await startProxy(server.port);
    const history = await open(url.replace(`:${server.port}`, `:${proxy.port}`));
    const header = auditHeader(1);
    const writer = await history.begin(header, ["a", "b"]);
    proxy.loseCommit("once");
    await writer.addHost(auditedHost("a"));
    expect(proxy.cuts()).toBe(1);
    await writer.addHost(auditedHost("b"));
    proxy.loseCommit("once");
    await writer.finish(auditEnd(header));
    const { hosts } = await history.load(header.runId);
    expect(hosts.map(({ host }) => host)).toEqual(["a", "b"]);
    proxy.loseCommit("once");
    expect(await history.prune("2999-01-01T00:00:00Z")).toBe(0);
    await store(history, auditRun(2, [auditedHost("a")]));
    proxy.loseCommit("once");
    expect(await history.prune("2999-01-01T00:00:00Z")).toBe(1);
    await history.close();
    await proxy.stop();
  });

  test("the answer to a commit is lost, and the server does not come back: what was stored is unknown", async () => {
    const url = await database();
    const proxy = await startProxy(server.port);
    const history = await open(url.replace(`:${server.port}`, `:${proxy.port}`), {
      ...PATIENCE,
      outage: 500,
    });
    const header = auditHeader(1);
    const record = await beginRecord(history, header, ["a"]);
    proxy.loseCommit("for ever");
    await record.addHost(auditedHost("a"));
    expect(record.failure).toMatchObject({
      message: expect.stringMatching(/^this audit was shown but whether all of it was stored is unknown: /u),
      hint: expect.stringContaining("curfew history"),
    });
    await history.close();
    await proxy.stop();
    await using(url, async (again) => {
      const { hosts } = await again.load(header.runId);
      expect(hosts.map(({ outcome }) => outcome)).toEqual(["pass"]);
    });
  });

  test("the server is gone before the commit, and does not come back: it was not stored", async () => {
    const url = await database();
    const proxy = await startProxy(server.port);
    const history = await open(url.replace(`:${server.port}`, `:${proxy.port}`), {
      ...PATIENCE,
      outage: 500,
    });
    const record = await beginRecord(history, auditHeader(1), ["a"]);
    await proxy.stop();
    await record.addHost(auditedHost("a"));
    expect(record.failure?.message).toMatch(/^this audit was shown but not stored: /u);
    await history.close();
  });

  test.each([
    ["history", async (postgres: PostgresSettings) => openHistory({ postgres, now })],
    ["queue", async (postgres: PostgresSettings) => openQueue({ postgres, version: "1.0.0" })],
    ["schedule", async (postgres: PostgresSettings) => openScheduleLine({ postgres })],
  ])("the connection is cut while the %s is opened: that is begun again over another", async (_, opener) => {
    const url = await database();
    const proxy = await startProxy(server.port);
    proxy.loseCommit("once");
    const opened = await opener(
      postgresSettings(url.replace(`:${server.port}`, `:${proxy.port}`), {}, "/nonexistent"),
    );
    expect(proxy.cuts()).toBe(1);
    await opened.close();
    await proxy.stop();
  });

  test(
    "connections are cut off again and again, in the middle of anything: each host is there once",
    { timeout: LONG },
    async () => {
      const url = await database();
      const proxy = await startProxy(server.port);
      const history = await open(url.replace(`:${server.port}`, `:${proxy.port}`), {
        ...PATIENCE,
        outage: patient(30_000),
      });
      const made = await storeHosts(history, 150, async (number) => {
        if (number % 3 === 0) await sleep(8);
        if (number % 30 !== 29) return;
        await expect.poll(() => proxy.cut(), { timeout: patient(20_000), interval: 5 }).toBe(true);
      });
      expect(proxy.cuts()).toBeGreaterThan(3);
      expect(made.failures).toEqual([]);
      await made.writer.finish(auditEnd(made.header));
      expect((await history.load(made.header.runId)).hosts).toEqual(made.hosts);
      await history.close();
      await proxy.stop();
    },
  );

  test(
    "a server that answers no more is given up in time, the event loop goes on, and what was stored is there",
    { timeout: LONG },
    async () => {
      const url = await database();
      const history = await open(url, { statement: 2000, lock: 1000, answer: 700, outage: 1500 });
      const header = auditHeader(1);
      const writer = await history.begin(header, ["a", "b"]);
      await writer.addHost(auditedHost("a"));
      server.freeze();
      let turns = 0;
      const ticking = setInterval(() => (turns += 1), 20);
      try {
        const failure: unknown = await writer.addHost(auditedHost("b")).catch((error: unknown) => error);
        expect(failure).toMatchObject({
          code: "input",
          message: expect.stringMatching(/did not answer in time|cut off/u),
          hint: expect.any(String),
        });
        expect(turns).toBeGreaterThan(10);
      } finally {
        clearInterval(ticking);
        server.thaw();
      }
      await history.close();
      await using(url, async (again) => {
        const { hosts } = await again.load(header.runId);
        expect(hosts.find(({ host }) => host === "a")?.outcome).toBe("pass");
      });
    },
  );

  test("nobody listens: one clear error at once", async () => {
    const failure: unknown = await open("postgres://u@127.0.0.1:1/d").catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "input",
      message:
        "the history in PostgreSQL on 127.0.0.1:1, database d: the server does not accept connections there",
    });
  });

  test("of several servers the first that answers is used", async () => {
    const url = (await database()).replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:");
    await using(url, async (history) => expect(await history.list({})).toEqual([]));
  });

  test("a server that takes no writes is named as such", async () => {
    const url = await database();
    await server.sql("postgres", `ALTER DATABASE ${nameOf(url)} SET default_transaction_read_only = on`);
    await expect(open(url)).rejects.toThrow(/standby or read-only/u);
  });

  test("a database in another encoding is refused, nothing is made in it", async () => {
    const url = await server.createDatabase(
      `faults_${databases++}`,
      "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    await expect(open(url)).rejects.toThrow(/has the encoding LATIN1/u);
    expect(
      await server.sql(nameOf(url), "SELECT count(*) FROM pg_namespace WHERE nspname = 'curfew'"),
    ).toEqual(["0"]);
  });

  test("a history of a newer curfew is refused, also by one that writes at that moment", async () => {
    const url = await database();
    const history = await open(url);
    const writer = await history.begin(auditHeader(1), ["a", "b"]);
    await writer.addHost(auditedHost("a"));
    await server.sql(nameOf(url), "UPDATE curfew.history_state SET version = 99");
    for (const tried of [
      () => writer.addHost(auditedHost("b")),
      () => history.list({}),
      () => open(url),
      () => open(url, PATIENCE, true),
    ]) {
      await expect(tried()).rejects.toMatchObject({
        code: "input",
        message: expect.stringContaining("newer curfew; nothing was touched"),
      });
    }
    await history.close();
  });

  test("opened for reading alone nothing is made, and nothing written", async () => {
    const url = await database();
    await expect(open(url, PATIENCE, true)).rejects.toThrow("is not there yet; nothing was touched");
    await using(url, (history) => store(history, auditRun(1, [auditedHost("a")])));
    const reader = await open(url, PATIENCE, true);
    expect(await reader.list({})).toHaveLength(1);
    await expect(store(reader, auditRun(2, [auditedHost("a")]))).rejects.toThrow("for reading alone");
    await reader.close();
  });

  test(
    "several make the tables at once, and two write the same contents at once",
    { timeout: LONG },
    async () => {
      const url = await database();
      await Promise.all(
        [1, 2, 3].map((day) =>
          using(url, (history) => store(history, { ...fleetRun(60, 1), ...auditHeader(day) })),
        ),
      );
      await using(url, async (history) => {
        for (const day of [1, 2, 3])
          expect((await history.load(auditHeader(day).runId)).hosts).toEqual(fleetRun(60, 1).hosts);
      });
    },
  );

  test("what was changed behind curfew's back is not shown as found", async () => {
    const url = await database();
    await using(url, (history) => store(history, fleetRun(50, 1)));
    await server.sql(nameOf(url), `UPDATE curfew.finding SET body = replace(body, '"fail"', '"pass"')`);
    await using(url, (history) =>
      expect(history.load(auditHeader(1).runId)).rejects.toThrow("a part of an audit is not what was stored"),
    );
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a full disk is said, and what was reported as stored is there",
    { timeout: LONG },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "curfew-tablespace-"));
      const owner = await server
        .sql("postgres", "SELECT 1")
        .then(() =>
          spawnSync("stat", ["-c", "%u", join(server.directory, "data")], { encoding: "utf8" }).stdout.trim(),
        );
      if (
        spawnSync("mount", ["-t", "tmpfs", "-o", `size=64m,uid=${owner},mode=700`, "none", folder]).status !==
        0
      )
        return;
      await chown(folder, Number(owner), Number(owner));
      try {
        await server.sql("postgres", `CREATE TABLESPACE tiny LOCATION '${folder}'`);
        const url = await server.createDatabase("tiny", "TABLESPACE tiny");
        const history = await open(url);
        const { bavail, bsize } = await statfs(folder);
        await writeFile(join(folder, "other"), Buffer.alloc(bavail * bsize - 500_000));
        const made = await storeHosts(history, 6000, async (number) => {
          if (number % 50 === 0) await sleep(0);
        });
        expect(made.failures.length).toBeGreaterThan(0);
        expect(made.failures[0]).toMatchObject({
          reason: {
            code: "input",
            message: expect.stringContaining("the server's disk is full"),
            hint: expect.stringContaining("make room there"),
          },
        });
        expect(made.stored.length).toBeGreaterThan(10);
        // A new connection may have to write a file of the server's own, where autovacuum was just at work.
        await rm(join(folder, "other"));
        const { hosts } = await history.load(made.header.runId);
        const found = new Set(hosts.filter(({ error }) => error === undefined).map(({ host }) => host));
        expect(made.stored.filter((host) => !found.has(host))).toEqual([]);
        await history.close();
      } finally {
        await server.sql("postgres", "DROP DATABASE IF EXISTS tiny WITH (FORCE)");
        await server.sql("postgres", "DROP TABLESPACE IF EXISTS tiny");
        spawnSync("umount", ["-l", folder]);
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});

describe.skipIf(lacks !== null)("the roles of templates/postgresql-roles.sql", () => {
  let url: string;
  const as = (account: string): string => url.replace("postgres@", `${account}@`);

  beforeAll(async () => {
    url = await database();
    const script = await readFile(ROLES, "utf8");
    expect(script).toContain(GRANTS);
    await server.sql(nameOf(url), script);
    for (const role of ["owner", "writer", "reader", "keeper"]) {
      await server.sql("postgres", `CREATE ROLE ${role}1 LOGIN IN ROLE curfew_${role}`);
    }
    await server.sql("postgres", "CREATE ROLE stranger LOGIN");
    await expect(open(as("writer1"))).rejects.toMatchObject({
      message: expect.stringContaining("has no tables yet, and writer1 may not make them"),
      hint: expect.stringContaining("member of curfew_owner"),
    });
    await using(as("owner1"), (history) => history.list({}));
    await server.sql(nameOf(url), script);
  }, patient(30_000));

  test("the tables belong to the owner's role", async () => {
    const owners = await server.sql(
      nameOf(url),
      "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'curfew'",
    );
    expect(owners).toEqual(["curfew_owner"]);
  });

  test("a writer audits and cannot change or take away what is stored", async () => {
    await using(as("writer1"), async (history) => {
      await store(history, auditRun(1, [auditedHost("a")]));
      await store(history, auditRun(2, [auditedHost("a")]));
      await expect(history.prune("2030-01-01T00:00:00.000Z")).rejects.toMatchObject({
        code: "input",
        message: expect.stringContaining("writer1 may not do this: permission denied"),
        hint: expect.stringContaining("keeper"),
      });
      expect(await history.list({})).toHaveLength(2);
    });
    for (const statement of [
      "DELETE FROM curfew.run_host",
      "UPDATE curfew.finding SET body = ''",
      "TRUNCATE curfew.content",
      "UPDATE curfew.run SET policy = ''",
      "UPDATE curfew.history_state SET version = 9",
      "DROP TABLE curfew.host",
      "CREATE TABLE curfew.mine ()",
    ]) {
      await expect(server.sql(nameOf(url), `SET ROLE writer1; ${statement}`)).rejects.toThrow(
        /permission denied|must be owner/u,
      );
    }
  });

  test("a reader reads all of it and writes nothing", async () => {
    const reader = await open(as("reader1"));
    expect(await reader.list({})).toHaveLength(2);
    expect((await reader.load(auditHeader(1).runId)).hosts).toHaveLength(1);
    await expect(store(reader, auditRun(3, []))).rejects.toThrow(/reader1 may not do this/u);
    await reader.close();
  });

  test("a keeper forgets; a stranger sees nothing", async () => {
    await using(as("keeper1"), async (history) =>
      expect(await history.prune("2030-01-01T00:00:00.000Z")).toBe(1),
    );
    await expect(open(as("stranger"))).rejects.toThrow(/stranger may not do this|may not make them/u);
  });
});

interface Proxy {
  readonly port: number;
  /** False where nothing was connected. */
  cut(): boolean;
  cuts(): number;
  /** The next commit reaches the server, and its answer nobody; for ever: nor does any other connection. */
  loseCommit(how: "once" | "for ever"): void;
  stop(): Promise<void>;
}

/** Between curfew and the server, to be cut off with a reset. */
async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<readonly Socket[]>();
  let count = 0;
  let losing: "once" | "for ever" | undefined;
  const proxy: Server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => {});
      from.on("close", () => {
        pairs.delete(pair);
        to.destroy();
      });
      from.pipe(to);
    }
    near.on("data", (chunk: Buffer) => {
      if (losing === undefined || !chunk.includes("COMMIT")) return;
      far.unpipe(near);
      if (losing === "for ever") proxy.close();
      losing = undefined;
      far.on("data", () => {
        count += 1;
        near.resetAndDestroy();
      });
      far.resume();
    });
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    cut() {
      const before = count;
      for (const [near] of pairs) {
        count += 1;
        near?.resetAndDestroy();
      }
      return count > before;
    },
    cuts: () => count,
    loseCommit(how) {
      losing = how;
    },
    async stop() {
      proxy.close();
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
  };
}
