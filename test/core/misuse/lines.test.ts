import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { believedMessage, type LogLine } from "../../../src/core/misuse/believed.ts";
import { logindMessage, sshdMessage, watchdogMessage } from "../../../src/core/misuse/lines.ts";

const alice = { user: "alice", address: "10.77.0.1", port: 35270 };

describe("what a line of sshd's says", () => {
  test.each([
    // 8.4, 9.2, 10.0, 10.6
    [
      "Timeout, client not responding from user alice 10.77.0.1 port 35270",
      { type: "timeout", by: "ClientAlive", user: "alice", address: "10.77.0.1" },
    ],
    // 9.2, 10.0, 10.6
    [
      "terminating inactive connection from user alice 10.77.0.1 port 35274",
      { type: "timeout", by: "UnusedConnectionTimeout", user: "alice", address: "10.77.0.1" },
    ],
    // 9.2, 10.0
    ["channel 0: closing after 4 seconds of inactivity", { type: "channel" }],
    // 10.6
    ["channel 0: closing after 4.000000 seconds of inactivity", { type: "channel" }],
    ["Close session: user alice from 10.77.0.1 port 35270 id 0", { type: "session", ...alice }],
    ["Disconnected from user alice 10.77.0.1 port 35270", { type: "session", ...alice }],
    ["Connection closed by user alice 10.77.0.1 port 35270", { type: "session", ...alice }],
    [
      "Accepted publickey for alice from 10.77.0.1 port 35270 ssh2: ED25519 SHA256:sG4QqnL8o2IdlsKJi8OJO3aPMinVnhXXFjdpbZMqSmM",
      { type: "accepted", ...alice },
    ],
    ["Accepted password for alice from 10.77.0.1 port 35270 ssh2", { type: "accepted", ...alice }],
    [
      "Failed password for alice from 10.77.0.1 port 35270 ssh2",
      { type: "failed", secret: true, count: 1, ...alice },
    ],
    [
      "Failed keyboard-interactive/pam for alice from 10.77.0.1 port 35270 ssh2",
      { type: "failed", secret: true, count: 1, ...alice },
    ],
    [
      "Failed publickey for alice from 10.77.0.1 port 35270 ssh2: ED25519 SHA256:qPadcJTayn9OEjDIxDTbRY5bsApYNjgvxhvKoGESZK0",
      { type: "failed", secret: false, count: 1, ...alice },
    ],
    [
      "Failed none for alice from 10.77.0.1 port 35270 ssh2",
      { type: "failed", secret: false, count: 1, ...alice },
    ],
    [
      "Connection closed by authenticating user alice 10.77.0.1 port 35270 [preauth]",
      { type: "closed", ...alice },
    ],
    [
      "Connection reset by authenticating user alice 10.77.0.1 port 35270 [preauth]",
      { type: "closed", ...alice },
    ],
    [
      "Disconnected from authenticating user alice 10.77.0.1 port 35270 [preauth]",
      { type: "closed", ...alice },
    ],
    [
      "Disconnecting authenticating user alice 10.77.0.1 port 35270: Too many authentication failures [preauth]",
      { type: "closed", ...alice },
    ],
    [
      "error: maximum authentication attempts exceeded for alice from 10.77.0.1 port 35270 ssh2 [preauth]",
      { type: "closed", ...alice },
    ],
    ["error: PAM: Authentication failure for alice from 10.77.0.1", { type: "pam", user: "alice", count: 1 }],
    [
      "message repeated 2 times: [ Failed password for alice from 10.77.0.1 port 35270 ssh2]",
      { type: "failed", secret: true, count: 2, ...alice },
    ],
    // Up to 9.7, and from 9.8 on by the listener.
    ["Timeout before authentication for 10.77.0.1 port 35270", { type: "grace", pid: undefined }],
    [
      "Timeout before authentication for connection from 10.77.0.1 to 10.77.0.13, pid = 120",
      { type: "grace", pid: 120 },
    ],
    [
      "Failed password for alice from ::ffff:10.77.0.1 port 35270 ssh2",
      { type: "failed", secret: true, count: 1, ...alice },
    ],
    [
      "Failed password for alice from fe80::1%eth0 port 35270 ssh2",
      { type: "failed", secret: true, count: 1, ...alice, address: "fe80::1" },
    ],
    [
      "Failed password for EXAMPLE\\jo hn from 10.77.0.1 port 35270 ssh2",
      { type: "failed", secret: true, count: 1, ...alice, user: "EXAMPLE\\jo hn" },
    ],
    // What a certificate is called is its owner's choice.
    [
      "Failed publickey for alice from 10.77.0.1 port 35270 ssh2: ED25519-CERT SHA256:abc ID x for bob from 9.9.9.9 port 1 ssh2 (serial 0) CA ED25519 SHA256:abc",
      { type: "failed", secret: false, count: 1, ...alice },
    ],
    [
      "Disconnecting authenticating user alice 10.77.0.1 port 35270: Change of username or service not allowed: (alice,ssh-connection) -> (bob 9.9.9.9 port 1,ssh-connection) [preauth]",
      { type: "closed", ...alice },
    ],
  ])("%s", (text, message) => {
    expect(sshdMessage(text)).toEqual(message);
  });

  test.each([
    "Invalid user mal lory from 9.9.9.9 port 1 from 127.0.0.1 port 39672",
    "Failed password for invalid user mal lory from 9.9.9.9 port 1 from 127.0.0.1 port 39672 ssh2",
    "Failed password for invalid user alice from 9.9.9.9 port 1 ssh2: x from 127.0.0.1 port 39672 ssh2",
    "Connection closed by invalid user alice 9.9.9.9 port 1 10.77.0.1 port 32864 [preauth]",
    "Disconnecting invalid user alice 10.77.0.1 port 35270: Too many authentication failures [preauth]",
    "error: maximum authentication attempts exceeded for invalid user alice from 10.77.0.1 port 1 ssh2 [preauth]",
    "error: PAM: Authentication failure for illegal user alice from 10.77.0.1",
    "User alice from 10.77.0.1 not allowed because not listed in AllowUsers",
    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.77.0.1  user=alice",
    "PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.77.0.1  user=alice",
    "Postponed publickey for alice from 10.77.0.1 port 35270 ssh2 [preauth]",
    "Received disconnect from 10.77.0.1 port 35278:11: Failed password for alice from 10.77.0.1 port 35270 ssh2",
    "drop connection #0 from [10.77.0.1]:35270 on [10.77.0.13]:22 penalty: failed authentication",
    "Starting session: forced-command (config) 'Timeout, client not responding from user alice 10.77.0.1 port 1' for bob from 10.77.0.1 port 2 id 0",
    "message repeated 2 times: [ message repeated 9 times: [ Accepted password for alice from 10.77.0.1 port 1 ssh2]]",
    "Failed password for alice from 10.77.0.1 port 99999 ssh2",
    "Failed password for alice from UNKNOWN port 35270 ssh2",
    "Failed password for alice\nroot from 10.77.0.1 port 35270 ssh2",
    " Failed password for alice from 10.77.0.1 port 35270 ssh2",
    "Failed password for alice from 10.77.0.1 port 35270 ssh2 ",
    "",
  ])("nothing: %s", (text) => {
    expect(sshdMessage(text)).toBeUndefined();
  });

  test("whoever is no account here speaks for no account, whatever the name", () => {
    const word = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        "alice",
        " from 9.9.9.9 port 1",
        " ssh2",
        ": ",
        "for ",
        "user ",
        "\n",
        "Failed password for alice from 9.9.9.9 port 1 ssh2",
        "message repeated 9 times: [ ",
      ),
    );
    const name = fc.array(word, { maxLength: 8 }).map((words) => words.join(""));
    const forms = [
      (user: string) => `Invalid user ${user} from 127.0.0.1 port 39672`,
      (user: string) => `Failed password for invalid user ${user} from 127.0.0.1 port 39672 ssh2`,
      (user: string) => `Connection closed by invalid user ${user} 127.0.0.1 port 39672 [preauth]`,
      (user: string) => `Disconnected from invalid user ${user} 127.0.0.1 port 39672 [preauth]`,
      (user: string) =>
        `Disconnecting invalid user ${user} 127.0.0.1 port 39672: Too many authentication failures [preauth]`,
      (user: string) =>
        `error: maximum authentication attempts exceeded for invalid user ${user} from 127.0.0.1 port 39672 ssh2 [preauth]`,
      (user: string) => `error: PAM: Authentication failure for illegal user ${user} from 127.0.0.1`,
      (user: string) => `User ${user} from 127.0.0.1 not allowed because not listed in AllowUsers`,
    ];
    fc.assert(
      fc.property(name, fc.constantFrom(...forms), (user, form) => {
        expect(sshdMessage(form(user))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test("what a caller chooses behind a line does not change whose it is", () => {
    const text = fc.string({ maxLength: 60 }).filter((each) => !/[\p{C}\n]/u.test(each));
    fc.assert(
      fc.property(text, (id) => {
        const line = `Failed publickey for alice from 10.77.0.1 port 35270 ssh2: ED25519-CERT SHA256:a ID ${id} (serial 0) CA RSA SHA256:b`;
        expect(sshdMessage(line)).toMatchObject(alice);
      }),
    );
  });
});

test("what the watchdog and logind say", () => {
  const ended = (user: string, from: string): string =>
    `ended the session of "${user}" on pts/3 from ${from}: no input for 31 s, limit 20 s, role "watched"`;
  expect(watchdogMessage(ended("wanda", "10.77.0.1"))).toEqual({
    type: "timeout",
    by: "watchdog",
    user: "wanda",
    address: "10.77.0.1",
  });
  expect(watchdogMessage(ended("wanda", "unknown"))).toMatchObject({ address: null });
  expect(watchdogMessage('ended the session of "wanda"')).toBeUndefined();
  expect(logindMessage('Session "3" of user "wanda" is idle, stopping.')).toEqual({
    type: "timeout",
    by: "logind",
    user: "wanda",
    address: null,
  });
  expect(logindMessage("Session c1 of user wanda is idle, stopping.")).toMatchObject({ user: "wanda" });
  expect(logindMessage("Session 3 logged out. Waiting for processes to exit.")).toBeUndefined();
});

describe("who is believed", () => {
  const accounts = new Map([
    ["1000", "alice"],
    ["1001", "bob"],
    ["1003", "EXAMPLE\\Alice"],
  ]);
  const FAILED = "Failed password for alice from 10.77.0.1 port 35270 ssh2";
  const CLOSED = "Connection closed by authenticating user alice 10.77.0.1 port 35270 [preauth]";
  const TIMEOUT = "Timeout, client not responding from user alice 10.77.0.1 port 35270";
  const lineOf = (changes: Partial<LogLine>): LogLine => ({
    uid: "0",
    program: "/usr/sbin/sshd",
    identifier: "sshd",
    text: FAILED,
    ...changes,
  });

  test.each<[string, Partial<LogLine>, boolean]>([
    ["root's sshd", {}, true],
    ["sshd-session", { identifier: "sshd-session", program: "/usr/lib/openssh/sshd-session" }, true],
    ["one that was upgraded meanwhile", { program: "/usr/sbin/sshd (deleted)" }, true],
    ["one that had gone when the journal looked", { program: "self", text: CLOSED }, true],
    ["root's logger that had gone by then", { program: "self" }, false],
    ["the same, about a timeout", { program: "self", text: TIMEOUT }, false],
    ["alice's session that had gone by then", { uid: "1000", program: "self", text: TIMEOUT }, true],
    ["one whose name is all that is known", { program: "(sshd)" }, true],
    ["root's logger", { program: "/usr/bin/logger" }, false],
    ["root's logger by its name", { program: "(logger)" }, false],
    ["nothing known", { program: "" }, false],
    ["somebody's logger", { uid: "1001", program: "/usr/bin/logger" }, false],
    ["somebody's program called sshd", { uid: "1001", program: "(sshd)" }, false],
    ["sshd itself, started by somebody", { uid: "1001" }, false],
    ["sshd itself, started by alice", { uid: "1000" }, false],
    ["alice's session about itself", { uid: "1000", text: TIMEOUT }, true],
    ["alice of a domain", { uid: "1003", text: TIMEOUT }, true],
    ["bob's session about alice", { uid: "1001", text: TIMEOUT }, false],
    ["an account without a name", { uid: "1002", text: TIMEOUT }, false],
    ["another program", { identifier: "CRON" }, false],
    [
      "logind",
      {
        identifier: "systemd-logind",
        program: "/usr/lib/systemd/systemd-logind",
        text: "Session 3 of user alice is idle, stopping.",
      },
      true,
    ],
    [
      "alice as logind",
      {
        uid: "1000",
        identifier: "systemd-logind",
        program: "self",
        text: "Session 3 of user alice is idle, stopping.",
      },
      false,
    ],
    [
      "the watchdog",
      {
        identifier: "curfew-watchdog",
        program: "/usr/bin/logger",
        text: 'ended the session of "alice" on pts/3 from unknown: no input for 31 s, limit 20 s, role "x"',
      },
      true,
    ],
    [
      "alice as the watchdog",
      {
        uid: "1000",
        identifier: "curfew-watchdog",
        program: "self",
        text: 'ended the session of "alice" on pts/3 from unknown: no input for 31 s, limit 20 s, role "x"',
      },
      false,
    ],
    ["a log file, which does not tell", { uid: "-", program: "-" }, true],
  ])("%s: %j", (_name, changes, believed) => {
    expect(believedMessage(lineOf(changes), accounts) !== undefined).toBe(believed);
  });
});
