import { createHash } from "node:crypto";
import type { Seconds } from "../../model/terms/duration.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { DesiredFile } from "../../model/change/plan.ts";
import { quote } from "../../template/shell-quote.ts";
import { renderTemplate, type TemplateValue } from "../../template/template.ts";
import { exempts } from "../../core/policy/present-people.ts";
import { peoplePatterns } from "../shell-timeout/render/branches.ts";
import { endsAfter, GRACE, idleRoles } from "./limits.ts";
import { starterFiles, type WatchdogStart } from "./starter-files.ts";

const PATHS = Object.values(WATCHDOG_FILES);

/** The script and what starts it; everything away where `run` is null. */
export function watchdogFiles(limits: HostLimits, run: WatchdogStart | null): DesiredFile[] {
  const contents = new Map(run === null ? [] : contentsFor(limits, run));
  return PATHS.map((path) => ({
    control: "watchdog",
    path,
    content: contents.get(path) ?? null,
    mode: "0644",
    reason: reasonOf(path, contents.has(path)),
    risk: "service",
    activation: "restart-watchdog",
  }));
}

function reasonOf(path: string, wanted: boolean): string {
  if (!wanted) return "no watchdog runs from here";
  return path === WATCHDOG_FILES.script
    ? "ends sessions with a terminal at which no key is pressed"
    : "runs the watchdog";
}

function contentsFor(limits: HostLimits, run: WatchdogStart): [string, string][] {
  const script = watchdogScript(limits, run.interval);
  return [[WATCHDOG_FILES.script, script], ...starterFiles(WATCHDOG_FILES, limits, run)];
}

/** What the script remembers of sessions holds for one version of it. */
function watchdogScript(limits: HostLimits, interval: Seconds): string {
  const version = createHash("sha256")
    .update(textOf(limits, interval, ""))
    .digest("hex")
    .slice(0, 16);
  return textOf(limits, interval, version);
}

const PARTS = ["watchdog", "watchdog-people", "watchdog-end"] as const;

function textOf(limits: HostLimits, interval: Seconds, version: string): string {
  const values = scriptValues(limits, interval, version);
  return PARTS.map((part) => renderTemplate(part, values)).join("");
}

function scriptValues(limits: HostLimits, interval: Seconds, version: string): Record<string, TemplateValue> {
  const all = idleRoles(limits).map((role, index) => ({
    number: index + 1,
    comment: `role ${role.role}`,
    patterns: peoplePatterns(role),
    name: quote(role.role),
    idle: role.idle,
    ends: endsAfter(role.idle),
    warn: role.warnBefore ?? 0,
  }));
  const roles = all.filter(({ patterns }) => patterns !== "");
  const exempt = limits.exemptions
    .filter((active) => exempts(active, "watchdog"))
    .map(({ exemption }) => ({
      comment: `exempt until ${exemption.expires}`,
      patterns: peoplePatterns(exemption),
    }))
    .filter(({ patterns }) => patterns !== "");
  return {
    policy: limits.policy ?? "",
    version,
    interval,
    grace: GRACE,
    first: Math.max(1, Math.min(...all.map(({ ends, warn }) => (warn > 0 ? ends - warn - interval : ends)))),
    tmux: limits.tmux ?? "detach",
    ask: roles.length > 0 || exempt.length > 0,
    exempt,
    roles,
    names: all,
    otherwise: limits.defaults.idle === null ? null : (all.at(-1) ?? null),
  };
}
