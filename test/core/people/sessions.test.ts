/** Processes of a host as the facts script reports them, and what somebody hostile makes of them. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { remoteAddress } from "../../../src/core/people/remote-address.ts";
import { parseSections } from "../../../src/core/answer/sections.ts";
import { parseLoginSessions } from "../../../src/core/people/sessions.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import { patient } from "../../patience.ts";
import type { LoginSession } from "../../../src/model/facts/session.ts";

const NOW = 1_700_000_000;
const UPTIME = 10_000;
/** pts/3. */
const TTY = 34_816 + 3;
const SELF = 900;

function parse(rows: readonly (readonly (string | number)[])[], little = "1") {
  const body = rows.map((row) => row.join("\t")).join("\n");
  const text = `\n@t\tsessions\t${NOW}\t${UPTIME}\t100\t${SELF}\t${little}\n${body}\n@t\tend\n`;
  return parseLoginSessions(parseSections(Buffer.from(text), "t", "web1"));
}

function sessions(rows: Parameters<typeof parse>[0]): readonly LoginSession[] {
  const reading = parse(rows);
  if (reading?.state !== "known") throw new Error("not known");
  return reading.value;
}

type Row = (string | number)[];
/** `pid ppid uid tty seconds name`, begun so many seconds ago. */
const process = (pid: number, ppid: number, uid: number, tty: number, seconds: number, name: string): Row => [
  "process",
  pid,
  ppid,
  uid,
  tty,
  (UPTIME - seconds) * 100,
  name,
];
const daemon = (pid: number, ppid: number, uid: number, title: string): Row[] => [
  process(pid, ppid, uid, 0, 600, "sshd"),
  ["words", pid, title],
  ["sshd", pid, "sshd"],
];
const LISTENER = daemon(1, 0, 0, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
const BOB = [
  ...LISTENER,
  ...daemon(10, 1, 0, "sshd: bob [priv]"),
  ...daemon(11, 10, 1000, "sshd: bob@pts/3"),
  ["from", 10, "0100007F:0016"],
  ["person", "bob", "uid=1000(bob) gid=100(users) groups=100(users),1001(domain vendors)"],
];
const IDLE = ["idle", 3, NOW - 312];

/** So many processes of sshd from number 10 on, each of them a connection of bob's. */
const many = (count: number, above: (pid: number) => number): Row[] =>
  Array.from({ length: count }, (_, at) => 10 + at).flatMap((pid) => {
    const title = `sshd: bob@pts/${pid}`;
    return [process(pid, above(pid), 0, 0, 9, "sshd"), ["words", pid, title], ["sshd", pid, "sshd"]] as Row[];
  });

describe("sessions", () => {
  test("a terminal: whose, from where, how long idle, what runs", () => {
    expect(sessions([...BOB, process(12, 11, 1000, TTY, 590, "bash"), IDLE])).toEqual([
      {
        user: "bob",
        groups: ["users", "domain vendors"],
        from: "127.0.0.1",
        terminal: "pts/3",
        seconds: 590,
        idle: 312,
        activity: "shell",
        what: "bash",
      },
    ]);
  });

  test.each<[string, Row[], string, string]>([
    [
      "the oldest program",
      [process(13, 12, 1000, TTY, 5, "cc1"), process(14, 12, 1000, TTY, 90, "make")],
      "program",
      "make",
    ],
    ["tmux", [process(13, 12, 1000, TTY, 5, "tmux: client")], "multiplexer", "tmux"],
    ["screen", [process(13, 12, 1000, TTY, 5, "screen")], "multiplexer", "screen"],
    [
      "an editor",
      [process(13, 12, 1000, TTY, 5, "node"), ["words", 13, "/home/bob/.vscode-server/bin/1/node x"]],
      "editor",
      "vscode-server",
    ],
    ["rsync", [process(13, 12, 1000, TTY, 5, "rsync")], "transfer", "rsync"],
  ])("%s", (_name, rows, activity, what) => {
    expect(sessions([...BOB, process(12, 11, 1000, TTY, 590, "bash"), IDLE, ...rows])).toMatchObject([
      { activity, what },
    ]);
  });

  test("without a terminal: a command, sftp inside sshd, forwarding, an editor that outlived its login", () => {
    expect(sessions([...BOB, process(12, 11, 1000, 0, 590, "sleep")])).toMatchObject([
      { terminal: null, idle: null, activity: "job", what: "sleep" },
    ]);
    expect(sessions([...BOB, ...daemon(12, 11, 1000, "sshd: bob@internal-sftp")])).toMatchObject([
      { activity: "transfer", what: "sftp" },
    ]);
    expect(sessions(BOB)).toMatchObject([{ activity: "connection", seconds: 600 }]);
    const editor = [process(50, 1, 1000, 0, 9, "node"), ["words", 50, "/home/bob/.cursor-server/node"]];
    expect(sessions([...BOB, ...editor])).toMatchObject([{ activity: "editor", what: "cursor-server" }]);
  });

  test("root has no monitor, and 9.8 and later have a program of their own", () => {
    const rows = [
      ...LISTENER,
      process(10, 1, 0, 0, 600, "sshd-session"),
      ["words", 10, "sshd-session: root@pts/3   "],
      ["sshd", 10, "sshd-session"],
      process(11, 10, 0, TTY, 50, "zsh"),
    ];
    expect(sessions(rows)).toMatchObject([{ user: "root", groups: null, from: null, what: "zsh" }]);
  });

  test("who has not authenticated yet is not logged in", () => {
    const rows = [
      ...LISTENER,
      ...daemon(10, 1, 0, "sshd: bob [priv]"),
      ...daemon(11, 10, 74, "sshd: bob [net]"),
    ];
    expect(sessions(rows)).toEqual([]);
  });

  test("this very login is left out, and somebody's own terminal is not", () => {
    expect(sessions([...BOB, process(SELF, 11, 1000, 0, 1, "sh")])).toEqual([]);
    const local = [process(12, 11, 1000, TTY, 50, "bash"), process(SELF, 12, 0, TTY, 1, "sh")];
    expect(sessions([...BOB, ...local, IDLE])).toHaveLength(1);
  });

  test("what only calls itself sshd is a program", () => {
    const rows = [process(12, 11, 1000, TTY, 9, "bash"), process(13, 12, 1000, 0, 9, "sshd")];
    const title: Row = ["words", 13, "sshd: root [priv]"];
    expect(sessions([...BOB, ...rows, title, process(14, 13, 1000, 0, 9, "sleep")])).toHaveLength(1);
  });

  test("groups of another account of the name are not this one's", () => {
    const rows = BOB.map((row) => (row[0] === "person" ? ["person", "bob", "uid=7(bob) gid=0(root)"] : row));
    expect(sessions(rows)).toMatchObject([{ user: "bob", groups: null }]);
  });

  test.each([
    ["typed in the future", NOW + 3600],
    ["typed before it began", NOW - 3600],
  ])("%s: the clock was set, and idle is unknown", (_name, touched) => {
    const rows = [process(12, 11, 1000, TTY, 590, "bash"), ["idle", 3, touched]];
    expect(sessions([...BOB, ...rows])).toMatchObject([{ idle: null }]);
  });

  test("a circle of parents comes to an end", () => {
    const circle = [process(12, 13, 1000, TTY, 9, "a"), process(13, 12, 1000, TTY, 9, "b")];
    expect(sessions([...BOB, ...circle, process(SELF, 12, 0, 0, 1, "sh")])).toHaveLength(1);
  });

  test("too many are unknown, and what the script cannot have written is an error", () => {
    expect(parse([["many"]])).toMatchObject({ state: "unreadable" });
    expect(() => parse([["process", 1, 2]])).toThrow(/incomplete/u);
    expect(() => parse([["idle", "x", "1"]])).toThrow(/not a number/u);
  });

  test.each([
    ["more processes than the script shows", many(4001, () => 1)],
    ["logins in logins in logins", many(4000, (pid) => pid - 1)],
  ])("%s are refused, and cost no time", (_, rows) => {
    const begun = performance.now();
    expect(parse(rows)).toMatchObject({ state: "unreadable" });
    expect(performance.now() - begun).toBeLessThan(patient(2000));
  });

  test("connections without a session, names and groups without end cost no time", () => {
    const words = `sshd: ${"@a".repeat(300_000)} `;
    const groups = `uid=1000(bob) ${" groups=".repeat(100_000)}\u2028`;
    const rows = [
      ...many(2000, () => 1),
      ...Array.from({ length: 2000 }, (_, at) => process(5000 + at, 1, 0, 0, 9, "node")),
      ["words", 11, words],
      ["person", "bob", groups],
    ];
    const begun = performance.now();
    expect(sessions(rows).length).toBeGreaterThan(1000);
    expect(performance.now() - begun).toBeLessThan(patient(2000));
  });

  test("whatever comes is read, or refused as such", () => {
    const cell = fc.oneof(
      fc.constantFrom("process", "sshd", "words", "idle", "from", "person", "0", "1"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.array(cell, { maxLength: 8 }), { maxLength: 8 }), (rows) => {
        expect(["read", "remote"]).toContain(codeOf(() => parse(rows)));
      }),
    );
  });
});

function codeOf(read: () => unknown): string {
  try {
    read();
    return "read";
  } catch (error) {
    return error instanceof CurfewError ? error.code : String(error);
  }
}

describe("addresses of /proc/net", () => {
  test.each([
    ["0100007F:0016", true, "127.0.0.1"],
    ["7F000001:0016", false, "127.0.0.1"],
    ["0000000000000000FFFF00000100007F:0016", true, "127.0.0.1"],
    ["B80D0120000000000000000001000000:0016", true, "2001:db8::1"],
    ["00000000000000000000000001000000:0016", true, "::1"],
    ["0100007F", true, null],
    ["0100007F01:0016", true, null],
  ])("%s", (text, little, address) => {
    expect(remoteAddress(text, little)).toBe(address);
  });
});
