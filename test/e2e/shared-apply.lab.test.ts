/**
 * `apply --shared`: a worker changes the host, and whichever of worker, coordinator and database dies at a step of the guard,
 * nobody is locked out and what is said is true.
 */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { labUnavailable } from "../lab/lab.ts";
import { type PostgresServer, postgresLacks, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";
import { documentOf } from "./curfew.ts";
import { useSite } from "./lock-out-site.ts";
import { WITHIN } from "./round-trip.ts";
import { type Running, startCurfew, until } from "../shared/running.ts";

const lacks = labUnavailable() ?? (await postgresLacks());
const LONG = patient(180_000);
const SHARED = ["--shared", "--yes", "--json", "--confirm-within", `${WITHIN}s`];
/** While it is there, the guard stands still. */
const HOLD = "/root/hold";

describe.skipIf(lacks !== null)(`changes by workers${lacks === null ? "" : ` (${lacks})`}`, () => {
  const site = useSite();
  let server: PostgresServer;
  let url: string;
  let running: Running[] = [];
  let down = false;
  /** Where another one runs already, both end. */
  const startAgain = async (): Promise<void> => {
    await server.start();
    down = false;
  };
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase("shared");
  }, LONG);
  afterAll(async () => server?.stop(), LONG);
  afterEach(async () => {
    for (const each of running) each.kill("SIGCONT");
    for (const each of running) each.kill("SIGKILL");
    await Promise.all(running.map(({ done }) => done));
    running = [];
    if (down) await startAgain();
    await site.host.exec(
      `rm -f ${HOLD}; umount -l /usr/bin/systemd-run /usr/bin/sync /usr/bin/logger; rm -f ${HOLD}*`,
    );
    for (const table of ["shared_worker", "shared_run", "job"]) {
      await server.sql("shared", `DELETE FROM curfew_queue.${table}`);
    }
  }, LONG);

  const start = (args: readonly string[]): Running => {
    const started = startCurfew(args, site.desk.dir, { CURFEW_STORE: url });
    running.push(started);
    return started;
  };
  async function worker(name: string, ...more: string[]): Promise<Running> {
    const started = start(["worker", "--name", name, "--ssh-config", site.lab.sshConfigPath, ...more]);
    await until(
      () => started.stdout().includes("serves"),
      () => `${name} serves: ${started.stderr()}`,
    );
    return started;
  }
  const files = (): string[] => ["-p", site.desk.policy, "-i", site.desk.inventory];
  const apply = (...more: string[]): Running => start(["apply", ...files(), ...SHARED, ...more]);
  const resultOf = async (run: Running) => {
    const exitCode = await run.done;
    const call = { stdout: run.stdout(), stderr: run.stderr(), exitCode: exitCode ?? undefined };
    const [host] = documentOf(call as never).hosts;
    return { exitCode, host };
  };
  const rows = (text: string): Promise<string[]> => server.sql("shared", text);

  /** Stops the guard where it calls that program: before the change is armed, when the files are in place, or when it is confirmed. */
  async function hold(program: "systemd-run" | "sync" | "logger", when = "*"): Promise<void> {
    const stand = `[ ! -e ${HOLD} ] || touch ${HOLD}.reached; while [ -e ${HOLD} ]; do sleep 0.1; done`;
    const script = `#!/bin/sh\ncase "$*" in ${when}) ${stand} ;; esac\nexec ${HOLD}.real "$@"\n`;
    await site.host.writeFile(`${HOLD}.sh`, script, 0o755);
    const { exitCode, stderr } = await site.host.exec(
      `cp -p /usr/bin/${program} ${HOLD}.real && touch ${HOLD} && mount --bind ${HOLD}.sh /usr/bin/${program}`,
    );
    expect(exitCode, stderr).toBe(0);
  }
  const held = (run: Running): Promise<void> =>
    until(
      async () => (await site.host.exec(`test -e ${HOLD}.reached`)).exitCode === 0,
      () => `the guard is held: ${run.stderr()}`,
    );
  const letGo = async (): Promise<void> => void (await site.host.exec(`rm -f ${HOLD}`));

  test(
    "a worker that was started for it changes the host, as the plan that was seen; one that was not does not",
    async () => {
      await worker("reader");
      const alone = apply("--worker-wait", "1s");
      expect(await alone.done).toBe(3);
      expect(alone.stderr()).toMatch(
        /no worker that changes hosts of curfew \S+ served the zone "default" for 1 s; nothing was changed/u,
      );
      await worker("w1", "--apply");
      const plan = join(site.desk.dir, "plan.json");
      const planned = start(["plan", ...files(), "--shared", "-q", "-o", plan]);
      expect(await planned.done, planned.stderr()).toBe(2);
      const saved = start(["apply", plan, "--shared", "--yes", "--json", "--confirm-within", "60s"]);
      const { exitCode, host } = await resultOf(saved);
      expect([exitCode, host.outcome], saved.stderr()).toEqual([0, "confirmed"]);
      const applied = "SELECT count(*) FROM curfew.applied WHERE finished IS NOT NULL";
      expect(await rows(applied)).toEqual(["1"]);
      const stale = await resultOf(start(["apply", plan, "--shared", "--yes", "--json"]));
      expect([stale.exitCode, stale.host.outcome, stale.host.error.code]).toEqual([
        3,
        "failed",
        "stale-plan",
      ]);
      expect((await resultOf(apply())).host.outcome).toBe("unchanged");
      expect(await rows("SELECT count(*) FROM curfew_queue.shared_run")).toEqual(["0"]);
    },
    LONG,
  );

  test.each([
    ["killed before the change is armed", "systemd-run", "SIGKILL"],
    ["frozen when the files are in place", "sync", "SIGSTOP"],
  ] as const)(
    "a worker that is %s: the host is as before, not begun again, and another worker's look says so",
    async (_what, program, signal) => {
      const [lost] = [await worker("w1", "--apply"), await worker("w2")];
      await hold(program);
      const run = apply();
      await held(run);
      lost.kill(signal);
      await letGo();
      const { exitCode, host } = await resultOf(run);
      expect([exitCode, host.outcome], run.stderr()).toEqual([3, "rolled-back"]);
      expect(host.message).toBe(
        'the worker "w1" stopped answering while it changed this host; a later look shows the host as it was before',
      );
      await site.expectHealed();
      lost.kill("SIGCONT");
      await site.expectHealed();
    },
    LONG,
  );

  test(
    "a worker that is killed when the host has confirmed: a look says that the change is in place",
    async () => {
      const [lost] = [await worker("w1", "--apply"), await worker("w2")];
      await hold("logger", `*confirmed\\ over*`);
      const run = apply("--confirm-within", "60s");
      await held(run);
      lost.kill("SIGKILL");
      await letGo();
      const { exitCode, host } = await resultOf(run);
      expect([exitCode, host.outcome], run.stderr()).toEqual([0, "confirmed"]);
      expect(host.message).toMatch(
        /^the worker "w1" stopped answering .* shows the change in place and confirmed$/u,
      );
    },
    LONG,
  );

  test(
    "a coordinator that is killed before its worker begins: nothing is changed",
    async () => {
      const one = await worker("w1", "--apply");
      await site.host.blockPort(22);
      const run = apply("--connect-timeout", "10m", "--events");
      await run.says('"connecting"');
      run.kill("SIGKILL");
      await run.done;
      await site.host.unblockPort(22);
      await one.says(/not begun: the coordinator gave no sign of life for 15 s; nothing was changed/u);
      expect(await site.differences()).toEqual([]);
      await site.expectHealed();
    },
    LONG,
  );

  test(
    "a coordinator that is killed when its worker has begun: the host is confirmed, the worker says so, the next run tells",
    async () => {
      const one = await worker("w1", "--apply");
      await hold("sync");
      const run = apply("--confirm-within", "60s");
      await held(run);
      run.kill("SIGKILL");
      await run.done;
      await letGo();
      await one.says(/✔ confirmed|confirmed/u);
      await server.sql("shared", "UPDATE curfew_queue.shared_run SET seen = now() - interval '1 minute'");
      const next = apply();
      expect((await resultOf(next)).host.outcome, next.stderr()).toBe("unchanged");
      expect(next.stderr()).toMatch(/the coordinator of \S+ is gone; no further host of it is changed/u);
    },
    LONG,
  );

  test(
    "the database is gone when the worker has begun: the host is confirmed, and each says what it knows",
    async () => {
      const one = await worker("w1", "--apply");
      await hold("sync");
      const run = apply("--confirm-within", "60s");
      await held(run);
      down = true;
      await server.kill();
      await letGo();
      const { exitCode, host } = await resultOf(run);
      expect([exitCode, host.outcome], run.stderr()).toEqual([3, "unknown"]);
      expect(host.message).toMatch(
        /is confirmed by its worker, or the host takes it back by itself within 60 s/u,
      );
      await one.says(/confirmed; the queue has not taken this yet/u);
      await startAgain();
      const next = apply();
      expect((await resultOf(next)).host.outcome, next.stderr()).toBe("unchanged");
    },
    LONG,
  );
});
