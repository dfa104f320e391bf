/**
 * Sessions of people with the host's MariaDB server. Its own limits are the session's to set, and one of them would end
 * applications' pools, so what ends idle sessions is a watchdog, templates/host/mariadb.hbs: for accounts that the policy
 * names, and nobody else. Behind it stands interactive_timeout, which only prompts have.
 *
 * Measured on 10.5, 10.11, 11.8 and sid's:
 * - A session's wait_timeout begins as interactive_timeout where its client says that it is interactive, as mariadb does
 *   at a prompt; mariadb with -e or from a pipe does not, nor do libraries unless they are told to.
 * - Every session can SET SESSION wait_timeout (to a year) or idle_transaction_timeout; nobody else can see that, and there
 *   is no limit per account. init_connect could set one, but not for whoever has SUPER or CONNECTION ADMIN.
 * - SET GLOBAL is for sessions that begin later.
 * - PROCESSLIST counts TIME_MS from the end of the last command by a steady clock; SET timestamp does not move it.
 * - KILL SOFT CONNECTION ends a sleeping session at once, and what it had not committed is rolled back.
 * - A prompt of mariadb opens a new session by itself when somebody types, with the password that it kept; with
 *   skip-reconnect its command `connect` does. That a session was ended shows in the number of the next one.
 */
import type { Control, Rendered } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { limitedRoles, lookInterval } from "../databases/limits.ts";
import { accountsOf } from "../../core/policy/role-members.ts";
import { watchdogStarter } from "../watchdog/limits.ts";
import { mariaDbClient } from "./client.ts";
import { DROP_INS, ownDropIn, wantedDropIn } from "./drop-in.ts";
import { mariaDbEndings, mariaDbInert, mariaDbInForce, TIMEOUTS, WATCHDOG } from "./endings.ts";
import { type MariaDb, mariaDb, parseMariaDb } from "./facts.ts";
import { MARIADB_FILES, mariaDbFiles, type Wanted } from "./files.ts";
import { mariaDbFindings, notAsked } from "./findings.ts";
import { concernsMariaDb } from "./people.ts";
import { mariaDbPresent } from "./present.ts";
import { mariaDbTimeouts, mariaDbUnscalable } from "./probe.ts";

export const mariadb: Control = {
  id: "mariadb",
  words:
    "catches idle sessions with the host's MariaDB server, of the accounts that the policy names, and idle prompts of everybody; breaks nothing else",
  mechanisms: [WATCHDOG, TIMEOUTS],
  own: [...Object.values(MARIADB_FILES), ...DROP_INS],
  shared: [],
  activation: {
    name: "set-mariadb",
    script: ["mariadb-ask", "mariadb-start", "activate/set-mariadb"],
    units: ["curfew-mariadb.timer"],
    failed: "the limits of MariaDB did not take effect",
  },
  facts: { script: ["mariadb-ask", "mariadb-start", "facts/mariadb"], parse: parseMariaDb },
  sessions: {
    kind: "idle-database",
    service: "MariaDB",
    concerns: concernsMariaDb,
    client: mariaDbClient,
    present: mariaDbPresent,
  },
  render,
  endings: mariaDbEndings,
  inert: mariaDbInert,
  inForce: mariaDbInForce,
  timeouts: mariaDbTimeouts,
  unscalable: mariaDbUnscalable,
};

const NOTHING: Rendered = { files: [], expectations: [], findings: [], coverage: [] };

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const away = { ...NOTHING, files: mariaDbFiles(limits, { watchdog: null, dropIn: null }) };
  const found = mariaDb(facts);
  if (!selected || limitedRoles(limits).length === 0) return away;
  // Facts that are assumed, or older than this control.
  if (facts.parts?.["mariadb"] === undefined) return { ...away, findings: [notAsked()] };
  const said = found?.state === "known" ? found.value : found === undefined ? undefined : NOT_READ;
  // A server that is down, or starts just now, comes back: what is there already stays.
  const stays = isThere(facts, MARIADB_FILES.script);
  if (said === undefined && !stays) return away;
  const starter = watchdogStarter(facts);
  const dropIn = wantedDropIn(facts, limits, said ?? NOT_READ);
  const findings = said === undefined ? [] : mariaDbFindings(facts, said, limits, starter, dropIn);
  if (starter.by === "nothing" || (!stays && (said ?? NOT_READ).server === null))
    return { ...away, findings };
  const interval = lookInterval(limits, starter.by);
  const watchdog = { by: starter.by, interval };
  return {
    files: mariaDbFiles(limits, { watchdog, dropIn: placed(dropIn, said?.server ?? null, facts) }),
    expectations: [],
    findings,
    coverage: limitedRoles(limits)
      .filter((role) => concernsMariaDb(facts, role, accountsOf(role, facts)))
      .map(({ role, idle }) => ({
        control: "mariadb",
        role,
        kind: "idle-database",
        within: idle + interval,
      })),
  };
}

const NOT_READ: MariaDb = {
  server: null,
  why: "the facts could not be read",
  others: [],
  now: { watchdog: null },
};

function isThere({ files }: Facts, path: string): boolean {
  return files.some((file) => file.path === path && file.state.state === "known");
}

/** Without the server's word nothing is decided about its file: what is there stays. */
function placed(
  wanted: ReturnType<typeof wantedDropIn>,
  server: MariaDb["server"],
  facts: Facts,
): Wanted["dropIn"] {
  if (server !== null) return wanted.state === "wanted" ? wanted : null;
  return ownDropIn(facts) ?? null;
}
