/** Audits over several machines: real curfew processes, a real PostgreSQL, a real sshd. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sshdUnavailable } from "../host/sshd.ts";
import { postgresLacks } from "../lab/postgres.ts";
import { patient } from "../patience.ts";
import { openFleet, openSlowHost, type SharedFleet, type SlowHost } from "./fleet.ts";
import { type Running, until } from "./running.ts";

const lacks = sshdUnavailable() ?? (await postgresLacks());
const LONG = patient(120_000);
const SECRET = "hunter2-of-the-sudo-file";

interface AuditedJson {
  readonly host: string;
  readonly outcome: string;
  readonly findings: readonly {
    readonly check: string;
    readonly control: string;
    readonly role: string;
    readonly outcome: string;
    readonly actual: string;
  }[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

describe.skipIf(lacks !== null)(`runs over many machines${lacks === null ? "" : ` (${lacks})`}`, () => {
  let fleet: SharedFleet;
  let slow: SlowHost;
  let workers: Running[] = [];
  beforeAll(async () => {
    fleet = await openFleet();
    slow = await openSlowHost();
  }, LONG);
  afterAll(async () => {
    await slow?.close();
    await fleet?.close();
  }, LONG);
  afterEach(async () => {
    slow.shut();
    for (const each of workers) each.kill("SIGKILL");
    await Promise.all(workers.map(({ done }) => done));
    workers = [];
    for (const table of ["shared_worker", "shared_run", "job"]) {
      await fleet.server.sql("shared", `DELETE FROM curfew_queue.${table}`);
    }
  }, LONG);

  async function worker(name: string, ...more: string[]): Promise<Running> {
    const started = fleet.worker(name, ...more);
    workers.push(started);
    await until(
      () => started.stdout().includes("serves"),
      () => `${name} serves: ${started.stderr()}`,
    );
    return started;
  }
  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index}`);
  const held = (): string => `ansible_port: ${slow.port}`;
  const audit = (inventory: string, ...more: string[]): Running =>
    fleet.run(["audit", "-p", fleet.policy, "-i", inventory, "--json", ...more]);
  const shared = (inventory: string, ...more: string[]): Running =>
    audit(inventory, "--shared", "--connect-timeout", "10m", ...more);
  /** Its hosts are under way, and not only those of a run before. */
  const underWay = async (run: Running, count: number): Promise<void> => {
    await run.says("connecting");
    await until(
      () => slow.waiting() >= count,
      () => `${count} hosts under way: ${run.stderr()}`,
    );
  };
  const hostsOf = (run: Running): AuditedJson[] =>
    (JSON.parse(run.stdout()) as { hosts: AuditedJson[] }).hosts;
  const queueRows = async (): Promise<string[]> =>
    fleet.server.sql(
      "shared",
      "SELECT (SELECT count(*) FROM curfew_queue.job), (SELECT count(*) FROM curfew_queue.shared_run), (SELECT count(*) FROM curfew_queue.shared_result)",
    );

  /** Each host once, in the result and in the history, and nothing left in the queue. */
  async function expectWhole(run: Running, hosts: readonly string[]): Promise<AuditedJson[]> {
    const answered = hostsOf(run);
    expect(answered.map(({ host }) => host)).toEqual(hosts);
    const { runId } = JSON.parse(run.stdout()) as { runId: string };
    const rows = `SELECT count(*), count(DISTINCT h.host), max(r.finished) FROM curfew.run_host h JOIN curfew.run r ON r.id = h.run WHERE r.name = '${runId}'`;
    const [line = ""] = await fleet.server.sql("shared", rows);
    const [count, distinct, finished] = line.split("\t");
    expect([count, distinct, finished !== ""]).toEqual([String(hosts.length), String(hosts.length), true]);
    expect(await queueRows()).toEqual(["0\t0\t0"]);
    return answered;
  }

  test(
    "an audit by workers comes to the same as one from here, in the report, in the exit code and in the history; no secret goes through the database",
    async () => {
      const sudo = `${fleet.dir}/sudo`;
      const { writeFile, chmod } = await import("node:fs/promises");
      await writeFile(sudo, `${SECRET}\n`);
      await chmod(sudo, 0o600);
      const inventory = fleet.inventory(
        "same.yaml",
        names(2),
        () => `ansible_private_key_file: ${fleet.bench.key}`,
      );
      const here = audit(inventory, "--ssh-config", fleet.bench.sshConfig);
      expect([2, 3]).toContain(await here.done);
      // The key is the worker's own: the one that the inventory names stays here.
      await worker("w1", "--become-pass-file", sudo);
      await fleet.server.sql("shared", "CREATE TABLE public.seen (what text)");
      await fleet.server.sql(
        "shared",
        `CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO public.seen VALUES (to_jsonb(NEW)::text); RETURN NEW; END $$;
         CREATE TRIGGER see AFTER INSERT OR UPDATE ON curfew_queue.job_common FOR EACH ROW EXECUTE FUNCTION public.see();
         CREATE TRIGGER see AFTER INSERT OR UPDATE ON curfew_queue.shared_run FOR EACH ROW EXECUTE FUNCTION public.see();`,
      );
      const there = shared(inventory);
      expect([2, 3]).toContain(await there.done);
      // Servers of other tests come and go on this machine.
      const plain = ({ host, findings }: AuditedJson) => ({
        host,
        findings: findings
          .filter(({ check }) => check !== "daemon-current")
          .map(({ check, control, role, outcome }) => [check, control, role, outcome]),
      });
      expect((await expectWhole(there, names(2))).map(plain)).toEqual(hostsOf(here).map(plain));
      const seen = (await fleet.server.sql("shared", "SELECT what FROM public.seen")).join("\n");
      expect(seen).toContain("client_idle_timeout");
      expect(seen).toContain("host1");
      const key = readFileSync(fleet.bench.key, "utf8").split("\n")[1] ?? "";
      for (const secret of [SECRET, key, fleet.bench.key, "PRIVATE KEY", sudo])
        expect(seen).not.toContain(secret);
      await fleet.server.sql(
        "shared",
        "DROP TRIGGER see ON curfew_queue.job_common; DROP TRIGGER see ON curfew_queue.shared_run; DROP TABLE public.seen",
      );
    },
    LONG,
  );

  test(
    "a plan and a verification by workers come to the same as those from here; evidence is kept with the run that asked",
    async () => {
      const inventory = fleet.inventory("others.yaml", names(1));
      await worker("w1");
      const own = ["--ssh-config", fleet.bench.sshConfig];
      const run = (command: string, ...more: string[]): Running =>
        fleet.run([command, "-p", fleet.policy, "-i", inventory, "--json", ...more]);
      const [planHere, planThere] = [run("plan", ...own), run("plan", "--shared")];
      expect([await planHere.done, await planThere.done]).toEqual([2, 2]);
      const changes = (plan: Running) =>
        (JSON.parse(plan.stdout()) as { hosts: { host: string; changes: unknown }[] }).hosts.map(
          ({ host, changes: all }) => [host, all],
        );
      expect(changes(planThere)).toEqual(changes(planHere));
      const verify = run(
        "verify",
        "--shared",
        "--role",
        "admin",
        "--sessions",
        "idle-shell",
        "--scaled",
        "4",
      );
      // Nothing of the policy is on this machine; whether others have a server there that was not read is not ours to say.
      expect([2, 3]).toContain(await verify.done);
      const [host] = (
        JSON.parse(verify.stdout()) as {
          hosts: {
            probes: { session: string; user: string; outcome: string }[];
            evidence: { path: string }[];
          }[];
        }
      ).hosts;
      expect(host?.probes).toMatchObject([{ session: "idle-shell", user: "root", outcome: "fail" }]);
      const [, directory = ""] = /recorded in (.*)$/mu.exec(verify.stderr()) ?? [];
      expect(host?.evidence.length).toBeGreaterThan(0);
      for (const { path } of host?.evidence ?? []) expect(existsSync(join(directory, path)), path).toBe(true);
      expect(await queueRows()).toEqual(["0\t0\t0"]);
    },
    LONG,
  );

  test(
    "a host goes to a worker of its zone; one whose zone is not served is unknown with that reason, and is not forgotten",
    async () => {
      slow.open();
      const zones = ["", "curfew_zone: dmz", "curfew_zone: moon"];
      const inventory = fleet.inventory("zones.yaml", names(3), (host) =>
        [held(), zones[Number(host.slice(4))]].filter(Boolean).join(", "),
      );
      const plain = await worker("plain");
      const dmz = await worker("dmz", "--zone", "dmz", "--zone", "lab");
      const run = shared(inventory, "--worker-wait", "3s");
      expect(await run.done).toBe(3);
      const [first, second, third] = await expectWhole(run, names(3));
      expect(first?.error?.message).toContain("(seen from the worker plain)");
      expect(second?.error?.message).toContain("(seen from the worker dmz)");
      expect(third?.error).toEqual({
        code: "unreachable",
        message: 'no worker of curfew 0.1.0 served the zone "moon" for 3 s',
        hint: "start one in that network: curfew worker --zone moon",
      });
      expect([plain.stderr(), dmz.stderr()]).toEqual([
        expect.stringContaining("host0"),
        expect.stringContaining("host1"),
      ]);
      expect(plain.stderr()).not.toContain("host1");
    },
    LONG,
  );

  test(
    "hosts of a worker that is killed are with others within 30 seconds",
    async () => {
      const inventory = fleet.inventory("killed.yaml", names(8), held);
      const first = await worker("first", "--concurrency", "4");
      const run = shared(inventory);
      await underWay(run, 4);
      await worker("second");
      await underWay(run, 8);
      first.kill("SIGKILL");
      const killed = performance.now();
      await first.done;
      // Its own are gone, and come again from the other one.
      await until(() => slow.waiting() === 4);
      await until(() => slow.waiting() === 8);
      expect(performance.now() - killed).toBeLessThan(patient(30_000));
      slow.open();
      expect(await run.done).toBe(3);
      for (const { error } of await expectWhole(run, names(8))) {
        expect(error?.message).toContain("(seen from the worker second)");
      }
    },
    LONG,
  );

  test(
    "a frozen worker's hosts are done by others, and count once when it thaws and answers as well",
    async () => {
      const inventory = fleet.inventory("frozen.yaml", names(6), held);
      const frozen = await worker("frozen", "--concurrency", "3");
      const run = shared(inventory);
      await underWay(run, 3);
      frozen.kill("SIGSTOP");
      const second = await worker("second");
      // The other three, and the frozen three once they count as left.
      await until(() => slow.waiting() >= 9);
      frozen.kill("SIGCONT");
      // It answers first, for tries that are not its own any more.
      slow.open();
      await frozen.says("another worker has it meanwhile");
      expect(await run.done).toBe(3);
      for (const { error } of await expectWhole(run, names(6))) {
        expect(error?.message).toContain("(seen from the worker second)");
      }
      expect(second.stderr()).toContain("taken after another worker was lost with it");
    },
    LONG,
  );

  test(
    "another coordinator goes on where one was killed, with the answers that are there; a frozen one that thaws ends with that",
    async () => {
      const inventory = fleet.inventory("coordinator.yaml", names(5), (host) =>
        host === "host0" ? "ansible_port: 1" : held(),
      );
      await worker("w1");
      const first = shared(inventory);
      await underWay(first, 4);
      await until(
        async () =>
          (
            await fleet.server.sql("shared", "SELECT count(*) FROM curfew_queue.shared_result WHERE taken")
          )[0] === "1",
      );
      first.kill("SIGSTOP");
      const [runId = ""] = await fleet.server.sql("shared", "SELECT name FROM curfew_queue.shared_run");
      const other = fleet.inventory("other.yaml", names(4), held);
      const refused = audit(other, "--shared", "--continue", runId);
      expect(await refused.done).toBe(64);
      expect(refused.stderr()).toContain("was begun otherwise; these differ: the inventory");
      const second = shared(inventory, "--continue", runId);
      await until(
        async () =>
          (
            await fleet.server.sql(
              "shared",
              "SELECT owner, now() - seen < interval '2 s' FROM curfew_queue.shared_run",
            )
          )[0]?.endsWith("t") === true,
      );
      slow.open();
      expect(await second.done).toBe(3);
      expect((JSON.parse(second.stdout()) as { runId: string }).runId).toBe(runId);
      await expectWhole(second, names(5));
      first.kill("SIGCONT");
      expect(await first.done).toBe(3);
      expect(JSON.parse(first.stdout())).toMatchObject({
        schema: "curfew/error/1",
        error: { code: "locked" },
      });
    },
    LONG,
  );

  test(
    "a database that is gone in the middle loses no host",
    async () => {
      const inventory = fleet.inventory("restart.yaml", names(6), held);
      const one = await worker("one", "--concurrency", "3");
      const run = shared(inventory);
      await underWay(run, 3);
      await fleet.server.kill();
      slow.open();
      await fleet.server.start();
      expect([await run.done, run.stderr()]).toEqual([3, expect.any(String)]);
      await expectWhole(run, names(6));
      one.kill("SIGTERM");
      expect(await one.done).toBe(0);
    },
    LONG,
  );

  test(
    "a change: after a host that failed none that waits in the queue is begun; a zone that no worker changes stops it before",
    async () => {
      const other = await openSlowHost();
      try {
        const of = (host: string): string =>
          host === "host0" ? `ansible_port: ${other.port}` : `${held()}, curfew_zone: b`;
        const inventory = fleet.inventory("changed.yaml", names(3), of);
        const apply = (...more: string[]): Running =>
          fleet.run(["apply", "-p", fleet.policy, "-i", inventory, "--shared", "--yes", "--json", ...more]);
        await worker("w0", "--zone", "default", "--zone", "b");
        await worker("w1", "--apply");
        const refused = apply("--worker-wait", "1s");
        expect(await refused.done).toBe(3);
        expect(refused.stderr()).toMatch(
          /no worker that changes hosts .* zone "b" for 1 s; nothing was changed/u,
        );
        await worker("w2", "--apply", "--zone", "b", "--concurrency", "1");
        const run = apply("--waves", "100%", "--connect-timeout", "10m");
        await underWay(run, 1);
        await until(() => other.waiting() === 1, run.stderr);
        other.open();
        // The one that waits is given up before the one that is under way has come to its end.
        await run.says("skipped");
        slow.open();
        expect(await run.done, run.stderr()).toBe(3);
        const { hosts } = JSON.parse(run.stdout()) as { hosts: { outcome: string; message: string }[] };
        expect(hosts.map(({ outcome }) => outcome)).toEqual(["unknown", "unknown", "skipped"]);
        expect(hosts[1]?.message).toMatch(/; nothing was changed \(seen from the worker w2\)$/u);
        expect(hosts[2]?.message).toBe("not started: a host failed (host0)");
      } finally {
        await other.close();
      }
      expect(await queueRows()).toEqual(["0\t0\t0"]);
    },
    LONG,
  );

  test(
    "an interrupt ends the run: what is under way is done, the rest is not begun, and nothing is left behind",
    async () => {
      const inventory = fleet.inventory("interrupt.yaml", names(5), held);
      const one = await worker("one", "--concurrency", "2");
      const run = shared(inventory);
      await underWay(run, 2);
      run.kill("SIGINT");
      await run.says("stopping");
      await until(
        async () =>
          (await fleet.server.sql("shared", "SELECT count(*) FROM curfew_queue.shared_result"))[0] === "3",
      );
      slow.open();
      expect(await run.done).toBe(130);
      expect(hostsOf(run).filter(({ error }) => error?.code === "interrupted")).toHaveLength(3);
      expect(await queueRows()).toEqual(["0\t0\t0"]);
      // A worker that is told twice gives its hosts back.
      slow.shut();
      const again = shared(inventory);
      await underWay(again, 2);
      one.kill("SIGTERM");
      await one.says("stopping");
      await new Promise((resolve) => setTimeout(resolve, 300));
      one.kill("SIGTERM");
      expect(await one.done).toBe(0);
      slow.open();
      await worker("two");
      expect(await again.done).toBe(3);
      await expectWhole(again, names(5));
    },
    LONG,
  );
});
