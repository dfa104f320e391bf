/**
 * Sessions of people with the host's PostgreSQL servers. The servers' own timeouts are their users' to set, so what ends
 * idle sessions is a watchdog, templates/host/postgresql.hbs: for roles that the policy names, and nobody else.
 */
import type { Control, Rendered } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { watchdogStarter } from "../watchdog/limits.ts";
import { postgresqlEndings } from "./endings.ts";
import { parsePostgresql, pgServers } from "./facts.ts";
import { POSTGRESQL_FILES, postgresqlFiles } from "./files.ts";
import { postgresqlFindings } from "./findings.ts";
import { limitedRoles, lookInterval } from "../databases/limits.ts";
import { postgresqlClient, postgresqlKept, postgresqlTimeouts, postgresqlUnscalable } from "./probe.ts";
import { accountsOf } from "../../core/policy/role-members.ts";
import { concernsRole } from "./people.ts";
import { postgresqlPresent } from "./present.ts";

export const postgresql: Control = {
  id: "postgresql",
  words:
    "catches idle sessions with the host's PostgreSQL servers, of the roles that the policy names; breaks nothing else",
  mechanisms: ["PostgreSQL watchdog", "idle_session_timeout"],
  own: Object.values(POSTGRESQL_FILES),
  shared: [],
  activation: {
    name: "restart-postgresql-watchdog",
    script: "activate/restart-postgresql-watchdog",
    units: ["curfew-postgresql.timer"],
    failed: "the watchdog of PostgreSQL did not start",
  },
  facts: { script: "facts/postgresql", parse: parsePostgresql },
  sessions: {
    kind: "idle-database",
    service: "PostgreSQL",
    concerns: concernsRole,
    client: postgresqlClient,
    present: postgresqlPresent,
  },
  render,
  endings: postgresqlEndings,
  // A session that the server's own setting ended shows nothing of one in which its user has set it to 0.
  alike: (by) => by !== "idle_session_timeout",
  timeouts: postgresqlTimeouts,
  unscalable: postgresqlUnscalable,
  whyKept: postgresqlKept,
};

/** Where PostgreSQL is neither installed nor running there is nothing to write; a server that is down comes back. */
function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const servers = pgServers(facts);
  const away = { ...NOTHING, files: postgresqlFiles(limits, null) };
  // A rendering that no host was asked for: it does nothing where there is no PostgreSQL.
  const unasked = facts.parts?.["postgresql"] === undefined;
  if (!selected || (servers === undefined && !unasked) || limitedRoles(limits).length === 0) return away;
  const starter = watchdogStarter(facts);
  const known = servers?.state === "known" ? servers.value : NO_SERVERS;
  const findings = postgresqlFindings(facts, known, limits, starter);
  if (starter.by === "nothing") return { ...away, findings };
  const interval = lookInterval(limits, starter.by);
  return {
    files: postgresqlFiles(limits, { by: starter.by, interval }),
    expectations: [],
    findings,
    coverage: limitedRoles(limits)
      .filter((role) => concernsRole(facts, role, accountsOf(role, facts)))
      .map(({ role, idle }) => ({
        control: "postgresql",
        role,
        kind: "idle-database",
        within: idle + interval,
      })),
  };
}

const NOTHING: Rendered = { files: [], expectations: [], findings: [], coverage: [] };
const NO_SERVERS = { installed: true, clusters: [], now: { watchdog: null } };
