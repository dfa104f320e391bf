import { describe, expect, test } from "vitest";
import {
  atLeast,
  can,
  CAPABILITIES,
  parseVersion,
  serverOf,
} from "../../../src/core/sshd/openssh-version.ts";

describe("serverOf", () => {
  test.each([
    ["SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6", 9, 2],
    ["SSH-2.0-OpenSSH_10.0p2 Debian-7", 10, 0],
    ["SSH-2.0-OpenSSH_8.0", 8, 0],
    ["SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13", 6, 6],
    ["SSH-2.0-OpenSSH_9.3 FreeBSD-20230316\r\n", 9, 3],
    ["SSH-1.99-OpenSSH_5.3", 5, 3],
    ["SSH-2.0-OpenSSH_8.8-hpn14v15", 8, 8],
    ["SSH-2.0-OpenSSH_10.13p1", 10, 13],
  ])("%s", (ident, major, minor) => {
    expect(serverOf(ident)).toEqual({ product: "openssh", version: { major, minor }, text: ident.trim() });
  });

  test.each([
    "SSH-2.0-dropbear_2022.83",
    "SSH-2.0-tinyssh_noversion",
    "SSH-2.0-OpenSSH_for_Windows_9.5",
    "SSH-2.0-Go",
    "SSH-2.0-NotOpenSSH_9.2",
    "OpenSSH_9.2",
    "SSH-2.0-OpenSSH_9.",
    "SSH-2.0-OpenSSH_9999.1",
    "SSH-1.5-OpenSSH_9.2",
    "",
  ])("%j is not ours to change", (ident) => {
    expect(serverOf(ident)).toEqual({ product: "other", text: ident });
  });
});

describe("parseVersion", () => {
  test.each([
    ["OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19 27 Jan 2026\n", { major: 9, minor: 2 }],
    ["unknown option -- V\r\nOpenSSH_8.4p1 Debian-5, OpenSSL 1.1.1\r\nusage: sshd", { major: 8, minor: 4 }],
    ["sshd: not found", undefined],
    ["about OpenSSH_9.2", undefined],
  ])("%j", (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });
});

test.each([
  ["9.2", "9.2", true],
  ["9.10", "9.2", true],
  ["10.0", "9.2", true],
  ["8.9", "9.2", false],
  ["9.1", "9.2", false],
] as const)("%s is at least %s: %s", (version, minimum, expected) => {
  expect(atLeast(read(version), minimum)).toBe(expected);
});

// The rows of "What really ends an idle session": each boundary, on both sides.
test.each([
  ["client-alive-zero-drops", ["8.0", "8.1"], ["8.2", "10.6"]],
  ["client-alive-in-match", ["7.4", "10.6"], ["7.3"]],
  ["client-alive-one-is-early", ["7.4"], ["8.0", "9.2"]],
  ["client-alive-takes-twice", ["9.2", "9.4"], ["9.1", "9.5"]],
  ["client-alive-only-when-quiet", ["9.2", "10.6"], ["9.1"]],
  ["include", ["8.2"], ["8.1"]],
  ["match-in-include", ["8.4"], ["8.3"]],
  ["channel-timeout", ["9.2", "10.0"], ["9.1", "8.9"]],
  ["channel-timeout-in-match", ["10.5", "10.6", "11.0"], ["10.4", "9.9"]],
  ["channel-timeout-shown", ["9.3"], ["9.2"]],
  ["channel-timeout-bare-session", ["10.6"], ["10.5"]],
  ["channel-timeout-global", ["9.7"], ["9.6"]],
  ["unused-connection-timeout", ["9.2"], ["9.1"]],
  ["per-source-penalties", ["9.8"], ["9.7"]],
] as const)("%s", (capability, those, others) => {
  expect(those.filter((version) => !can(read(version), capability))).toEqual([]);
  expect(others.filter((version) => can(read(version), capability))).toEqual([]);
});

test("every capability names its source", () => {
  expect(Object.values(CAPABILITIES).filter(({ source }) => source.length < 10)).toEqual([]);
});

function read(version: string): { major: number; minor: number } {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return { major, minor };
}
