/** The queue of shared runs in a real PostgreSQL: tries that do not count, what roles may, and what hostile rows come to. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type {
  CollectedAnswer,
  HostAnswer,
  NewSharedRun,
  SharedRun,
  TakenJob,
  WorkerQueue,
} from "../../src/model/record/shared-work.ts";
import { changingPlace } from "../../src/core/shared/travel.ts";
import { coordinate } from "../../src/flow/shared/coordinate.ts";
import { serveWork } from "../../src/flow/shared/serve-work.ts";
import type { RunContext } from "../../src/flow/run/context.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import { CurfewError } from "../../src/model/terms/error.ts";
import { TIME } from "../../src/host/time.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { openQueue, openWorkerQueue, type Queue } from "../../src/store/queue/queue.ts";
import { QUEUE_GRANTS } from "../../src/store/queue/schema.ts";
import { postgresLacks, type PostgresServer, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";

const lacks = await postgresLacks();
const LONG = patient(60_000);
const ROLES = join(import.meta.dirname, "../../templates/postgresql-roles.sql");
let server: PostgresServer;
let url: string;
const open: { close(): Promise<void> }[] = [];

const as = (account: string): string => url.replace("postgres@", `${account}@`);
const settings = (account: string) => postgresSettings(as(account), {}, "/nonexistent");

async function coordinator(account = "writer1", version = "1.0.0"): Promise<Queue> {
  const queue = await openQueue({ postgres: settings(account), version });
  open.push(queue);
  return queue;
}

async function worker(name: string, zones = ["default"], version = "1.0.0"): Promise<WorkerQueue> {
  const queue = await openWorkerQueue({ postgres: settings("worker1"), version }, name, zones);
  open.push(queue);
  return queue;
}

let runs = 0;
function newRun(hosts: number, zone = "default"): NewSharedRun {
  const names = Array.from({ length: hosts }, (_, index) => `web${index}`);
  return {
    runId: `2026113${runs % 10}T000000Z-plan-0000000${runs++ % 10}`,
    work: { kind: "plan", policy: { name: "p" }, sessions: [], verify: false, connectTimeout: 20 },
    head: { secret: "of coordinators" },
    hosts: names.map((name) => ({ host: { name, address: name, groups: ["all"] }, zone })),
    owner: "alice@controller",
  };
}

/** What those who wait look at. */
/** A worker that takes one host at a time, until `stop`; `connect` is all that it does with one. */
function serveOneByOne(queue: WorkerQueue, name: string, connect: () => Promise<never>) {
  const { context, sleep } = calm();
  const stop = new AbortController();
  const served = serveWork({
    queue,
    name,
    applies: false,
    lanes: 1,
    stopping: stop.signal,
    aborting: context.aborting,
    sleep,
    contextFor: async () => ({
      ...(context as unknown as RunContext),
      controls: [],
      concurrency: 1,
      connect,
    }),
    tell: () => {},
  });
  return { served, stop };
}

function calm() {
  const { signal } = new AbortController();
  const clock = () => performance.now();
  const { pause } = TIME;
  const context = { emit: () => {}, clock, pause, now: () => new Date(), stopping: signal, aborting: signal };
  return { context, sleep: (milliseconds: number) => setTimeout(milliseconds) };
}

const none = (message: string): HostAnswer => ({ kind: "none", error: { code: "unreachable", message } });

describe.skipIf(lacks !== null)(`the queue in PostgreSQL${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase("queue");
    const script = await readFile(ROLES, "utf8");
    expect(script).toContain(QUEUE_GRANTS);
    await server.sql("queue", script);
    for (const role of ["owner", "writer", "reader", "keeper", "worker"]) {
      await server.sql("postgres", `CREATE ROLE ${role}1 LOGIN IN ROLE curfew_${role}`);
    }
    await server.sql("postgres", "CREATE ROLE stranger LOGIN");
    await expect(worker("early")).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining("it is not there yet, and worker1 may not make it"),
      hint: expect.stringContaining("curfew worker --check"),
    });
    const history = await openHistory({ postgres: settings("owner1"), now: () => new Date() });
    await history.close();
    // Two that make it at the same moment.
    await Promise.all([coordinator("owner1"), coordinator("owner1")]);
    await server.sql("queue", script);
  }, LONG);
  afterEach(async () => {
    await server.sql("queue", "DELETE FROM curfew_queue.job; DELETE FROM curfew_queue.shared_run");
    await Promise.allSettled(open.splice(0).map((each) => each.close()));
  }, LONG);
  afterAll(async () => server?.stop(), LONG);

  test(
    "a host that went to another worker takes the answer of that one alone, whichever comes first",
    async () => {
      const run = await (await coordinator()).begin(newRun(2));
      const [one, two] = [await worker("one"), await worker("two")];
      const [frozen, mine] = await one.take(5);
      if (frozen === undefined || mine === undefined) throw new Error("nothing was taken");
      expect(await two.take(5)).toEqual([]);
      await server.sql(
        "queue",
        `UPDATE curfew_queue.job SET heartbeat_on = now() - interval '1 minute' WHERE id = '${frozen.id}'`,
      );
      await expect.poll(async () => (await run.look()).waiting.get("default"), { timeout: LONG }).toBe(1);
      const [again] = await two.take(5);
      expect(again).toMatchObject({ id: frozen.id, attempt: frozen.attempt + 1 });
      expect(await one.touch([frozen, mine])).toEqual([frozen]);
      expect(await one.answer(frozen, none("late"))).toBe(false);
      expect(await one.answer(mine, none("mine"))).toBe(true);
      expect(await one.answer(mine, none("twice"))).toBe(false);
      expect(await two.answer(again as never, none("again"))).toBe(true);
      const answers = await run.collect();
      expect(answers.map(({ worker: who, answer }) => [who, answer]).toSorted()).toEqual([
        ["one", none("mine")],
        ["two", none("again")],
      ]);
      await run.collect();
      expect(await run.collect()).toEqual([]);
      await run.end();
      await expect(run.look()).rejects.toMatchObject({ code: "locked" });
    },
    LONG,
  );

  test(
    "a worker of another version is handed nothing, and hears of the run; one of another zone is handed nothing",
    async () => {
      const run = await (await coordinator()).begin(newRun(1, "dmz"));
      const [older, elsewhere, right] = [
        await worker("older", ["dmz"], "0.9.0"),
        await worker("elsewhere"),
        await worker("right", ["lab", "dmz"]),
      ];
      expect(await older.announce(1)).toEqual([
        { runId: expect.stringContaining("-plan-"), curfew: "1.0.0" },
      ]);
      expect([await older.take(1), await elsewhere.take(1)]).toEqual([[], []]);
      expect([...(await run.look()).served]).toEqual([]);
      expect(await right.announce(1)).toEqual([]);
      expect([...(await run.look()).served].toSorted()).toEqual(["dmz", "lab"]);
      const [job] = await right.take(1);
      expect(job?.task?.host).toEqual({ name: "web0", address: "web0", groups: ["all"] });
      await right.release(job === undefined ? [] : [job]);
      expect(await right.take(1)).toMatchObject([{ attempt: 1 }]);
      await run.giveUp({ zones: "all" }, { code: "interrupted", message: "over" });
      expect(await run.collect()).toEqual([]);
      await run.giveUp({ positions: [0] }, { code: "interrupted", message: "over" });
      expect(await run.collect()).toMatchObject([{ position: 0, worker: "", answer: { kind: "none" } }]);
      await run.end();
    },
    LONG,
  );

  test.each([
    ["an address that a shell would read", { address: "$(reboot)" }],
    ["an option as an address", { address: "-oProxyCommand=reboot" }],
    ["an option as a login name", { user: "-oProxyCommand=reboot" }],
    ["a key file", { identityFile: "/etc/shadow" }],
    ["an ssh_config", { configFile: "/tmp/evil" }],
    ["this machine itself", { connection: "local" }],
    ["another way to become root", { become: { method: "su" } }],
    ["a name with a terminal's sequence", { name: "a\u001b[2J" }],
    ["a port that is none", { port: 0 }],
  ])("%s in a job is refused, and the run hears of it", async (_what, evil) => {
    const run = await (await coordinator()).begin(newRun(1));
    const data = JSON.stringify(evil).replaceAll("'", "''");
    await server.sql(
      "queue",
      `UPDATE curfew_queue.job SET data = jsonb_set(data, '{host}', data->'host' || '${data}'::jsonb)`,
    );
    const one = await worker("one");
    const [job] = await one.take(1);
    expect(job?.task).toBeUndefined();
    await one.refuse(job as never);
    expect((await run.look()).spent).toEqual([0]);
    await run.end();
  });

  test.each([
    [
      "a policy that names another version's run",
      "UPDATE curfew_queue.shared_run SET curfew = '9.9.9'",
      /begun by curfew 9\.9\.9/u,
    ],
    [
      "a run with a word too many",
      `UPDATE curfew_queue.shared_run SET work = replace(work, '{"kind"', '{"run":"reboot","kind"')`,
      /in the queue cannot be read/u,
    ],
    [
      "a run that is not JSON",
      "UPDATE curfew_queue.shared_run SET work = '{'",
      /in the queue cannot be read/u,
    ],
    ["a run that is gone", "DELETE FROM curfew_queue.shared_run", /no longer in the queue/u],
  ])("%s is refused", async (_what, sql, said) => {
    await (await coordinator()).begin(newRun(1));
    const one = await worker("one");
    const [job] = await one.take(1);
    await server.sql("queue", sql);
    await expect(one.workOf(job?.task as never)).rejects.toThrow(said);
  });

  test("an answer that no curfew wrote counts as none", async () => {
    const run = await (await coordinator()).begin(newRun(2));
    await server.sql(
      "queue",
      "INSERT INTO curfew_queue.shared_result (run, position, worker, body) SELECT id, 0, 'evil', '\\x00' FROM curfew_queue.shared_run",
    );
    expect(await run.collect()).toMatchObject([
      {
        position: 0,
        answer: {
          kind: "none",
          error: { message: expect.stringContaining("the answer of the worker cannot be read") },
        },
      },
    ]);
    await run.end();
  });

  test("another coordinator takes over only one that is gone, and all answers are new to it", async () => {
    const given = newRun(1);
    const run = await (await coordinator()).begin(given);
    const one = await worker("one");
    const [job] = await one.take(1);
    await one.answer(job as never, none("there"));
    expect(await run.collect()).toHaveLength(1);
    await run.collect();
    const next = await coordinator();
    expect(await next.left()).toEqual([]);
    await server.sql("queue", "UPDATE curfew_queue.shared_run SET seen = now() - interval '1 minute'");
    expect(await next.left()).toEqual([{ runId: given.runId, changes: false }]);
    await expect(next.continue("20261130T000000Z-plan-ffffffff", "bob", () => {})).rejects.toMatchObject({
      code: "input",
    });
    const taken = await next.continue(given.runId, "bob@other", () => {});
    expect(taken).toMatchObject({ work: given.work, head: given.head });
    expect(await taken.run.collect()).toHaveLength(1);
    await expect(run.look()).rejects.toMatchObject({ code: "locked" });
    await expect(run.end()).rejects.toMatchObject({ code: "locked" });
    await taken.run.end();
  });

  test("whoever names the wrong run does not keep the right one waiting", async () => {
    const given = newRun(1);
    await (await coordinator()).begin(given);
    await server.sql("queue", "UPDATE curfew_queue.shared_run SET seen = now() - interval '1 minute'");
    const wrong = (await coordinator()).continue(given.runId, "bob", ({ head }) => {
      throw new CurfewError("input", `another policy than ${JSON.stringify(head)}`);
    });
    await expect(wrong).rejects.toThrow("another policy");
    expect(
      await server.sql("queue", "SELECT owner, now() - seen > '30 s' FROM curfew_queue.shared_run"),
    ).toEqual(["alice@controller\tt"]);
    const right = await (await coordinator()).continue(given.runId, "carol", () => {});
    await right.run.end();
  });

  test("answers come by their size: many large ones are never in memory together", async () => {
    const run = await (await coordinator()).begin(newRun(4));
    const one = await worker("one");
    const large = none("x".repeat(40 * 1024 * 1024));
    for (const job of await one.take(4))
      await one.answer(job, job.task?.position === 3 ? none("small") : large);
    const looks: number[][] = [];
    for (let look = 0; look < 3; look++) looks.push((await run.collect()).map(({ position }) => position));
    expect(looks).toEqual([[0, 1], [2, 3], []]);
    await run.end();
  });

  test("a queue that cannot be opened leaves no connection behind", async () => {
    // What curfew asks of the tables is answered; what the engine asks on its own connection is not.
    await server.sql(
      "queue",
      `CREATE ROLE half LOGIN; GRANT USAGE ON SCHEMA curfew_queue TO half;
       GRANT SELECT ON curfew_queue.shared_state, curfew_queue.version TO half;
       ALTER TABLE curfew_queue.version ENABLE ROW LEVEL SECURITY;
       CREATE POLICY first ON curfew_queue.version TO half USING (pg_backend_pid() =
         (SELECT pid FROM pg_stat_activity WHERE usename = 'half' ORDER BY backend_start LIMIT 1))`,
    );
    try {
      const opened = openQueue({ postgres: settings("half"), version: "1.0.0" });
      await expect(opened).rejects.toThrow("requires migrations");
      const left = () =>
        server.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE usename = 'half'");
      await expect.poll(left, { timeout: LONG }).toEqual(["0"]);
    } finally {
      await server.sql(
        "queue",
        "DROP POLICY first ON curfew_queue.version; ALTER TABLE curfew_queue.version DISABLE ROW LEVEL SECURITY",
      );
    }
  });

  test(
    "a worker that was told to stop serves its zone no more, while it does what it has",
    async () => {
      await server.sql("queue", "DELETE FROM curfew_queue.shared_worker");
      const run = await (await coordinator()).begin(newRun(1));
      const reached = Promise.withResolvers<void>();
      const refuse = Promise.withResolvers<never>();
      const { served, stop } = serveOneByOne(await worker("one"), "one", () => {
        reached.resolve();
        return refuse.promise;
      });
      await reached.promise;
      await expect.poll(async () => [...(await run.look()).served], { timeout: LONG }).toEqual(["default"]);
      stop.abort();
      await expect.poll(async () => [...(await run.look()).served], { timeout: LONG }).toEqual([]);
      expect((await run.look()).active).toEqual([0]);
      refuse.reject(new CurfewError("unreachable", "tried"));
      await served;
      expect(await run.collect()).toHaveLength(1);
      await run.end();
    },
    LONG,
  );

  describe("a host that is to be changed", () => {
    const CHANGES = "a".repeat(64);
    const host = { name: "web0", address: "web0", groups: ["all"] };
    const changing = async (): Promise<SharedRun> => {
      const apply = { owner: "alice@controller", confirmWithin: 60, acceptLostLines: false };
      const given = newRun(0);
      const work = { ...given.work, kind: "apply", apply } as const;
      const places = ["default", changingPlace("default")];
      return (await coordinator()).begin({ ...given, work, places });
    };
    const changer = async (name: string): Promise<WorkerQueue> => {
      const queue = await openWorkerQueue(
        { postgres: settings("worker1"), version: "1.0.0" },
        name,
        ["default"],
        true,
      );
      open.push(queue);
      return queue;
    };
    const taken = async (queue: WorkerQueue): Promise<TakenJob> => {
      const [job] = await queue.take(1);
      if (job === undefined) throw new Error("nothing was taken");
      return job;
    };
    const lose = async (run: SharedRun): Promise<void> => {
      await server.sql("queue", "UPDATE curfew_queue.job SET heartbeat_on = now() - interval '1 minute'");
      await expect.poll(async () => (await run.look()).spent, { timeout: LONG }).toEqual([0]);
    };
    /** As a coordinator that lives. */
    const whileItLives = async <T>(run: SharedRun, work: Promise<T>): Promise<T> => {
      const timer = setInterval(() => void run.beat().catch(() => {}), 100);
      return work.finally(() => clearInterval(timer));
    };

    test("goes to a worker that was started for that, and says so before it is changed", async () => {
      const run = await changing();
      await run.add({ position: 0, place: changingPlace("default"), host });
      const reader = await worker("reader");
      await reader.announce(1);
      expect([await reader.take(1), [...(await run.look()).served]]).toEqual([[], ["default"]]);
      const one = await changer("one");
      await one.announce(1);
      expect((await run.look()).served).toContain(changingPlace("default"));
      const job = await taken(one);
      expect((await run.look()).begun.size).toBe(0);
      await whileItLives(run, one.permit(job, CHANGES));
      expect((await run.look()).begun.get(0)).toMatchObject({ worker: "one", changes: CHANGES });
      await run.end();
    });

    test(
      "is not begun where its coordinator says nothing, has given it up or has ended the run",
      async () => {
        const run = await changing();
        for (const position of [0, 1, 2]) {
          await run.add({ position, place: changingPlace("default"), host });
        }
        const one = await changer("one");
        const [silent, lost, late] = [await taken(one), await taken(one), await taken(one)];
        const asked = one.permit(silent, CHANGES);
        await expect(asked).rejects.toThrow("not begun: the coordinator gave no sign of life for 15 s");
        await server.sql(
          "queue",
          `UPDATE curfew_queue.job SET heartbeat_on = now() - interval '1 minute' WHERE id = '${lost.id}'`,
        );
        await expect.poll(async () => (await run.look()).spent, { timeout: LONG }).toContain(1);
        await expect(one.permit(lost, CHANGES)).rejects.toThrow("given up waiting for this worker");
        expect((await run.look()).begun.size).toBe(0);
        await run.end();
        await expect(one.permit(late, CHANGES)).rejects.toThrow("not begun");
      },
      LONG,
    );

    test("is no other worker's when its own is lost, whose late answer still counts once", async () => {
      const run = await changing();
      await run.add({ position: 0, place: changingPlace("default"), host });
      const [one, two] = [await changer("one"), await changer("two")];
      const job = await taken(one);
      await whileItLives(run, one.permit(job, CHANGES));
      await lose(run);
      expect(await two.take(1)).toEqual([]);
      const answer = { kind: "apply", host: { host: "web0", outcome: "confirmed" } } as const;
      expect(await one.answer(job, answer)).toBe(true);
      expect(await one.answer(job, { kind: "apply", host: { host: "web0", outcome: "unchanged" } })).toBe(
        false,
      );
      expect(await run.collect()).toMatchObject([{ worker: "one", answer }]);
      await run.end();
    });

    test("is withdrawn while it waits", async () => {
      const run = await changing();
      await run.add({ position: 0, place: changingPlace("default"), host });
      await run.giveUp({ zones: [changingPlace("default")] }, { code: "interrupted", message: "over" });
      expect(await (await changer("one")).take(1)).toEqual([]);
      expect(await run.collect()).toMatchObject([{ position: 0, worker: "", answer: { kind: "none" } }]);
      await run.end();
    });

    test(
      "a worker that was not started for that changes none that somebody put among the others",
      async () => {
        const run = await changing();
        await run.add({ position: 0, place: "default", host });
        const { served, stop } = serveOneByOne(await worker("reader"), "reader", () =>
          Promise.reject(new Error("it logged in")),
        );
        const answers: CollectedAnswer[] = [];
        await expect.poll(async () => answers.push(...(await run.collect())), { timeout: LONG }).toBe(1);
        stop.abort();
        await served;
        expect(answers).toMatchObject([
          {
            answer: {
              kind: "none",
              error: { message: expect.stringMatching(/^the worker does not change hosts/u) },
            },
          },
        ]);
        await run.end();
      },
      LONG,
    );
  });

  test("a damaged job ends neither the looks at its queue nor the wait of its run", async () => {
    const run = await (await coordinator()).begin(newRun(2));
    const other = await (await coordinator()).begin(newRun(1));
    await server.sql(
      "queue",
      `UPDATE curfew_queue.job SET data = '{"run": "x", "position": "y"}' WHERE data->>'position' = '1'`,
    );
    expect((await other.look()).waiting.get("default")).toBe(1);
    const one = await worker("one");
    for (const job of await one.take(5)) {
      if (job.task === undefined) await one.refuse(job);
      else await one.answer(job, none("there"));
    }
    const { context } = calm();
    const hosts = ["web0", "web1"];
    const setup = { open: async () => run, hosts, version: "1.0.0", workerWait: 60, context };
    const coordination = coordinate(setup);
    const answers = hosts.map((name) => coordination.host({ name } as Host).catch((error) => error.message));
    expect(await Promise.all(answers)).toEqual(["there", expect.stringContaining("no longer in the queue")]);
    await coordination.finish();
    await other.end();
  });

  test("an answer to a job of a run that is not there is done with", async () => {
    await (await coordinator()).begin(newRun(1));
    const one = await worker("one");
    const [job] = await one.take(1);
    await server.sql("queue", "DELETE FROM curfew_queue.shared_run");
    expect(await one.answer(job as never, none("there"))).toBe(true);
    expect(await one.take(1)).toEqual([]);
  });

  test("a run that is damaged is not gone on with, and says so", async () => {
    const given = newRun(1);
    await (await coordinator()).begin(given);
    await server.sql(
      "queue",
      "UPDATE curfew_queue.shared_run SET work = '{', seen = now() - interval '1 minute'",
    );
    await expect((await coordinator()).continue(given.runId, "bob@other", () => {})).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining("in the queue cannot be read"),
    });
  });

  test(
    "a worker judges by its run's policy also where the database was set back and gives the number out again",
    async () => {
      const stop = new AbortController();
      const told: string[] = [];
      const { context, sleep } = calm();
      const contextFor = async (): Promise<RunContext> => ({
        ...(context as unknown as RunContext),
        controls: [],
        concurrency: 1,
        connect: () => Promise.reject(new CurfewError("unreachable", "tried")),
      });
      const serving = serveWork({
        queue: await worker("one"),
        name: "one",
        applies: false,
        contextFor,
        lanes: 2,
        sleep,
        stopping: stop.signal,
        aborting: new AbortController().signal,
        tell: (event) => {
          if (event.type === "answered" && event.answer.kind === "none")
            told.push(event.answer.error.message);
          else if (event.type === "answered" && event.answer.kind === "plan")
            told.push(event.answer.host.error?.message ?? "");
        },
      });
      await (await coordinator()).begin(newRun(1));
      await expect.poll(() => told, { timeout: LONG }).toEqual([expect.stringContaining("tried")]);
      const [number] = await server.sql("queue", "SELECT id FROM curfew_queue.shared_run");
      await server.sql(
        "queue",
        `DELETE FROM curfew_queue.job; DELETE FROM curfew_queue.shared_run;
         ALTER TABLE curfew_queue.shared_run ALTER id RESTART WITH ${number}`,
      );
      const second = newRun(1);
      const roles = { admin: { users: ["root"], probe: { user: "root", identity_file: "/root/key" } } };
      await (
        await coordinator()
      ).begin({ ...second, work: { ...second.work, policy: { name: "q", roles } } });
      await expect.poll(() => told[1], { timeout: LONG }).toContain("names private keys");
      stop.abort();
      await serving;
    },
    LONG,
  );

  test("a worker that cannot make its way to hosts gives them back and is not there any more", async () => {
    await server.sql("queue", "DELETE FROM curfew_queue.shared_worker");
    const run = await (await coordinator()).begin(newRun(1));
    const { sleep } = calm();
    const signal = new AbortController().signal;
    const serving = serveWork({
      queue: await worker("one"),
      applies: false,
      name: "one",
      lanes: 2,
      stopping: signal,
      aborting: signal,
      sleep,
      contextFor: () => Promise.reject(new CurfewError("internal", "no ssh")),
      tell: () => {},
    });
    await expect(serving).rejects.toThrow("no ssh");
    expect([...(await run.look()).served]).toEqual([]);
    expect(await (await worker("two")).take(1)).toHaveLength(1);
    await run.end();
  });

  test("a coordinator that was frozen takes no answer from the one that went on", async () => {
    const given = newRun(2);
    const run = await (await coordinator()).begin(given);
    const one = await worker("one");
    for (const job of await one.take(2)) await one.answer(job, none("there"));
    expect(await run.collect()).toHaveLength(2);
    await server.sql("queue", "UPDATE curfew_queue.shared_run SET seen = now() - interval '1 minute'");
    const taken = await (await coordinator()).continue(given.runId, "bob@other", () => {});
    await expect(run.collect()).rejects.toMatchObject({ code: "locked" });
    expect(await taken.run.collect()).toHaveLength(2);
    await taken.run.end();
  });

  test("a worker's role reads neither the history, nor answers, nor what coordinators keep; it changes no job but its state", async () => {
    for (const statement of [
      "SELECT * FROM curfew.run",
      "SELECT * FROM curfew.content",
      "SELECT * FROM curfew_queue.shared_result",
      "SELECT head FROM curfew_queue.shared_run",
      "UPDATE curfew_queue.shared_run SET work = ''",
      "DELETE FROM curfew_queue.shared_run",
      "UPDATE curfew_queue.shared_result SET body = ''",
      "DELETE FROM curfew_queue.shared_result",
      "UPDATE curfew_queue.job SET data = '{}'",
      "DELETE FROM curfew_queue.job",
      "INSERT INTO curfew_queue.job (name) VALUES ('x')",
      "UPDATE curfew_queue.queue SET retry_limit = 0",
      "CREATE TABLE curfew_queue.mine ()",
      "DROP TABLE curfew_queue.job",
    ]) {
      await expect(server.sql("queue", `SET ROLE worker1; ${statement}`), statement).rejects.toThrow(
        /permission denied|must be owner/u,
      );
    }
    for (const account of ["reader1", "stranger"]) {
      await expect(
        server.sql("queue", `SET ROLE ${account}; SELECT * FROM curfew_queue.job`),
      ).rejects.toThrow(/permission denied/u);
    }
    expect(
      await server.sql(
        "queue",
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'curfew_queue'",
      ),
    ).toEqual(["curfew_owner"]);
  });

  test("the queue of a newer curfew is left alone", async () => {
    await server.sql("queue", "UPDATE curfew_queue.shared_state SET version = 99");
    await expect(worker("old")).rejects.toThrow(
      /^the queue in PostgreSQL on .*: it was made by a newer curfew; nothing was touched$/u,
    );
    await server.sql("queue", "UPDATE curfew_queue.shared_state SET version = 1");
  });
});
