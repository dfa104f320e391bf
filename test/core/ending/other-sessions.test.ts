/** Sessions that are not like the one that was asked about: by address, by account, by key, by another server. */
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts, UserClass } from "../../../src/model/facts/facts.ts";
import type { LadderCell } from "../../../src/model/verdict/finding.ts";
import { known } from "../../../src/model/terms/reading.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import type { WatchdogRun } from "../../../src/model/facts/watchdog-run.ts";
import { applied } from "../../controls/applied-facts.ts";
import { host, limits, person, role, version, WITH_INCLUDE } from "../../controls/facts-fixture.ts";

const POLICY = limits(role("default", 600, null));
const ALL = ["shell-timeout", "watchdog"] as const;

const passed = (over: Partial<ProbeResult> = {}): ProbeResult => ({
  session: "idle-shell",
  role: "default",
  user: "ann",
  via: "live",
  expect: "dropped",
  withinSeconds: 600,
  droppedAfterSeconds: 600,
  by: "TMOUT",
  outcome: "pass",
  clientSaw: "",
  reason: "",
  ...over,
});

function there(main: string, more: Partial<UserClass> = {}, says: readonly string[] = []): Facts {
  const facts = host({ version: version("8.4"), main, classes: [{ ...person("ann"), ...more }] });
  const done = applied(facts, POLICY, ALL);
  const classes = done.sshd.classes.state === "known" ? done.sshd.classes.value : [];
  const asked = classes.map((each) =>
    Object.assign({}, each, {
      effective: known([...(each.effective.state === "known" ? each.effective.value : []), ...says]),
    }),
  );
  return { ...done, watchdogTimer: known(true), sshd: { ...done.sshd, classes: known(asked) } };
}

function cell(facts: Facts, kind: SessionKind, probes: readonly ProbeResult[] = []): LadderCell {
  const plan = planHost(facts, POLICY, ALL, CONTROLS);
  expect(plan.changes.filter(({ control }) => control === "watchdog")).toEqual([]);
  const cells = ladder({ facts, limits: POLICY, selected: ALL, plan, controls: CONTROLS, probes });
  const found = cells.find((each) => each.role === "default" && each.kind === kind);
  if (found === undefined) throw new Error(`no cell ${kind}`);
  return found;
}

test("where nothing is different, the shell and the watchdog pass, and a session shows it", () => {
  const facts = there(WITH_INCLUDE);
  expect(cell(facts, "idle-shell")).toMatchObject({ outcome: "pass", evidence: "effective" });
  expect(cell(facts, "tmux")).toMatchObject({ outcome: "pass", evidence: "effective" });
  expect(cell(facts, "idle-shell", [passed()])).toMatchObject({ outcome: "pass", evidence: "demonstrated" });
});

describe("a Match block of others", () => {
  test.each([
    ["Match Address 10.0.0.0/8\n  ForceCommand /bin/menu\n", /Match Address 10\.0\.0\.0\/8 .*forcecommand/u],
    ["Match LocalPort 2222\n  SetEnv TMOUT=0\n", /Match LocalPort 2222 .*setenv TMOUT=0/u],
    ["Match Address !10.0.0.1,*\n  PermitTTY no\n", /permittty no/u],
    ["Match Host *.example\n  ChrootDirectory /srv/jail\n", /chrootdirectory/u],
    ["Match Address 10.*\n  AuthorizedKeysCommand /bin/keys %u\n", /authorizedkeyscommand/u],
  ])("%j: the own shell is unknown, and nobody's session lifts it", (block, words) => {
    const facts = there(`${WITH_INCLUDE}${block}`);
    const byWatchdog = block.includes("PermitTTY") ? "unknown" : "pass";
    for (const probes of [[], [passed()], [passed({ via: "shadow", by: "unattributed" })]]) {
      expect(cell(facts, "idle-shell", probes).outcome).toBe(byWatchdog);
    }
    const alone = cell({ ...facts, watchdogTimer: known(false) }, "idle-shell", [passed()]);
    expect(alone.outcome).toBe("unknown");
    expect(alone.reason).toMatch(words);
  });

  test.each([
    "Match Address 10.0.0.0/8\n  ForceCommand none\n  PermitTTY yes\n",
    "Match Address 10.0.0.0/8\n  X11Forwarding no\n",
    "Match User ann\n  PermitUserEnvironment no\n",
  ])("%j changes no shell", (block) => {
    expect(cell(there(`${WITH_INCLUDE}${block}`), "idle-shell", [passed()]).outcome).toBe("pass");
  });

  test("somebody else of the class gets no terminal: what ends those with one says nothing of theirs", () => {
    const many = { size: 3, users: ["ann", "bob", "git"] };
    const facts = there(`${WITH_INCLUDE}Match User git\n  PermitTTY no\n`, many);
    const probe = passed({ session: "tmux", by: "watchdog" });
    expect(cell(facts, "tmux", [probe])).toMatchObject({ outcome: "unknown", demonstrated: null });
  });
});

describe("what cannot be asked", () => {
  test.each([
    [
      "authorizedkeyscommand /usr/bin/sss_ssh_authorizedkeys",
      /AuthorizedKeysCommand .* not read/u,
      "unknown",
    ],
    ["trustedusercakeys /etc/ssh/ca.pub", /force-command that was not read/u, "unknown"],
    // Everybody of the class is in the same root, so one session shows it.
    ["chrootdirectory /srv/jail", /ChrootDirectory \/srv\/jail/u, "pass"],
  ])("%s", (line, words, afterSession) => {
    const facts = { ...there(WITH_INCLUDE, {}, [line]), watchdogTimer: known(false) };
    const found = cell(facts, "idle-shell");
    expect(found.outcome).toBe("unknown");
    expect(found.reason).toMatch(words);
    expect(cell(facts, "idle-shell", [passed()]).outcome).toBe(afterSession);
  });

  test("none is none", () => {
    const says = ["authorizedkeyscommand none", "trustedusercakeys none", "chrootdirectory none"];
    expect(cell(there(WITH_INCLUDE, {}, says), "idle-shell").outcome).toBe("pass");
  });

  test("a file that sshd does not run is no doubt", () => {
    const own = {
      seen: 1,
      lines: [{ user: "ann", kind: "exec", root: ".ssh/rc", at: "~/.ssh/rc:1" }],
      unread: [],
    };
    const withRc = (says: readonly string[]): Facts => {
      const facts = there(WITH_INCLUDE, {}, says);
      const classes = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
      const looked = classes.map((each) =>
        Object.assign({}, each, {
          logins: (each.logins ?? []).map((login) => Object.assign({}, login, { own })),
        }),
      ) as UserClass[];
      return { ...facts, watchdogTimer: known(false), sshd: { ...facts.sshd, classes: known(looked) } };
    };
    expect(cell(withRc([]), "idle-shell").outcome).toBe("unknown");
    expect(cell(withRc(["permituserrc no"]), "idle-shell").outcome).toBe("pass");
  });
});

describe("another way in", () => {
  const facts = {
    ...there(WITH_INCLUDE, {}, ["pubkeyauthentication yes"]),
    otherWays: ["process 812 (/usr/sbin/dropbear)"],
  };
  test.each(["idle-shell", "tmux"] as const)("%s: unknown, whatever the sshd that was asked does", (kind) => {
    const probe = passed({ session: kind, by: kind === "tmux" ? "watchdog" : "TMOUT" });
    for (const probes of [[], [probe]]) {
      const found = cell(facts, kind, probes);
      expect(found).toMatchObject({ outcome: "unknown", demonstrated: null });
      expect(found.reason).toContain("/usr/sbin/dropbear");
    }
  });

  test("what fails still fails, and a plan says it too", () => {
    expect(cell(facts, "idle-sftp").outcome).toBe("fail");
    const { findings } = planHost(facts, POLICY, ALL, CONTROLS);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "daemon-current", subject: "other daemons", outcome: "unknown" }),
    );
  });
});

test.each<[string, WatchdogRun, number]>([
  ["at its own pace", { every: 30, since: 1, took: 0.2 }, 637],
  ["with runs that take longer than its interval", { every: 30, since: 1, took: 40 }, 637 + 2 * 10 + 40],
  ["seldom, by a drop-in", { every: 60, since: 1, took: 0.2 }, 637 + 2 * 30],
])("a plan promises what the watchdog that is there keeps: %s", (_, watchdogRun, within) => {
  const facts = applied(host({ version: version("8.4"), classes: [person("ann")] }), POLICY, ALL);
  const { coverage } = planHost({ ...facts, watchdogRun }, POLICY, ALL, CONTROLS);
  const own = coverage.filter(({ control, kind }) => control === "watchdog" && kind === "tmux");
  expect(own.map((each) => each.within)).toEqual([within]);
});
