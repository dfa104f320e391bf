/** Hosts that share an answer of `ssh -G` must have the settings that they would have by themselves. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SshConfigOptions, Target } from "../../src/host/openssh/ask-ssh.ts";
import { resolveTargets } from "../../src/host/openssh/ssh-config.ts";
import { hostPatterns, sharedAnswers } from "../../src/host/openssh/ssh-config-alike.ts";
import { NEVER } from "./sshd.ts";

const dir = mkdtempSync(join(tmpdir(), "curfew-alike-"));
afterAll(() => rmSync(dir, { recursive: true }));
mkdirSync(join(dir, "more"));
writeFileSync(join(dir, "more", "a.conf"), "Host db*\n  Port 2200\n");
writeFileSync(join(dir, "more", "b.conf"), "Host web7\n  User seven\n");

const NAMES = [
  ...Array.from({ length: 12 }, (_, index) => `web${index}`),
  ...Array.from({ length: 8 }, (_, index) => `db${index}.example.com`),
  ...Array.from({ length: 8 }, (_, index) => `10.0.0.${index + 1}`),
  "Web99",
  "fe80::1",
  "10.0.0.300",
];
const TARGETS: readonly Target[] = NAMES.flatMap((address) => [
  { address },
  { address, user: "deploy" },
  { address, port: 2022, identityFile: "/keys/own" },
]);

/** Configuration, and whether some of the targets share an answer; none where there is doubt. */
const CONFIGURATIONS: readonly (readonly [string, string, "some" | "none"])[] = [
  ["nothing that names a host", "User me\nHost *\n  Port 22\n", "some"],
  [
    "patterns",
    "Host web1* !web11\n  User one\nHost *.example.com db?\n  Port 99\nHost 10.0.0.3\n User x",
    "some",
  ],
  ["tokens that ssh leaves to us", "IdentityFile ~/.ssh/%h_%r\nProxyCommand nc %h %p", "some"],
  ["a token that ssh replaces", "UserKnownHostsFile ~/.ssh/known_%k\n", "none"],
  ["a jump host", "Host 10.*\n  ProxyJump me@bastion:2222\n", "some"],
  ["a name of its own for some", "Host web*\n  HostName %h.example.com\n", "some"],
  ["one name for all", "HostName elsewhere\n", "none"],
  ["included files", `Include ${dir}/more/*.conf\nUser me\n`, "some"],
  ["an included file with a token", `Include ${dir}/%h.conf\nUser me\n`, "none"],
  ["Match for everybody", "Match all\n  User me\n", "some"],
  ["Match by name", "Match host web3\n  User three\n", "none"],
  ["Match by a command", 'Match exec "test %h = web3"\n  User three\n', "none"],
  ["Match in a file of no use", `Host nobody\n  Include ${dir}/match\n`, "none"],
  ["names that are looked up", "CanonicalizeHostname yes\nProxyCommand nc %h %p\n", "none"],
  ["quotes", 'Host "web3"\n  User three\n', "none"],
  ["an equals sign", "Host=web3 web4\nUser=three\n", "some"],
  ["an address family", "AddressFamily inet\nControlPath /run/%C\n", "some"],
];
writeFileSync(join(dir, "match"), "Match user deploy\n  Port 77\n");

describe.each(CONFIGURATIONS)("%s", (title, text, expected) => {
  const file = join(dir, title);
  writeFileSync(file, text);
  const options: SshConfigOptions = {
    file,
    environment: { PATH: process.env["PATH"], HOME: homedir() },
    signal: NEVER,
    onNote: () => undefined,
  };

  test("everybody has the settings of their own", async () => {
    const together = await resolveTargets(TARGETS, options);
    // So few that each is asked about by itself.
    const pairs = Array.from({ length: Math.ceil(TARGETS.length / 4) }, (_, at) =>
      TARGETS.slice(4 * at, 4 * at + 4),
    );
    const alone = (await Promise.all(pairs.map((pair) => resolveTargets(pair, options)))).flat();
    expect(together).toEqual(alone);
  });

  test(`${expected} of them share an answer`, async () => {
    const shared = (await sharedAnswers(TARGETS, options)).filter((answer) => answer !== undefined);
    expect(shared.length > 0).toBe(expected !== "none");
    expect(shared.length).toBeLessThan(TARGETS.length);
  });
});

test("few hosts are each asked about by itself", async () => {
  const options = { file: "/dev/null", environment: {}, signal: NEVER, onNote: () => undefined };
  expect(await sharedAnswers(TARGETS.slice(0, 4), options)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ["Host a b*  !c\n\thost = d\n# Host e\n", ["a", "b*", "c", "d"]],
  ["User x\r\nHOST a\r\n", ["a"]],
  ["Host a # with a remark\n", undefined],
  ["Match final all\n", undefined],
  ["Include ${X}/a\n", undefined],
  ['"Host" a\n', undefined],
  ["Host\n", undefined],
  ["Host a\\b\n", undefined],
])("%j has the patterns %j", (text, patterns) => {
  expect(hostPatterns(text)).toEqual(patterns);
});
