import { describe, expect, test } from "vitest";
import { alertFor, expiringSoon, expiryKey, newsOf } from "../../../src/core/audit/alert.ts";
import { ALERT_EVENTS } from "../../../src/model/record/alert.ts";
import { alertSubject } from "../../../src/report/audit/alert-text.ts";
import type { FindingChange } from "../../../src/model/record/audit.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { audit, auditedHost, finding } from "../../fixtures/report-audits.ts";

const change = (
  before: FindingChange["before"],
  after: FindingChange["after"],
  host = "web1",
): FindingChange => ({
  host,
  key: `${host}-${before}-${after}`,
  before,
  after,
  finding: finding({ outcome: after ?? "pass" }),
});
const policy = (...expires: string[]) =>
  policySchema.parse({
    name: "p",
    exemptions: expires.map((day) => ({
      name: `until ${day}`,
      users: ["x"],
      justification: "j",
      owner: "ops@example.com",
      expires: day,
    })),
  });
const run = audit([auditedHost("web1")]);
const everything = { name: "chat", on: ALERT_EVENTS };

describe("news", () => {
  test("what changed, by what it means; what stayed and what is only gone is none", () => {
    const changes = [
      change("pass", "fail"),
      change("fail", "pass"),
      change("pass", "unknown"),
      change("fail", null),
      change(null, "pass"),
      change("fail", "waived"),
    ];
    const news = newsOf(run, { changes }, policy(), { before: "2026-11-21T00:00:00Z", days: 14 });
    expect([news.failing, news.recovered, news.lost]).toEqual([[changes[0]], [changes[1]], [changes[2]]]);
    expect(news.first).toBe(false);
    expect(news.undemonstrated).toEqual([]);
  });

  test("a failure that a session showed, and that is gone by what is set alone, is told apart", () => {
    const undemonstrated = true;
    const failed = { ...change("fail", "pass"), undemonstrated } as const;
    const changes = [failed, { ...change("pass", "pass"), undemonstrated } as const];
    const news = newsOf(run, { changes }, policy(), { before: "2026-11-21T00:00:00Z", days: 14 });
    expect([news.undemonstrated, news.recovered]).toEqual([[failed], []]);
    const alert = alertFor(news, run, everything, []);
    expect(alert?.undemonstrated).toEqual([failed]);
    expect(alert === undefined ? "" : alertSubject(alert)).toContain("1 no longer demonstrated");
  });

  test("the first audit tells what fails as it stands", () => {
    const first = audit([auditedHost("web1", { findings: [finding({ outcome: "fail" }), finding()] })]);
    const news = newsOf(first, { changes: [] }, policy(), { before: undefined, days: 14 });
    expect(news.first).toBe(true);
    expect(news.failing.map(({ host, before, after }) => [host, before, after])).toEqual([
      ["web1", null, "fail"],
    ]);
  });

  // The audit began on 2026-11-22; 14 days before the last day is when people are told.
  test.each([
    ["enters the last 14 days between the audits", "2026-12-05", "2026-11-20T00:00:00Z", 1],
    ["was told before", "2026-12-05", "2026-11-21T09:00:00Z", 0],
    ["is still far", "2026-12-07", "2026-11-20T00:00:00Z", 0],
    ["no audit came while it was near", "2026-11-25", "2026-10-01T00:00:00Z", 1],
    ["ends today", "2026-11-22", undefined, 1],
    ["has ended: a finding, no news of this kind", "2026-11-21", undefined, 0],
  ])("an exemption that %s", (_, expires, before, count) => {
    const news = newsOf(run, { changes: [] }, policy(expires), { before, days: 14 });
    expect(news.expiring).toHaveLength(count);
  });
});

test("an exemption written when its end is near already is told, once; one that is put off, anew", () => {
  const ends = policy("2026-11-25", "2026-11-30");
  const since = { before: "2026-11-21T00:00:00Z", days: 14 };
  const told = (warned: string[]) =>
    newsOf(run, { changes: [] }, ends, { ...since, warned }).expiring.map(({ expires }) => expires);
  expect(told([])).toEqual(["2026-11-25", "2026-11-30"]);
  expect(told(expiringSoon(ends, run.startedAt, 14).map(expiryKey))).toEqual([]);
  expect(told(["2026-11-24 until 2026-11-25", "2026-11-30 until 2026-11-30"])).toEqual(["2026-11-25"]);
});

describe("an alert", () => {
  const news = (count: number) =>
    newsOf(
      run,
      { changes: Array.from({ length: count }, (_, index) => change("pass", "fail", `web${index}`)) },
      policy(),
      { before: "2026-11-21T00:00:00Z", days: 14 },
    );

  test("nothing new, no alert", () => {
    expect(alertFor(news(0), run, everything, [])).toBeUndefined();
  });

  test("a destination that does not want it gets none", () => {
    expect(alertFor(news(3), run, { name: "chat", on: ["recovered"] }, [])).toBeUndefined();
  });

  test("a message carries fifty of a kind and counts the rest; its id stays the same", () => {
    const alert = alertFor(news(120), run, everything, ["old"]);
    expect([alert?.failing.length, alert?.omitted, alert?.undelivered]).toEqual([50, 70, ["old"]]);
    expect(alert?.id).toBe(alertFor(news(120), run, everything, [])?.id);
  });
});
