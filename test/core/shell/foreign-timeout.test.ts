/** TMOUT of others: whoever sets it, what it comes to is never taken for stricter than it is. */
import { describe, expect, test } from "vitest";
import { loadBaseline } from "../../../src/config/policy/baseline.ts";
import { CONTROLS } from "../../../src/controls/index.ts";
import { foreignSettings, othersTimeout, winningForeign } from "../../../src/core/shell/foreign-timeout.ts";
import { judgeBaseline } from "../../../src/core/baseline/judge-baseline.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { isPlain } from "../../../src/core/shell/plain-assignment.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import type { Facts, ForeignTimeout } from "../../../src/model/facts/facts.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import { applied } from "../../controls/applied-facts.ts";
import { host, limits, person, role, version } from "../../controls/facts-fixture.ts";

const POLICY = limits(role("default", 900, null), [role("admin", 600, null, { users: ["root"] })]);
const EARLY = "/etc/profile.d/00-autologout.sh";
const LATE = "/etc/profile.d/tmout.sh";

interface Spec {
  readonly shells?: readonly string[];
}

function machine(foreign: Facts["foreignTimeouts"], { shells = ["bash"] }: Spec = {}): Facts {
  const says = (user: string, ...selectors: string[]) => ({
    ...person(user, ...selectors),
    effective: known(["pubkeyauthentication yes"]),
  });
  const classes = [says("nobody"), says("root", "user:root")];
  return { ...host({ version: version("8.4"), classes, shells }), foreignTimeouts: foreign };
}

const file = (path: string, ...texts: string[]): ForeignTimeout[] =>
  texts.map((text, index) => ({ file: path, line: index + 3, text }));

/** Outcome of the admins' idle-shell cell. */
function cell(facts: Facts, selected: readonly ControlId[]): string | undefined {
  const plan = planHost(facts, POLICY, selected, CONTROLS);
  return ladder({ facts, limits: POLICY, selected, plan, controls: CONTROLS, probes: [] }).find(
    (each) => each.role === "admin" && each.kind === "idle-shell",
  )?.outcome;
}

function rule(facts: Facts): string[] {
  const findings = judgeBaseline(facts, POLICY, loadBaseline("cis"), { changes: [], findings: [] }, CONTROLS);
  return findings.filter(({ subject }) => subject === "TMOUT").map(({ outcome }) => outcome);
}

/** A file that is read before curfew's, on a host that has both. */
describe("somebody else's readonly TMOUT that is read first", () => {
  const there = (...texts: string[]): Facts => {
    const foreign = file(EARLY, ...texts);
    const ours = applied(machine([]), POLICY, ["shell-timeout"]);
    const classes = machine([]).sshd.classes;
    return { ...ours, sshd: { ...ours.sshd, classes }, foreignTimeouts: foreign };
  };
  const finding = (facts: Facts): string | undefined =>
    planHost(facts, POLICY, ["shell-timeout"], CONTROLS).findings.find(
      ({ check }) => check === "foreign-timeout",
    )?.outcome;

  test.each<[string, string[], string, string, string]>([
    // name, lines, finding, cell, rule
    [
      "an hour for root, less for others",
      ["  readonly TMOUT=3600", "  readonly TMOUT=300"],
      "fail",
      "fail",
      "unknown",
    ],
    ["the same without indents", ["readonly TMOUT=3600", "readonly TMOUT=300"], "fail", "fail", "fail"],
    ["off, then on", ["readonly TMOUT=0", "readonly TMOUT=300"], "fail", "fail", "fail"],
    ["unset", ["unset TMOUT", "readonly TMOUT=300"], "fail", "fail", "unknown"],
    ["one computed", ["readonly TMOUT=$LIMIT", "readonly TMOUT=300"], "fail", "unknown", "unknown"],
    ["not for root", ['[ "$(id -u)" -ne 0 ] && readonly TMOUT=300'], "unknown", "unknown", "unknown"],
    ["readonly whatever it is", ["  TMOUT=300", "readonly TMOUT"], "unknown", "unknown", "unknown"],
    ["two flags", ["declare -x -r TMOUT=3600"], "fail", "fail", "fail"],
    ["strict for everybody", ["readonly TMOUT=300"], "pass", "unknown", "unknown"],
  ])("%s", (_name, lines, expected, admin, judged) => {
    const facts = there(...lines);
    expect([finding(facts), cell(facts, ["shell-timeout"]), rule(facts)[1]]).toEqual([
      expected,
      admin,
      judged,
    ]);
  });

  test("of several files the loosest counts: each shell reads others", () => {
    const foreign = [...file("/etc/profile", "readonly TMOUT=300"), ...file(EARLY, "readonly TMOUT=3600")];
    expect(winningForeign({ ...machine(foreign) })?.seconds).toBe(3600);
  });
});

test("what is read after curfew's file has an effect until that file is there, and says so", () => {
  const said = (facts: Facts): string | undefined =>
    planHost(facts, POLICY, ["shell-timeout"], CONTROLS).findings.find(
      ({ check }) => check === "foreign-timeout",
    )?.actual;
  const foreign = file(LATE, "readonly TMOUT=300");
  expect(said(machine(foreign))).toContain(
    "will be read after curfew's readonly TMOUT: it then has no effect",
  );
  const both = { ...applied(machine([]), POLICY, ["shell-timeout"]), foreignTimeouts: foreign };
  expect(said(both)).toContain("is read after curfew's readonly TMOUT: it has no effect");
});

describe("the only TMOUT", () => {
  test.each<[string, string[], string, string]>([
    ["not for root", ['[ "$(id -u)" -ne 0 ] && readonly TMOUT=600'], "unknown", "unknown"],
    ["in a branch", ["  readonly TMOUT=600"], "unknown", "unknown"],
    ["in a case", ["root) readonly TMOUT=600 ;;"], "unknown", "unknown"],
    ["in a function", ["limit() { readonly TMOUT=600; }"], "unknown", "unknown"],
    ["for one command only", ["TMOUT=600 read -r x; readonly TMOUT"], "unknown", "unknown"],
    ["two on a line", ["TMOUT=3600; TMOUT=600; readonly TMOUT"], "fail", "fail"],
    ["set to nothing at the end", ["readonly TMOUT=600", "TMOUT="], "fail", "fail"],
    ["off by default", ["readonly TMOUT=600", ": ${TMOUT:=0}"], "fail", "fail"],
    ["for interactive shells", ["case $- in *i*) readonly TMOUT=600 ;; esac"], "unknown", "unknown"],
    ["where it is not set", ['[ -z "$TMOUT" ] && readonly TMOUT=600'], "unknown", "unknown"],
    ["by default", [": ${TMOUT:=600}", "readonly TMOUT"], "unknown", "unknown"],
    ["for everybody", ["TMOUT=600; readonly TMOUT; export TMOUT"], "unknown", "unknown"],
  ])("%s", (_name, lines, admin, judged) => {
    const facts = machine(file(LATE, ...lines));
    expect([cell(facts, ["sshd"]), rule(facts)[1]]).toEqual([admin, judged]);
  });

  test("is readonly for the shells that read that file alone", () => {
    const foreign = [...file(LATE, "readonly TMOUT=600"), ...file("/etc/zsh/zshrc", "TMOUT=300")];
    expect(rule(machine(foreign, { shells: ["bash", "zsh"] }))[1]).toBe("unknown");
  });
});

describe("files that a system's shells do not read", () => {
  const on = (id: string, path: string, shell = "bash", ...like: string[]): string[] => {
    const facts = machine(file(path, "readonly TMOUT=600"), { shells: [shell] });
    const there = { ...facts, os: known({ id, versionId: "1", name: id, like }) };
    return [cell(there, ["sshd"]) ?? "", othersTimeout(there)?.doubt ?? ""];
  };
  test.each([
    ["debian", "/etc/bashrc", "bash"],
    ["debian", "/etc/environment.d/tmout.conf", "bash"],
    ["debian", "/etc/default/login", "bash"],
    ["debian", "/etc/profile.local", "bash"],
    ["debian", "/etc/bash.bashrc.local", "bash"],
    ["debian", "/usr/etc/profile", "bash"],
    ["debian", "/etc/zshrc", "zsh"],
    ["debian", "/etc/zsh/newuser.zshrc.recommended", "zsh"],
    ["rhel", "/etc/bash.bashrc", "bash"],
    ["rhel", "/etc/zsh/zshrc", "zsh"],
    ["opensuse-leap", "/etc/bashrc", "bash"],
    ["somebody-s", "/etc/bashrc", "bash"],
    ["debian", "/etc/environment", "tcsh"],
  ])("%s: %s and %s", (id, path, shell) => {
    const [outcome, doubt] = on(id, path, shell);
    expect(outcome).toBe("unknown");
    expect(doubt).toContain(`${shell} is not known to take TMOUT from ${path}`);
  });

  test.each<[string, string, string, ...string[]]>([
    ["debian", "/etc/bash.bashrc", "bash"],
    ["linuxmint", "/etc/bash.bashrc", "bash", "ubuntu", "debian"],
    ["debian", "/etc/zsh/zshrc", "zsh"],
    ["debian", "/etc/environment", "zsh"],
    ["rhel", "/etc/bashrc", "bash"],
    ["scientific", "/etc/bashrc", "bash", "rhel", "fedora"],
    ["rocky", "/etc/zshrc", "zsh"],
    ["sles", "/etc/profile.local", "ksh93"],
    ["opensuse-leap", "/etc/bash.bashrc.local", "bash"],
    ["alpine", "/etc/bash/bashrc", "bash"],
    ["somebody-s", "/etc/profile.d/tmout.sh", "mksh"],
  ])("%s does read %s in %s", (id, path, shell, ...like) => {
    // A file is no pass, whatever is known of who reads it.
    expect(on(id, path, shell, ...like)).toEqual(["unknown", ""]);
  });

  test("a system that nobody could read", () => {
    const facts = machine(file("/etc/bash.bashrc", "readonly TMOUT=600"));
    expect(cell({ ...facts, os: unreadable("denied") }, ["sshd"])).toBe("unknown");
  });

  test("no rule passes by them", () => {
    expect(rule(machine(file("/etc/bashrc", "readonly TMOUT=600")))[1]).toBe("unknown");
    expect(rule(machine(file("/etc/bash.bashrc", "readonly TMOUT=600")))[1]).toBe("unknown");
  });
});

test.each([
  "readonly TMOUT=600",
  'TMOUT="600"',
  "declare -xr TMOUT=600",
  "typeset -x -r TMOUT=600",
  "TMOUT=600 && export TMOUT && readonly TMOUT",
  "TMOUT DEFAULT=600",
  ': "${TMOUT:=600}"',
  "case $- in *i*) TMOUT=600; readonly TMOUT;; esac",
  'case "$-" in (*i*) readonly TMOUT=600; esac',
  '[ -n "$PS1" ] && [ -z "${TMOUT-}" ] && readonly TMOUT=600',
  '[ "$TMOUT" ] || readonly TMOUT=600',
  "[[ $- == *i* ]] && { TMOUT=600; readonly TMOUT; }",
  "if [ -z $TMOUT ]; then readonly TMOUT=600; fi",
  "test -t 0 && TMOUT=600",
])("is for everybody: %s", (text) => {
  expect(isPlain(text)).toBe(true);
});

test.each([
  " TMOUT=600",
  "\tTMOUT=600",
  "[ -n $TMOUT ] && TMOUT=600",
  "[ -z $PS1 ] && TMOUT=600",
  "[ -z $TMOUT ] || TMOUT=600",
  "[ -z $SSH_TTY ] || TMOUT=600",
  "if [ $UID -ne 0 ]; then TMOUT=600; fi",
  "if [ -z $TMOUT ]; then TMOUT=600; else TMOUT=300; fi",
  "case $- in *i*) TMOUT=600 ;; *) TMOUT=0 ;; esac",
  "case $USER in root) ;; *) TMOUT=600 ;; esac",
  "*i*) TMOUT=600 ;;",
  "else TMOUT=600",
  "(TMOUT=600)",
  "env TMOUT=600 bash",
  "TMOUT=600 &",
  "TMOUT=600 | cat",
  "echo TMOUT=600",
  "TMOUT+=600",
])("may leave somebody out: %s", (text) => {
  expect(isPlain(text)).toBe(false);
});

test("what people are shown has no blanks in front", () => {
  expect(foreignSettings(machine(file(LATE, "  TMOUT=3")))[0]?.text).toBe("TMOUT=3");
});
