/** A standby takes over while an audit is written: what was confirmed is there, or it is said that it is not. */
import { afterEach, describe, expect, test } from "vitest";
import type { History } from "../../src/model/record/history.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { PATIENCE } from "../../src/store/postgres/session.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { auditedHost, auditEnd, auditHeader, auditRun, fleetHost, store } from "../fixtures/audits.ts";
import { postgresLacks, type PostgresServer, type Standby, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";

const lacks = await postgresLacks();
const POLL = { timeout: patient(30_000), interval: 50 };
let servers: PostgresServer[] = [];

afterEach(async () => {
  for (const each of servers) await each.stop();
  servers = [];
}, patient(30_000));

interface Pair {
  readonly first: PostgresServer;
  readonly second: Standby;
  /** Names both. */
  readonly url: string;
}

async function startPair(): Promise<Pair> {
  const first = await startPostgres();
  servers.push(first);
  await first.createDatabase("history");
  const second = await first.standby();
  servers.push(second);
  return {
    first,
    second,
    url: `postgres://postgres@127.0.0.1:${first.port},127.0.0.1:${second.port}/history`,
  };
}

function open(url: string): Promise<History> {
  const patience = { ...PATIENCE, outage: patient(30_000) };
  return openHistory({
    postgres: postgresSettings(url, {}, "/nonexistent"),
    now: () => new Date(),
    patience,
  });
}

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `host${from + index}`);

describe.skipIf(lacks !== null)(`a standby takes over${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  test(
    "one that confirms with the first server: each host is there once",
    { timeout: patient(120_000) },
    async () => {
      const { first, second, url } = await startPair();
      await first.configure("synchronous_standby_names = '*'\n");
      await expect
        .poll(() => first.sql("postgres", "SELECT sync_state FROM pg_stat_replication"), POLL)
        .toEqual(["sync"]);
      const history = await open(url);
      const header = auditHeader(1);
      const hosts = Array.from({ length: 120 }, (_, number) => fleetHost(number, 1));
      const writer = await history.begin(
        header,
        hosts.map(({ host }) => host),
      );
      const promises = [];
      for (const [number, host] of hosts.entries()) {
        promises.push(writer.addHost(host));
        // A transaction has so many; the next ones wait for it, and it for the standby.
        if (number % 10 === 0) await promises[0];
        if (number === 60) {
          await first.kill();
          await second.promote();
        }
      }
      await Promise.all(promises);
      await writer.finish(auditEnd(header));
      expect((await history.load(header.runId)).hosts).toEqual(hosts);
      await history.close();
    },
  );

  test(
    "one that was behind: what is gone is said, and what it says is no other one's",
    {
      timeout: patient(120_000),
    },
    async () => {
      const { first, second, url } = await startPair();
      const history = await open(url);
      const [half, whole, lost] = [auditHeader(1), auditHeader(2), auditHeader(3)];
      const halfWriter = await history.begin(half, names(0, 6));
      for (const host of names(0, 3)) await halfWriter.addHost(auditedHost(host));
      const wholeWriter = await history.begin(whole, names(0, 2));
      await expect.poll(() => second.isUpToDate(), POLL).toBe(true);
      await second.stopFollowing();
      // Confirmed by the first server alone: names, findings and a run with numbers that the second gives to others.
      await halfWriter.addHost(auditedHost("host3"));
      const lostWriter = await history.begin(lost, ["only-there"]);
      await lostWriter.addHost(auditedHost("only-there"));
      await first.kill();
      await second.promote();

      const other = await open(url);
      const others = auditRun(4, [auditedHost("others1"), auditedHost("others2")]);
      await store(other, others);
      const running = await other.begin(auditHeader(5), ["others3"]);

      await expect(lostWriter.addHost(auditedHost("host9"))).rejects.toThrow(/no longer in the history/u);
      await expect(lostWriter.finish(auditEnd(lost))).rejects.toThrow(/went back to an earlier state/u);
      for (const host of names(4, 6)) await halfWriter.addHost(auditedHost(host));
      await expect(halfWriter.finish(auditEnd(half))).rejects.toThrow(
        /1 of the 6 hosts .* stays unfinished/u,
      );
      for (const host of names(0, 2)) await wholeWriter.addHost(auditedHost(host));
      await wholeWriter.finish(auditEnd(whole));
      await running.addHost(auditedHost("others3"));
      await running.finish(auditEnd(auditHeader(5)));

      const judged = async (runId: string): Promise<string[]> =>
        (await other.load(runId)).hosts.filter(({ findings }) => findings.length > 0).map(({ host }) => host);
      expect((await other.load(auditHeader(4).runId)).hosts).toEqual(others.hosts);
      expect(await judged(auditHeader(5).runId)).toEqual(["others3"]);
      expect(await judged(whole.runId)).toEqual(names(0, 2));
      await history.close();
      expect((await other.find(half.runId)).state).toBe("broken-off");
      await expect(other.find(lost.runId)).rejects.toMatchObject({ code: "input" });
      await other.close();
    },
  );
});
