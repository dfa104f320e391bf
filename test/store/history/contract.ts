/** What every store of the history has to do, whatever is behind it. */
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { countFindings, countHosts } from "../../../src/core/audit/summary.ts";
import type { AuditedHost, AuditRun } from "../../../src/model/record/audit.ts";
import { CHECKS, type CheckId } from "../../../src/model/verdict/check.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import type { History } from "../../../src/model/record/history.ts";
import {
  auditedHost,
  auditEnd,
  auditFinding,
  auditHeader,
  auditRun,
  fleetRun,
  store,
} from "../../fixtures/audits.ts";
import { auditChanges } from "../../fixtures/audits.ts";

/** An empty history, and what it opens again. */
export interface EmptyStore {
  /** The same history each time; `elsewhere`: another one, empty at first. */
  open(elsewhere?: "elsewhere"): Promise<History>;
  /** How many rows a table has. */
  count(table: "host" | "finding"): Promise<number>;
  remove(): Promise<void>;
}

export const now = (): Date => new Date("2026-11-22T03:43:10.123Z");

/** Registers the tests; `make` is called for each of them. `share`: how much of the usual number of random runs. */
export function testHistory(make: () => Promise<EmptyStore>, share = 1): void {
  let place: EmptyStore;
  let history: History;

  beforeEach(async () => {
    place = await make();
    history = await place.open();
  });
  afterEach(async () => {
    await history.close();
    await place.remove();
  });

  describe("a stored audit", () => {
    test("is read back as it was, and summed up", async () => {
      const run = fleetRun(30, 3);
      const full: AuditRun = {
        ...run,
        profile: {
          id: "stig",
          title: "STIG",
          version: "V2R8",
          rules: [{ id: "UBTU-22-255030", title: "a rule", severity: "medium", references: ["AC-12"] }],
        },
        findings: [auditFinding({ check: "exemption-used", control: "host", role: "*", outcome: "fail" })],
      };
      await store(history, full);
      expect(await history.load(full.runId)).toEqual(full);
      expect(await history.list({})).toEqual([
        {
          runId: full.runId,
          startedAt: full.startedAt,
          finishedAt: full.finishedAt,
          state: "finished",
          policy: "production",
          profile: "stig",
          verified: false,
          hosts: countHosts(full.hosts),
          findings: countFindings(full.hosts, full.findings),
        },
      ]);
    });

    test("has its hosts in the order of the inventory, however they came", async () => {
      const header = auditHeader(1);
      const writer = await history.begin(header, ["a", "b", "c"]);
      await Promise.all(["c", "extra", "a", "b"].map((name) => writer.addHost(auditedHost(name))));
      await writer.finish(auditEnd(header));
      const { hosts } = await history.load(header.runId);
      expect(hosts.map(({ host }) => host)).toEqual(["a", "b", "c", "extra"]);
    });

    test("takes no host twice, nothing after its end, and no second run of its id", async () => {
      const header = auditHeader(1);
      const writer = await history.begin(header, []);
      const both = await Promise.allSettled([
        writer.addHost(auditedHost("a")),
        writer.addHost(auditedHost("a")),
      ]);
      expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      await expect(history.begin(header, [])).rejects.toThrow("in the history already");
      await writer.finish(auditEnd(header));
      await expect(writer.addHost(auditedHost("b"))).rejects.toThrow("ended already");
      const [summary] = await history.list({});
      expect(summary?.hosts).toEqual({ pass: 1, fail: 0, unknown: 0 });
    });
  });

  test("a host that could not be stored may come again", async () => {
    const header = auditHeader(1);
    const writer = await history.begin(header, ["a"]);
    const broken = { ...auditedHost("a"), ladder: [1n as never] };
    await expect(writer.addHost(broken)).rejects.toThrow(/BigInt/u);
    await writer.addHost(auditedHost("a"));
    await expect(writer.addHost(auditedHost("a"))).rejects.toThrow(/has the host a already/u);
    await writer.finish(auditEnd(header));
    const { hosts } = await history.load(header.runId);
    expect(hosts.map(({ host, outcome }) => [host, outcome])).toEqual([["a", "pass"]]);
  });

  describe("an audit that is not finished", () => {
    test("is running while its process lives, broken off once it is given up or its history closed", async () => {
      const headers = [auditHeader(1), auditHeader(2)] as const;
      const first = await history.begin(headers[0], ["a", "b"]);
      await history.begin(headers[1], ["a"]);
      await first.addHost(auditedHost("b", [auditFinding({ outcome: "fail" })]));
      const states = async (): Promise<string[]> => (await history.list({})).map((run) => run.state);
      expect(await states()).toEqual(["running", "running"]);
      expect((await history.load(headers[0].runId)).findings[0]?.actual).toBe(
        "still running after 1 of 2 hosts",
      );
      await first.abandon();
      expect(await states()).toEqual(["broken-off", "running"]);
      await history.close();
      history = await place.open();
      expect(await states()).toEqual(["broken-off", "broken-off"]);
    });

    test("says so, and has the hosts that never came as unknown", async () => {
      const header = auditHeader(1);
      const writer = await history.begin(header, ["a", "b", "c"]);
      await writer.addHost(auditedHost("b"));
      await writer.abandon();
      const run = await history.load(header.runId);
      expect(run.hosts.map(({ host, outcome }) => [host, outcome])).toEqual([
        ["a", "unknown"],
        ["b", "pass"],
        ["c", "unknown"],
      ]);
      expect(run.findings).toEqual([
        expect.objectContaining({ outcome: "unknown", actual: "broken off after 1 of 3 hosts" }),
      ]);
      expect(run.finishedAt).toBe(now().toISOString());
    });
  });

  describe("runs", () => {
    test("are listed by policy, time and number, newest last", async () => {
      for (const day of [3, 1, 2]) await store(history, auditRun(day, [auditedHost("a")]));
      const other = { policy: { name: "other", file: "p", digest: "0".repeat(64) } };
      await store(history, auditRun(4, [], other));
      const days = async (filter: Parameters<History["list"]>[0]): Promise<number[]> =>
        (await history.list(filter)).map(({ runId }) => Number.parseInt(runId.slice(-8), 16));
      expect(await days({})).toEqual([1, 2, 3, 4]);
      expect(await days({ policy: "production" })).toEqual([1, 2, 3]);
      expect(await days({ last: 2 })).toEqual([3, 4]);
      expect(await days({ since: auditHeader(3).startedAt })).toEqual([3, 4]);
      expect(await days({ like: auditHeader(2).runId })).toEqual([1, 2]);
      expect((await history.previous(auditHeader(3).runId))?.runId).toBe(auditHeader(2).runId);
      expect(await history.previous(auditHeader(4).runId)).toBeUndefined();
    });

    test("of one host limit are not compared with those of another, nor with broken-off ones", async () => {
      const inventory = { ...auditHeader(0).inventory, limit: "canaries" };
      await store(history, auditRun(1, [auditedHost("a")]));
      await store(history, auditRun(2, [auditedHost("a")], { inventory }));
      await (await history.begin(auditHeader(3), [])).abandon();
      await store(history, auditRun(4, [auditedHost("a")]));
      expect((await history.previous(auditHeader(4).runId))?.runId).toBe(auditHeader(1).runId);
    });

    test("are found by the beginning of their id", async () => {
      for (const day of [1, 2]) await store(history, auditRun(day, []));
      expect((await history.find("20261002")).runId).toBe(auditHeader(1).runId);
      expect((await history.find(auditHeader(2).runId)).runId).toBe(auditHeader(2).runId);
      await expect(history.find("2026")).rejects.toThrow('several audits begin with "2026"');
      const wrong = auditHeader(1).runId.replace("audit", "audot");
      await expect(history.find(wrong)).rejects.toThrow(`did you mean "${auditHeader(1).runId}"?`);
      await expect(history.load("20261002")).rejects.toMatchObject({ code: "input" });
      await expect(history.find("")).rejects.toMatchObject({ code: "input" });
    });

    test("are forgotten whole, with all that only they referred to", async () => {
      for (const day of [1, 2, 3]) await store(history, fleetRun(10, day));
      await history.begin(auditHeader(0), ["a"]);
      const kept = await history.load(auditHeader(3).runId);
      expect(await history.prune(auditHeader(3).startedAt)).toBe(2);
      expect((await history.list({})).map((run) => run.state)).toEqual(["running", "finished"]);
      expect(await history.load(kept.runId)).toEqual(kept);
      // The newest finished one of a policy stays however old it is.
      expect(await history.prune("2030-01-01T00:00:00.000Z")).toBe(0);
      expect(await place.count("host")).toBe(10);
      const once = new Set(
        kept.hosts.flatMap(({ findings }) => findings.map((each) => JSON.stringify(each))),
      );
      expect(await place.count("finding")).toBe(once.size);
      // Nothing is missing of what comes later.
      await store(history, fleetRun(10, 1));
      expect((await history.load(auditHeader(1).runId)).hosts).toEqual(fleetRun(10, 1).hosts);
    });
  });

  describe("an audit that several write", () => {
    test("has each host once, whoever brings it, and goes on while one of them lives", async () => {
      const header = auditHeader(1);
      const names = ["a", "b", "c"];
      const writer = await history.begin(header, names);
      const other = await place.open();
      const joined = await other.join(header.runId);
      await writer.addHost(auditedHost("c"));
      await joined.addHost(auditedHost("c", [auditFinding({ outcome: "fail" })]));
      await Promise.all([joined.addHost(auditedHost("a")), writer.addHost(auditedHost("b"))]);
      await other.close();
      expect((await history.list({})).map((run) => run.state)).toEqual(["running"]);
      await writer.finish(auditEnd(header));
      const run = await history.load(header.runId);
      expect(run.hosts.map(({ host, outcome: it }) => [host, it])).toEqual(
        names.map((host) => [host, "pass"]),
      );
      expect((await history.list({}))[0]?.hosts).toEqual({ pass: 3, fail: 0, unknown: 0 });
    });

    test("is taken over by another after its first writer is gone, and ended by it", async () => {
      const header = auditHeader(1);
      const writer = await history.begin(header, ["a", "b"]);
      await writer.addHost(auditedHost("b"));
      await writer.abandon();
      const joined = await history.join(header.runId);
      expect((await history.find(header.runId)).state).toBe("running");
      await joined.addHost(auditedHost("a"));
      await joined.finish(auditEnd(header));
      expect((await history.load(header.runId)).hosts.map(({ host }) => host)).toEqual(["a", "b"]);
    });

    test("cannot be joined once it has ended, nor where it is not", async () => {
      const header = auditHeader(1);
      const writer = await history.begin(header, ["a"]);
      const other = await place.open();
      const joined = await other.join(header.runId);
      await writer.finish(auditEnd(header));
      await expect(joined.addHost(auditedHost("a"))).rejects.toThrow("ended already");
      await expect(other.join(header.runId)).rejects.toMatchObject({ code: "input" });
      await expect(other.join("20261122T034310Z-audit-00000000")).rejects.toMatchObject({ code: "input" });
      await other.close();
      expect((await history.list({}))[0]?.hosts).toEqual({ pass: 0, fail: 0, unknown: 0 });
    });
  });

  const outcome = fc.constantFrom<Finding["outcome"][]>(
    "pass",
    "fail",
    "unknown",
    "waived",
    "not-applicable",
  );
  const text = fc.string({ unit: "binary", maxLength: 8 });
  const finding: fc.Arbitrary<Finding> = fc.record(
    {
      check: fc.constantFrom(...(Object.keys(CHECKS) as CheckId[])),
      control: fc.constantFrom("sshd" as const, "host" as const),
      role: fc.constantFrom("default", "admin"),
      rule: fc.constantFrom("5.1.7", "8.2.8"),
      subject: text,
      expected: text,
      actual: text,
      source: text,
      evidence: fc.constantFrom("configured" as const, "effective" as const),
      outcome,
      waiver: text,
    },
    { requiredKeys: ["check", "control", "role", "expected", "actual", "source", "evidence", "outcome"] },
  );
  const named = fc.constantFrom("a", "b", "c", "ü", "host.example.com");
  const hosts: fc.Arbitrary<AuditedHost[]> = fc
    .uniqueArray(fc.tuple(named, fc.array(finding, { maxLength: 4 }), text), {
      selector: ([name]) => name,
      maxLength: 5,
    })
    .map((hostsOfRun) =>
      hostsOfRun.map(([name, findings, diff]) => ({
        ...auditedHost(name, findings),
        drift: diff === "" ? [] : [{ path: "/etc/x", diff }],
        ...(diff.length > 4 ? { error: { code: "unreachable" as const, message: diff } } : {}),
      })),
    );
  const runOf = (day: number): fc.Arbitrary<AuditRun> =>
    fc
      .tuple(hosts, fc.array(finding, { maxLength: 3 }))
      .map(([audited, findings]) => auditRun(day, audited, { findings }));

  test("changes between two runs are those of the runs themselves", async () => {
    let day = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(runOf(0), runOf(1)), async ([left, right]) => {
        const before = { ...left, ...auditHeader(day++) };
        const after = { ...right, ...auditHeader(day++) };
        await store(history, before);
        await store(history, after);
        expect(await history.changes(before.runId, after.runId)).toEqual(auditChanges(before, after));
      }),
      { numRuns: 60 * share },
    );
  });

  test("what is exported is taken in elsewhere as it was, once", async () => {
    const elsewhere = await place.open("elsewhere");
    let day = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(runOf(0), { maxLength: 3 }), fc.boolean(), async (audits, broken) => {
        const runs = audits.map((run) => ({ ...run, ...auditHeader(day++) }));
        for (const run of runs) await store(history, run);
        if (broken) {
          const writer = await history.begin(auditHeader(day++), ["x", "y"]);
          await writer.addHost(auditedHost("y"));
          await writer.abandon();
        }
        const lines = await all(history.export({}));
        expect(await elsewhere.import(given(lines))).toBe(runs.length + (broken ? 1 : 0));
        expect(await elsewhere.import(given(lines))).toBe(0);
        expect(await elsewhere.list({})).toEqual(await history.list({}));
        for (const { runId } of await history.list({})) {
          expect(await elsewhere.load(runId)).toEqual(await history.load(runId));
        }
        expect(await all(elsewhere.export({}))).toEqual(lines);
      }),
      { numRuns: 30 * share },
    );
    await elsewhere.close();
  });

  describe("an import", () => {
    test.each<[string, (lines: string[]) => string[], string]>([
      [
        "cut off",
        (lines) => lines.slice(0, -1),
        "line 6: the end of the audit that began in line 4 is missing",
      ],
      ["no JSON", (lines) => [...lines.slice(0, 3), "{"], "line 4: not JSON"],
      [
        "an unknown field",
        (lines) => lines.with(1, lines[1]!.replace('"host":"a"', '"host":"a","x":1')),
        "line 2: host:",
      ],
      [
        "a false outcome",
        (lines) => lines.with(1, lines[1]!.replace('"pass"', '"fine"')),
        "line 2: host.outcome:",
      ],
      ["a host first", (lines) => lines.slice(1), "line 1: a line before the first audit"],
      [
        "two beginnings",
        (lines) => [lines[0]!, ...lines],
        "line 2: the audit that began in line 1 has no end",
      ],
      ["a host twice", (lines) => lines.toSpliced(1, 0, lines[1]!), 'line 3: "a" is there twice'],
      [
        "a name that acts",
        (lines) => lines.with(1, lines[1]!.replace('"a"', '"\\u001b[2J"')),
        "line 2: host.host:",
      ],
    ])("of %s is refused with its line, and no part of that audit stays", async (_, damage, message) => {
      for (const day of [1, 2]) await store(history, auditRun(day, [auditedHost("a")]));
      const lines = damage((await all(history.export({}))).map((line) => line.trimEnd()));
      const elsewhere = await place.open("elsewhere");
      await expect(elsewhere.import(given(lines))).rejects.toThrow(message);
      const whole = (await elsewhere.list({})).map((run) => [run.state, run.hosts.pass]);
      expect([[], [["finished", 1]]]).toContainEqual(whole);
      await elsewhere.close();
    });
  });
}

async function* given(lines: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* lines;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
