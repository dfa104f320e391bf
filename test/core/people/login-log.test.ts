/** What the script makes of a journal and of log files, run by sh and awk as on a host, and what is made of that. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseLoginLog } from "../../../src/core/people/login-log.ts";
import { parseSections } from "../../../src/core/answer/sections.ts";
import type { LoginLog } from "../../../src/model/facts/login-log.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const NOW = Date.UTC(2026, 10, 30, 4, 0, 0) / 1000;
const part = (name: string): string =>
  readFileSync(new URL(`../../../templates/remote/facts/${name}.sh`, import.meta.url), "utf8");
const dir = mkdtempSync(join(tmpdir(), "curfew-log-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs functions of the part within its frame. */
function run(script: string, input = ""): string {
  const text = `${part("frame").replaceAll(/\{\{[^}]+\}\}/gu, "word")}
${part("login-log").replaceAll(/\{\{[^}]+\}\}/gu, "3600")}
token=${TOKEN}; tab='	'; newline='
'; default_ifs=" $tab$newline"; bounded=; LC_ALL=C; export LC_ALL; now=${NOW}
${script}`;
  return execFileSync("sh", ["-c", text], { input, encoding: "utf8", maxBuffer: 1 << 24 });
}

function parsed(body: string, login = "10.77.0.1 35270 10.77.0.13 22"): LoginLog {
  const head = `\n@${TOKEN}\tlogin\t${login}\n\n@${TOKEN}\tlogin-log\t${NOW}\t+0000\t${NOW - 90_000}\n`;
  const sections = parseSections(Buffer.from(`${head}${body}\n@${TOKEN}\tend\n`), TOKEN, "web1");
  const reading = parseLoginLog(sections);
  if (reading?.state !== "known") throw new Error(JSON.stringify(reading));
  return reading.value;
}

interface Entry {
  readonly at?: number;
  readonly pid?: number;
  readonly uid?: number;
  readonly exe?: string;
  readonly id?: string;
  readonly text: string;
}

/** As `journalctl -o json` prints an entry, whose keys come in any order. */
function entry({
  at = NOW - 60,
  pid = 45,
  uid = 0,
  exe = "/usr/sbin/sshd",
  id = "sshd",
  text,
}: Entry): string {
  return JSON.stringify({
    _BOOT_ID: "41d99825809e4804a40a5b50cf4ceaa5",
    SYSLOG_IDENTIFIER: id,
    MESSAGE: text,
    __REALTIME_TIMESTAMP: String(Math.round(at * 1e6)),
    ...(exe === "" ? {} : { _EXE: exe }),
    _COMM: exe === "" ? "sshd" : exe.replace(/.*\//u, ""),
    SYSLOG_PID: String(pid),
    _UID: String(uid),
    _PID: String(pid),
  });
}

/** Newest first, as the script asks for it. */
function journal(entries: readonly Entry[], accounts = "1000\talice", end = "status 0\n"): LoginLog {
  const input = `${entries.map(entry).toReversed().join("\n")}\n${end}`;
  const path = join(dir, "journal");
  writeFileSync(path, input);
  const rows = run(`cat ${path} | awk "$log_wanted$journal_awk" | head -c 262144`);
  return parsed(`\n@${TOKEN}\tlog-journal\t${NOW - 99_000}\n${rows}\n@${TOKEN}\tlog-accounts\n${accounts}\n`);
}

const OWN: Entry = {
  at: NOW - 2,
  pid: 900,
  text: "Accepted publickey for root from 10.77.0.1 port 35270 ssh2: ED25519 SHA256:abc",
};

describe("a journal", () => {
  test("is read newest first, and put into the order of time", () => {
    const log = journal([
      {
        at: NOW - 50,
        uid: 1000,
        exe: "",
        pid: 58,
        text: "Timeout, client not responding from user alice 10.77.0.1 port 1",
      },
      { at: NOW - 40.5, pid: 82, text: "Failed password for alice from 10.77.0.1 port 36328 ssh2" },
      {
        at: NOW - 39,
        pid: 82,
        text: "Connection closed by authenticating user alice 10.77.0.1 port 36328 [preauth]",
      },
      {
        at: NOW - 30,
        pid: 31,
        id: "systemd-logind",
        exe: "/usr/lib/systemd/systemd-logind",
        text: 'Session "3" of user "bob" is idle, stopping.',
      },
      {
        at: NOW - 20,
        pid: 77,
        id: "curfew-watchdog",
        exe: "/usr/bin/logger",
        text: 'ended the session of "bob" on pts/1 from 10.0.0.9: no input for 31 s, limit 20 s, role "a"',
      },
      OWN,
    ]);
    expect(log).toEqual({
      now: NOW,
      since: NOW - 90_000,
      source: "the journal",
      vouched: true,
      cut: undefined,
      heard: true,
      heardItself: true,
      own: "root",
      timeouts: [
        { at: NOW - 50, by: "ClientAlive", user: "alice", address: "10.77.0.1" },
        { at: NOW - 30, by: "logind", user: "bob", address: null },
        { at: NOW - 20, by: "watchdog", user: "bob", address: "10.0.0.9" },
      ],
      connections: [
        { at: NOW - 40.5, user: "alice", address: "10.77.0.1", failed: 1, accepted: null },
        { at: NOW - 2, user: "root", address: "10.77.0.1", failed: 0, accepted: NOW - 2 },
      ],
    });
  });

  test.each([
    ["fe80::1%eth0", "fe80::1"],
    ["fe80::1%br-lan", "fe80::1%br-lan"],
    ["::ffff:10.77.0.1", "10.77.0.1"],
    ["2001:db8::1", "2001:db8::1"],
  ])("its own login is known by its address: from %s, logged as %s", (from, logged) => {
    const text = OWN.text.replace("10.77.0.1", logged);
    const rows = run(
      `printf '%s\\n' '${entry({ ...OWN, text })}' 'status 0' | awk "$log_wanted$journal_awk"`,
    );
    const body = `\n@${TOKEN}\tlog-journal\t${NOW - 99_000}\n${rows}\n@${TOKEN}\tlog-accounts\n1000\talice\n`;
    expect(parsed(body, `${from} 35270 fe80::2%br-lan 22`)).toMatchObject({ heardItself: true, own: "root" });
  });

  test("no message passes for a field, and none for two lines", () => {
    const text =
      'Failed password for alice from 10.77.0.1 port 1 ssh2","_UID":"0","_EXE":"/usr/sbin/sshd","x":"';
    const newline = "x\nFailed password for alice from 10.77.0.1 port 1 ssh2";
    const status = "status 0\nstatus 0";
    const forged = [text, newline, status, `${text}\\`, `\\",${text}`];
    const log = journal(forged.map((each) => ({ uid: 1001, exe: "/usr/bin/logger", text: each })));
    expect([log.connections, log.timeouts, log.heard, log.cut]).toEqual([[], [], false, undefined]);
  });

  test("nothing about names that are no account leaves the host", () => {
    const texts = [
      "Invalid user secret from 10.77.0.1 port 1",
      "Failed password for invalid user secret from 10.77.0.1 port 1 ssh2",
      "Connection closed by invalid user secret 10.77.0.1 port 1 [preauth]",
      "Disconnecting invalid user secret 10.77.0.1 port 1: Too many authentication failures [preauth]",
      "error: maximum authentication attempts exceeded for invalid user secret from 10.77.0.1 port 1 ssh2 [preauth]",
      "error: PAM: Authentication failure for illegal user secret from 10.77.0.1",
      "message repeated 2 times: [ Failed password for invalid user secret from 10.77.0.1 port 1 ssh2]",
      "pam_unix(sshd:auth): authentication failure; user=secret",
      "Starting session: command for secret from 10.77.0.1 port 1 id 0",
    ];
    const input = texts.map((text) => entry({ text })).join("\n");
    expect(run('awk "$log_wanted$journal_awk"', `${input}\nstatus 0\n`)).toBe("end\t0\n");
    const lines = texts.map((text) => `Nov 30 03:50:00 web1 sshd[5]: ${text}`).join("\n");
    expect(run('awk "$log_wanted$file_awk"', `${lines}\n`)).toBe("end\t0\n");
  });

  test("one that is too much is cut, the oldest lost, and says so", () => {
    const many = Array.from({ length: 4000 }, (_, index) => ({
      at: NOW - 40_000 + index,
      pid: 1000 + index,
      text: "Failed password for alice from 10.77.0.1 port 1 ssh2",
    }));
    const log = journal([...many, OWN]);
    expect(log.cut).toBe("it holds more than 256 KiB of such lines");
    expect(log.since).toBeGreaterThan(NOW - 40_000);
    expect(log.connections.at(-1)?.at).toBe(NOW - 2);
    expect(journal([OWN], "", "status 124\n").cut).toBe("reading it took too long");
    expect(journal([OWN], "", "").cut).toBeDefined();
  });

  test("curfew's own login is missing", () => {
    const other = { ...OWN, text: OWN.text.replace("35270", "35271") };
    expect(journal([other])).toMatchObject({ heard: true, heardItself: false, own: undefined });
    expect(journal([{ ...OWN, uid: 1000 }])).toMatchObject({ heard: false, heardItself: false });
  });
});

describe("log files", () => {
  const iso = (text: string): string => `2026-11-30T03:50:00.123456+00:00 web1 ${text}`;
  const plain = (text: string, time = "03:50:00"): string => `Nov 30 ${time} web1 ${text}`;
  const FAILED = "sshd[82]: Failed password for alice from 10.77.0.1 port 36328 ssh2";

  function files(...contents: readonly (readonly string[])[]): LoginLog {
    const said = contents.map((lines, index) => {
      const path = join(dir, index === contents.length - 1 ? "auth.log" : "auth.log.1");
      writeFileSync(path, `${lines.join("\n")}\n`);
      return run(`log_file ${path}`);
    });
    return parsed(said.join(""));
  }

  test("both kinds of time, and where the file begins", () => {
    const log = files([
      plain("CRON[1]: pam_unix(cron:session): session opened for user root", "03:00:00"),
      plain("sshd-session[81]: Timeout, client not responding from user alice 10.77.0.1 port 1", "03:49:00"),
      plain(FAILED),
      iso("sshd[82]: message repeated 2 times: [ Failed password for alice from 10.77.0.1 port 36328 ssh2]"),
      iso("sshd[82]: Connection closed by authenticating user alice 10.77.0.1 port 36328 [preauth]"),
      iso("sshd[900]: Accepted publickey for root from 10.77.0.1 port 35270 ssh2: ED25519 SHA256:abc"),
    ]);
    expect(log).toMatchObject({
      vouched: false,
      since: NOW - 3600,
      heardItself: true,
      own: "root",
      source: join(dir, "auth.log"),
    });
    expect(log.timeouts).toEqual([{ at: NOW - 660, by: "ClientAlive", user: "alice", address: "10.77.0.1" }]);
    expect(log.connections).toMatchObject([{ user: "alice", failed: 3 }, { user: "root" }]);
  });

  test("the name of the program counts where it stands, and nowhere else", () => {
    const log = files([
      plain(`su[5]: ${FAILED}`),
      plain(`evil: x web1 ${FAILED}`),
      plain(`sshd: x ${plain(FAILED)}`),
      `x ${plain(FAILED)}`,
      plain("sshd[82] Failed password for alice from 10.77.0.1 port 36328 ssh2"),
    ]);
    expect([log.connections, log.heard]).toEqual([[], false]);
  });

  test("the file before is read first; a line that stands in both counts once, and twice where one has it twice", () => {
    const close = plain(
      "sshd[82]: Connection closed by authenticating user alice 10.77.0.1 port 36328 [preauth]",
      "03:51:00",
    );
    const log = files([plain(FAILED), plain(FAILED)], [plain(FAILED), close]);
    expect(log.source).toBe(`${join(dir, "auth.log.1")} and ${join(dir, "auth.log")}`);
    expect(log.connections).toMatchObject([{ failed: 2 }]);
    expect(
      files([plain(FAILED)], [plain(FAILED), plain(FAILED), plain(FAILED), close]).connections,
    ).toMatchObject([{ failed: 3 }]);
  });

  test("one that is too much is cut, the oldest lost, and says so", () => {
    const minute = (index: number): string => `03:${String(Math.floor(index / 100) + 10)}:00`;
    const log = files(Array.from({ length: 4000 }, (_, index) => plain(FAILED, minute(index))));
    expect(log.cut).toBe(`${join(dir, "auth.log")} holds more than can be read at once`);
    expect(log.since).toBeGreaterThan(NOW - 3000);
  });
});

test("neither a journal nor a file", () => {
  const head = `\n@${TOKEN}\tlogin-log\t${NOW}\t+0000\t${NOW - 90_000}\n\n@${TOKEN}\tend\n`;
  expect(parseLoginLog(parseSections(Buffer.from(head), TOKEN, "web1"))).toMatchObject({
    state: "unreadable",
  });
  const nothing = `\n@${TOKEN}\tend\n`;
  expect(parseLoginLog(parseSections(Buffer.from(nothing), TOKEN, "web1"))).toBeUndefined();
  const wrong = `\n@${TOKEN}\tlogin-log\tx\t+0000\t1\n\n@${TOKEN}\tend\n`;
  expect(() => parseLoginLog(parseSections(Buffer.from(wrong), TOKEN, "web1"))).toThrow(CurfewError);
});
