/** What must not pass: settings that are there and may not hold for everybody they are asked for. */
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../src/controls/index.ts";
import { ladder } from "../../src/core/ladder.ts";
import { planHost } from "../../src/core/plan-host.ts";
import type { Facts, UserClass } from "../../src/model/facts.ts";
import type { LadderCell } from "../../src/model/finding.ts";
import type { HostLimits } from "../../src/model/limits.ts";
import type { ControlId } from "../../src/model/control-id.ts";
import { absent, known, unreadable } from "../../src/model/reading.ts";
import type { ProbeResult } from "../../src/model/run.ts";
import type { SessionKind } from "../../src/model/session-kind.ts";
import { applied } from "../controls/applied-facts.ts";
import { host, limits, person, role, version } from "../controls/facts-fixture.ts";

const POLICY = limits(role("default", 600, null));

const says = (account: UserClass, ...lines: string[]): UserClass => ({
  ...account,
  effective: known(["pubkeyauthentication yes", ...lines]),
});
const nobody = says(person("nobody"));

function cell(
  facts: Facts,
  name: string,
  kind: SessionKind,
  policy: HostLimits,
  selected: readonly ControlId[],
  probes: readonly ProbeResult[] = [],
): LadderCell {
  const plan = planHost(facts, policy, selected, CONTROLS);
  const found = ladder({ facts, limits: policy, selected, plan, probes }).find(
    (each) => each.role === name && each.kind === kind,
  );
  if (found === undefined) throw new Error(`no cell ${name} ${kind}`);
  return found;
}

describe("somebody in two roles has the stricter limit of each", () => {
  const alive = ["clientaliveinterval 150", "clientalivecountmax 1"];
  const both = says(person("joe", "group:a", "group:b"), ...alive);
  const ann = says(person("ann", "group:b"), "clientaliveinterval 30", "clientalivecountmax 1");
  test.each<[string, number | null, number | null]>([
    ["looser in the role that decides", 300, 600],
    ["not set in the role that decides", 300, null],
    ["neither role has an idle limit", null, null],
  ])("%s", (_, idle, unresponsive) => {
    const policy = limits(role("default", null, null), [
      role("a", idle, unresponsive, { groups: ["a"] }),
      role("b", idle === null ? null : 600, 60, { groups: ["b"] }),
    ]);
    const facts = host({ version: version("8.4"), classes: [nobody, both, ann] });
    expect(cell(facts, "a", "frozen-client", policy, ["sshd"])).toMatchObject({ outcome: "fail", limit: 60 });
    expect(cell(facts, "b", "frozen-client", policy, ["sshd"])).toMatchObject({ outcome: "pass", limit: 60 });
  });
});

describe("TMOUT", () => {
  test.each(["python3.11", "pwsh", "xonsh", "nu", "git-shell", "ksh-by-hand"])(
    "means nothing that anybody knows to %s",
    (kind) => {
      const facts = host({ version: version("8.4"), classes: [nobody] });
      const shells = [...facts.shells, { path: `/usr/bin/${kind}`, kind, inUse: true }];
      const there = applied({ ...facts, shells }, POLICY, ["shell-timeout"]);
      const found = cell(there, "default", "idle-shell", POLICY, ["shell-timeout"]);
      expect(found).toMatchObject({ outcome: "unknown", evidence: "configured" });
      expect(found.reason).toContain(`/usr/bin/${kind}`);
    },
  );

  test.each(["bash", "rbash", "zsh", "zsh5", "ksh93", "mksh", "tcsh"])("is heeded by %s", (kind) => {
    const there = applied(host({ version: version("8.4"), classes: [nobody], shells: [kind] }), POLICY, [
      "shell-timeout",
    ]);
    expect(cell(there, "default", "idle-shell", POLICY, ["shell-timeout"]).outcome).toBe("pass");
  });

  test.each([
    ["/etc/profile.d/tmout.sh", "readonly TMOUT=300", "pass"],
    ["/etc/profile", "TMOUT=300", "pass"],
    ["/etc/zsh/zshrc", "readonly TMOUT=300", "unknown"],
    ["/etc/ksh.kshrc", "TMOUT=300", "unknown"],
    ["/etc/environment", "TMOUT=300", "pass"],
    ["/etc/profile.d/tmout.sh", "TMOUT=900 # not TMOUT=300", "fail"],
    ["/etc/profile.d/tmout.sh", "TMOUT=$LIMIT # TMOUT=300", "fail"],
  ])("somebody else's in %s: %s is %s for bash", (file, text, outcome) => {
    const facts = host({ version: version("8.4"), classes: [nobody] });
    const found = cell(
      { ...facts, foreignTimeouts: [{ file, line: 3, text }] },
      "default",
      "idle-shell",
      POLICY,
      ["sshd"],
    );
    expect(found.outcome).toBe(outcome);
  });

  test("a computed one beside a plain one: nobody knows which a shell ends up with", () => {
    const facts = host({ version: version("8.4"), classes: [nobody] });
    const foreignTimeouts = [
      { file: "/etc/profile", line: 3, text: "TMOUT=300" },
      { file: "/etc/bash.bashrc", line: 9, text: "TMOUT=$LIMIT" },
    ];
    const found = cell({ ...facts, foreignTimeouts }, "default", "idle-shell", POLICY, ["sshd"]);
    expect(found.outcome).toBe("unknown");
  });
});

describe("the watchdog", () => {
  const placed = applied(host({ version: version("8.4"), classes: [nobody] }), POLICY, ["watchdog"]);
  const there = { ...placed, sshd: { ...placed.sshd, classes: known([nobody]) } };
  const found = (facts: Facts): LadderCell => cell(facts, "default", "tmux", POLICY, ["watchdog"]);

  test("one whose timer nobody could ask about is unknown", () => {
    expect(found({ ...there, watchdogTimer: unreadable("systemctl hangs") })).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("systemctl hangs"),
    });
  });

  test("one whose timer systemd does not have ends nobody: masked, or its file is broken", () => {
    expect(found({ ...there, watchdogTimer: absent() })).toMatchObject({ outcome: "fail", effective: null });
  });
});

describe("Match blocks that are not about the account that was asked about", () => {
  const lax = (match: string): Facts =>
    host({
      version: version("10.6"),
      main: `ChannelTimeout session:*=5m\nMatch ${match}\n ChannelTimeout session:*=0\n`,
      classes: [says({ ...nobody, users: ["bob", "nobody"], size: 2 }, "channeltimeout session:*=5m")],
    });
  test.each([
    "Address 10.0.0.0/8",
    "address 10.0.0.0/8",
    "LocalPort 2222",
    "Host *.example.com",
    "User bob",
    "User nobody",
    "User nobody Address 10.1.1.1",
    "Group contractors",
  ])("Match %s: another client or person may get another answer", (match) => {
    const found = cell(lax(match), "default", "idle-shell", POLICY, ["shell-timeout"]);
    expect(found).toMatchObject({ outcome: "unknown", effective: { by: "ChannelTimeout" } });
    expect(found.reason).toContain(`Match ${match}`);
  });

  test("Match User of somebody who is known to be of another class says nothing about them", () => {
    expect(cell(lax("User carol"), "default", "idle-shell", POLICY, ["shell-timeout"]).outcome).toBe("pass");
  });

  test("one that is stricter, and one for the very account that is alone in its class, is no doubt", () => {
    const alive = says(nobody, "unusedconnectiontimeout 300");
    const facts = (match: string, value: string): Facts =>
      host({
        version: version("10.6"),
        main: `UnusedConnectionTimeout 5m\nMatch ${match}\n UnusedConnectionTimeout ${value}\n`,
        classes: [alive],
      });
    const outcome = (match: string, value: string): string =>
      cell(facts(match, value), "default", "unused-connection", POLICY, ["shell-timeout"]).outcome;
    expect(outcome("Address 10.0.0.0/8", "1m")).toBe("pass");
    expect(outcome("Address 10.0.0.0/8", "none")).toBe("unknown");
    expect(outcome("Group staff", "1h")).toBe("pass");
  });

  test("a block that is read after curfew's own changes nothing", () => {
    const there = applied(
      host({
        version: version("10.6"),
        main: "Include /etc/ssh/sshd_config.d/*.conf\nMatch Address 10.0.0.0/8\n ChannelTimeout session:*=0\n",
        classes: [nobody],
      }),
      POLICY,
      ["sshd"],
    );
    const saying = says({ ...nobody, size: 2, users: ["bob", "nobody"] }, "channeltimeout session:*=10m");
    const facts = { ...there, sshd: { ...there.sshd, classes: known([saying]) } };
    expect(cell(facts, "default", "idle-shell", POLICY, ["sshd"])).toMatchObject({ outcome: "pass" });
  });
});

describe("several sessions of one kind", () => {
  const facts = host({ version: version("10.6"), classes: [nobody] });
  const probe = (over: Partial<ProbeResult>): ProbeResult => ({
    session: "frozen-client",
    role: "default",
    user: "joe",
    via: "shadow",
    expect: "dropped",
    withinSeconds: 600,
    droppedAfterSeconds: 600,
    by: "ClientAlive",
    outcome: "pass",
    clientSaw: "",
    reason: "in time",
    ...over,
  });
  const lost = { outcome: "unknown", by: "none", droppedAfterSeconds: null, reason: "the network" } as const;
  const stopped = probe({ variant: "stopped" });
  const gone = probe({ variant: "network-gone" });
  test.each([
    ["the second is unknown", [stopped, { ...gone, ...lost }]],
    ["the first is unknown", [{ ...stopped, ...lost }, gone]],
    ["a live one passes, the shadow one is unknown", [probe({ via: "live" }), probe({ ...lost })]],
  ])("%s: no pass", (_, probes) => {
    const found = cell(facts, "default", "frozen-client", POLICY, ["sshd"], probes);
    expect(found).toMatchObject({ outcome: "unknown", reason: "the network" });
  });
});
