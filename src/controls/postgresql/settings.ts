/** What a server has in force for one of its roles. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { PgCluster, PgSaid } from "./facts.ts";

export const IDLE = "idle_session_timeout";
/** Before this release the server has no timeout for idle sessions (release notes of PostgreSQL 14). */
export const FIRST_WITH_TIMEOUT = 140_000;

/** One value of a setting that sessions of a role may have, and where it comes from. */
export interface PgSetting {
  /** As it stands there. */
  readonly value: string;
  /** `FILE:LINE`, or the command that set it. */
  readonly source: string;
  /** The database where it holds only there; empty where it holds in all. */
  readonly database: string;
}

/** `15.4`'s 15, `9.6`. */
export function versionText(said: PgSaid): string {
  const major = Math.floor(said.version / 10_000);
  return major >= 10 ? String(major) : `${major}.${Math.floor(said.version / 100) % 100}`;
}

/** What a cluster is called in findings: its version and socket. */
export function clusterText({ said, socket }: PgCluster): string {
  const version = said === null ? "" : ` ${versionText(said)}`;
  return `PostgreSQL${version} at ${socket === "" ? "no socket" : socket}`;
}

/**
 * The values with which sessions of the role begin, the most special first: of the role in one database, of the role,
 * of one database, of all (ALTER ROLE, "the role-and-database setting overrides"). Those of a file where nothing else is.
 */
export function settingsOf(said: PgSaid, name: string, role: string): PgSetting[] {
  const own = (said.own ?? []).filter(([, , config]) => config.startsWith(`${name}=`));
  const of = (who: string, inDatabase: boolean): PgSetting[] =>
    own
      .filter(([each, database]) => each === who && (database !== "") === inDatabase)
      .map(([, database, config]) => ({
        value: config.slice(name.length + 1),
        source: commandOf(who, database),
        database,
      }));
  const general = [...of(role, false), ...of("", false), ...fromServer(said, name)].slice(0, 1);
  return [...of(role, true), ...of("", true), ...general];
}

function commandOf(role: string, database: string): string {
  const whose = role === "" ? (database === "" ? "ROLE ALL" : `DATABASE ${database}`) : `ROLE ${role}`;
  const where = role !== "" && database !== "" ? ` IN DATABASE ${database}` : "";
  return `ALTER ${whose}${where} SET`;
}

function fromServer(said: PgSaid, name: string): PgSetting[] {
  const found = (said.settings ?? []).find((each) => each.name === name);
  if (found === undefined) return [];
  const { value, source, file, line } = found;
  // pg_settings counts in the setting's own unit.
  const milliseconds = /^\d+$/u.test(value) ? `${value}ms` : value;
  const from = file === null || line === null ? `pg_settings, ${source}` : `${file}:${line}`;
  return [{ value: milliseconds, source: from, database: "" }];
}

/** Seconds of a value of such a setting, which counts in milliseconds where it has no unit; 0 where it is off; undefined where it is not understood. */
export function secondsOf(value: string): Seconds | undefined {
  const [, amount, unit = ""] =
    /^\s*'?\s*(\d{1,12}(?:\.\d{1,6})?)\s*(us|ms|s|min|h|d)?\s*'?\s*$/u.exec(value) ?? [];
  const factor = UNITS[unit];
  if (amount === undefined || factor === undefined) return undefined;
  return Number(amount) * factor;
}

const UNITS: Readonly<Record<string, number>> = {
  "": 0.001,
  us: 0.000_001,
  ms: 0.001,
  s: 1,
  min: 60,
  h: 3600,
  d: 86_400,
};
