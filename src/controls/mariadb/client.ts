/** How `verify` opens a session with the host's MariaDB as one of its people, and sees how it ends. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import type { ServiceClient } from "../../model/control/service-sessions.ts";
import type { Mechanism } from "../../model/control/timeout.ts";
import { TIMEOUTS, WATCHDOG } from "./endings.ts";
import { mariaDb } from "./facts.ts";

/** Words that mean the same to every shell, quoted or not. */
const PLAIN = /^[\w./@+-]{1,200}$/u;

/**
 * A person's own client, over the socket: it logs in where the server knows accounts of the host (unix_socket), or where
 * the person's own ~/.my.cnf has a password. That a session was ended shows from another one, as a client that waits for
 * its input does not notice, and one at a prompt would open a new one by itself.
 */
export function mariaDbClient(facts: Facts, user: string): ServiceClient | string {
  const found = mariaDb(facts);
  const server = found?.state === "known" ? found.value.server : null;
  if (server === null) return "MariaDB could not be asked where it listens";
  if (!PLAIN.test(user) || !PLAIN.test(server.socket)) {
    return "the account or the socket of MariaDB has a name that not every shell reads alike";
  }
  return {
    line: (token, seconds) =>
      `env CURFEW_PROBE=${token} sh -c '${SCRIPT(`--user=${user} --protocol=socket --socket=${server.socket}`, seconds)}'`,
    endedBy,
  };
}

/**
 * Who said KILL does not show to the one whose session it was; before its own limit nothing else ends it. Both limits
 * are those of this very session.
 */
function endedBy(said: string): Mechanism | undefined {
  const [, after = "", limit = ""] = /^after (\d{1,9}) s of (\d{1,9}) s$/u.exec(said) ?? [];
  if (after === "") return undefined;
  return Number(after) + 2 < Number(limit) ? WATCHDOG : TIMEOUTS;
}

/** One session works each second, one in it sleeps, and within that one somebody looks at both. No single quotes. */
const SCRIPT = (login: string, seconds: number): string =>
  [
    "c=$(command -v mariadb || echo mysql)",
    `m() { $c ${login} --batch --skip-column-names --skip-reconnect --connect-timeout=5 -n "$@" 2>&1; }`,
    `b() { echo "SELECT CONNECTION_ID();"; n=0; while [ $n -lt ${seconds} ]; do n=$((n+1)); echo "DO SLEEP(1);"; sleep 1; done; }`,
    `i() { echo "SELECT CONNECTION_ID(), @@SESSION.wait_timeout;"; sleep ${seconds}; }`,
    `no() { echo "curfew: no session: $1"; kill 0; }`,
    `look() { m -e "SELECT 2 * COUNT(IF(ID = $id, 1, NULL)) + COUNT(IF(ID = $busy, 1, NULL)) FROM information_schema.PROCESSLIST" </dev/null; }`,
    `over() { [ $left -eq 1 ] || echo "curfew: busy session ended"; echo "curfew: session ended: after $n s of $wait s"; kill 0; }`,
    `watch() { echo "curfew: session open"; n=0; while [ $n -lt ${seconds} ]; do n=$((n+1)); sleep 1; printf .; left=$(look); case $left in 0|1) echo; over;; esac; done; kill 0; }`,
    `inner() { read -r id wait; [ "$id" -gt 0 ] 2>/dev/null || no "$id $wait"; watch; }`,
    `outer() { read -r busy; [ "$busy" -gt 0 ] 2>/dev/null || no "$busy"; i | m | inner; }`,
    "b | m | outer",
  ].join("; ");
