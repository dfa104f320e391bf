/** A session that passed says what becomes of those it speaks for, and lifts nothing that is known of the others. */
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { auditHost } from "../../../src/core/audit/host.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { AuditedHost } from "../../../src/model/record/audit.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import type { Facts, UserClass } from "../../../src/model/facts/facts.ts";
import type { LadderCell } from "../../../src/model/verdict/finding.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";
import { DEFAULT_PROBES, type SessionKind } from "../../../src/model/terms/session-kind.ts";
import { applied } from "../../controls/applied-facts.ts";
import { host, limits, person, role, version } from "../../controls/facts-fixture.ts";

const POLICY = limits(role("default", 600, 300), [
  role("admin", 300, 300, { users: ["ann"], groups: ["sudo"] }),
]);
const BOTH: readonly ControlId[] = ["sshd", "shell-timeout"];
const ALIVE = ["clientaliveinterval 60", "clientalivecountmax 3"];
const PAIR: UserClass = { ...person("alice"), users: ["alice", "bob"], size: 2 };

const says = (account: UserClass, ...lines: string[]): UserClass => ({
  ...account,
  effective: known(["pubkeyauthentication yes", ...lines]),
});

/** The host after apply, with complete answers of sshd. */
function compliant(classes: readonly UserClass[], shells: readonly string[] = ["bash"]): Facts {
  const facts = applied(host({ version: version("8.4"), classes, shells }), POLICY, BOTH);
  const found = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
  const complete = found.map((each) =>
    says(each, ...(each.effective.state === "known" ? each.effective.value : [])),
  );
  return { ...facts, sshd: { ...facts.sshd, classes: known(complete) } };
}

function passed(session: SessionKind, over: Partial<ProbeResult> = {}): ProbeResult {
  return {
    session: session as ProbeResult["session"],
    role: "default",
    user: "alice",
    via: "shadow",
    expect: "dropped",
    withinSeconds: 600,
    droppedAfterSeconds: 600,
    by: session === "frozen-client" ? "ClientAlive" : "TMOUT",
    outcome: "pass",
    clientSaw: "",
    reason: "in time",
    ...over,
  };
}

function cell(facts: Facts, kind: SessionKind, probes: readonly ProbeResult[], name = "default"): LadderCell {
  const plan = planHost(facts, POLICY, BOTH, CONTROLS);
  const found = ladder({ facts, limits: POLICY, selected: BOTH, plan, controls: CONTROLS, probes }).find(
    (each) => each.role === name && each.kind === kind,
  );
  if (found === undefined) throw new Error(`no cell ${name} ${kind}`);
  return found;
}

function audit(facts: Facts, probes: readonly ProbeResult[]): AuditedHost {
  const plan = { ...planHost(facts, POLICY, BOTH, CONTROLS), host: "web1" };
  const asked = { facts, limits: POLICY, plan, selected: BOTH, controls: CONTROLS, probes };
  const cells = ladder(asked);
  return auditHost({ ...asked, ladder: cells, sessions: DEFAULT_PROBES, more: [], evidence: [] });
}

const GOOD = [passed("idle-shell"), passed("frozen-client")];

describe("somebody else's shell has no timeout", () => {
  test("TMOUT that ended bash says nothing about fish, and the audit still fails for it", () => {
    const facts = compliant([PAIR], ["bash", "fish"]);
    expect(cell(facts, "idle-shell", [])).toMatchObject({ outcome: "fail" });
    const found = cell(facts, "idle-shell", GOOD);
    expect(found).toMatchObject({ outcome: "fail", demonstrated: null, evidence: "configured" });
    expect(found.reason).toContain("/usr/bin/fish");
    expect(found.reason).toContain("alice");
    const audited = audit(facts, GOOD);
    expect(audited.outcome).toBe("fail");
    expect(audited.findings).toContainEqual(
      expect.objectContaining({ check: "version-ability", subject: "/usr/bin/fish", outcome: "fail" }),
    );
  });

  test("with bash alone in use the same sessions are a pass", () => {
    const facts = compliant([PAIR]);
    expect(cell(facts, "idle-shell", GOOD)).toMatchObject({ outcome: "pass", evidence: "demonstrated" });
    expect(audit(facts, GOOD).outcome).toBe("pass");
  });

  test.each<[string, Partial<ProbeResult>, UserClass[], string]>([
    ["the only account", {}, [person("alice")], "pass"],
    ["one of two classes", {}, [person("alice"), person("bob", "group:none")], "fail"],
    ["ended by what looks at every terminal", { by: "watchdog" }, [PAIR], "pass"],
    ["ended by nobody knows what", { by: "unattributed" }, [PAIR], "fail"],
  ])("%s", (_, over, classes, outcome) => {
    const facts = compliant(classes, ["bash", "fish"]);
    expect(cell(facts, "idle-shell", [passed("idle-shell", over)]).outcome).toBe(outcome);
  });

  test.each(["tcsh", "ksh93"])(
    "bash says nothing about %s, which ends later than so short a limit",
    (shell) => {
      const policy = limits(role("default", 40, null));
      const bare = host({ version: version("8.4"), classes: [PAIR], shells: ["bash", shell] });
      const facts = applied(bare, policy, BOTH);
      const plan = planHost(facts, policy, BOTH, CONTROLS);
      const probes = [passed("idle-shell", { withinSeconds: 40, droppedAfterSeconds: 40 })];
      const found = ladder({ facts, limits: policy, selected: BOTH, plan, controls: CONTROLS, probes });
      expect(found.find(({ kind }) => kind === "idle-shell")).toMatchObject({
        outcome: "unknown",
        configured: { by: "TMOUT", seconds: shell === "tcsh" ? 60 : 61 },
      });
    },
  );
});

describe("another class of the role", () => {
  const joe = says({ ...person("joe", "group:sudo"), users: ["jim", "joe"], size: 2 }, ...ALIVE);
  const ann = (interval: number): UserClass =>
    says(person("ann", "user:ann"), `clientaliveinterval ${interval}`, "clientalivecountmax 3");
  const probe = (user: string): ProbeResult => passed("frozen-client", { role: "admin", user });
  const outcome = (interval: number, ...users: string[]): LadderCell => {
    const facts = host({
      version: version("8.4"),
      classes: [says(person("nobody"), ...ALIVE), joe, ann(interval)],
    });
    return cell(facts, "frozen-client", users.map(probe), "admin");
  };

  test("whose client nothing ends fails, whoever else was probed", () => {
    for (const users of [["joe"], ["jim"], ["joe", "jim"], ["nobody"], ["stranger"]]) {
      const found = outcome(0, ...users);
      expect(found).toMatchObject({ outcome: "fail", demonstrated: null, configured: null });
      expect(found.reason).toMatch(/^ann: /u);
    }
  });

  test("that was probed as well is lifted, for a session outranks what files say", () => {
    expect(outcome(0, "joe", "ann")).toMatchObject({ outcome: "pass", evidence: "demonstrated" });
  });

  test("for which sshd promises the same leaves the pass as it is", () => {
    expect(outcome(60, "jim")).toMatchObject({
      outcome: "pass",
      evidence: "demonstrated",
      demonstrated: { source: "shadow as jim" },
    });
  });
});

describe("a Match block of somebody else of the class", () => {
  const main = "ClientAliveInterval 60\nMatch User bob\n ClientAliveInterval 0\n";
  const asked = (account: UserClass): Facts =>
    host({ version: version("8.4"), main, classes: [says(account, ...ALIVE)] });

  test("stays a doubt", () => {
    const found = cell(asked(PAIR), "frozen-client", GOOD);
    expect(found).toMatchObject({ outcome: "unknown", demonstrated: null, evidence: "effective" });
    expect(found.reason).toContain("Match User bob");
  });

  test("stays one where sshd did not answer for the one who was probed", () => {
    const facts = asked(PAIR);
    const classes = [{ ...PAIR, effective: unreadable<readonly string[]>("killed") }];
    const silent = { ...facts, sshd: { ...facts.sshd, classes: known(classes) } };
    expect(cell(silent, "frozen-client", GOOD).outcome).toBe("unknown");
    const plain = host({ version: version("8.4"), main: "ClientAliveInterval 60\n", classes });
    expect(cell(plain, "frozen-client", GOOD)).toMatchObject({ outcome: "pass", evidence: "demonstrated" });
  });

  test("is none for an account that is alone in its class", () => {
    expect(cell(asked(person("alice")), "frozen-client", GOOD).outcome).toBe("pass");
  });
});

describe("who was probed", () => {
  const many = { ...PAIR, size: 40 };
  const unread = { ...many, effective: unreadable<readonly string[]>("killed") };
  const facts = (...classes: UserClass[]): Facts => host({ version: version("8.4"), main: "", classes });
  const zed = [passed("frozen-client", { user: "zed" })];

  test("may be one of those whom a large class does not name, where there is one such class", () => {
    expect(cell(facts(unread), "frozen-client", zed).outcome).toBe("pass");
    const other = { ...person("joe", "group:sudo"), size: 30 };
    expect(cell(facts(unread, other), "frozen-client", zed).outcome).toBe("unknown");
  });

  test("is nobody of a class that names all of its accounts", () => {
    expect(cell(facts({ ...unread, size: 2 }), "frozen-client", zed).outcome).toBe("unknown");
  });
});

test.each([
  ["case $(ps -o comm= $PPID) in sshd) exec dash;; esac", "pass"],
  ["case $SSH_CLIENT in 10.*) exec dash ;; esac", "unknown"],
])("a session shows what comes of an sshd above it, not of where others come from: %s", (text, outcome) => {
  const facts = compliant([says(person("alice"))]);
  const leavingLines = [{ file: "/etc/profile", line: 2, text }];
  const there = { ...facts, leavingLines };
  expect(cell(facts, "idle-shell", []).outcome).toBe("pass");
  expect(cell(there, "idle-shell", []).outcome).toBe("unknown");
  expect(cell(there, "idle-shell", GOOD).outcome).toBe(outcome);
});
