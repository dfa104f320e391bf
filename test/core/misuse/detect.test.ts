import { describe, expect, test } from "vitest";
import { loginConnections, type Said, timedOut } from "../../../src/core/misuse/connections.ts";
import { detectMisuse } from "../../../src/core/misuse/detect.ts";
import { sshdMessage } from "../../../src/core/misuse/lines.ts";
import { networkOf } from "../../../src/core/misuse/network.ts";
import { stampTime, zoneSeconds } from "../../../src/core/misuse/stamps.ts";
import type { LoginLog } from "../../../src/model/facts/login-log.ts";

const NOW = 1_796_000_000;
const LIMITS = { window: 600, threshold: 5, lookBack: 86_400, leftOut: new Set<string>() };
const TIMEOUT = "Timeout, client not responding from user alice 10.0.0.1 port 99";

type Lines = readonly (readonly [at: number, pid: number, text: string])[];

/** Times count from an hour before now. */
function logOf(lines: Lines, since = NOW - 90_000): LoginLog {
  const said = lines
    .flatMap(([at, pid, text]): Said[] => {
      const message = sshdMessage(text);
      return message === undefined ? [] : [{ at: NOW - 3600 + at, pid, message }];
    })
    .toSorted((left, right) => left.at - right.at);
  const about = { now: NOW, since, source: "the journal", vouched: true, cut: undefined, heard: true };
  const own = { heardItself: true, own: "root" };
  return { ...about, ...own, timeouts: timedOut(said), connections: loginConnections(said, NOW) };
}

/** A connection that tried so many passwords and was closed. */
function tried(at: number, pid: number, passwords: number, from = "10.0.0.1", user = "alice"): Lines {
  const port = 10_000 + pid;
  return [
    ...Array.from(
      { length: passwords },
      (_, index) => [at + index, pid, `Failed password for ${user} from ${from} port ${port} ssh2`] as const,
    ),
    [at + passwords, pid, `Connection closed by authenticating user ${user} ${from} port ${port} [preauth]`],
  ];
}

function keys(at: number, pid: number, count: number, from = "10.0.0.1"): Lines {
  const port = 10_000 + pid;
  return [
    ...Array.from(
      { length: count },
      () =>
        [at, pid, `Failed publickey for alice from ${from} port ${port} ssh2: ED25519 SHA256:abc`] as const,
    ),
    [
      at + 1,
      pid,
      `Disconnecting authenticating user alice ${from} port ${port}: Too many authentication failures [preauth]`,
    ],
  ];
}

function accepted(at: number, pid: number, from = "10.0.0.1"): Lines {
  return [[at, pid, `Accepted password for alice from ${from} port ${10_000 + pid} ssh2`]];
}

const found = (lines: Lines, limits = {}, since?: number) =>
  detectMisuse(logOf([[0, 1, TIMEOUT], ...lines], since), { ...LIMITS, ...limits });

describe("too many failed logins after a timeout", () => {
  test("from where the session was: medium, with counts", () => {
    expect(found([...tried(10, 2, 3), ...tried(60, 3, 2)])).toEqual([
      {
        timeout: { at: NOW - 3600, by: "ClientAlive", user: "alice", address: "10.0.0.1" },
        level: "medium",
        attempts: 5,
        connections: 2,
        addresses: ["10.0.0.1"],
        first: 10,
        last: 60,
        succeeded: false,
        before: 0,
      },
    ]);
  });

  test("from elsewhere, more than the account sees anyway: high", () => {
    const elsewhere = [...tried(10, 2, 3, "10.0.0.2"), ...tried(60, 3, 3, "2001:db8::1")];
    expect(found(elsewhere)).toMatchObject([
      { level: "high", attempts: 6, connections: 2, addresses: ["10.0.0.2", "2001:db8::1"] },
    ]);
    // 432 in the day before are 3 in ten minutes; six are not more than three times as many, ten are.
    const usual = Array.from({ length: 144 }, (_, index) =>
      tried(-86_000 + index * 590, 100 + index, 3, "10.0.0.9"),
    ).flat();
    expect(found([...usual, ...elsewhere])).toEqual([]);
    expect(found([...usual, ...elsewhere, ...tried(100, 4, 4, "10.0.0.3")])).toMatchObject([
      { level: "high", attempts: 10, before: 432 },
    ]);
  });

  test("what is usual counts over as much of the day as was read", () => {
    const usual = tried(-300, 9, 3, "10.0.0.9");
    const elsewhere = [...tried(10, 2, 3, "10.0.0.2"), ...tried(60, 3, 3, "10.0.0.2")];
    expect(found([...usual, ...elsewhere], {}, NOW - 3600 - 400)).toEqual([]);
    expect(found([...usual, ...elsewhere])).toMatchObject([{ level: "high" }]);
  });

  test("whoever gets in afterwards is told of", () => {
    const lines = [...tried(10, 2, 3), ...tried(60, 3, 2), ...accepted(90, 4)];
    expect(found(lines)).toMatchObject([{ attempts: 5, succeeded: true }]);
    const elsewhere = [...tried(10, 2, 6, "10.0.0.2"), ...accepted(90, 4, "10.0.0.2")];
    expect(found(elsewhere)).toMatchObject([{ level: "high", succeeded: true }]);
  });

  test("keys and passwords: passwords count", () => {
    const port = "from 10.0.0.1 port 10002 ssh2";
    const mixed: Lines = [
      ...Array.from(
        { length: 4 },
        () => [10, 2, `Failed publickey for alice ${port}: RSA SHA256:x`] as const,
      ),
      ...tried(11, 2, 2),
    ];
    expect(found([...mixed, ...tried(60, 3, 3)])).toMatchObject([{ attempts: 5, connections: 2 }]);
  });

  test("pluggable modules and folded lines", () => {
    const pam: Lines = [
      [10, 2, "error: PAM: Authentication failure for alice from host.example"],
      [12, 2, "error: PAM: Authentication failure for alice from host.example"],
      [14, 2, "Connection closed by authenticating user alice 10.0.0.1 port 10002 [preauth]"],
    ];
    const folded: Lines = [
      [60, 3, "Failed password for alice from 10.0.0.1 port 10003 ssh2"],
      [62, 3, "message repeated 2 times: [ Failed password for alice from 10.0.0.1 port 10003 ssh2]"],
      [63, 3, "Connection closed by authenticating user alice 10.0.0.1 port 10003 [preauth]"],
    ];
    expect(found([...pam, ...folded])).toMatchObject([{ attempts: 5, connections: 2 }]);
  });

  test("a connection counts once, however many timeouts there were before it", () => {
    const second: Lines = [[5, 7, TIMEOUT]];
    const lines = [...second, ...tried(10, 2, 3), ...tried(60, 3, 3)];
    expect(found(lines)).toHaveLength(1);
    const later: Lines = [[300, 8, TIMEOUT], ...tried(310, 12, 3), ...tried(360, 13, 3)];
    expect(found([...tried(10, 2, 3), ...tried(60, 3, 3), [300, 8, TIMEOUT] as const])).toHaveLength(1);
    // Those after the second one are within the window of the first as well.
    expect(found([...tried(10, 2, 3), ...tried(60, 3, 3), ...later])).toHaveLength(1);
  });

  test("a timeout that is too old is nothing, and what was its own stays so", () => {
    const lines = [...tried(10, 2, 3), ...tried(60, 3, 3)];
    expect(found(lines, { lookBack: 3599 })).toEqual([]);
    expect(found([[5, 7, TIMEOUT], ...lines], { lookBack: 3597 })).toEqual([]);
  });

  test("ChannelTimeout: the session says who it was when it ends", () => {
    const lines: Lines = [
      [0, 50, "channel 0: closing after 9 seconds of inactivity"],
      [0.1, 51, "Close session: user bob from 10.0.0.7 port 5 id 0"],
      [0.2, 50, "Disconnected from user carl 10.0.0.8 port 6"],
    ];
    expect(timedOut([])).toEqual([]);
    expect(logOf(lines).timeouts).toEqual([
      { at: NOW - 3600, by: "ChannelTimeout", user: "carl", address: "10.0.0.8" },
    ]);
    expect(logOf(lines.slice(0, 2)).timeouts).toEqual([]);
  });
});

describe("nothing", () => {
  test.each<[string, Lines]>([
    ["no attempt", []],
    ["four attempts", [...tried(10, 2, 2), ...tried(60, 3, 2)]],
    ["five attempts in one connection", tried(10, 2, 5)],
    ["a mistyped password and then the right one", [...tried(10, 2, 1), ...accepted(20, 3)]],
    ["four wrong ones and then the right one", [...tried(10, 2, 2), ...tried(60, 3, 2), ...accepted(90, 4)]],
    ["wrong ones in the connection that succeeds", [...tried(10, 2, 6).slice(0, 6), ...accepted(20, 2)]],
    ["an agent with many keys", [...keys(10, 2, 6), ...keys(20, 3, 6)]],
    [
      "an agent with many keys, from elsewhere",
      [...keys(10, 2, 6, "10.0.0.2"), ...keys(20, 3, 6, "10.0.0.2")],
    ],
    ["after the first login from there", [...accepted(5, 9), ...tried(10, 2, 3), ...tried(60, 3, 3)]],
    ["before the timeout", [...tried(-60, 2, 3), ...tried(-30, 3, 3)]],
    ["after the window", [...tried(601, 2, 3), ...tried(700, 3, 3)]],
    ["somebody else's", [...tried(10, 2, 3, "10.0.0.1", "bob"), ...tried(60, 3, 3, "10.0.0.1", "bob")]],
    ["half here, half there", [...tried(10, 2, 3), ...tried(60, 3, 3, "10.0.0.2")]],
    [
      "still trying as this was read",
      [...tried(3590, 2, 3), ...tried(3595, 3, 3)]
        .filter(([, , text]) => text.startsWith("Failed"))
        .map(([at, pid, text]) => [at, pid, text] as const),
    ],
  ])("%s", (_name, lines) => {
    expect(found(lines, { window: 600 })).toEqual([]);
  });

  test("curfew's own login account and those that it probes as", () => {
    const lines = [...tried(10, 2, 3), ...tried(60, 3, 3)];
    expect(found(lines, { leftOut: new Set(["alice"]) })).toEqual([]);
  });

  test("an unfinished connection counts once it is over", () => {
    const lines = [...tried(3580, 2, 3).slice(0, 3), ...tried(3585, 3, 3).slice(0, 3)];
    const late = detectMisuse(logOf([[3570, 1, TIMEOUT], ...lines]), LIMITS);
    expect(late).toEqual([]);
    const grace: Lines = [
      [3590, 2, "Timeout before authentication for 10.0.0.1 port 10002"],
      [3590, 44, "Timeout before authentication for connection from 10.0.0.1 to 10.0.0.5, pid = 3"],
    ];
    expect(detectMisuse(logOf([[3570, 1, TIMEOUT], ...lines, ...grace]), LIMITS)).toMatchObject([
      { attempts: 6 },
    ]);
  });

  test("where all of sshd has one number, the port tells connections apart", () => {
    const shared = [...tried(10, 2, 3), ...tried(10.5, 3, 3)].map(
      ([at, pid, text]) => [at, 1, text, pid] as const,
    );
    const log = logOf(shared.map(([at, pid, text]) => [at, pid, text] as const));
    expect(log.connections.map(({ failed }) => failed)).toEqual([3, 3]);
  });

  test("a number of a process that is used again is another connection", () => {
    const log = logOf([
      ...tried(0, 2, 2),
      ...tried(2000, 2, 2),
      [2500, 2, "Accepted password for alice from 10.0.0.1 port 444 ssh2"],
    ]);
    expect(log.connections.map(({ failed }) => failed)).toEqual([2, 2, 0]);
  });
});

test("times as syslog writes them", () => {
  const now = Date.UTC(2026, 10, 30, 3, 0, 0) / 1000;
  const time = (stamp: string, at = now, zone = 0): string | undefined => {
    const seconds = stampTime(stamp, at, zone);
    return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();
  };
  expect(time("2026-11-30T03:10:05.123456+01:00")).toBe("2026-11-30T02:10:05.123Z");
  expect(time("2026-11-30T03:10:05Z")).toBe("2026-11-30T03:10:05.000Z");
  expect(time("2026-11-30T03:10:05+0100")).toBe("2026-11-30T02:10:05.000Z");
  expect(time("Nov 30 02:59:00")).toBe("2026-11-30T02:59:00.000Z");
  expect(time("Nov  3 02:59:00")).toBe("2026-11-03T02:59:00.000Z");
  expect(time("Dec 31 23:59:59")).toBe("2025-12-31T23:59:59.000Z");
  expect(time("Dec 31 23:59:59", Date.UTC(2027, 0, 1, 0, 0, 30) / 1000)).toBe("2026-12-31T23:59:59.000Z");
  // The host's clock is an hour ahead of Greenwich, and there it is 2027 already.
  expect(time("Jan  1 00:10:00", Date.UTC(2026, 11, 31, 23, 20, 0) / 1000, 3600)).toBe(
    "2026-12-31T23:10:00.000Z",
  );
  expect(time("Feb 29 12:00:00")).toBe("2024-02-29T12:00:00.000Z");
  for (const wrong of ["", "Foo 30 02:59:00", "2026-13-30T03:10:05Z", "yesterday", "30 Nov 02:59:00"])
    expect(time(wrong)).toBeUndefined();
  expect(["+0130", "-0800", "+0000", "UTC"].map(zoneSeconds)).toEqual([5400, -28_800, 0, undefined]);
});

test.each([
  ["192.0.2.77", "192.0.2.0/24"],
  ["2001:db8:1:2::3", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8:0::/48"],
  ["::1", "0:0:0::/48"],
  ["fe80::", "fe80:0:0::/48"],
])("the network of %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
