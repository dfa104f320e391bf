/** The watchdog of PostgreSQL: its script, and what starts it. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { DesiredFile } from "../../model/change/plan.ts";
import { exempts } from "../../core/policy/present-people.ts";
import { quote } from "../../template/shell-quote.ts";
import { renderTemplate, type TemplateValue } from "../../template/template.ts";
import { peoplePatterns } from "../shell-timeout/render/branches.ts";
import { starterFiles, type WatchdogStart } from "../watchdog/starter-files.ts";
import { graceOf, limitedRoles } from "../databases/limits.ts";

export const POSTGRESQL_FILES = {
  script: "/etc/curfew/postgresql.sh",
  service: "/etc/systemd/system/curfew-postgresql.service",
  timer: "/etc/systemd/system/curfew-postgresql.timer",
  wants: "/etc/systemd/system/timers.target.d/curfew-postgresql.conf",
  cron: "/etc/cron.d/curfew-postgresql",
} as const;

/** Everything away where `run` is null. */
export function postgresqlFiles(limits: HostLimits, run: WatchdogStart | null): DesiredFile[] {
  const contents = new Map(run === null ? [] : contentsFor(limits, run));
  return Object.values(POSTGRESQL_FILES).map((path) => ({
    control: "postgresql",
    path,
    content: contents.get(path) ?? null,
    mode: "0644",
    reason: reasonOf(path, contents.has(path)),
    risk: "service",
    activation: "restart-postgresql-watchdog",
  }));
}

function reasonOf(path: string, wanted: boolean): string {
  if (!wanted) return "no watchdog of PostgreSQL runs from here";
  return path === POSTGRESQL_FILES.script
    ? "ends sessions with PostgreSQL in which nothing is asked"
    : "runs the watchdog of PostgreSQL";
}

function contentsFor(limits: HostLimits, run: WatchdogStart): [string, string][] {
  const script = renderTemplate("postgresql", scriptValues(limits, run.interval));
  return [[POSTGRESQL_FILES.script, script], ...starterFiles(POSTGRESQL_FILES, limits, run, "PostgreSQL")];
}

function scriptValues(limits: HostLimits, interval: Seconds): Record<string, TemplateValue> {
  const roles = limitedRoles(limits).map((role) => ({
    comment: `role ${role.role}`,
    patterns: peoplePatterns({ users: [...role.users, ...(role.databaseRoles ?? [])], groups: role.groups }),
    name: quote(role.role),
    idle: role.idle,
  }));
  const exempt = limits.exemptions
    .filter((active) => exempts(active, "postgresql"))
    .map(({ exemption }) => ({
      comment: `exempt until ${exemption.expires}`,
      patterns: peoplePatterns(exemption),
    }));
  return {
    policy: limits.policy ?? "",
    interval,
    shortest: Math.min(...roles.map(({ idle }) => idle)),
    grace: graceOf(limits),
    exempt: exempt.filter(({ patterns }) => patterns !== ""),
    roles: roles.filter(({ patterns }) => patterns !== ""),
  };
}
