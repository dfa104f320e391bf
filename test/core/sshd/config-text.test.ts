import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstMatchLine, parseSshdConfig } from "../../../src/core/sshd/config-text.ts";

describe("parseSshdConfig", () => {
  test.each<[string, string, string[]]>([
    ["Port 22", "port", ["22"]],
    ["  \tPermitRootLogin\tno  ", "permitrootlogin", ["no"]],
    ["ClientAliveInterval=300", "clientaliveinterval", ["300"]],
    ["ClientAliveInterval = 300", "clientaliveinterval", ["300"]],
    ['Match Group "domain vendors,ext" User a', "match", ["Group", "domain vendors,ext", "User", "a"]],
    [
      "ChannelTimeout session:*=5m direct-tcpip=1h # why",
      "channeltimeout",
      ["session:*=5m", "direct-tcpip=1h"],
    ],
    ['Banner "/etc/issue #1"', "banner", ["/etc/issue #1"]],
    ['Subsystem sftp "unterminated', "subsystem", ["sftp", "unterminated"]],
    ["Port 22\r", "port", ["22"]],
  ])("reads %j", (text, keyword, args) => {
    expect(parseSshdConfig(text)).toEqual([
      { line: 1, keyword, args, match: keyword === "match" ? args.join(" ") : null },
    ]);
  });

  test("skips comments and blank lines but counts them, and knows what stands under Match", () => {
    const text = "# a\n\nPort 22\nMatch User a\n  X11Forwarding no\n#Match all\nMatch all\nBanner none\n";
    expect(parseSshdConfig(text).map(({ line, keyword, match }) => [line, keyword, match])).toEqual([
      [3, "port", null],
      [4, "match", "User a"],
      [5, "x11forwarding", "User a"],
      [7, "match", "all"],
      [8, "banner", "all"],
    ]);
    expect(firstMatchLine(text)).toBe(4);
    expect(firstMatchLine("Port 22\n")).toBeUndefined();
  });

  test("never fails and never invents a line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const count = text.split("\n").length;
        for (const { line, keyword } of parseSshdConfig(text)) {
          expect(line).toBeLessThanOrEqual(count);
          expect(keyword).toBe(keyword.toLowerCase());
        }
      }),
    );
  });
});
