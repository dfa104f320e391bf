/** Parts of the guard's script that need no sshd, run by the shell. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { remoteScript } from "../../../src/template/remote-script.ts";

/** Runs `script` with the guard's functions about sshd. */
function run(script: string, input = ""): string {
  const values = { sshd: "/usr/sbin/sshd", main: "/etc/ssh/sshd_config", manager: "none", unit: "" };
  const functions = remoteScript(["guard-undo/sshd", "guard-undo/answers"], {
    ...values,
    perconnection: "no",
    pid: "",
  });
  const said = spawnSync("sh", ["-c", `guard=/nonexistent\n${functions}\n${script}`], { input });
  expect(said.stderr.toString()).toBe("");
  return said.stdout.toString();
}

describe("the addresses that are asked, from /proc/net/tcp", () => {
  const established = (local: string): string => `  9: ${local} 0100000A:C350 01 00000000:00000000 0 0 77\n`;
  const V4 = "0200000A";
  const MAPPED = "0000000000000000FFFF00000200000A";

  test.each([
    ["all of IPv4", "own 1 00000000:0016\n", ["127.0.0.1/first/22"]],
    ["one of IPv4", "own 1 0264A8C0:08AE\n", ["192.168.100.2/first/2222"]],
    [
      "all of IPv6, which may be those of IPv4 as well",
      `own 1 ${"0".repeat(32)}:0016\n`,
      ["127.0.0.1/else/22", "::1/else/22"],
    ],
    [
      "one of IPv6",
      "own 1 B80D0120000000000000000001000000:0016\n",
      ["2001:0db8:0000:0000:0000:0000:0000:0001/first/22"],
    ],
    ["one of a link, which alone says nothing", "own 1 000080FE000000000000000001000000:0016\n", []],
    [
      "where somebody is connected, should the loopback be barred",
      `own 1 00000000:0016\n${established(`${V4}:0016`)}${established(`${V4}:0016`)}`,
      ["127.0.0.1/first/22", "10.0.0.2/else/22"],
    ],
    [
      "the same behind a socket for both",
      `own 1 ${"0".repeat(32)}:0016\n${established(`${MAPPED}:0016`)}`,
      ["127.0.0.1/else/22", "::1/else/22", "10.0.0.2/else/22"],
    ],
    ["nobody on another port", `own 1 00000000:0016\n${established(`${V4}:0050`)}`, ["127.0.0.1/first/22"]],
  ])("%s", (_, input, expected) => {
    expect(run("hexadecimal", input).split("\n").filter(Boolean)).toEqual(expected);
  });
});

test("a command is bounded without timeout(1), too", () => {
  const begin = performance.now();
  expect(run("timeout() { return 127; }; bounded 1 sleep 30 2>/dev/null; echo $?").trim()).toMatch(/^143$/u);
  expect(run("timeout() { return 127; }; bounded 20 sh -c 'exit 3'; echo $?").trim()).toBe("3");
  expect(performance.now() - begin).toBeLessThan(15_000);
});

test.each([
  ["another file", "/usr/sbin/sshd -D -f /etc/other ", 1],
  ["the same, named", "/usr/sbin/sshd -D -f /etc/ssh/sshd_config ", 0],
  ["the same, named without a blank", "/usr/sbin/sshd -f/etc/ssh/sshd_config -D", 0],
  ["the default", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 0],
])("whether a daemon reads the file that was changed: %s", (_, title, status) => {
  const main = run("real /etc/ssh/sshd_config").trim();
  expect(run(`main='${main}' title='${title}'; reads_main; echo $?`).trim()).toBe(String(status));
});
