/** What curfew puts on a host for MariaDB: a drop-in of the server's, the watchdog's script, and what starts it. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { DesiredFile } from "../../model/change/plan.ts";
import { exempts } from "../../core/policy/present-people.ts";
import { quote } from "../../template/shell-quote.ts";
import { templateFile } from "../../template/template-file.ts";
import { renderTemplate, type TemplateValue } from "../../template/template.ts";
import { graceOf, limitedRoles } from "../databases/limits.ts";
import { peoplePatterns } from "../shell-timeout/render/branches.ts";
import { starterFiles, type WatchdogStart } from "../watchdog/starter-files.ts";
import { DROP_INS } from "./drop-in.ts";
import { OWN_ACCOUNTS } from "./people.ts";

export const MARIADB_FILES = {
  script: "/etc/curfew/mariadb.sh",
  service: "/etc/systemd/system/curfew-mariadb.service",
  timer: "/etc/systemd/system/curfew-mariadb.timer",
  wants: "/etc/systemd/system/timers.target.d/curfew-mariadb.conf",
  cron: "/etc/cron.d/curfew-mariadb",
} as const;

/** What is wanted on one host; null: nothing of it. */
export interface Wanted {
  readonly watchdog: WatchdogStart | null;
  readonly dropIn: { readonly path: string; readonly seconds: Seconds } | null;
}

export function mariaDbFiles(limits: HostLimits, wanted: Wanted): DesiredFile[] {
  const policy = limits.policy ?? "";
  const { watchdog, dropIn } = wanted;
  const contents = new Map(watchdog === null ? [] : contentsFor(limits, watchdog));
  if (dropIn !== null) {
    contents.set(dropIn.path, renderTemplate("mariadb-server", { policy, seconds: dropIn.seconds }));
  }
  return [...Object.values(MARIADB_FILES), ...DROP_INS].map((path) => ({
    control: "mariadb",
    path,
    content: contents.get(path) ?? null,
    mode: "0644",
    reason: reasonOf(path, contents.has(path)),
    risk: "service",
    activation: "set-mariadb",
  }));
}

function reasonOf(path: string, wanted: boolean): string {
  if (DROP_INS.includes(path)) {
    return wanted
      ? "ends idle prompts of MariaDB's clients, also where the watchdog is late"
      : "MariaDB needs no limit of curfew's";
  }
  if (!wanted) return "no watchdog of MariaDB runs from here";
  return path === MARIADB_FILES.script
    ? "ends sessions with MariaDB in which nothing is asked"
    : "runs the watchdog of MariaDB";
}

function contentsFor(limits: HostLimits, run: WatchdogStart): [string, string][] {
  const script = watchdogScript(limits, run.interval);
  return [[MARIADB_FILES.script, script], ...starterFiles(MARIADB_FILES, limits, run, "MariaDB")];
}

/** How a server is found and asked is the same text as in the scripts that ask it from afar. */
function watchdogScript(limits: HostLimits, interval: Seconds): string {
  const ask = renderTemplate(templateFile("remote/mariadb-ask.sh"), {});
  const values = scriptValues(limits, interval);
  return [renderTemplate("mariadb-head", values), ask, renderTemplate("mariadb", values)].join("");
}

function scriptValues(limits: HostLimits, interval: Seconds): Record<string, TemplateValue> {
  const roles = limitedRoles(limits).map(roleValues);
  const exempt = limits.exemptions
    .filter((active) => exempts(active, "mariadb"))
    .map(({ exemption: { users, groups, expires } }) => ({
      comment: `exempt until ${expires}`,
      names: digits(users),
      groups: peoplePatterns({ users: [], groups }),
    }));
  const held = limitedRoles(limits).flatMap(({ databaseRoles = [] }) => databaseRoles);
  return {
    policy: limits.policy ?? "",
    interval,
    shortest: Math.min(...limitedRoles(limits).map(({ idle }) => idle)),
    grace: graceOf(limits),
    own: digits(OWN_ACCOUNTS),
    held: held.map((name) => `'${hexOf(name)}'`).join(", "),
    groups: [...roles, ...exempt].some(({ groups }) => groups !== ""),
    exempt,
    roles,
  };
}

function roleValues(role: RoleLimits & { readonly idle: Seconds }): Record<string, TemplateValue> {
  const { databaseRoles = [], users, groups } = role;
  const names = [...users, ...databaseRoles].join(", ");
  return {
    comment: `role ${role.role}${names === "" ? "" : `: ${names}`}`,
    name: quote(role.role),
    idle: role.idle,
    databaseNames: digits(databaseRoles),
    names: digits(users),
    groups: peoplePatterns({ users: [], groups }),
    holders: databaseRoles.map((name) => `*" $1:${hexOf(name)} "*`).join(" | "),
  };
}

/** Alternatives of a `case` over a name in hexadecimal digits. */
function digits(names: readonly string[]): string {
  return names.map(hexOf).join(" | ");
}

/** As HEX() of SQL prints the same text: nothing that is compared with it has to be quoted, whatever it contains. */
function hexOf(text: string): string {
  return Buffer.from(text, "utf8").toString("hex").toUpperCase();
}
