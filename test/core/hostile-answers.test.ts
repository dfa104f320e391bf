/** Whatever a host answers, it is read or refused in linear time, and what is too much is refused. */
import { describe, expect, test } from "vitest";
import { scaleShellFile } from "../../src/controls/shell-timeout/scale.ts";
import { scaleSshdConfig } from "../../src/controls/sshd/scale.ts";
import { parseFacts } from "../../src/core/facts/parse-facts.ts";
import { parseSections } from "../../src/core/answer/sections.ts";
import { parseProbeFacts } from "../../src/core/probe/probe-facts.ts";
import { parseShadowLog } from "../../src/core/probe/shadow-log.ts";
import { foreignSettings, othersTimeout } from "../../src/core/shell/foreign-timeout.ts";
import { isPlain } from "../../src/core/shell/plain-assignment.ts";
import { tmoutValues } from "../../src/core/shell/tmout-values.ts";
import { parseSshdConfig } from "../../src/core/sshd/config-text.ts";
import { parseSshdTime } from "../../src/core/sshd/time.ts";
import { unifiedDiff } from "../../src/core/text/unified-diff.ts";
import { visible, visibleLines } from "../../src/core/text/visible.ts";
import { harmIn } from "../../src/core/wizard/harm.ts";
import { parseWizardSurvey } from "../../src/core/wizard/survey.ts";
import { host } from "../controls/facts-fixture.ts";
import { growth, LINEAR } from "../complexity.ts";

const repeated = (text: string) => (size: number) => text.repeat(size);

describe("surveys", () => {
  test.each([
    ["files", "file\t/a\t/a\nhex 54 4d 4f\n"],
    ["a file of many lines", "hex 54 4d 4f 55 54 3d 36 0a 54 4d 4f 55 54 3d 36 0a\n"],
    ["accounts", "account\tbea\t1001\t/bin/bash\t/home/bea\t\ngroups\tbea\tbea\n"],
    ["empty lines", "\n"],
  ])("of accounts: %s", (_, text) => {
    expect(
      growth(
        4000,
        (size) => `file\t/a\t/a\n${text.repeat(size)}end\n`,
        (output) => parseProbeFacts(output),
      ),
    ).toBeLessThan(LINEAR);
  });

  test("of accounts: as many lines as the output may have are refused", () => {
    expect(() => parseProbeFacts(`${"\n".repeat(8_000_000)}end\n`)).toThrow(/more than 200000 lines/u);
  });

  function chain(size: number, parent: (pid: number) => number = (pid) => pid - 1): string {
    const pids = Array.from({ length: size }, (_, index) => index + 1);
    const lines = pids.map((pid) => `process\t${pid}\t${parent(pid)}\t1000\t0\t1\tmake\n`);
    return `account\tbea\t1000\t/bin/bash\nclock\t99\t100\nself\t${size}\n${lines.join("")}end\n`;
  }

  test.each([
    ["each process the parent of the next", (size: number) => chain(size)],
    ["a circle of processes", (size: number) => chain(size, (pid) => (pid === 1 ? size : pid - 1))],
    ["all children of one", (size: number) => chain(size, () => 1)],
  ])("of processes: %s", (_, make) => {
    expect(growth(2500, make, (output) => harmIn(parseWizardSurvey(output, "h")))).toBeLessThan(LINEAR);
  });

  test("of processes: more lines than there can be are refused", () => {
    expect(() => parseWizardSurvey(`${"\n".repeat(8_000_000)}end\n`, "h")).toThrow(/more than 200000 lines/u);
  });

  test("words of the host in a message are few", () => {
    const message = (output: string): string => {
      try {
        parseWizardSurvey(output, "h");
        return "";
      } catch (error) {
        return String(error);
      }
    };
    expect(message(`${"x".repeat(1_000_000)}\nend\n`).length).toBeLessThan(1000);
    expect(message(`clock\t${"9".repeat(1_000_000)}\t1\nself\t1\nend\n`).length).toBeLessThan(1000);
  });
});

describe("facts", () => {
  const TOKEN = "0123456789abcdef0123456789abcdef";
  const RUN = { host: "h", token: TOKEN, serverIdent: "SSH-2.0-OpenSSH_9.2", selectors: [], takenAt: "" };

  test.each([
    ["sections", `\n@${TOKEN}\tfile\ta`, /more than 5000 sections/u],
    ["lines of one section", "\n", /more than 262144 lines/u],
    ["bytes", "x".repeat(30), /longer than 16 MiB/u],
  ])("too many %s are refused", (_, text, expected) => {
    const most = text.startsWith("x") ? 17_000_000 : Math.min(9_000_000, 600_000 * text.length);
    const output = Buffer.from(`\n@${TOKEN}\tpeople\n${text.repeat(most / text.length)}`);
    expect(() => parseFacts(output, RUN)).toThrow(expected);
  });

  test("sections are told apart in linear time", () => {
    expect(
      growth(
        1000,
        (size) => Buffer.from(`\n@${TOKEN}\tfile\tmain\t/a\t/a\tregular\n${"x".repeat(2000)}`.repeat(size)),
        (output) => {
          expect(() => parseSections(output, TOKEN, "h")).toThrow(/cut short/u);
        },
      ),
    ).toBeLessThan(LINEAR);
  });
});

describe("files of a host", () => {
  test.each([
    ["one word", "a"],
    ["quotes", '"'],
    ["words", 'ChannelTimeout "a b" c=d '],
    ["equals signs", "="],
    ["blanks", " "],
    ["empty lines", "\n"],
    ["Match blocks", "Match User a\n ClientAliveInterval 1\n"],
    ["timeouts", "ChannelTimeout session:x=1m1m\n"],
  ])("sshd's configuration: %s", (_, text) => {
    const make = repeated(text);
    expect(
      growth(
        4000,
        (size) => `ChannelTimeout ${make(size)}`,
        (config) => parseSshdConfig(config),
      ),
    ).toBeLessThan(LINEAR);
    expect(
      growth(
        4000,
        (size) => `ChannelTimeout ${make(size)}`,
        (config) => scaleSshdConfig(config, 0.1),
      ),
    ).toBeLessThan(LINEAR);
  });

  test.each(["a", "TMOUT=", "TMOUT ", "TMOUT=1 ", "autologout", "autologout =", " ", "${TMOUT:=", "echo 1"])(
    "a shell's file full of %j",
    (text) => {
      expect(growth(4000, repeated(text), (file) => scaleShellFile("/etc/profile", file, 0.1))).toBeLessThan(
        LINEAR,
      );
      expect(growth(4000, repeated(text), (file) => tmoutValues(file))).toBeLessThan(LINEAR);
    },
  );

  test.each(["a=", "a=a ", "declare -a ", "TMOUT=1;", "TMOUT=1 && ", "{ ", " ", "[ -z $TMOUT ] && "])(
    "whether a line full of %j is plain",
    (text) => {
      expect(growth(2000, repeated(text), (line) => isPlain(`${line}(`))).toBeLessThan(LINEAR);
    },
  );

  test.each(["declare -a ", "a=", "TMOUT=1 ", " ", "${TMOUT:-", "case $- in *i*) "])(
    "timeouts of others, lines of %j",
    (text) => {
      const line = `TMOUT=1 ${text.repeat(Math.floor(900 / text.length))}(`;
      const make = (size: number) => {
        const foreignTimeouts = Array.from({ length: size }, (_, index) => ({
          file: "/etc/profile",
          line: index,
          text: line,
        }));
        return { ...host(), foreignTimeouts };
      };
      expect(growth(200, make, (facts) => [foreignSettings(facts), othersTimeout(facts)])).toBeLessThan(
        LINEAR,
      );
    },
  );

  test("a difference between two files that share nothing", () => {
    const file = (name: string, size: number) => ({
      content: Array.from({ length: size }, (_, index) => `${name}${index}\n`).join(""),
      mode: "0644",
      uid: 0,
      gid: 0,
    });
    const make = (size: number) =>
      ({
        control: "sshd",
        path: "/etc/x",
        action: "update",
        before: file("a", size),
        after: file("b", size),
        reason: "",
        risk: "login",
        activation: null,
      }) as const;
    expect(growth(2000, make, (change) => unifiedDiff(change))).toBeLessThan(LINEAR);
    const text = unifiedDiff(make(2000));
    expect(text).toContain("@@ -1,2000 +1,2000 @@\n-a0\n");
    expect(text.endsWith("+b1999\n")).toBe(true);
  });

  test.each(["\u001b[2J", "\u202e", "\t", "\r", "\n", "x"])("made visible: %j", (text) => {
    expect(growth(15_000, repeated(text), (output) => visible(output) + visibleLines(output))).toBeLessThan(
      LINEAR,
    );
  });
});

test.each([
  "User a from a ",
  "User a not allowed because ",
  " from a port 1 ",
  "Accepted publickey for a from ",
  "Timeout, client not responding from user a port ",
  "channel 1: channel 1: ",
  "Access denied for user ",
])("a log line of %j", (text) => {
  expect(
    growth(
      500,
      (size) => `User ${text.repeat(size)}`,
      (line) => parseShadowLog(line),
    ),
  ).toBeLessThan(LINEAR);
  expect(
    growth(
      500,
      (size) => `${text}${text.repeat(size)}x`,
      (line) => parseShadowLog(line),
    ),
  ).toBeLessThan(LINEAR);
});

test.each([
  ["User bea from 10.0.0.1 not allowed because not listed in AllowUsers", "bea"],
  ["User dora not allowed because account is locked", "dora"],
  ["User two words from host.example not allowed because x", "two words"],
  ["Access denied for user carl by PAM account configuration", "carl"],
  ["ROOT LOGIN REFUSED FROM 10.0.0.1 port 22", "root"],
])("still understood: %s", (line, user) => {
  expect(parseShadowLog(line)).toEqual({ type: "refused", user, text: line });
});

test.each([
  ["90", 90],
  ["1h30m", 5400],
  ["1h30", 3630],
  ["", undefined],
  ["none", undefined],
  ["1x", undefined],
])("sshd's time %j", (text, seconds) => {
  expect(parseSshdTime(text)).toBe(seconds);
});

test("a time of many digits is refused at once", () => {
  expect(growth(5000, repeated("1"), (text) => parseSshdTime(`${text}x`))).toBeLessThan(LINEAR);
});
