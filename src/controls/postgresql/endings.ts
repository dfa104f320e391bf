/** What ends idle sessions with the host's PostgreSQL servers: curfew's watchdog, and what the servers have in force. Pure. */
import { watchdogEnding } from "../databases/watchdog.ts";
import { visible } from "../../core/text/visible.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Ending, EndingQuestion, Endings } from "../../model/control/ending.ts";
import { pgServers, type PgCluster, type PgSaid } from "./facts.ts";
import { POSTGRESQL_FILES } from "./files.ts";
import { clusterText, IDLE, type PgSetting, secondsOf, settingsOf } from "./settings.ts";

/**
 * The watchdog's ending holds for every role that the policy names, in every server that could be asked; the server's
 * own setting for nobody surely, as everybody may set it to 0.
 */
export function postgresqlEndings({ facts, account, kind, placed }: EndingQuestion): Endings {
  const servers = kind === "idle-database" ? pgServers(facts) : undefined;
  if (servers === undefined) return NOTHING;
  if (servers.state !== "known")
    return { endings: [], unread: [servers.state === "unreadable" ? servers.reason : "PostgreSQL"] };
  const { clusters, now } = servers.value;
  const unread = clusters.filter(({ said }) => said === null).map(unreadText);
  const names = new Set([account.representative, ...account.users]);
  const own = clusters.flatMap((cluster) => ownEndings(cluster, names));
  const blind = blindness(clusters);
  const state = now.watchdog;
  return { endings: [...watchdogEnding(OURS, facts, placed, { state, unread, blind }), ...own], unread };
}

const NOTHING: Endings = { endings: [], unread: [] };

function unreadText(cluster: PgCluster): string {
  return `${clusterText(cluster)} (${cluster.why})`;
}

const OURS = {
  control: "postgresql",
  by: "PostgreSQL watchdog",
  source: POSTGRESQL_FILES.script,
  confirmed: "the watchdog of PostgreSQL runs, and every server answers it",
} as const;

function blindness(clusters: readonly PgCluster[]): string | undefined {
  const blind = clusters.find(({ said }) => said !== null && hidesActivity(said));
  return (
    blind && `${clusterText(blind)} has track_activities off for somebody, so it does not tell who is idle`
  );
}

/** Without it pg_stat_activity has no state and no time for a session (documentation of track_activities). */
function hidesActivity({ settings, own }: PgSaid): boolean {
  const general = (settings ?? []).some(({ name, value }) => name === "track_activities" && value === "off");
  return (
    general || (own ?? []).some(([, , config]) => /^track_activities=(?!on$|true$|1$|yes$)/iu.test(config))
  );
}

/** What the server itself would end: never sure, whoever set it. */
function ownEndings(cluster: PgCluster, names: ReadonlySet<string>): Ending[] {
  const { said } = cluster;
  if (said === null) return [];
  const roles = (said.roles ?? []).filter((name) => names.has(name));
  return roles.flatMap((role) =>
    latest(settingsOf(said, IDLE, role)).map((setting) => ownEnding(cluster, role, setting)),
  );
}

/** Of several databases' settings the loosest; nothing where one of them is off. */
function latest(settings: readonly PgSetting[]): (PgSetting & { readonly seconds: Seconds })[] {
  const timed = settings.map((setting) => ({ ...setting, seconds: secondsOf(setting.value) ?? 0 }));
  if (timed.length === 0 || timed.some(({ seconds }) => seconds === 0)) return [];
  return timed.toSorted((left, right) => right.seconds - left.seconds).slice(0, 1);
}

function ownEnding(
  cluster: PgCluster,
  role: string,
  { seconds, source }: PgSetting & { readonly seconds: Seconds },
): Ending {
  return {
    control: "postgresql",
    by: IDLE,
    seconds,
    grace: 0,
    source: visible(source),
    confirmed: `${clusterText(cluster)}: ${IDLE} ${seconds} s for ${visible(role)}`,
    denied: `${IDLE} is user-overridable: ${visible(role)} can SET ${IDLE} = 0; the watchdog of PostgreSQL would still end the session`,
  };
}
