/** What the watchdog of PostgreSQL makes of the policy's limits. Pure. */
import type { Seconds } from "../../model/duration.ts";
import type { Facts } from "../../model/facts.ts";
import type { HostLimits, RoleLimits } from "../../model/limits.ts";
import { idleRoles } from "../watchdog/limits.ts";

/** The roles that have an idle limit; the defaults only tighten them, as they name nobody. */
export function limitedRoles(limits: HostLimits): (RoleLimits & { readonly idle: Seconds })[] {
  return idleRoles(limits).filter(({ role }) => role !== limits.defaults.role);
}

/**
 * Seconds between two looks: a twentieth of the strictest limit, from 5 to 30, so that from limits of 100 s on
 * everything is over within a tenth of them; a minute under cron.
 */
export function lookInterval(limits: HostLimits, by: "systemd" | "cron"): Seconds {
  if (by === "cron") return 60;
  const strictest = Math.min(...limitedRoles(limits).map(({ idle }) => idle));
  return Math.min(30, Math.max(5, Math.floor(strictest / 20)));
}

/** How often the watchdog on the host looks, from its own script; undefined where there is none. */
export function installedPace({ files }: Pick<Facts, "files">, path: string): Seconds | undefined {
  const script = files.find((file) => file.path === path);
  if (script?.state.state !== "known") return undefined;
  const seconds = Number(/^interval=(\d+)$/mu.exec(script.state.value.content)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}
