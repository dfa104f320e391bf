import { describe, expect, test } from "vitest";
import { shadowObstacle } from "../../../src/core/probe/shadow-way.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";

const OURS = [
  "pubkeyauthentication yes",
  "authorizedkeysfile /run/curfew-shadow-0/keys/%u",
  "authenticationmethods publickey",
  "permitrootlogin prohibit-password",
  "clientaliveinterval 60",
  "ChannelTimeout session:*=300",
];

describe("shadowObstacle", () => {
  const and = (line: string): string[] => [line, ...OURS];
  test.each<[string, string, string[], string[] | undefined, RegExp | undefined]>([
    ["nothing", "bea", OURS, OURS, undefined],
    ["nobody knows the real one", "bea", OURS, undefined, /does not say what holds for bea from outside/u],
    ["no answer of sshd", "bea", [], undefined, /does not say/u],
    ["other keys", "bea", and("AuthorizedKeysFile /etc/keys/%u"), undefined, /AuthorizedKeysFile/u],
    ["no keys", "bea", and("pubkeyauthentication no"), undefined, /forbids public keys/u],
    [
      "a second factor",
      "bea",
      and("authenticationmethods publickey,password"),
      undefined,
      /AuthenticationMethods/u,
    ],
    ["no root", "root", and("permitrootlogin no"), undefined, /PermitRootLogin no/u],
    ["root, but it is not asked for", "bea", and("permitrootlogin no"), OURS, undefined],
    ["no terminal", "bea", and("permittty no"), undefined, /PermitTTY/u],
    ["no shell", "bea", and("forcecommand internal-sftp"), undefined, /ForceCommand/u],
    [
      "another limit from outside",
      "bea",
      OURS,
      and("clientaliveinterval 30"),
      /differently \(clientaliveinterval\)/u,
    ],
  ])("%s", (_, user, shadow, real, reason) => {
    const found = shadowObstacle(user, { inside: shadow, outside: real });
    expect(found ?? "nothing").toMatch(reason ?? /^nothing$/u);
  });

  test.each<[string, SessionKind, string, boolean]>([
    ["a terminal for a shell", "escaped-shell", "permittty no", false],
    ["no terminal for a command", "idle-command", "permittty no", true],
    ["a command of its own", "idle-command", "forcecommand /bin/true", false],
    ["another command for sftp", "idle-sftp", "forcecommand /bin/true", false],
    ["sftp and nothing else", "idle-sftp", "forcecommand internal-sftp -d /srv", true],
    ["nothing for an unused connection", "unused-connection", "forcecommand /bin/true", true],
    ["nothing for a forward", "idle-forward", "forcecommand /bin/true", true],
  ])("%s", (_, session, line, possible) => {
    const found = shadowObstacle("bea", { inside: and(line), outside: and(line) }, session);
    expect(found === undefined).toBe(possible);
  });

  test.each([
    "forcecommand /bin/true",
    "permittty no",
    "setenv TMOUT=0",
    "AcceptEnv TMOUT",
    "chrootdirectory /srv",
    "permituserenvironment yes",
    "clientalivecountmax 0",
  ])("from outside %s, here not", (line) => {
    expect(shadowObstacle("bea", { inside: OURS, outside: and(line) })).toMatch(/from outside differently/u);
    // One more of those that have a line for each value.
    const both = { inside: and("setenv A=1"), outside: [...and("setenv A=1"), "setenv TMOUT=0"] };
    expect(shadowObstacle("bea", both)).toMatch(/differently \(setenv\)/u);
  });

  test.each<[string, string[], SessionKind, RegExp | undefined]>([
    ["plain keys", ["key plain", "key plain"], "idle-shell", undefined],
    ["no keys", [], "idle-shell", undefined],
    ["a command", ["key plain", "key command no-pty"], "idle-shell", /a key of bea's own has command=/u],
    ["an environment", ["key environment"], "idle-command", /has environment=/u],
    ["a command, but no program runs", ["key command"], "unused-connection", undefined],
    ["no terminal with any", ["key no-pty"], "tmux", /get no terminal/u],
    ["no terminal with some", ["key no-pty", "key plain"], "tmux", undefined],
    ["no terminal, and none is needed", ["key no-pty"], "idle-command", undefined],
    ["keys of a program", ["key unknown"], "idle-shell", /AuthorizedKeysCommand/u],
  ])("own keys: %s", (_, keys, session, reason) => {
    const found = shadowObstacle("bea", { inside: OURS, outside: [...OURS, ...keys] }, session);
    expect(found ?? "nothing").toMatch(reason ?? /^nothing$/u);
  });
});
