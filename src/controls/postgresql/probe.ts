/** The session that `verify` opens with a server, and what it is held against. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import type { ServiceClient } from "../../model/control/service-sessions.ts";
import type { ConfiguredTimeout, Mechanism, ProbedSession } from "../../model/control/timeout.ts";
import { watchdogTrouble } from "../databases/watchdog.ts";
import { pgServers } from "./facts.ts";
import { POSTGRESQL_FILES } from "./files.ts";
import { cronRuns, installedInterval } from "../watchdog/installed.ts";

/** With the first server that has a role of the account's name: whether it lets the person in is the server's to say. */
export function postgresqlClient(facts: Facts, user: string): ServiceClient | string {
  const servers = pgServers(facts);
  if (servers?.state !== "known") return "the host's PostgreSQL servers could not be read";
  const own = servers.value.clusters.filter(({ said }) => said?.roles?.includes(user) === true);
  const usable = own.find(({ socket }) => SOCKET.test(socket));
  if (usable === undefined) return `no PostgreSQL server here has a role ${user} that can log in`;
  const [, directory = "", port = ""] = SOCKET.exec(usable.socket) ?? [];
  return {
    line: (token, seconds) => `env CURFEW_PROBE=${token} sh -c '${script(directory, port, seconds)}'`,
    endedBy,
  };
}

/** What may stand between quotes of any shell. */
const SOCKET = /^(\/[\w./-]+)\/\.s\.PGSQL\.(\d+)$/u;

/** SQLSTATE, which no language of the server's translates (PostgreSQL, Error Codes, class 57). */
function endedBy(said: string): Mechanism | undefined {
  if (said.includes("57P05")) return "idle_session_timeout";
  return said.includes("57P01") ? "PostgreSQL watchdog" : undefined;
}

/**
 * One line without single quotes. Neither psql waits for what the server says: the idle one reads a pipe, so its
 * server process is what is looked at, and once that is gone psql is asked for the server's last words. The busy one is
 * somebody who asks something every second.
 */
function script(directory: string, port: string, seconds: number): string {
  return [
    "c=psql; for b in /usr/lib/postgresql/*/bin/psql /usr/pgsql-*/bin/psql; do if [ -x $b ]; then c=$b; fi; done",
    "t=$(mktemp -d) || exit 1; cd $t; mkfifo in; i= b=",
    'trap "kill \\$i \\$b 2>/dev/null; rm -rf $t" 0; trap "exit 1" 1 2 13 15',
    "export PGAPPNAME=curfew PGCONNECT_TIMEOUT=5 LC_ALL=C",
    `set -- -XAtqw -v VERBOSITY=verbose -h ${directory} -p ${port} -d postgres`,
    "$c $@ <in >out 2>&1 & i=$!; exec 3>in",
    '(trap "" 13; echo "select pg_backend_pid();" >&3) 2>/dev/null',
    "n=0; until [ -s out ] || [ $n -ge 15 ]; do n=$((n+1)); sleep 1; done",
    'read -r p <out; if [ -d /proc/${p:-x} ] && kill -0 $i; then :; else echo "curfew: no session: $(head -n 1 out)"; exit 1; fi',
    '(while sleep 1 && echo "select 1;"; do :; done) | $c $@ >busy 2>&1 & b=$!',
    'sleep 2; echo "curfew: session open"; n=0',
    `while [ -d /proc/$p ] && [ $n -lt ${seconds} ]; do n=$((n+1)); sleep 1; printf .; done; echo`,
    `if [ $n -ge ${seconds} ]; then exit 1; fi`,
    '(trap "" 13; echo "select 2;" >&3) 2>/dev/null; sleep 1',
    'kill -0 $b 2>/dev/null || echo "curfew: busy session ended"',
    'echo "curfew: session ended: $(tail -n +2 out | head -n 4 | tr "\\n" " ")"',
  ].join("; ");
}

/** Only the watchdog is the policy's; the server's own timeout is known by its words. It is not part of a scaled run. */
export function postgresqlTimeouts({ facts, session, limit, factor }: ProbedSession): ConfiguredTimeout[] {
  const every = session === "idle-database" && factor === 1 ? runs(facts) : undefined;
  if (every === undefined) return [];
  return [{ by: "PostgreSQL watchdog", fires: limit, real: limit, every, source: POSTGRESQL_FILES.script }];
}

export function postgresqlUnscalable({ facts, session }: ProbedSession): string | undefined {
  const cannot = session === "idle-database" && runs(facts) !== undefined;
  return cannot ? "the watchdog of PostgreSQL cannot be scaled" : undefined;
}

export function postgresqlKept({ facts, session }: ProbedSession): string[] {
  const servers = pgServers(facts);
  if (session !== "idle-database" || servers?.state !== "known") return [];
  const trouble = watchdogTrouble("postgresql", servers.value.now.watchdog, cronRuns(facts.service));
  return trouble === undefined ? [] : [`the watchdog of PostgreSQL: ${trouble.why}`];
}

function runs(facts: Facts): number | undefined {
  const servers = pgServers(facts);
  if (servers?.state !== "known" || servers.value.now.watchdog === null) return undefined;
  return installedInterval(facts, POSTGRESQL_FILES.script);
}
