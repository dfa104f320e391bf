/**
 * The server's own limit for clients that call themselves interactive. It is one number for everybody and its user can
 * set it aside, so it only stands behind the watchdog: it is left out where it would end whom the policy lets be, and
 * never looser than what the server's administrator has set. Pure.
 */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { backstop } from "../../core/policy/backstop.ts";
import { exempts } from "../../core/policy/present-people.ts";
import type { MariaDbServer } from "./answer.ts";
import type { MariaDb } from "./facts.ts";

/**
 * The last file of the directory that is read last: what comes later counts. Debian's first; then that of Red Hat, SUSE
 * and Arch.
 */
export const DROP_INS: readonly string[] = [
  "/etc/mysql/mariadb.conf.d/zz-curfew.cnf",
  "/etc/my.cnf.d/zz-curfew.cnf",
];

export type WantedDropIn =
  | { readonly state: "wanted"; readonly path: string; readonly seconds: Seconds }
  /** `why` for people, without a full stop. */
  | { readonly state: "left-out"; readonly why: string };

export function wantedDropIn(facts: Facts, limits: HostLimits, { server, others }: MariaDb): WantedDropIn {
  if (server === null) return leftOut("the server could not be asked");
  if (others.length > 0) return leftOut(`every server here would read it: ${others.join("; ")}`);
  const stop = backstop(facts, limits, "mariadb");
  if (stop.state === "no-limits") return leftOut("the policy sets no idle limit");
  if (stop.state === "left-out") return leftOut(stop.reason);
  const exempt = exemptAccount(limits, server);
  if (exempt !== undefined) return leftOut(`it would also end sessions of ${exempt}, who is exempt`);
  const path = DROP_INS.findLast((each) => server.directories.includes(directoryOf(each)));
  if (path === undefined) return leftOut("the server reads no directory in which curfew could put a file");
  const theirs = startWithout(ownDropIn(facts)?.seconds, server);
  if (theirs <= stop.limit) return leftOut(`the server's own files set interactive_timeout ${theirs}`);
  return { state: "wanted", path, seconds: stop.limit };
}

/** curfew's file on the host and what it sets; undefined where there is none. Of two the one that is read last. */
export function ownDropIn({
  files,
}: Pick<Facts, "files">): { readonly path: string; readonly seconds: Seconds } | undefined {
  const found = DROP_INS.flatMap((path) => {
    const state = files.find((file) => file.path === path)?.state;
    if (state?.state !== "known") return [];
    const [, seconds] = /^interactive_timeout = (\d{1,9})$/mu.exec(state.value.content) ?? [];
    return seconds === undefined ? [] : [{ path, seconds: Number(seconds) }];
  });
  return found.at(-1);
}

/** What the server would start with if curfew's file were not there. */
function startWithout(own: Seconds | undefined, { start, usual }: MariaDbServer): Seconds {
  const at = own === undefined ? -1 : start.lastIndexOf(own);
  const theirs = at < 0 ? start : start.toSpliced(at, 1);
  return theirs.at(-1) ?? usual;
}

function exemptAccount({ exemptions }: HostLimits, { users }: MariaDbServer): string | undefined {
  const names = exemptions
    .filter((active) => exempts(active, "mariadb"))
    .flatMap(({ exemption }) => exemption.users);
  return names.find((name) => users.includes(name));
}

function leftOut(why: string): WantedDropIn {
  return { state: "left-out", why };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
