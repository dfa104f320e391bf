import { describe, expect, test } from "vitest";
import { loginFindings, logQuestion } from "../../../src/core/audit/misuse.ts";
import { newsOf } from "../../../src/core/audit/alert.ts";
import { findingChanges } from "../../../src/core/audit/changes.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { Finding, LadderCell } from "../../../src/model/verdict/finding.ts";
import type { LoginConnection, LoginLog } from "../../../src/model/facts/login-log.ts";
import { known, unreadable, type Reading } from "../../../src/model/terms/reading.ts";
import { host } from "../../controls/facts-fixture.ts";

const NOW = Date.UTC(2026, 10, 30, 4, 0, 0) / 1000;
const policy = (wanted: object = {}) =>
  policySchema.parse({
    name: "test",
    defaults: { client_idle_timeout: "15m" },
    failed_logins_after_timeout: wanted,
  });

function connections(count: number, from: string, at = NOW - 3500): LoginConnection[] {
  return Array.from({ length: count }, (_, index) => ({
    at: at + index,
    user: "alice",
    address: from,
    failed: 3,
    accepted: null,
  }));
}

const QUIET: LoginLog = {
  now: NOW,
  since: NOW - 200_000,
  source: "the journal",
  vouched: true,
  cut: undefined,
  heard: true,
  heardItself: true,
  own: "root",
  timeouts: [{ at: NOW - 3600.4, by: "watchdog", user: "alice", address: "192.0.2.7" }],
  connections: [],
};

function factsOf(log: Reading<LoginLog> | undefined, level = "VERBOSE"): Facts {
  const base = host({});
  const sshd = { ...base.sshd, effective: known([`loglevel ${level}`]), classes: known([]) };
  return { ...base, sshd, ...(log === undefined ? {} : { loginLog: log }) };
}

const cell = (by: string): LadderCell => ({
  role: "default",
  kind: "idle-shell",
  expect: "dropped",
  limit: 900,
  configured: { by, seconds: 900, source: "x" },
  effective: null,
  demonstrated: null,
  outcome: "pass",
  evidence: "configured",
});

const findings = (
  log: Partial<LoginLog>,
  wanted: object = {},
  level = "VERBOSE",
  by: readonly string[] = ["watchdog"],
): Finding[] => loginFindings(factsOf(known({ ...QUIET, ...log }), level), by.map(cell), policy(wanted));
const MANY = { connections: connections(2, "192.0.2.7") };

describe("what an audit says about failed logins", () => {
  test("nothing where the policy does not ask", () => {
    const silent = policySchema.parse({ name: "test", defaults: { client_idle_timeout: "15m" } });
    expect(logQuestion(silent)).toEqual([]);
    expect(loginFindings(factsOf(undefined), [], silent)).toEqual([]);
    expect(logQuestion(policy({ look_back: "1h", window: "5m" }))).toEqual([
      { name: "login-log", seconds: 3600 + 300 + 86_400 },
    ]);
  });

  test("none: it says since when, after how many timeouts, and who is left out", () => {
    expect(findings({})).toEqual([
      {
        check: "failed-logins-after-timeout",
        control: "host",
        role: "*",
        expected: "fewer than 5 failed logins within 10m after a timeout",
        actual: "none after 1 timeout since 2026-11-29 04:00:00 UTC; left out: root, whom curfew logs in as",
        source: "the journal",
        evidence: "effective",
        outcome: "pass",
      },
    ]);
    expect(findings({ since: NOW - 7200 })[0]?.actual).toContain("since 2026-11-30 02:00:00 UTC");
  });

  test("counts and level, as data and in words", () => {
    expect(findings(MANY)).toEqual([
      {
        check: "failed-logins-after-timeout",
        control: "host",
        role: "*",
        subject: "alice, timeout of 2026-11-30 02:59:59 UTC",
        expected: "fewer than 5 failed logins within 10m after a timeout",
        actual:
          "medium: 6 failed logins in 2 connections from the address of the session (192.0.2.7), from 1m40s to 1m41s after watchdog had ended the session",
        source: "the journal",
        evidence: "effective",
        outcome: "fail",
        level: "medium",
        counts: { attempts: 6, connections: 2, addresses: 1 },
      },
    ]);
  });

  test.each([
    ["full", "(198.51.100.1, 2001:db8:1::1, 198.51.100.2)"],
    ["network", "(198.51.100.0/24, 2001:db8:1::/48)"],
    ["none", "from 3 other addresses, from"],
  ])("addresses %s", (addresses, shown) => {
    const from = ["198.51.100.1", "2001:db8:1::1", "198.51.100.2"].flatMap((each) => connections(1, each));
    const [found] = findings({ connections: from }, { addresses });
    expect(found?.actual).toContain(shown);
    expect(found).toMatchObject({ level: "high", counts: { attempts: 9, connections: 3, addresses: 3 } });
    expect(/100\.1\b|1::1/u.test(JSON.stringify(found))).toBe(addresses === "full");
  });

  test("a log file says who may have written into it", () => {
    const [found] = findings({ ...MANY, vouched: false, source: "/var/log/auth.log" });
    expect(found).toMatchObject({ evidence: "configured", source: "/var/log/auth.log", outcome: "fail" });
    expect(found?.actual).toContain("any account of the host can write into this file");
  });

  test("the next audit reads the same lines and names the same finding; a second timeout is news", () => {
    const before = findings(MANY);
    const again = findings({ ...MANY, now: NOW + 3600, since: NOW - 80_000 });
    expect(findingChanges("web1", before, again)).toEqual([]);
    const later = NOW - 1000;
    const twice = findings({
      timeouts: [...QUIET.timeouts, { at: later, by: "watchdog", user: "alice", address: "192.0.2.7" }],
      connections: [...connections(2, "192.0.2.7"), ...connections(2, "192.0.2.7", later + 10)],
    });
    expect(findingChanges("web1", before, twice)).toMatchObject([{ before: null, after: "fail" }]);
    // Once it is too old it is gone, which is no recovery.
    const changes = findingChanges("web1", before, findings({ now: NOW + 86_400 }));
    const run = { hosts: [], findings: [], startedAt: "2026-12-01T04:00:00Z" } as never;
    const news = newsOf(run, { changes }, policy(), { before: "2026-11-30T04:00:00Z", days: 14 });
    expect([news.recovered, news.failing, news.lost]).toEqual([[], [], []]);
  });

  test("accounts that are probed as are left out", () => {
    const wanted = policySchema.parse({
      name: "test",
      roles: {
        a: { users: ["alice"], client_idle_timeout: "5m", probe: { user: "alice", identity_file: "x" } },
      },
      failed_logins_after_timeout: {},
    });
    const said = loginFindings(factsOf(known({ ...QUIET, ...MANY })), [], wanted);
    expect(said).toMatchObject([
      { outcome: "pass", actual: expect.stringContaining("left out: root, alice") },
    ]);
  });
});

describe("unknown", () => {
  test.each<[string, Partial<LoginLog>, string]>([
    ["the log does not show this login", { heardItself: false }, "does not even show this login"],
    ["the log shows no login", { heard: false, heardItself: undefined }, "holds no line of sshd's"],
    [
      "too much was cut off",
      { cut: "it holds more than 256 KiB of such lines", since: NOW - 7200 },
      "only what was logged since 2026-11-30 02:00:00 UTC was read",
    ],
  ])("%s", (_name, log, words) => {
    expect(findings(log)).toMatchObject([{ outcome: "unknown", actual: expect.stringContaining(words) }]);
  });

  test("what was cut off beside what was found", () => {
    const cut = { cut: "reading it took too long", since: NOW - 7200 };
    expect(findings({ ...MANY, ...cut }).map(({ outcome }) => outcome)).toEqual(["fail", "unknown"]);
    // What is lost of the day before changes what is usual, and nothing else.
    expect(findings({ ...cut, since: NOW - 90_000 })).toMatchObject([{ outcome: "pass" }]);
  });

  test("the log could not be read, or the host was not asked", () => {
    const said = (log: Reading<LoginLog> | undefined): Finding[] => loginFindings(factsOf(log), [], policy());
    expect(said(unreadable("there is no journal"))).toMatchObject([
      { outcome: "unknown", actual: expect.stringContaining("there is no journal") },
    ]);
    expect(said(undefined)).toMatchObject([{ outcome: "unknown" }]);
  });

  test.each([
    ["INFO", ["ChannelTimeout", "ClientAlive", "watchdog"], [["ChannelTimeout", "set LogLevel VERBOSE"]]],
    ["VERBOSE", ["ChannelTimeout", "ClientAlive", "UnusedConnectionTimeout", "logind", "watchdog"], []],
    ["DEBUG3", ["ChannelTimeout"], []],
    [
      "ERROR",
      ["ClientAlive", "TMOUT"],
      [
        ["failed logins", "set LogLevel INFO or VERBOSE"],
        ["ClientAlive", "set LogLevel INFO"],
        ["TMOUT", "controls without shell-timeout"],
      ],
    ],
  ] as const)("LogLevel %s with %j", (level, by, blind) => {
    const said = findings({}, {}, level, by).slice(1);
    expect(said.map(({ subject }) => subject)).toEqual(blind.map(([subject]) => subject));
    for (const [index, [, words]] of blind.entries()) {
      expect(said[index]).toMatchObject({ outcome: "unknown", actual: expect.stringContaining(words) });
    }
  });

  test("the lowest LogLevel of any account counts", () => {
    const facts = factsOf(known(QUIET));
    const account = {
      selectors: [],
      representative: "a",
      size: 1,
      users: ["a"],
      effective: known(["loglevel INFO"]),
    };
    const some = { ...facts, sshd: { ...facts.sshd, classes: known([account]) } };
    expect(loginFindings(some, [cell("ChannelTimeout")], policy())).toMatchObject([
      { outcome: "pass" },
      { subject: "ChannelTimeout", outcome: "unknown" },
    ]);
  });
});

describe("a timeout that no log shows", () => {
  const tmout = (change: Partial<LoginLog>) =>
    loginFindings(factsOf(known({ ...QUIET, timeouts: [], ...change })), [cell("TMOUT")], policy()).find(
      ({ subject }) => subject === "TMOUT",
    );
  const spread = Array.from({ length: 9 }, (_, index) => ({
    at: NOW - 600 - index * 700,
    user: "alice",
    address: "192.0.2.7",
    failed: 4,
    accepted: null,
  }));
  test.each<[string, Partial<LoginLog>, string, RegExp]>([
    ["no failed login", {}, "pass", /no account had 5 failed logins within 10m at any time/u],
    ["few at a time", { connections: spread }, "pass", /at any time/u],
    [
      "many, before the time that is looked at",
      { connections: connections(2, "192.0.2.7", NOW - 100_000) },
      "pass",
      /at any time/u,
    ],
    [
      "many",
      { connections: connections(2, "192.0.2.7") },
      "unknown",
      /^6 failed logins on alice from .* may have followed one: .*looks like a logout/u,
    ],
    [
      "many, from several addresses",
      { connections: [...connections(1, "192.0.2.7"), ...connections(1, "192.0.2.8")] },
      "unknown",
      /^6 failed/u,
    ],
    [
      "many at the ends of a window",
      { connections: [...connections(1, "192.0.2.7"), ...connections(1, "192.0.2.7", NOW - 2900)] },
      "unknown",
      /^6 failed/u,
    ],
    ["a log that was cut", { cut: "it is large", since: NOW - 60 }, "unknown", /looks like a logout/u],
  ])("%s", (_, change, outcome, actual) => {
    expect(tmout(change)).toMatchObject({ outcome, actual: expect.stringMatching(actual) as string });
  });
});
