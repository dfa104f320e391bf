/** What may end a session with MariaDB that is to be opened. Pure. */
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";
import { installedInterval } from "../watchdog/installed.ts";
import { WATCHDOG } from "./endings.ts";
import { mariaDb } from "./facts.ts";
import { MARIADB_FILES } from "./files.ts";

/** Its limits are in a script that only it reads, so the policy's is what a drop is held against; it cannot be scaled. */
export function mariaDbTimeouts(probed: ProbedSession): ConfiguredTimeout[] {
  const { facts, session, limit, scaledLimit, factor } = probed;
  const every =
    session === "idle-database" && factor === 1 ? installedInterval(facts, MARIADB_FILES.script) : undefined;
  if (every === undefined || mariaDb(facts)?.state !== "known") return [];
  return [{ by: WATCHDOG, fires: scaledLimit, real: limit, every, source: MARIADB_FILES.script }];
}

export function mariaDbUnscalable({ facts, session }: ProbedSession): string | undefined {
  const runs = session === "idle-database" && installedInterval(facts, MARIADB_FILES.script) !== undefined;
  return runs ? "the watchdog of MariaDB cannot be scaled" : undefined;
}
