/** What must not pass: settings that are there and may not hold for everybody they are asked for. */
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { shellsAlike } from "../../../src/controls/shell-timeout/ending/endings.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts, ForeignTimeout, UserClass } from "../../../src/model/facts/facts.ts";
import type { AskedAccount } from "../../../src/model/facts/login-shell.ts";
import type { LadderCell } from "../../../src/model/verdict/finding.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import type { OwnFiles, OwnKind, OwnLine } from "../../../src/model/facts/login-shell.ts";
import { absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import { applied } from "../../controls/applied-facts.ts";
import { answered, login } from "../../controls/shell-answers.ts";
import { host, limits, person, role, version } from "../../controls/facts-fixture.ts";

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
  const found = ladder({ facts, limits: policy, selected, plan, controls: CONTROLS, probes }).find(
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

test("within a cell unknown comes before fail, as in a host; whoever fails is named as well", () => {
  const policy = limits(role("default", null, 60));
  const ann = says(person("ann"), "clientaliveinterval 600", "clientalivecountmax 3");
  const joe: UserClass = { ...person("joe"), effective: unreadable("sshd did not answer") };
  const bea = says(person("bea"), "clientaliveinterval 30", "clientalivecountmax 1");
  const found = (...classes: UserClass[]): LadderCell => {
    const facts = host({ version: version("8.4"), classes });
    return cell(facts, "default", "frozen-client", policy, ["sshd"]);
  };
  expect(found(bea, ann).outcome).toBe("fail");
  expect(found(bea, ann, joe)).toMatchObject({
    outcome: "unknown",
    reason: expect.stringMatching(/^joe: .*; ann: ClientAlive/u),
  });
});

describe("TMOUT", () => {
  test.each(["python3.11", "git-shell", "ksh-by-hand"])("means nothing that anybody knows to %s", (kind) => {
    const facts = host({ version: version("8.4"), classes: [nobody] });
    const shells = [...facts.shells, { path: `/usr/bin/${kind}`, kind, inUse: true }];
    const there = applied({ ...facts, shells }, POLICY, ["shell-timeout"]);
    const found = cell(there, "default", "idle-shell", POLICY, ["shell-timeout"]);
    expect(found).toMatchObject({ outcome: "unknown", evidence: "configured" });
    expect(found.reason).toContain(`/usr/bin/${kind}`);
  });

  test.each(["pwsh", "xonsh", "nu", "fish", "dash"])("means nothing to %s", (kind) => {
    const facts = host({ version: version("8.4"), classes: [nobody] });
    const shells = [...facts.shells, { path: `/usr/bin/${kind}`, kind, inUse: true }];
    const { sshd, ...there } = applied({ ...facts, shells }, POLICY, ["shell-timeout"]);
    const classes = answered({ ...facts, shells }, () => 600).sshd.classes;
    const found = cell({ ...there, sshd: { ...sshd, classes } }, "default", "idle-shell", POLICY, [
      "shell-timeout",
    ]);
    expect(found).toMatchObject({ outcome: "fail" });
    expect(found.reason).toContain(`nobody's /usr/bin/${kind}`);
  });

  test.each(["bash", "rbash", "zsh", "zsh5", "ksh93", "mksh", "tcsh"])("is heeded by %s", (kind) => {
    const there = applied(host({ version: version("8.4"), classes: [nobody], shells: [kind] }), POLICY, [
      "shell-timeout",
    ]);
    expect(cell(there, "default", "idle-shell", POLICY, ["shell-timeout"]).outcome).toBe("pass");
  });

  test.each([
    ["/etc/profile.d/tmout.sh", "readonly TMOUT=300", "unknown"],
    ["/etc/profile", "TMOUT=300", "unknown"],
    ["/etc/zsh/zshrc", "readonly TMOUT=300", "unknown"],
    ["/etc/ksh.kshrc", "TMOUT=300", "unknown"],
    ["/etc/environment", "TMOUT=300", "unknown"],
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

  test.each<[string, string | null, number | null, string]>([
    ["nothing is set, whatever a file says", "readonly TMOUT=300", null, "fail"],
    ["something is set that no file here explains", null, 300, "pass"],
    ["it is later than the file says", "readonly TMOUT=300", 900, "fail"],
    ["it is as the file says", "readonly TMOUT=300", 300, "pass"],
  ])("the shell decides where it was asked: %s", (_, text, limit, outcome) => {
    const facts = answered(host({ version: version("8.4"), classes: [nobody] }), () => limit);
    const foreignTimeouts = text === null ? [] : [{ file: "/etc/profile.d/tmout.sh", line: 3, text }];
    const found = cell({ ...facts, foreignTimeouts }, "default", "idle-shell", POLICY, ["sshd"]);
    expect(found.outcome).toBe(outcome);
    expect(found.evidence ?? "").toBe(limit === null ? (text === null ? "" : "configured") : "effective");
  });

  test.each<[string, string, string]>([
    ["/etc/profile.d/00-a.sh", "[ $UID = 1003 ] && readonly TMOUT=0", "unknown"],
    ["/etc/profile.d/00-a.sh", "[ $UID = 1003 ] && TMOUT=0", "pass"],
    ["/etc/profile.d/zz.sh", "[ $UID = 1003 ] && readonly TMOUT=0", "pass"],
  ])("a condition of somebody else before ours, in %s: %s", (file, text, outcome) => {
    const facts = host({ version: version("8.4"), classes: [{ ...nobody, size: 9 }] });
    const there = applied(facts, POLICY, ["shell-timeout"]);
    const foreignTimeouts = [{ file, line: 1, text }];
    const found = cell({ ...there, foreignTimeouts }, "default", "idle-shell", POLICY, ["shell-timeout"]);
    expect(found.outcome).toBe(outcome);
  });

  test("a condition of somebody else leaves out those who were not asked", () => {
    const many = { ...nobody, size: 9 };
    const facts = answered(host({ version: version("8.4"), classes: [many] }), () => 300);
    const line = { file: "/etc/profile.d/tmout.sh", line: 3, text: "[ $UID -lt 9 ] || TMOUT=300" };
    const found = cell({ ...facts, foreignTimeouts: [line] }, "default", "idle-shell", POLICY, ["sshd"]);
    expect(found).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("not everybody was asked"),
    });
  });

  test.each<[string, ForeignTimeout, number, string, string]>([
    [
      "a line",
      { file: "/etc/profile", line: 2, text: "[ $UID = 1005 ] && return" },
      9,
      "unknown",
      "profile:2 is not the same for everybody",
    ],
    [
      "a mode",
      { file: "/etc/profile.d", line: 0, text: "mode drwx---r-x, group 50" },
      9,
      "unknown",
      "profile.d (mode drwx---r-x, group 50) is not",
    ],
    [
      "a line, and all were asked",
      { file: "/etc/profile", line: 2, text: "[ $UID = 1005 ] && return" },
      1,
      "pass",
      "",
    ],
  ])("what goes by who logs in leaves out those who were not asked: %s", (_, line, size, outcome, reason) => {
    const facts = answered(host({ version: version("8.4"), classes: [{ ...nobody, size }] }), () => 300);
    const placed = applied({ ...facts, personalLines: [line] }, POLICY, ["shell-timeout"]);
    const found = cell(placed, "default", "idle-shell", POLICY, ["shell-timeout"]);
    expect(found.outcome).toBe(outcome);
    expect(found.reason ?? "").toContain(reason);
  });

  test.each([
    ["none", null, false],
    ["another", 900, false],
    ["the same", 300, true],
  ])("a member's session does not speak for one whose shell said otherwise: %s", (_, limit, alike) => {
    const bash = { path: "/bin/bash", kind: "bash" };
    const [ann, bob] = [login(nobody, bash, 300), login(nobody, bash, limit)];
    expect(speaksFor([...ann.asked, ...bob.asked])).toBe(alike);
  });

  test("a member's session does not speak for one whose shell gave no answer", () => {
    const [ann] = login(nobody, { path: "/bin/bash", kind: "bash" }, 300).asked;
    const mute: AskedAccount = { user: "bob", login: unreadable("it did not answer in time") };
    expect(speaksFor([ann as AskedAccount, mute])).toBe(false);
    expect(speaksFor([mute, mute])).toBe(true);
  });

  function speaksFor(asked: readonly AskedAccount[]): boolean {
    const one = login(nobody, { path: "/bin/bash", kind: "bash" }, 300);
    const pair = {
      ...nobody,
      size: 2,
      users: ["ann", "bob"],
      logins: [{ ...one, size: 2, users: ["ann", "bob"], asked }],
    };
    return shellsAlike("TMOUT", pair, [], host({ classes: [pair] }), "ann");
  }

  test.each([
    ["case $SSH_CONNECTION in;  10.*) TMOUT=300 ;;", "unknown", "tmout.sh:3 depends on SSH_C"],
    ['[ "${SSH_CLIENT%% *}" = 192.0.2.7 ] || TMOUT=300', "unknown", "tmout.sh:3 depends on SSH_C"],
    ["[ -e ~/.keep ] || TMOUT=300", "unknown", "tmout.sh:3 depends on ~"],
    ['[ -f "$HOME/.keep" ] || TMOUT=300', "unknown", "tmout.sh:3 depends on HOME"],
    ['[ -z "$DISPLAY" ] && TMOUT=300', "unknown", "tmout.sh:3 depends on DISPLAY"],
    ["case $TERM in vt*) ;; *) TMOUT=300 ;; esac", "unknown", "tmout.sh:3 depends on TERM"],
    ["[ $(date +%H) -gt 7 ] && TMOUT=300", "unknown", "tmout.sh:3 depends on date"],
    ['[ -n "$SSH_CONNECTION" ] && TMOUT=300', "pass", ""],
    ["[ $(id -u) -gt 0 ] && TMOUT=300", "pass", ""],
  ])("whoever comes from elsewhere than curfew: %s", (text, outcome, reason) => {
    const facts = answered(host({ version: version("8.4"), classes: [nobody] }), () => 300);
    const line = { file: "/etc/profile.d/tmout.sh", line: 3, text };
    const found = cell({ ...facts, foreignTimeouts: [line] }, "default", "idle-shell", POLICY, ["sshd"]);
    expect(found.outcome).toBe(outcome);
    expect(found.reason ?? "").toContain(reason);
  });

  test.each([
    ["case $(ps -o comm= $PPID) in sshd) exec dash;; esac", "profile:2 depends on ps"],
    ["p=$(cat /proc/$PPID/comm); [ $p = sshd ] && return", "profile:2 depends on /proc"],
    ["[ $(cut -d' ' -f4 /proc/$parent/stat) = 1 ] && return", "profile:2 depends on /proc"],
    ['[ -n "$XDG_SESSION_ID" ] && . /etc/site.sh', "profile:2 depends on XDG_SESSION"],
    ["who am i | grep -q pts && tmux", "profile:2 depends on who"],
    ["case $SSH_CLIENT in 10.*) exec dash ;; esac", "profile:2 depends on SSH_CLIENT"],
    ["in_office && exec dash", "profile:2 depends on what only a login shows"],
  ])("a file is left, or becomes another program, by what only a login shows: %s", (text, reason) => {
    const facts = answered(host({ version: version("8.4"), classes: [nobody] }), () => 300);
    const leavingLines = [{ file: "/etc/profile", line: 2, text }];
    const found = cell({ ...facts, leavingLines }, "default", "idle-shell", POLICY, ["sshd"]);
    expect(found).toMatchObject({ outcome: "unknown", reason: expect.stringContaining(reason) });
    const placed = applied(facts, POLICY, ["shell-timeout"]);
    const ours = cell({ ...placed, leavingLines }, "default", "idle-shell", POLICY, ["shell-timeout"]);
    expect(ours.outcome).toBe("unknown");
  });

  test("one account's other shell is another role's nothing", () => {
    const bash = login(nobody, { path: "/bin/bash", kind: "bash" }, 300);
    const ann = {
      ...says(person("ann", "group:b")),
      logins: [login(person("ann"), { path: "/bin/dash", kind: "dash" }, null)],
    };
    const policy = limits(role("default", 600, null), [role("b", 600, null, { groups: ["b"] })]);
    const facts = host({
      version: version("8.4"),
      classes: [{ ...nobody, logins: [bash] }, ann],
      shells: ["bash", "dash"],
    });
    const of = (name: string): LadderCell => cell(facts, name, "idle-shell", policy, ["sshd"]);
    expect(of("default")).toMatchObject({ outcome: "pass", effective: { by: "TMOUT" } });
    expect(of("b")).toMatchObject({ outcome: "fail" });
  });

  test.each(["forcecommand internal-sftp", "forcecommand /usr/bin/menu", "permittty no"])(
    "is promised to nobody who gets no shell: %s",
    (line) => {
      const forced = says(person("nobody"), line);
      const there = applied(host({ version: version("8.4"), classes: [forced] }), POLICY, ["shell-timeout"]);
      const classes = known([
        {
          ...forced,
          logins: there.sshd.classes.state === "known" ? (there.sshd.classes.value[0]?.logins ?? []) : [],
        },
      ]);
      const found = cell({ ...there, sshd: { ...there.sshd, classes } }, "default", "idle-shell", POLICY, [
        "shell-timeout",
      ]);
      expect(found.outcome).toBe("fail");
      expect(found.reason).toMatch(/ForceCommand|PermitTTY no/u);
    },
  );

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

  test.each([
    [24, 24 + 7 + 5],
    [60, 60 + 7 + 5],
    [100, 100 + 7 + 5],
    [600, 600 + 7 + 30],
  ])("a limit of %i s is kept, with what the terminal's clock and a look add", (idle, seconds) => {
    const policy = limits(role("default", idle, null));
    const ours = applied(host({ version: version("8.4"), classes: [nobody] }), policy, ["watchdog"]);
    const sshd = { ...ours.sshd, classes: known([nobody]) };
    const facts = { ...ours, sshd, watchdogTimer: known(true) };
    expect(cell(facts, "default", "tmux", policy, ["watchdog"])).toMatchObject({
      outcome: "pass",
      configured: { seconds },
    });
  });

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

describe("a Match block of others by which keys, and with them commands, may be others", () => {
  const outcome = (line: string): string => {
    const account = { ...says(nobody), logins: [login(nobody, { path: "/bin/bash", kind: "bash" }, 600)] };
    const main = `Match Address 10.0.0.0/8\n ${line}\n`;
    return cell(host({ main, classes: [account] }), "default", "idle-shell", POLICY, ["shell-timeout"])
      .outcome;
  };
  test.each([
    ["AuthorizedKeysFile /etc/ssh/keys/%u", "unknown"],
    ["PermitUserRC yes", "unknown"],
    ["PermitUserRC no", "pass"],
    ["X11Forwarding no", "pass"],
  ])("%s", (line, expected) => {
    expect(outcome(line)).toBe(expected);
  });
});

describe("a Match block of others with the value in force", () => {
  const POLICY_ALIVE = limits(role("default", null, 300));
  const frozen = (main: string, over: Partial<UserClass> = {}): LadderCell => {
    const both = { ...person("alice"), users: ["alice", "bob"], size: 2, ...over };
    const asked = says(both, "clientaliveinterval 60", "clientalivecountmax 3");
    const facts = host({ version: version("8.4"), main, classes: [asked] });
    return cell(facts, "default", "frozen-client", POLICY_ALIVE, ["sshd"]);
  };
  const match = (who: string, ...lines: string[]): string =>
    [`Match ${who}`, ...lines].join("\n  ").concat("\n");
  const carol = match("User carol", "ClientAliveInterval 60");
  const bob = match("User bob", "ClientAliveInterval 0");

  test.each([
    ["of somebody of another class", `ClientAliveInterval 60\n${carol}${bob}`],
    [
      "of clients from somewhere",
      `ClientAliveInterval 60\n${match("Address 10.0.0.0/8", "ClientAliveInterval 60")}${bob}`,
    ],
    [
      "of a group that nobody knows",
      `ClientAliveInterval 60\n${match("Group ops", "ClientAliveInterval 60")}${bob}`,
    ],
    [
      "of one who is known not to be the one asked about",
      `ClientAliveInterval 60\n${match("User *,!alice", "ClientAliveInterval 60")}${bob}`,
    ],
  ])("%s does not hide a block below it", (_, main) => {
    expect(frozen(main)).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("Match User bob") as string,
    });
  });

  test("of somebody else is not taken for the line in force", () => {
    const found = frozen(`ClientAliveInterval 60\n${carol}`);
    expect(found).toMatchObject({
      outcome: "pass",
      evidence: "effective",
      configured: { source: "/etc/ssh/sshd_config:1" },
    });
  });

  test.each([
    ["all", []],
    ["User bob,alice", []],
    ["User a*,b*", []],
    ["Group ops", ["group:ops"]],
  ])("Match %s, which all of them are in, keeps what is below from having an effect", (who, selectors) => {
    const main = `${match(who, "ClientAliveInterval 60")}${bob}`;
    const policy = limits(role("default", null, 300), [role("ops", null, 300, { groups: ["ops"] })]);
    const both = says(
      { ...person("alice", ...selectors), users: ["alice", "bob"], size: 2 },
      "clientaliveinterval 60",
      "clientalivecountmax 3",
    );
    const facts = host({ version: version("8.4"), main, classes: [both] });
    const name = selectors.length === 0 ? "default" : "ops";
    expect(cell(facts, name, "frozen-client", policy, ["sshd"]).outcome).toBe("pass");
  });

  test("curfew's own block for several groups keeps what is below from having an effect", () => {
    const policy = limits(role("default", null, null), [
      role("ops", null, 300, { users: ["carol"], groups: ["dev", "ops"] }),
    ]);
    const selectors = ["group:dev", "group:ops", "user:carol"];
    const both = { ...person("alice", ...selectors), users: ["alice", "bob"], size: 2 };
    const bare = host({
      version: version("8.4"),
      main: `Include /etc/ssh/sshd_config.d/*.conf\n${bob}`,
      classes: [both],
    });
    const there = applied(bare, policy, ["sshd"]);
    const said = there.sshd.classes.state === "known" ? there.sshd.classes.value : [];
    const asked = said.map((each) =>
      says(each, ...(each.effective.state === "known" ? each.effective.value : [])),
    );
    const facts = { ...there, sshd: { ...there.sshd, classes: known(asked) } };
    expect(cell(facts, "ops", "frozen-client", policy, ["sshd"]).outcome).toBe("pass");
  });

  test("a group that only some of a class are in, for all that is known, decides for nobody", () => {
    const policy = limits(role("default", null, 300), [role("ops", null, 300, { groups: ["dev", "ops"] })]);
    const selectors = ["group:dev", "group:ops"];
    const both = { ...person("alice", ...selectors), users: ["alice", "bob"], size: 2 };
    const main = `ClientAliveInterval 60\n${match("Group ops", "ClientAliveInterval 60")}${bob}`;
    const asked = says(both, "clientaliveinterval 60", "clientalivecountmax 3");
    const facts = host({ version: version("8.4"), main, classes: [asked] });
    expect(cell(facts, "ops", "frozen-client", policy, ["sshd"])).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("Match User bob") as string,
    });
  });

  test("the count is another keyword: the first block that sets the interval does not decide it", () => {
    const all = match("all", "ClientAliveInterval 60");
    const never = match("User bob", "ClientAliveCountMax 0");
    expect(frozen(`${all}${never}`).outcome).toBe("unknown");
    expect(frozen(`${match("all", "ClientAliveInterval 60", "ClientAliveCountMax 3")}${never}`).outcome).toBe(
      "pass",
    );
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

describe("people's own files, without which their shells are asked", () => {
  const ann = { ...says(person("ann")), size: 2, users: ["ann", "bob"] };
  const alone = { ...ann, size: 1, users: ["ann"] };
  const bash = { path: "/bin/bash", kind: "bash" };
  const line = (user: string, kind: OwnKind, root = ".bashrc"): OwnLine => ({
    user,
    kind,
    root,
    at: `/home/${user}/${root}:3`,
  });
  const seen = (lines: readonly OwnLine[] = [], count = 2): OwnFiles => ({ seen: count, lines, unread: [] });

  function found(
    own: OwnFiles | undefined,
    more: { readonly readonly?: boolean; readonly shell?: typeof bash; readonly account?: UserClass } = {},
    probes: readonly ProbeResult[] = [],
  ): LadderCell {
    const { readonly = true, shell = bash, account = ann } = more;
    const asked = login(account, shell, 600);
    const answers = asked.asked.map((each) =>
      each.login.state === "known" ? { ...each, login: known({ ...each.login.value, readonly }) } : each,
    );
    const logins = [{ ...asked, asked: answers, ...(own === undefined ? {} : { own }) }];
    const facts = host({ version: version("8.4"), classes: [account] });
    const { sshd, ...there } = applied(facts, POLICY, ["shell-timeout"]);
    const classes = known([{ ...account, logins }]);
    const asTold = { ...there, sshd: { ...sshd, classes } };
    return cell(asTold, "default", "idle-shell", POLICY, ["shell-timeout"], probes);
  }

  test("nobody has such lines: it passes", () => {
    expect(found(seen())).toMatchObject({ outcome: "pass", evidence: "effective" });
    expect(found(undefined)).toMatchObject({ outcome: "pass", evidence: "effective" });
  });

  test.each<OwnKind>(["exec", "program", "elsewhere", "computed", "environment", "command", "no-pty"])(
    "%s is unknown, whether readonly or not",
    (kind) => {
      const cellOf = found(seen([line("bob", kind)]));
      expect(cellOf).toMatchObject({ outcome: "unknown", evidence: "effective" });
      expect(cellOf.reason).toContain("bob's /home/bob/.bashrc:3");
    },
  );

  test("an assignment to what is readonly fails; zsh reads .zshenv before that", () => {
    const zsh = { path: "/bin/zsh", kind: "zsh" };
    expect(found(seen([line("bob", "tmout")]))).toMatchObject({ outcome: "pass" });
    expect(found(seen([line("bob", "tmout")]), { readonly: false })).toMatchObject({ outcome: "unknown" });
    expect(found(seen([line("bob", "tmout", ".zshrc")]), { shell: zsh })).toMatchObject({ outcome: "pass" });
    expect(found(seen([line("bob", "tmout", ".zshenv")]), { shell: zsh })).toMatchObject({
      outcome: "unknown",
    });
    expect(found(seen([line("bob", "alarm", ".zshrc")]), { shell: zsh })).toMatchObject({
      outcome: "unknown",
    });
  });

  test("whose files nobody saw is unknown", () => {
    expect(found(seen([], 1)).reason).toContain("the own files of 1 of 2 accounts were not looked into");
    const unread = [{ user: "bob", reason: "/home/bob cannot be read" }];
    expect(found({ seen: 2, lines: [], unread }).reason).toContain("bob's own files");
  });

  test("a session that ended speaks for its own account only, and not for another key", () => {
    const probe: ProbeResult = {
      session: "idle-shell",
      role: "default",
      user: "ann",
      via: "shadow",
      expect: "dropped",
      withinSeconds: 600,
      droppedAfterSeconds: 600,
      by: "TMOUT",
      outcome: "pass",
      clientSaw: "",
      reason: "",
    };
    expect(found(seen([line("bob", "exec")]), {}, [probe]).outcome).toBe("unknown");
    expect(found(seen([line("ann", "exec")]), {}, [probe]).outcome).toBe("pass");
    expect(found(seen([line("ann", "exec")], 1), { account: alone }, [probe]).outcome).toBe("pass");
    expect(found(seen([line("ann", "command", "keys")], 1), { account: alone }, [probe]).outcome).toBe(
      "unknown",
    );
  });
});
