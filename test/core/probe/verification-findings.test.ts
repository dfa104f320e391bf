import { expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { refusePendingEdit } from "../../../src/core/ending/daemon-current.ts";
import { verificationFindings } from "../../../src/core/probe/verification-findings.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { Finding, LadderCell } from "../../../src/model/verdict/finding.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";
import { host } from "../../controls/facts-fixture.ts";
import { probe } from "../../fixtures/plans.ts";

const FILE = "/etc/ssh/sshd_config.d/10-x.conf";
const MAIN = "/etc/ssh/sshd_config";

function cell(outcome: LadderCell["outcome"], kind: LadderCell["kind"] = "idle-shell"): LadderCell {
  const nothing = { configured: null, effective: null, demonstrated: null, evidence: null };
  return { role: "admin", kind, expect: "dropped", limit: 600, outcome, ...nothing };
}

/** sshd read its files at 12:00; the drop-in was written at `modified` and put there at `changed`. */
function loaded(modified: string, changed = modified, path = FILE): Facts {
  const facts = host({ dropIns: { [path]: "ClientAliveInterval 5\n" } });
  const old = "2026-11-22T11:00:00Z";
  const files = { [MAIN]: { modified: old, changed: old }, [path]: { modified, changed } };
  return { ...facts, times: { sshdLoaded: known("2026-11-22T12:00:00Z"), files } };
}

const found = (facts: Facts, cells: LadderCell[], probes: ProbeResult[], findings: Finding[] = []) =>
  verificationFindings(facts, CONTROLS, { findings }, cells, probes).map(
    ({ check, outcome }) => `${check} ${outcome}`,
  );

const CURRENT = loaded("2026-11-22T11:00:00Z");
const STALE = loaded("2026-11-22T13:00:00Z");
const RENAMED = loaded("2026-11-22T11:00:00Z", "2026-11-22T13:00:00Z");
const NO_PID_FILE = {
  ...CURRENT,
  times: { ...CURRENT.times, sshdLoaded: unreadable<string>("sshd's PidFile cannot be read") },
};

const shadow = probe({ by: "ClientAlive" });
const live = probe({ by: "ClientAlive", via: "live" });
const failed = probe({ outcome: "fail", by: "none", droppedAfterSeconds: null });

test.each<[string, Facts, ProbeResult[], string[]]>([
  ["a current daemon needs no word", CURRENT, [shadow, failed], []],
  ["a stale one and a session that stayed: that is why", STALE, [failed], ["daemon-current fail"]],
  ["a stale one: the shadow read what it has not", STALE, [shadow, live], ["daemon-current unknown"]],
  ["a stale one, but TMOUT is no business of sshd", STALE, [probe()], ["daemon-current pass"]],
  ["a renamed file, shown by the shadow only", RENAMED, [shadow], ["daemon-current unknown"]],
  ["a renamed file, shown live", RENAMED, [shadow, live], ["daemon-current pass"]],
  [
    "a renamed file, another role live",
    RENAMED,
    [shadow, { ...live, role: "x" }],
    ["daemon-current unknown"],
  ],
  [
    "a renamed file, another kind of session live",
    RENAMED,
    [shadow, { ...live, session: "frozen-client" }],
    ["daemon-current unknown"],
  ],
  [
    "a renamed file, another mechanism live",
    RENAMED,
    [shadow, { ...live, by: "ChannelTimeout" }],
    ["daemon-current unknown"],
  ],
  [
    "a renamed file, one of two roles live",
    RENAMED,
    [shadow, live, { ...shadow, role: "x" }],
    ["daemon-current unknown"],
  ],
  [
    "a renamed file, failed live",
    RENAMED,
    [shadow, { ...live, outcome: "fail" }],
    ["daemon-current unknown"],
  ],
  ["no PidFile, shown by the shadow only", NO_PID_FILE, [shadow], ["daemon-current unknown"]],
  ["no PidFile, shown live", NO_PID_FILE, [live], ["daemon-current pass"]],
  ["no session, no word", STALE, [], []],
])("%s", (_, facts, probes, expected) => expect(found(facts, [], probes)).toEqual(expected));

test("another sshd that takes logins too was asked by no session: unknown, whatever this one showed", () => {
  const two = { ...CURRENT, otherWays: ["process 812 (/usr/sbin/dropbear)"] };
  expect(found(two, [], [shadow, live])).toEqual(["daemon-current unknown"]);
  expect(found({ ...two, times: STALE.times }, [], [failed])).toEqual([
    "daemon-current fail",
    "daemon-current unknown",
  ]);
  expect(found(two, [], [])).toEqual([]);
});

test("an inert line counts as much as the sessions that were opened, not as those that were not", () => {
  const facts = { ...host({ dropIns: { [FILE]: "ChannelTimeout session=5m\n" } }), times: CURRENT.times };
  const escaped = cell("fail", "escaped-shell");
  const ended = probe({ by: "TMOUT" });
  expect(found(facts, [cell("pass"), escaped], [ended])).toEqual(["mechanism-works pass"]);
  expect(found(facts, [cell("fail"), escaped], [ended])).toEqual([
    "mechanism-works fail",
    "session-ends fail",
  ]);
  expect(found(facts, [cell("pass"), escaped], [ended, probe({ session: "escaped-shell" })])).toEqual([
    "mechanism-works fail",
    "session-ends fail",
  ]);
});

test("settings of others that win are named where a session stayed, and TMOUT only for shells", () => {
  const foreign = (check: Finding["check"], outcome: Finding["outcome"] = "fail"): Finding => ({
    check,
    control: "sshd",
    role: "*",
    subject: check + outcome,
    expected: "",
    actual: "",
    source: "",
    evidence: "configured",
    outcome,
  });
  const findings = [
    foreign("foreign-setting"),
    foreign("foreign-setting", "pass"),
    foreign("foreign-timeout"),
    foreign("version-ability"),
  ];
  const frozen = probe({ ...failed, session: "frozen-client" });
  expect(found(CURRENT, [cell("fail")], [failed], findings)).toEqual([
    "foreign-setting fail",
    "foreign-timeout fail",
  ]);
  expect(found(CURRENT, [cell("fail", "frozen-client")], [frozen], findings)).toEqual([
    "foreign-setting fail",
  ]);
  expect(found(CURRENT, [cell("pass")], [shadow], findings)).toEqual([]);
});

test.each<[string, LadderCell, ProbeResult[], string[]]>([
  ["others of the role are not known to end", cell("unknown"), [probe()], ["session-ends unknown"]],
  ["others of the role stay", cell("fail"), [probe()], ["session-ends fail"]],
  ["the session itself failed: that counts by itself", cell("fail"), [failed], []],
  ["it speaks for all", { ...cell("pass"), demonstrated: null }, [probe()], []],
])("%s", (_, seen, probes, expected) => {
  const ofSessions = found(CURRENT, [seen], probes).filter((line) => line.startsWith("session-ends"));
  expect(ofSessions).toEqual(expected);
});

test("a reload is refused for a file that sshd has not read yet, and for nothing less certain", () => {
  expect(() => refusePendingEdit(STALE)).toThrow(
    /10-x\.conf changed after sshd read it .* that edit into force/u,
  );
  const own = loaded("2026-11-22T13:00:00Z", undefined, "/etc/ssh/sshd_config.d/00-00-curfew.conf");
  for (const facts of [RENAMED, CURRENT, NO_PID_FILE, own])
    expect(() => refusePendingEdit(facts)).not.toThrow();
});
