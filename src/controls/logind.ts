/**
 * systemd-logind's StopIdleSessionSec: one limit for every session with a terminal on the host,
 * output loops and tmux included, so only ever a backstop (logind.conf(5)).
 */
import type { Control, Rendered } from "../model/control.ts";
import { formatDuration, type Seconds } from "../model/duration.ts";
import type { Facts } from "../model/facts.ts";
import type { Coverage, Finding } from "../model/finding.ts";
import { LOGIND_FILE } from "../model/host-paths.ts";
import type { HostLimits } from "../model/limits.ts";
import type { DesiredFile } from "../model/plan.ts";
import type { SessionKind } from "../model/session-kind.ts";
import { renderTemplate } from "../core/template.ts";
import { backstop } from "./backstop.ts";
import { logindAbility } from "./logind-ability.ts";

export const logind: Control = { id: "logind", render };

/** Measured on Debian 12; not for sessions without a terminal. */
const CAUGHT: readonly SessionKind[] = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "output-loop",
  "tmux",
];

/** The kernel moves a terminal's access time in steps of about 8 s (measured). */
const SHORTEST: Seconds = 20;

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  if (!selected) return without([]);
  const stop = backstop(facts, limits, "logind");
  if (stop.state === "no-limits") return without([]);
  if (stop.state === "left-out") return without([finding(`it is left out: ${stop.reason}`, stop.outcome)]);
  const { limit } = stop;
  if (limit < SHORTEST) {
    const actual = `${formatDuration(limit)} is too short: a terminal's access time moves in steps of about 8 s`;
    return without([finding(actual, "fail")]);
  }
  const ability = logindAbility(facts);
  if (ability.works !== "yes") {
    return without([finding(ability.reason, ability.works === "no" ? "fail" : "unknown")]);
  }
  return {
    files: [file(renderTemplate("logind", { policy: limits.policy ?? "", seconds: limit }))],
    expectations: [],
    findings: looserRoles(limits, limit),
    coverage: [...limits.roles, limits.defaults].flatMap((role) => coverage(role.role, limit)),
  };
}

function without(findings: readonly Finding[]): Rendered {
  return { files: [file(null)], expectations: [], findings, coverage: [] };
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

function looserRoles({ roles }: HostLimits, limit: Seconds): Finding[] {
  return roles
    .filter(({ idle }) => idle !== null && idle < limit)
    .map(({ role }) => finding(`one limit for the whole host: ${formatDuration(limit)}`, "pass", role));
}

function coverage(role: string, within: Seconds): Coverage[] {
  return CAUGHT.map((kind) => ({ control: "logind", role, kind, within }));
}
