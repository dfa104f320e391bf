/** What an audit or a plan says about the host's PostgreSQL servers, beside what ends whose session. Pure. */
import type { Finding } from "../../model/verdict/finding.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { configuredFindings } from "../../core/verdict/configured-finding.ts";
import { visible } from "../../core/text/visible.ts";
import { starterFinding } from "../watchdog/findings.ts";
import type { WatchdogStarter } from "../watchdog/limits.ts";
import { isCut, type PgCluster, type PgServers } from "./facts.ts";
import { limitedRoles, lookInterval } from "../databases/limits.ts";
import { accountsOf } from "../../core/policy/role-members.ts";
import { namesOf } from "./people.ts";
import { clusterText, FIRST_WITH_TIMEOUT, IDLE, secondsOf, settingsOf, versionText } from "./settings.ts";

const finding = configuredFindings("postgresql");
const RUNS = "a watchdog ends idle sessions with PostgreSQL";
/** Roles that are told about one by one. */
const MOST = 50;

export function postgresqlFindings(
  facts: Facts,
  servers: PgServers,
  limits: HostLimits,
  starter: WatchdogStarter,
): Finding[] {
  return [
    watchdogStarts(limits, starter),
    ...servers.clusters.flatMap((cluster) => ofCluster(cluster, limits, facts)),
  ];
}

function watchdogStarts(limits: HostLimits, starter: WatchdogStarter): Finding {
  const starts = starterFinding("postgresql", RUNS, starter, (by) => lookInterval(limits, by));
  if (starter.by === "nothing") return starts;
  return { ...starts, actual: `${starts.actual}. One that calls itself a connection pool is left alone` };
}

function ofCluster(cluster: PgCluster, limits: HostLimits, facts: Facts): Finding[] {
  const { said } = cluster;
  const subject = cluster.socket;
  if (said === null) {
    const asked = "the server can be asked as its owner";
    return [finding("mechanism-works", "*", asked, cluster.why, clusterText(cluster), "unknown", subject)];
  }
  const more = isCut(said)
    ? [
        finding(
          "role-members",
          "*",
          "all roles of the server are known",
          "it has more than 2,000",
          clusterText(cluster),
          "unknown",
          subject,
        ),
      ]
    : [];
  return [...more, ...roleFindings(cluster, limits, facts)];
}

/** What the server has in force for each role that the policy names. */
function roleFindings(cluster: PgCluster, limits: HostLimits, facts: Facts): Finding[] {
  return limitedRoles(limits).flatMap((role) => {
    const names = namesOf(role, accountsOf(role, facts));
    const present = (cluster.said?.roles ?? []).filter((name) => names.has(name)).slice(0, MOST);
    return present.map((name) => inForce(cluster, role.role, name));
  });
}

function inForce(cluster: PgCluster, role: string, name: string): Finding {
  const { said } = cluster;
  const about = {
    check: "user-overridable",
    control: "postgresql",
    role,
    subject: `${visible(name)} at ${cluster.socket}`,
    expected: "what the server has in force is known",
    evidence: "effective",
    outcome: "pass",
  } as const;
  if (said === null || said.version < FIRST_WITH_TIMEOUT) {
    const version = said === null ? "" : versionText(said);
    const actual = `PostgreSQL ${version} has no ${IDLE}, which came with 14: only the watchdog ends idle sessions`;
    return { ...about, actual, source: clusterText(cluster) };
  }
  const [first] = settingsOf(said, IDLE, name);
  const seconds = first === undefined ? undefined : secondsOf(first.value);
  const value =
    seconds === undefined ? visible(first?.value ?? "unknown") : seconds === 0 ? "0 (off)" : `${seconds} s`;
  const actual = `${IDLE} is ${value}, user-overridable: ${visible(name)} can set it to 0, so it proves nothing by itself`;
  return { ...about, actual, source: visible(first?.source ?? clusterText(cluster)) };
}
