/** What an audit or a plan says about the host's MariaDB server, beside what ends whose session. Pure. */
import { configuredFindings } from "../../core/verdict/configured-finding.ts";
import { visible } from "../../core/text/visible.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { limitedRoles, lookInterval } from "../databases/limits.ts";
import { accountsOf } from "../../core/policy/role-members.ts";
import { starterFinding } from "../watchdog/findings.ts";
import type { WatchdogStarter } from "../watchdog/limits.ts";
import type { WantedDropIn } from "./drop-in.ts";
import type { MariaDbServer } from "./answer.ts";
import type { MariaDb } from "./facts.ts";
import { mariaDbAccounts } from "./people.ts";

const finding = configuredFindings("mariadb");
const RUNS = "a watchdog ends idle sessions with MariaDB";
const SECOND = "interactive_timeout stands behind the watchdog";
/** Accounts of a role that are named one by one. */
const MOST = 20;

export function mariaDbFindings(
  facts: Facts,
  { server, why, others }: MariaDb,
  limits: HostLimits,
  starter: WatchdogStarter,
  dropIn: WantedDropIn,
): Finding[] {
  const unasked = [...(server === null ? [why] : []), ...others];
  return [
    starterFinding("mariadb", RUNS, starter, (by) => lookInterval(limits, by)),
    ...unasked.map((each) =>
      finding(
        "mechanism-works",
        "*",
        "the server can be asked as root",
        visible(each),
        "MariaDB",
        "unknown",
        "server",
      ),
    ),
    ...(server === null ? [] : [...inForce(server, dropIn), ...peopleFindings(facts, server, limits)]),
  ];
}

/** Nothing is written for a server of which nobody was asked. */
export function notAsked(): Finding {
  const actual =
    "whether MariaDB runs here was not asked, so nothing is written for it; curfew apply asks the host";
  return finding("mechanism-works", "*", RUNS, actual, "facts of the host", "unknown", "server");
}

/** What the server itself has, and what curfew makes of it. */
function inForce(server: MariaDbServer, dropIn: WantedDropIn): Finding[] {
  const second =
    dropIn.state === "left-out"
      ? `it is left out: ${visible(dropIn.why)}`
      : `${formatDuration(dropIn.seconds)} for prompts; wait_timeout is left as it is, since it would end sessions of pools`;
  const { interactive, wait, version, initConnect } = server;
  const connect = initConnect ? "; init_connect is set, and may give sessions another" : "";
  const actual = `MariaDB ${version}: interactive_timeout ${interactive} s, wait_timeout ${wait} s, user-overridable by SET SESSION wait_timeout, so they prove nothing by themselves${connect}`;
  return [
    finding("backstop", "*", SECOND, second, "interactive_timeout", "pass", "interactive_timeout"),
    {
      ...finding(
        "user-overridable",
        "*",
        "what the server has in force is known",
        actual,
        "@@GLOBAL",
        "pass",
        "MariaDB",
      ),
      evidence: "effective",
    },
  ];
}

/** Whose sessions the watchdog ends: accounts as the server has them. */
function peopleFindings(facts: Facts, server: MariaDbServer, limits: HostLimits): Finding[] {
  const cut = server.cut
    ? [
        finding(
          "role-members",
          "*",
          "all accounts of the server are known",
          "it has more than 3,000",
          "mysql.user",
          "unknown",
          "MariaDB",
        ),
      ]
    : [];
  const roles = limitedRoles(limits).flatMap((role) => {
    const names = mariaDbAccounts(role, accountsOf(role, facts), server).map(visible);
    if (names.length === 0) return [];
    const more = names.length > MOST ? `, and ${names.length - MOST} more` : "";
    const actual = `accounts of MariaDB whose idle sessions end: ${names.slice(0, MOST).join(", ")}${more}`;
    return [
      finding(
        "role-members",
        role.role,
        "the role's accounts are known",
        actual,
        "mysql.user",
        "pass",
        "MariaDB",
      ),
    ];
  });
  return [...cut, ...roles];
}
