/** One schedule on several machines: real curfew processes, each with a home of its own, and a real PostgreSQL. */
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/record/alert.ts";
import { sshdUnavailable } from "../host/sshd.ts";
import { childrenOf, postgresLacks } from "../lab/postgres.ts";
import { patient } from "../patience.ts";
import { openFleet, openSlowHost, type SharedFleet, type SlowHost } from "./fleet.ts";
import { type Running, until } from "./running.ts";

const lacks = sshdUnavailable() ?? (await postgresLacks());
const LONG = patient(120_000);
const GONE = "UPDATE curfew.schedule SET seen = now() - interval '1 minute'";

describe.skipIf(lacks !== null)(
  `a schedule on several machines${lacks === null ? "" : ` (${lacks})`}`,
  () => {
    let fleet: SharedFleet;
    let slow: SlowHost;
    let sink: Server;
    let alerts: { readonly key: string; readonly alert: Alert }[] = [];
    /** While it is set, alerts are taken and not answered. */
    let hold = false;
    let inventory: string;
    let started: Running[] = [];

    beforeAll(async () => {
      fleet = await openFleet();
      slow = await openSlowHost();
      sink = createServer((request, response) => {
        let body = "";
        request.on("data", (data: Buffer) => (body += data.toString()));
        request.on("end", () => {
          alerts.push({
            key: String(request.headers["idempotency-key"]),
            alert: JSON.parse(body) as Alert,
          });
          if (!hold) response.end();
        });
      }).listen(0, "127.0.0.1");
      await once(sink, "listening");
      const { port } = sink.address() as AddressInfo;
      // The same schedule, whose files lie elsewhere on each machine.
      for (const name of ["one", "two"]) {
        const home = join(fleet.dir, name);
        mkdirSync(home);
        writeFileSync(
          join(home, "alerts.yaml"),
          `webhooks: [{ name: hook, url: "http://127.0.0.1:${port}/" }]\n`,
        );
      }
      inventory = fleet.inventory("schedule.yaml", ["host0"], () => `ansible_port: ${slow.port}`);
    }, LONG);
    afterAll(async () => {
      sink?.closeAllConnections();
      sink?.close();
      await slow?.close();
      await fleet?.close();
    }, LONG);
    beforeEach(async () => {
      alerts = [];
      hold = false;
      slow.shut();
      // A history without any run.
      await fleet.run(["history"]).done;
      await fleet.server.sql(
        "shared",
        "TRUNCATE curfew.run CASCADE; TRUNCATE curfew.schedule, curfew.alert, curfew.told",
      );
    }, LONG);
    afterEach(async () => {
      slow.open();
      for (const each of started) for (const pid of treeOf(each.pid)) signal(pid, "SIGKILL");
      await Promise.all(started.map(({ done }) => done));
      started = [];
    }, LONG);

    function machine(name: string, ...more: string[]): Running {
      const home = join(fleet.dir, name);
      const argv = ["schedule", "run", "--once", "-p", fleet.policy, "-i", inventory];
      const run = fleet.run(
        [...argv, "--alerts", join(home, "alerts.yaml"), "--connect-timeout", "10m", ...more],
        { HOME: home, XDG_STATE_HOME: join(home, "state") },
      );
      started.push(run);
      return run;
    }
    const underWay = (): Promise<void> =>
      until(
        () => slow.waiting() > 0,
        () => "an audit under way",
      );
    const runs = (): Promise<string[]> =>
      fleet.server.sql("shared", "SELECT finished IS NOT NULL FROM curfew.run ORDER BY id");
    const stored = async (): Promise<{
      outcome: string;
      exitCode: number | null;
      unfinishedSince: string | null;
    }> => JSON.parse((await fleet.server.sql("shared", "SELECT result FROM curfew.schedule"))[0] ?? "{}");
    const told = () =>
      alerts.map(({ alert: { first, lost, unfinished } }) => [first, lost.length, unfinished.length]);

    test(
      "one audits, the other stands by, says what came of it and starts nothing; alerts come once",
      async () => {
        const one = machine("one");
        await underWay();
        // However long it takes to start here.
        const two = machine("two", "--apart", "1h");
        await two.says(/standing by: the audit of \S+ that began at/u);
        slow.open();
        expect([await one.done, await two.done]).toEqual([3, 0]);
        expect(two.stderr()).toContain("nothing to do: the audit of");
        expect([await runs(), told(), slow.waiting()]).toEqual([["t"], [[true, 1, 0]], 0]);
        // The next turn is the other's: it compares with what the first one told.
        expect(await machine("two", "--apart", "1s").done).toBe(3);
        expect([await runs(), told()]).toEqual([["t", "t"], [[true, 1, 0]]]);
        expect(await stored()).toMatchObject({ outcome: "finished", exitCode: 3, unfinishedSince: null });
      },
      LONG,
    );

    test(
      "where it is killed in the middle the other takes over at once, tells that, and audits",
      async () => {
        const one = machine("one");
        await underWay();
        const two = machine("two");
        await two.says("standing by");
        // The audit goes with its supervisor, and the turn with both.
        one.kill("SIGKILL");
        await one.done;
        await until(
          () => slow.waiting() === 0,
          () => "the audit of the one that was killed ends",
        );
        await underWay();
        slow.open();
        expect(await two.done).toBe(3);
        expect(told()).toEqual([
          [false, 0, 1],
          [true, 1, 0],
        ]);
        expect(alerts[0]?.alert.unfinished[0]?.reason).toContain("killed or frozen");
        expect([await runs(), (await stored()).outcome]).toEqual([["f", "t"], "finished"]);
      },
      LONG,
    );

    test(
      "one that is frozen past its turn and thaws ends: no second alert, no second run in the history",
      async () => {
        const one = machine("one");
        await underWay();
        const frozen = treeOf(one.pid);
        for (const pid of frozen) signal(pid, "SIGSTOP");
        await fleet.server.sql("shared", GONE);
        const two = machine("two");
        await until(
          () => slow.waiting() > 1,
          () => "the other one's audit",
        );
        slow.open();
        expect(await two.done).toBe(3);
        const before = [await runs(), told(), await stored()];
        expect(before.slice(0, 2)).toEqual([
          ["f", "t"],
          [
            [false, 0, 1],
            [true, 1, 0],
          ],
        ]);
        for (const pid of frozen) signal(pid, "SIGCONT");
        expect(await one.done).toBe(75);
        expect(one.stderr()).toContain("another one has taken over; nothing of this audit counts");
        expect([await runs(), told(), await stored()]).toEqual(before);
      },
      LONG,
    );

    test(
      "an alert that is under way when its machine is killed comes again from the other, with the same key",
      async () => {
        hold = true;
        slow.open();
        const one = machine("one");
        await until(
          () => alerts.length === 1,
          () => `an alert: ${one.stderr()}`,
        );
        one.kill("SIGKILL");
        await one.done;
        hold = false;
        await fleet.server.sql("shared", GONE);
        expect(await machine("two").done).toBe(3);
        // What waited, the news that the machine was killed, and nothing else: the audit itself has no news.
        const [first] = alerts;
        const key = first?.key;
        expect(alerts.map((each) => each.key)).toEqual([key, key, expect.stringContaining("-schedule-")]);
        expect(alerts[1]?.alert).toEqual(first?.alert);
        expect(alerts[2]?.alert.unfinished).toHaveLength(1);
      },
      LONG,
    );

    test(
      "a database that does not answer is told once by each machine; when it is back, the turn is everybody's again",
      async () => {
        slow.open();
        await fleet.server.kill();
        try {
          for (let times = 0; times < 2; times++) {
            const one = machine("one");
            expect(await one.done).toBe(64);
            expect(one.stderr()).toContain(
              "did not finish: it ended with status 64: the history in PostgreSQL",
            );
          }
          expect(told()).toEqual([[false, 0, 1]]);
          expect(alerts[0]?.alert.unfinished[0]?.reason).toContain("does not accept connections");
        } finally {
          await fleet.server.start();
        }
        expect(await machine("one").done).toBe(3);
        expect(told()).toEqual([
          [false, 0, 1],
          [true, 1, 0],
        ]);
        // It is news again, the next time.
        await fleet.server.kill();
        try {
          await machine("one").done;
          expect(told()).toHaveLength(3);
        } finally {
          await fleet.server.start();
        }
      },
      LONG,
    );

    test(
      "a database that is killed in the middle of an audit: nothing is told twice, and the history has what was stored",
      async () => {
        const one = machine("one");
        await underWay();
        await fleet.server.kill();
        await fleet.server.start();
        slow.open();
        expect(await one.done).toBe(3);
        expect([await runs(), told()]).toEqual([["t"], [[true, 1, 0]]]);
        expect(await stored()).toMatchObject({ outcome: "finished", unfinishedSince: null });
      },
      LONG,
    );
  },
);

/** A process and all that it started. */
function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}
