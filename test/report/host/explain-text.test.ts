import { describe, expect, test } from "vitest";
import type { Explanation } from "../../../src/model/verdict/explanation.ts";
import { explainText } from "../../../src/report/host/explain-text.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";

const ALICE: Explanation = {
  host: "web1",
  user: "alice",
  groups: ["sudo"],
  roles: [
    {
      role: "vendor",
      because: [],
      hosts: ["db"],
      applies: "no",
      idle: 300,
      unresponsive: null,
      warnBefore: null,
    },
    { role: "admin", because: ["group sudo"], applies: "yes", idle: 600, unresponsive: 180, warnBefore: 60 },
    { role: "default", because: [], applies: "no", idle: 900, unresponsive: 180, warnBefore: null },
  ],
  limits: {
    idle: { seconds: 600, from: "admin" },
    unresponsive: { seconds: 180, from: "default" },
    warnBefore: { seconds: null, from: null },
  },
  exemptions: [
    {
      name: "nightly",
      because: ["user alice"],
      state: "active",
      controls: ["watchdog"],
      justification: "rsync",
      owner: "ops",
      expires: "2027-01-31",
    },
    {
      name: "old",
      because: ["user alice"],
      state: "expired",
      controls: ["sshd"],
      justification: "x",
      owner: "ops",
      expires: "2026-01-31",
    },
  ],
  onHost: {
    description: "Debian 12, OpenSSH 9.2, systemd",
    account: "found",
    pending: 2,
    findings: [],
    sessions: [
      {
        kind: "idle-shell",
        endedBy: [
          { control: "shell-timeout", within: 600, late: false },
          { control: "sshd", within: 900, late: true },
        ],
      },
      { kind: "tmux", endedBy: [], uncaught: "exempt from watchdog" },
      { kind: "typing", endedBy: [] },
    ],
  },
};
const view = { paint: createPaint(false), verbose: false };

test("the whole answer for people", () => {
  expect(explainText(ALICE, view)).toBe(`alice, in sudo on web1  Debian 12, OpenSSH 9.2, systemd
! 2 changes not applied yet: curfew apply

Roles
  = admin  idle 10m  unresponsive 3m  warning 1m  group sudo

Limits
  client_idle_timeout   10m   from admin
  unresponsive_timeout  3m    from default
  warn_before           none

Exemptions
  ~ nightly: user alice from watchdog until 2027-01-31 (rsync; ops)
  ✗ expired, without effect: old: user alice from sshd until 2026-01-31 (x; ops)

Idle sessions on this host
  idle-shell  ○ 10m shell-timeout  else 15m sshd
  tmux        ! nothing
  ○ the files will say so · ! never or too late, not tried
  ! tmux: exempt from watchdog
`);
});

test("verbose shows the roles that do not count", () => {
  const text = explainText(ALICE, { ...view, verbose: true });
  expect(text).toContain(
    "- vendor   idle 5m   unresponsive none  warning none  does not select them; not here, only on db",
  );
  expect(text).toMatch(/- default .* for those whom no role selects/u);
});

describe("what is not known is said", () => {
  test.each<[string, Partial<Explanation>, string]>([
    ["no host", { host: null }, "from the policy alone"],
    [
      "an error",
      { error: { code: "unreachable", message: "no route", hint: "look" } },
      "? the host cannot be judged: no route",
    ],
    [
      "no account",
      { onHost: { ...onHost(), account: "missing" } },
      "✗ there is no such account on this host",
    ],
    [
      "no accounts",
      { onHost: { ...onHost(), account: "unknown" } },
      "? the accounts of this host could not be read",
    ],
  ])("%s", (_name, changes, expected) => {
    expect(explainText({ ...ALICE, ...changes }, view)).toContain(expected);
  });
});

test("names from files and hosts are made visible", () => {
  const admin = ALICE.roles.find(({ role }) => role === "admin");
  if (admin === undefined) throw new Error("no admin");
  const hostile = { ...ALICE, user: "a\u001b[31m", roles: [{ ...admin, because: ["group \u202eodus"] }] };
  expect(explainText(hostile, view)).not.toMatch(/[\u001b\u202e]/u);
});

function onHost(): NonNullable<Explanation["onHost"]> {
  if (ALICE.onHost === undefined) throw new Error("no host");
  return ALICE.onHost;
}
