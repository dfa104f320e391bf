/** What every history answers from above, whatever is behind it: the same as the whole runs would. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openReasons } from "../../../src/core/audit/open.ts";
import { countFindings, countHosts } from "../../../src/core/audit/summary.ts";
import { findingKey } from "../../../src/core/verdict/finding-key.ts";
import { compareOutcomes, countOutcomes, hostOutcomes } from "../../../src/core/verdict/outcome.ts";
import type { AuditedHost, AuditRun } from "../../../src/model/record/audit.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import type { History } from "../../../src/model/record/history.ts";
import type { AppliedRun, HostFilter } from "../../../src/model/record/history-views.ts";
import {
  auditedHost,
  auditEnd,
  auditFinding,
  auditHeader,
  auditRun,
  fleetRun,
  store,
} from "../../fixtures/audits.ts";
import { asWritten, hostileAudit } from "../../fixtures/hostile-audits.ts";
import { smallAudit } from "../../fixtures/report-audits.ts";

const ALL = { offset: 0, limit: 1000 };

/** `current` gives the open and empty history of the test that runs. */
export function testHistoryViews(current: () => History): void {
  const failing = auditFinding({ outcome: "fail", actual: "ClientAliveInterval 0" });
  const lost = auditFinding({ check: "host-judged", control: "host", role: "*", outcome: "unknown" });

  test("the newest finished run of each policy and -l, newest first", async () => {
    const history = current();
    expect(await history.newest()).toEqual([]);
    const limited = auditHeader(3, { inventory: { ...auditHeader(3).inventory, limit: "web*" } });
    const staging = auditHeader(0).policy;
    await store(history, auditRun(1, [auditedHost("a")]));
    await store(history, auditRun(2, [auditedHost("a")]));
    await store(history, auditRun(3, [auditedHost("a")], limited));
    await store(history, auditRun(0, [auditedHost("b")], { policy: { ...staging, name: "staging" } }));
    await (await history.begin(auditHeader(5), ["a"])).abandon();
    const newest = await history.newest();
    expect(newest.map(({ run, limit }) => [run.policy, limit, run.runId])).toEqual([
      ["production", "web*", auditHeader(3).runId],
      ["production", "", auditHeader(2).runId],
      ["staging", "", auditHeader(0).runId],
    ]);
  });

  test("a run's frame is the run without its hosts", async () => {
    const history = current();
    const { hosts, findings, finishedAt: _, ...header } = smallAudit();
    await store(history, smallAudit());
    const [run] = await history.list({});
    expect(await history.frame(header.runId)).toEqual({ header, run, planned: hosts.length, findings });
    await expect(history.frame("20260101T000000Z-audit-00000000")).rejects.toMatchObject({ code: "input" });
  });

  test("hosts come the worst first, by outcome, name and finding, a page at a time", async () => {
    const history = current();
    const run = auditRun(1, [
      auditedHost("web1"),
      auditedHost("web2", [failing, auditFinding({ role: "admin" })]),
      auditedHost("DB%1", [auditFinding(), lost]),
      auditedHost("db_2", [failing, lost]),
      auditedHost("web3", [auditFinding({ outcome: "waived", role: "admin" })]),
    ]);
    await store(history, run);
    const names = async (filter: Partial<HostFilter>): Promise<readonly string[]> => {
      const { items } = await history.hosts(run.runId, { ...ALL, ...filter });
      return items.map(({ host }) => host);
    };
    expect(await names({})).toEqual(["DB%1", "db_2", "web2", "web1", "web3"]);
    expect(await names({ offset: 1, limit: 2 })).toEqual(["db_2", "web2"]);
    expect(await names({ outcome: "unknown" })).toEqual(["DB%1", "db_2"]);
    expect(await names({ outcome: "fail" })).toEqual(["db_2", "web2"]);
    expect(await names({ outcome: "pass" })).toEqual(["web1", "web3"]);
    expect(await names({ name: "DB" })).toEqual(["DB%1", "db_2"]);
    expect(await names({ name: "%" })).toEqual(["DB%1"]);
    expect(await names({ name: "_" })).toEqual(["db_2"]);
    expect(await names({ name: "'; --" })).toEqual([]);
    expect(await names({ finding: { check: "sshd-effective", outcome: "fail" } })).toEqual(["db_2", "web2"]);
    expect(await names({ finding: { check: "sshd-effective", role: "admin" } })).toEqual(["web3"]);
    expect(await names({ finding: { check: "sshd-effective", rule: null }, outcome: "pass" })).toEqual([
      "web3",
    ]);
    expect(await names({ finding: { check: "sshd-effective", rule: "5.1.7" } })).toEqual([]);
    const { items, total } = await history.hosts(run.runId, { offset: 0, limit: 1, name: "db_" });
    expect(total).toBe(1);
    expect(items[0]).toMatchObject({ outcome: "unknown", findings: { fail: 1, unknown: 1, waived: 0 } });
  });

  test("one host is what the whole run says of it", async () => {
    const history = current();
    const run = smallAudit();
    await store(history, run);
    for (const host of run.hosts) expect(await history.host(run.runId, host.host)).toEqual(host);
    expect(await history.host(run.runId, "nobody")).toBeUndefined();
  });

  test("what is open, counted and spread is what the whole run comes to, whatever hosts say", async () => {
    const history = current();
    let index = 0;
    await fc.assert(
      fc.asyncProperty(hostileAudit, async (hostile) => {
        index += 1;
        const { runId, startedAt } = auditHeader(index);
        const run = { ...hostile, runId, startedAt, hosts: hostile.hosts.map(nameable) };
        await store(history, run);
        const { hosts } = await history.hosts(runId, ALL).then(({ items }) => ({ hosts: items }));
        expect(hosts.map(({ host }) => host).toSorted()).toEqual(
          run.hosts.map(({ host }) => host).toSorted(),
        );
        expect(openTotals(await history.open(runId))).toEqual(openTotals(openOf(run)));
        expect(reasonsOf(await history.open(runId))).toEqual(reasonsOf(openOf(run)));
        const counts = await history.checkCounts(runId);
        const total = countOutcomes([]);
        for (const { outcome, amount } of counts) total[outcome] += amount;
        expect(total).toEqual({ ...countOutcomes([]), ...countFindings(run.hosts, run.findings) });
        const { total: fails } = await history.hosts(runId, { ...ALL, outcome: "fail" });
        expect(fails).toBe(run.hosts.filter(countsAsFail).length);
        expect((await history.frame(runId)).run.hosts).toEqual(countHosts(run.hosts));
        const first = run.hosts.flatMap(({ findings }) => findings).find(({ outcome }) => outcome !== "pass");
        if (first === undefined) return;
        const { check, control, role, rule = null, subject } = first;
        const [spread] = await history.spread({ check, control, role, rule, subject }, [runId]);
        expect(spread).toEqual({ runId, ...spreadOf(run, first) });
      }),
      { numRuns: 60 },
    );
  });

  test("a finding is spread over runs in the order that was asked for", async () => {
    const history = current();
    await store(history, auditRun(1, [auditedHost("a", [failing]), auditedHost("b", [failing])]));
    await store(history, auditRun(2, [auditedHost("a"), auditedHost("b", [failing])]));
    await store(history, auditRun(3, [auditedHost("a")]));
    const ids = [3, 1, 2].map((index) => auditHeader(index).runId);
    const spread = await history.spread({ check: "sshd-effective" }, ids);
    expect(spread.map(({ runId, fail }) => [runId, fail])).toEqual([
      [ids[0], 0],
      [ids[1], 2],
      [ids[2], 1],
    ]);
  });

  test("a host's life: every run that has it, newest first, by policy and by page", async () => {
    const history = current();
    const other = { policy: { ...auditHeader(0).policy, name: "staging" } };
    await store(history, auditRun(1, [auditedHost("a", [failing])]));
    await store(history, auditRun(2, [auditedHost("a"), auditedHost("b")]));
    await store(history, auditRun(3, [auditedHost("b")]));
    await store(history, auditRun(4, [auditedHost("a", [failing])], other));
    const life = await history.life("a", ALL);
    expect(life.map(({ run, outcome, open }) => [run.runId, outcome, open])).toEqual([
      [auditHeader(4).runId, "fail", [failing]],
      [auditHeader(2).runId, "pass", []],
      [auditHeader(1).runId, "fail", [failing]],
    ]);
    expect(await history.life("a", { offset: 1, limit: 1, policy: "production" })).toEqual([life[2]]);
    expect(await history.life("nobody", ALL)).toEqual([]);
  });

  test("who applied what when is remembered, replaced by its end, exported, imported and forgotten", async () => {
    const history = current();
    const begun = appliedRun(3, { finishedAt: null, hosts: [] });
    const ended = appliedRun(3);
    const revert = appliedRun(5, { command: "revert", policy: null });
    await history.recordApplied(begun);
    expect((await history.applied(ALL)).items).toEqual([summaryOf(begun, {})]);
    await history.recordApplied(ended);
    await history.recordApplied(revert);
    const counts = { confirmed: 1, "rolled-back": 1 };
    expect(await history.applied(ALL)).toEqual({
      total: 2,
      items: [summaryOf(revert, counts), summaryOf(ended, counts)],
    });
    expect(await history.appliedRun(ended.runId)).toEqual(ended);
    await expect(history.appliedRun("none")).rejects.toMatchObject({ code: "input" });
    const ids = async (filter: object): Promise<readonly string[]> =>
      (await history.applied({ ...ALL, ...filter })).items.map(({ runId }) => runId);
    expect(await ids({ policy: "production" })).toEqual([ended.runId]);
    expect(await ids({ host: "b" })).toEqual([revert.runId, ended.runId]);
    expect(await ids({ host: "nobody" })).toEqual([]);
    expect(await ids({ offset: 1, limit: 1 })).toEqual([ended.runId]);
    expect(await ids({ since: revert.startedAt })).toEqual([revert.runId]);

    await store(history, auditRun(4, [auditedHost("b")]));
    const lines: string[] = [];
    for await (const line of history.export({})) lines.push(line);
    expect(lines.filter((line) => line.includes('"type":"applied"'))).toHaveLength(2);
    await history.prune(revert.startedAt);
    expect(await ids({})).toEqual([revert.runId]);
    expect(await history.appliedRun(revert.runId)).toEqual(revert);
    expect(await history.import(linesOf(lines))).toBe(0);
    expect(await history.appliedRun(ended.runId)).toEqual(ended);
    expect(await ids({})).toEqual([revert.runId, ended.runId]);
  });

  test("a run that is still written shows the hosts that came", async () => {
    const history = current();
    const header = auditHeader(1);
    const writer = await history.begin(header, ["a", "b"]);
    await writer.addHost(auditedHost("a", [failing]));
    expect(await history.frame(header.runId)).toMatchObject({ planned: 2, run: { state: "running" } });
    expect((await history.hosts(header.runId, ALL)).items.map(({ host }) => host)).toEqual(["a"]);
    expect(await history.newest()).toEqual([]);
    await writer.addHost(auditedHost("b"));
    await writer.finish(auditEnd(header));
    expect((await history.newest()).map(({ run }) => run.runId)).toEqual([header.runId]);
  });

  test("alike hosts share what is open", async () => {
    const history = current();
    const run = fleetRun(300, 3);
    await store(history, run);
    const open = await history.open(run.runId);
    expect(open).toHaveLength(1);
    expect(open[0]?.hosts).toBe(run.hosts.filter(({ outcome }) => outcome === "fail").length);
  });
}

/** Names come from an inventory, which refuses what is no text. */
function nameable(host: AuditedHost, index: number): AuditedHost {
  return { ...host, host: `${index}${asWritten(host.host).replaceAll("\0", "")}` };
}

function appliedRun(index: number, other: Partial<AppliedRun> = {}): AppliedRun {
  const { runId, startedAt, curfew, policy } = auditHeader(index);
  return {
    runId: runId.replace("audit", "apply"),
    command: "apply",
    owner: "alice@controller",
    startedAt,
    finishedAt: new Date(Date.parse(startedAt) + 90_000).toISOString(),
    curfew,
    policy: { name: policy.name, digest: policy.digest },
    hosts: [
      { host: "b", outcome: "confirmed", changed: ["/etc/ssh/sshd_config.d/00-curfew.conf"] },
      { host: "a", outcome: "rolled-back", message: "the new login <b>failed</b>", changed: [] },
    ],
    ...other,
  };
}

function summaryOf(run: AppliedRun, outcomes: object): object {
  const { hosts, ...rest } = run;
  return { ...rest, outcomes: hosts.length === 0 ? {} : outcomes };
}

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

function openOf(run: AuditRun): { hosts: number | null; findings: Finding[] }[] {
  const open = (findings: readonly Finding[]): Finding[] =>
    findings.filter(({ outcome }) => outcome !== "pass");
  return [
    { hosts: null, findings: open(run.findings) },
    ...run.hosts.map(({ findings }) => ({ hosts: 1, findings: open(findings) })),
  ].filter(({ findings }) => findings.length > 0);
}

/** Equal lists once, in any order. */
function openTotals(open: readonly { hosts: number | null; findings: readonly Finding[] }[]): unknown {
  const totals = new Map<string, number | null>();
  for (const { hosts, findings } of open) {
    const key = JSON.stringify([hosts === null, findings]);
    totals.set(key, hosts === null ? null : (totals.get(key) ?? 0) + hosts);
  }
  return [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function reasonsOf(open: readonly { hosts: number | null; findings: readonly Finding[] }[]): unknown {
  return openReasons(open)
    .map(({ outcome, check, control, role, rule, hosts }) =>
      JSON.stringify([outcome, check, control, role, rule, hosts]),
    )
    .toSorted();
}

function countsAsFail({ outcome, findings }: AuditRun["hosts"][number]): boolean {
  return hostOutcomes<string>(outcome, findings).includes("fail");
}

function spreadOf(run: AuditRun, first: Finding): object {
  const counts = { fail: 0, unknown: 0, waived: 0 };
  for (const { findings } of run.hosts) {
    const [worst] = findings
      .filter((its) => findingKey(its) === findingKey(first) && its.outcome !== "pass")
      .map(({ outcome }) => outcome)
      .toSorted(compareOutcomes);
    if (worst === "unknown" || worst === "fail" || worst === "waived") counts[worst] += 1;
  }
  return counts;
}
