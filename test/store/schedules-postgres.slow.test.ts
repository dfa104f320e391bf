/** Schedules and alerts of many machines, in a real PostgreSQL: the contract, and what a machine that was thought dead may no more. */
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeScheduleTurn } from "../../src/cli/schedule/turns.ts";
import type { TurnToken } from "../../src/model/record/schedule.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { openScheduleLine } from "../../src/store/schedule/database.ts";
import { createSharedSchedule } from "../../src/store/schedule/shared-store.ts";
import { openSharedOutbox } from "../../src/store/schedule/shared-outbox.ts";
import { auditEnd, auditHeader, auditedHost } from "../fixtures/audits.ts";
import { fakeTerminal } from "../cli/fake-terminal.ts";
import { postgresLacks, type PostgresServer, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";
import { queued, RESULT, taken, testSchedules } from "./schedule/contract.ts";

const lacks = await postgresLacks();
const LONG = patient(60_000);
const ROLES = resolve(import.meta.dirname, "../../templates/postgresql-roles.sql");
const KEY = { name: "audit", policy: "production", limit: "", hosts: ["web1", "web2"], owner: "root@one" };
const GONE = "UPDATE curfew.schedule SET seen = now() - interval '1 minute'";

describe.skipIf(lacks !== null)(`schedules in PostgreSQL${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  let server: PostgresServer;
  let made = 0;
  beforeAll(async () => {
    server = await startPostgres();
  }, LONG);
  afterAll(async () => server?.stop(), LONG);
  const fresh = async () => {
    const database = `schedules_${made++}`;
    const url = await server.createDatabase(database);
    const place = { postgres: postgresSettings(url, {}, "/nonexistent") };
    const sql = (text: string): Promise<string[]> => server.sql(database, text);
    return { place, sql, database, url };
  };
  type Place = Awaited<ReturnType<typeof fresh>>["place"];
  const boxOf = (place: Place, turn?: TurnToken, scope = "s") =>
    openSharedOutbox({ ...place, scope, now: () => new Date(), turn });

  testSchedules(async () => {
    const { place, sql, database } = await fresh();
    return {
      schedule: (name) => createSharedSchedule(place, { ...KEY, name }),
      outbox: (now = () => new Date()) => openSharedOutbox({ ...place, scope: "s", now }),
      damage: async () => void (await sql("UPDATE curfew.schedule SET result = '{}'")),
      remove: async () => void (await server.sql("postgres", `DROP DATABASE ${database} WITH (FORCE)`)),
    };
  });

  test(
    "the turn of a machine that cannot begin is free at once",
    async () => {
      const { sql, url } = await fresh();
      const state = await mkdtemp(join(tmpdir(), "curfew-turn-"));
      // Not a file that could be taken away.
      await mkdir(join(state, "schedules", "nightly.json", "in the way"), { recursive: true });
      const files = { policy: join(state, "policy.yaml"), inventory: [join(state, "hosts")] };
      await writeFile(files.policy, "name: production\ndefaults: { client_idle_timeout: 15m }\n");
      await writeFile(files.inventory[0] ?? "", "web1\n");
      const request = {
        options: {
          ...files,
          name: "nightly",
          store: url,
          connectTimeout: 20,
          concurrency: 1,
          workerWait: 60,
          sessions: [],
        },
        state,
        terminal: fakeTerminal(),
        stopping: new AbortController().signal,
        timeout: 60,
        say: () => {},
      };
      await expect(takeScheduleTurn(request)).rejects.toThrow(/nightly\.json/u);
      expect(await sql("SELECT holder IS NULL FROM curfew.schedule")).toEqual(["t"]);
      await rm(join(state, "schedules", "nightly.json"), { recursive: true });
      const turn = await takeScheduleTurn(request);
      if ("busy" in turn) throw new Error(turn.busy);
      expect(await sql("SELECT holder IS NULL FROM curfew.schedule")).toEqual(["f"]);
      await turn.release();
      await rm(state, { recursive: true });
    },
    LONG,
  );

  test(
    "one that was not heard of loses its turn: nothing that it stores, tells or writes into the history counts",
    async () => {
      const { place, sql } = await fresh();
      const frozen = await taken(createSharedSchedule(place, KEY));
      await frozen.store({ ...RESULT, outcome: "running", endedAt: null, exitCode: null });
      const box = await boxOf(place, frozen.token);
      await box.add([queued("before")]);
      expect(await box.take("before")).toHaveLength(1);
      const history = await openHistory({ ...place, now: () => new Date(), turn: frozen.token });
      const header = auditHeader(1);
      const writer = await history.begin(header, ["web1"]);
      const other = createSharedSchedule(place, { ...KEY, owner: "root@two" });
      expect(await other.take()).toEqual({ busy: expect.stringContaining("of root@one that began at") });

      await sql(GONE);
      const next = await taken(other);
      expect([next.last?.outcome, next.before]).toMatchObject(["running", { owner: "root@one" }]);
      await expect.poll(() => frozen.lost.aborted, { timeout: LONG }).toBe(true);
      const locked = { code: "locked", message: expect.stringContaining("root@two has taken over") };
      await expect(frozen.store(RESULT)).rejects.toMatchObject(locked);
      await expect(box.add([queued()], { key: "k", audit: { ...RESULT, runId: "r", warned: [] } }))
        .rejects //
        .toMatchObject(locked);
      await expect(box.keep(queued("before"))).rejects.toMatchObject(locked);
      await expect(writer.addHost(auditedHost("web1"))).rejects.toMatchObject(locked);
      await expect(writer.finish(auditEnd(header))).rejects.toMatchObject(locked);
      await frozen.release();
      // What it had begun to deliver is free for the next at once; the release of one that is lost frees nothing.
      const after = await boxOf(place, next.token);
      expect(await after.take("before")).toHaveLength(1);
      expect(await after.take("ops")).toEqual([]);
      expect(await after.lastTold("k")).toBeUndefined();
      expect(await createSharedSchedule(place, KEY).take()).toHaveProperty("busy");
      await next.store(RESULT);
      await next.release();
      expect(await sql("SELECT finished IS NULL FROM curfew.run")).toEqual(["t"]);
      await Promise.all([box.close(), after.close(), history.close()]);
    },
    LONG,
  );

  test("two that take it at the same moment: one has it, and never both", async () => {
    const { place } = await fresh();
    for (let round = 0; round < 10; round++) {
      const both = await Promise.all([0, 1].map(() => createSharedSchedule(place, KEY).take()));
      const turns = both.flatMap((turn) => ("busy" in turn ? [] : [turn]));
      expect(turns).toHaveLength(1);
      for (const turn of turns) await turn.release();
    }
  });

  test(
    "one that stands by looks by one connection, opens another where that is lost, and takes over once it is free",
    async () => {
      const { place, sql } = await fresh();
      const first = await taken(createSharedSchedule(place, KEY));
      const connections = (): Promise<string[]> =>
        sql(
          `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND backend_type = 'client backend' ORDER BY backend_start`,
        );
      const seen: (string | undefined)[] = [];
      const second = await createSharedSchedule(place, { ...KEY, owner: "root@two" }).take(async () => {
        seen.push((await connections()).at(-1));
        if (seen.length === 3) await sql(`SELECT pg_terminate_backend(${seen.at(-1)})`);
        if (seen.length === 4) await first.release();
        return true;
      });
      expect(second).not.toHaveProperty("busy");
      expect(seen).toHaveLength(4);
      expect(new Set(seen.slice(0, 3)).size).toBe(1);
      expect(seen[3]).not.toBe(seen[0]);
      if (!("busy" in second)) await second.release();
    },
    LONG,
  );

  test(
    "one that is frozen in the middle of a transaction keeps others waiting no longer than they wait for a lock, and does it again",
    async () => {
      const { place, sql } = await fresh();
      const turn = await taken(createSharedSchedule(place, KEY));
      await turn.release();
      const [frozen, other] = [await openScheduleLine(place), await openScheduleLine(place)];
      const thaw = Promise.withResolvers<void>();
      const inside = Promise.withResolvers<void>();
      let tries = 0;
      const slow = frozen.transaction(async (session) => {
        tries += 1;
        await session.change("UPDATE curfew.schedule SET owner = owner || ' slow'");
        inside.resolve();
        await thaw.promise;
      });
      await inside.promise;
      await other.transaction((session) => session.change("UPDATE curfew.schedule SET owner = 'other'"));
      thaw.resolve();
      await slow;
      expect([tries, await sql("SELECT owner FROM curfew.schedule")]).toEqual([2, ["other slow"]]);
      await Promise.all([frozen.close(), other.close()]);
    },
    LONG,
  );

  test("a schedule with the same name and other hosts is refused; one of another policy or -l is another", async () => {
    const { place } = await fresh();
    const turn = await taken(createSharedSchedule(place, KEY));
    await turn.release();
    const take = (more: object) => createSharedSchedule(place, { ...KEY, ...more }).take();
    await expect(take({ hosts: ["db1"], owner: "root@two" })).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining("audits other hosts, on root@one"),
      hint: expect.stringContaining("another --name"),
    });
    for (const more of [
      { hosts: ["web2", "web3"] },
      { hosts: [] },
      { policy: "other", hosts: ["db1"] },
      { limit: "db", hosts: ["db1"] },
    ]) {
      const other = await take(more);
      expect(other, JSON.stringify(more)).not.toHaveProperty("busy");
      if (!("busy" in other)) await other.release();
    }
  });

  test("alerts of others are not taken, whatever their destinations are called; a claim ends after five minutes", async () => {
    const { place, sql } = await fresh();
    const [one, same, other] = [await boxOf(place), await boxOf(place), await boxOf(place, undefined, "t")];
    await one.add([queued()]);
    expect(await other.take("ops")).toEqual([]);
    expect(await one.take("ops")).toHaveLength(1);
    expect(await same.take("ops")).toEqual([]);
    await sql("UPDATE curfew.alert SET claimed = now() - interval '6 minutes'");
    expect(await same.take("ops")).toHaveLength(1);
    // The first one was slow: the other delivers it.
    expect(await one.keep(queued())).toBe(false);
    await one.done(queued());
    expect(await same.keep(queued())).toBe(true);
    await sql("UPDATE curfew.alert SET body = '{', claim = NULL");
    expect(await same.take("ops")).toEqual([]);
    await Promise.all([one.close(), same.close(), other.close()]);
  });

  test("curfew_writer may do all of it, curfew_reader only look", async () => {
    const { place, sql, database } = await fresh();
    await (await openHistory({ ...place, now: () => new Date() })).close();
    await sql(await readFile(ROLES, "utf8"));
    await server.sql(
      "postgres",
      "CREATE ROLE w LOGIN IN ROLE curfew_writer; CREATE ROLE r LOGIN IN ROLE curfew_reader",
    );
    const as = (account: string) => ({
      postgres: postgresSettings(server.url(database, account), {}, "/nonexistent"),
    });
    const turn = await taken(createSharedSchedule(as("w"), KEY));
    await turn.store(RESULT);
    const box = await boxOf(as("w"), turn.token);
    await box.add([queued()], { key: "k", audit: { ...RESULT, runId: "r", warned: [] } });
    await box.done((await box.take("ops"))[0] ?? queued());
    await Promise.all([box.close(), turn.release()]);
    expect(await createSharedSchedule(as("r"), KEY).last()).toEqual(RESULT);
    await expect(createSharedSchedule(as("r"), KEY).take()).rejects.toMatchObject({ code: "input" });
  });
});
