/**
 * systemd-logind's StopIdleSessionSec: one limit for every session with a terminal on the host,
 * output loops and tmux included, so only ever a backstop (logind.conf(5)).
 */
import { terminalsAlike } from "../../core/sshd/other-session.ts";
import { withoutTerminal } from "../../core/sshd/without-shell.ts";
import type { Control, Rendered } from "../../model/control/control.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Coverage, Finding } from "../../model/verdict/finding.ts";
import { LOGIND_FILE, LOGIND_MAIN_FILE } from "../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { DesiredFile } from "../../model/change/plan.ts";
import { WITH_TERMINAL, hasTerminal } from "../../model/terms/session-kind.ts";
import { renderTemplate } from "../../template/template.ts";
import { demandsOf } from "../../core/policy/baseline-rules.ts";
import { backstop } from "../../core/policy/backstop.ts";
import { logindAbility, stopSeconds } from "./ability.ts";
import { logindEndings } from "./endings.ts";
import { logindInert } from "./inert.ts";
import { judgeLogindRule } from "./rule.ts";
import { isAlone } from "../../core/sshd/match-block.ts";
import { otherLogind } from "./use-pam.ts";
import { logindEndsOlder } from "./older.ts";
import { logindMainFile } from "./main.ts";
import type { InForce } from "../../model/control/ending.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";

export const logind: Control = {
  id: "logind",
  words:
    "catches every idle terminal, local ones too; breaks unwatched programs in them; knows one limit for all; never fires on Debian 13 and later",
  mechanisms: ["logind"],
  own: [LOGIND_FILE],
  shared: [LOGIND_MAIN_FILE],
  activation: {
    name: "restart-logind",
    script: "activate/restart-logind",
    units: ["systemd-logind.service"],
    failed: "systemd-logind did not restart",
  },
  settings: [{ name: "StopIdleSessionSec", judge: judgeLogindRule }],
  render,
  cannot: withoutTerminal,
  alike: (by, account, endings, facts) =>
    terminalsAlike(by, account, endings, facts) && (isAlone(account) || otherLogind(facts) === undefined),
  endings: logindEndings,
  endsOlder: logindEndsOlder,
  inert: logindInert,
  inForce: logindInForce,
  timeouts: logindTimeouts,
  unscalable: logindUnscalable,
};

/** The kernel moves a terminal's access time in steps of about 8 s (measured). */
const SHORTEST: Seconds = 20;

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const { value, findings, coverage } = wanted(facts, limits, selected);
  return {
    get files() {
      const main = value !== null && limits.baseline?.logind === "main-file" ? demandedSeconds(limits) : null;
      return [file(value === null ? null : contentFor(limits, value)), ...logindMainFile(facts, main)];
    },
    expectations: [],
    findings,
    coverage,
  };
}

interface Wanted extends Pick<Rendered, "findings" | "coverage"> {
  /** Of StopIdleSessionSec; null where it is not to be set. */
  readonly value: string | null;
}

function wanted(facts: Facts, limits: HostLimits, selected: boolean): Wanted {
  if (!selected) return without([]);
  const stop = backstop(facts, limits, "logind");
  if (stop.state === "no-limits") return without([]);
  if (stop.state === "left-out") return without([finding(`it is left out: ${stop.reason}`, stop.outcome)]);
  const demanded = demandedSeconds(limits);
  // Compared for equality by scanners, so a stricter limit would fail there; roles have other mechanisms.
  const limit = demanded ?? stop.limit;
  if (limit < SHORTEST) {
    const actual = `${formatDuration(limit)} is too short: a terminal's access time moves in steps of about 8 s`;
    return without([finding(actual, "fail")]);
  }
  const ability = logindAbility(facts);
  // Without a unit under a baseline: its scanners read a number.
  const value = demanded === null ? `${limit}s` : String(limit);
  if (ability.works !== "yes") {
    const findings = [finding(ability.reason, ability.works === "no" ? "fail" : "unknown")];
    // A baseline's rule is about the number; that it does nothing here is the finding's business.
    return demanded === null || !knowsTheKey(facts) ? without(findings) : { ...without(findings), value };
  }
  return {
    value,
    findings: looserRoles(limits, limit),
    coverage: [...limits.roles, limits.defaults].flatMap((role) => covers(role.role, limit)),
  };
}

/** What a baseline's rule says that the key has to be; null where none says so. */
function demandedSeconds({ baseline }: HostLimits): Seconds | null {
  const relations = demandsOf(baseline).get("StopIdleSessionSec") ?? [];
  return relations.map(({ equals }) => equals).find((seconds) => seconds !== undefined) ?? null;
}

function contentFor(limits: HostLimits, value: string): string {
  return renderTemplate("logind", { policy: limits.policy ?? "", value });
}

function knowsTheKey({ logind: state }: Facts): boolean {
  return state.state === "known" && state.value.idleStop !== "unsupported";
}

function without(findings: readonly Finding[]): Wanted {
  return { value: null, findings, coverage: [] };
}

function file(content: string | null): DesiredFile {
  return {
    control: "logind",
    path: LOGIND_FILE,
    content,
    mode: "0644",
    reason: content === null ? "logind has nothing to enforce" : "the host-wide backstop for idle sessions",
    risk: "service",
    activation: "restart-logind",
  };
}

function finding(actual: string, outcome: Finding["outcome"], role = "*"): Finding {
  return {
    check: role === "*" ? "mechanism-works" : "backstop",
    control: "logind",
    role,
    expected: "logind ends idle sessions with a terminal",
    actual,
    source: "logind.conf(5) StopIdleSessionSec",
    evidence: "configured",
    outcome,
  };
}

function looserRoles({ roles, defaults }: HostLimits, limit: Seconds): Finding[] {
  return [...roles, defaults]
    .filter(({ idle }) => idle !== null && idle < limit)
    .map(({ role }) => finding(`one limit for the whole host: ${formatDuration(limit)}`, "pass", role));
}

/** Measured on Debian 12; not for sessions without a terminal. */
function covers(role: string, within: Seconds): Coverage[] {
  return WITH_TERMINAL.map((kind) => ({ control: "logind", role, kind, within }));
}

/** What logind does on a host before curfew, for people; nothing where it is known to end no SSH session. Pure. */
function logindInForce(facts: Facts): InForce[] {
  const seconds = secondsOf(facts);
  if (seconds === 0) return [];
  const effect = `ends sessions at a terminal after ${seconds} s without input`;
  return [{ setting: `StopIdleSessionSec ${seconds}`, source: "logind", effect, verdict: "ends" }];
}

/** Never scaled: logind runs outside the shadow instance. Nothing where it is known to see no SSH session. */
function logindTimeouts({ facts, session }: Pick<ProbedSession, "facts" | "session">): ConfiguredTimeout[] {
  const seconds = hasTerminal(session) ? secondsOf(facts) : 0;
  if (seconds === 0) return [];
  return [{ by: "logind", real: seconds, fires: seconds, source: "StopIdleSessionSec" }];
}

/** After how long it ends a session at a terminal here; 0: never. */
function secondsOf(facts: Facts): number {
  const said = facts.logind;
  const works = logindAbility(facts).works !== "no";
  return said.state === "known" && works ? stopSeconds(said.value) : 0;
}

function logindUnscalable(probed: ProbedSession): string | undefined {
  const inTime = logindTimeouts(probed).some(({ real }) => real <= probed.limit);
  return inTime ? "logind's StopIdleSessionSec cannot be scaled" : undefined;
}
