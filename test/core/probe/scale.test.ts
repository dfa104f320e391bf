import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MINUTES_SCRIPT } from "../../../src/model/inventory/host-paths.ts";
import { scaleShellFile } from "../../../src/controls/shell-timeout/scale.ts";
import { scaleSshdConfig } from "../../../src/controls/sshd/scale.ts";
import { scaleSeconds, withoutListenAddress } from "../../../src/core/probe/scale.ts";
import { parseSshdTime } from "../../../src/core/sshd/time.ts";

describe("parseSshdTime", () => {
  test.each([
    ["90", 90],
    ["5m", 300],
    ["1h30m", 5400],
    ["1H2M3S", 3723],
    ["2d", 172_800],
    ["1w", 604_800],
    ["none", undefined],
    ["", undefined],
    ["5 m", undefined],
    ["-5", undefined],
  ])("%s is %s", (text, seconds) => expect(parseSshdTime(text)).toBe(seconds));
});

describe("scaleSeconds", () => {
  test("is exact where it can be", () => expect(scaleSeconds(900, 10 / 900)).toBe(10));
  test("never rounds down, and keeps the order", () => {
    const factor = fc.double({ min: 1e-4, max: 1, noNaN: true });
    const value = fc.integer({ min: 1, max: 604_800 });
    fc.assert(
      fc.property(factor, value, value, (by, left, right) => {
        expect(scaleSeconds(left, by)).toBeGreaterThanOrEqual(left * by - 1e-6);
        expect(scaleSeconds(left, by)).toBeGreaterThanOrEqual(1);
        const [less, more] = [Math.min(left, right), Math.max(left, right)];
        expect(scaleSeconds(less, by)).toBeLessThanOrEqual(scaleSeconds(more, by));
      }),
    );
  });
  test("off stays off", () => expect(scaleSeconds(0, 0.1)).toBe(0));
});

describe("scaleSshdConfig", () => {
  test.each([
    ["ClientAliveInterval 300", "ClientAliveInterval 30"],
    ["\tclientaliveinterval=5m # x", "\tclientaliveinterval=30 # x"],
    ['ClientAliveInterval "300"', 'ClientAliveInterval "30"'],
    ["ClientAliveInterval 0", "ClientAliveInterval 0"],
    ["ClientAliveCountMax 3", "ClientAliveCountMax 3"],
    ["ChannelTimeout session:*=10m direct-tcpip=5m", "ChannelTimeout session:*=60 direct-tcpip=30"],
    ['ChannelTimeout "session:*=10m"', 'ChannelTimeout "session:*=60"'],
    ["ChannelTimeout none", "ChannelTimeout none"],
    ["UnusedConnectionTimeout 1m", "UnusedConnectionTimeout 6"],
    ["#ClientAliveInterval 300", "#ClientAliveInterval 300"],
    ["LoginGraceTime 120", "LoginGraceTime 120"],
    ["ListenAddress 10.0.0.1:22", "#ListenAddress 10.0.0.1:22"],
    ["  listenaddress=::", "#  listenaddress=::"],
    ["Banner /etc/ClientAliveInterval 300", "Banner /etc/ClientAliveInterval 300"],
  ])("%s", (before, after) => expect(scaleSshdConfig(before, 0.1).text).toBe(after));

  test("says which channels a timeout is about, and when an unused connection ends", () => {
    const text =
      "ChannelTimeout session:*=5m direct-tcpip=10m *=20m x11-connection=1m\nUnusedConnectionTimeout 2m\n";
    const found = scaleSshdConfig(text, 0.1).found.map(({ by, channel, real, scaled }) => [
      by,
      channel,
      real,
      scaled,
    ]);
    expect(found).toEqual([
      ["ChannelTimeout", "session", 300, 30],
      ["ChannelTimeout", "forward", 600, 60],
      ["ChannelTimeout", "any", 1200, 120],
      ["UnusedConnectionTimeout", undefined, 120, 12],
    ]);
  });

  test("says what it found, by line", () => {
    const text = "ClientAliveInterval 60\nMatch User a\n  ChannelTimeout session:*=5m x11=1m\n";
    expect(scaleSshdConfig(text, 0.1).found).toEqual([
      { by: "ClientAlive", real: 60, scaled: 6, line: 1 },
      { by: "ChannelTimeout", real: 300, scaled: 30, line: 3, channel: "session" },
    ]);
  });

  test("no ListenAddress survives, whatever stands around it", () => {
    const noise = fc.constantFrom("", " ", "\t", "\0");
    const line = fc.tuple(
      noise,
      fc.constantFrom("ListenAddress", "LISTENADDRESS", '"ListenAddress"'),
      fc.constantFrom(" ", "=", "\t"),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            line.map((parts) => `${parts.join("")}1.2.3.4`),
            fc.string(),
          ),
        ),
        (lines) => {
          const left = withoutListenAddress(lines.join("\n")).split("\n");
          expect(left.filter((each) => /^[\s\0]*"?listenaddress\b/iu.test(each))).toEqual([]);
        },
      ),
    );
  });

  test("other lines keep every byte", () => {
    const other = fc.string().filter((text) => !/alive|timeout|listen|\n/iu.test(text));
    fc.assert(
      fc.property(other, (line) => {
        expect(scaleSshdConfig(line, 0.1).text).toBe(line);
      }),
    );
  });
});

describe("scaleShellFile", () => {
  const path = "/etc/profile.d/x.sh";
  test.each([
    ["TMOUT=600", "TMOUT=60"],
    ["readonly TMOUT=600; export TMOUT", "readonly TMOUT=60; export TMOUT"],
    ["declare -rx TMOUT='900'", "declare -rx TMOUT='90'"],
    ['typeset -r TMOUT="900"', 'typeset -r TMOUT="90"'],
    [": ${TMOUT:=600}", ": ${TMOUT:=60}"],
    [
      "case $x in a) readonly TMOUT=240 ;; *) readonly TMOUT=300 ;; esac",
      "case $x in a) readonly TMOUT=24 ;; *) readonly TMOUT=30 ;; esac",
    ],
    ["TMOUT DEFAULT=600", "TMOUT DEFAULT=60"],
    ["TMOUT=0", "TMOUT=0"],
    ["MYTMOUT=600 $TMOUT=600", "MYTMOUT=600 $TMOUT=600"],
    ["# TMOUT=600", "# TMOUT=600"],
    ["unset TMOUT", "unset TMOUT"],
  ])("%s", (before, after) => expect(scaleShellFile(path, before, 0.1).text).toBe(after));

  test("says what it cannot scale", () => {
    expect(scaleShellFile(path, "TMOUT=$((15*60))\nset -r autologout = 5\n", 0.1)).toEqual({
      text: "TMOUT=$((15*60))\nset -r autologout = 5\n",
      found: [{ real: 300, scaled: 300, line: 2, csh: true }],
      computed: [1],
    });
  });

  test("knows the minutes that curfew's own script prints", () => {
    expect(scaleShellFile(MINUTES_SCRIPT, "*'(ops)'*) echo 10 ;;\n*) echo ;;\n", 1).found).toEqual([
      { real: 600, scaled: 600, line: 1, csh: true },
    ]);
  });
});
