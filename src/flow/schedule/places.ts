/** Where schedules live on this machine, and who may put them there. */
import { existsSync, readdirSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { SchedulePlaces } from "../../core/schedule/files.ts";
import { createSystemd, hasUserSystemd, isSystemdBooted, type Systemd } from "../../host/systemd.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Scheduler } from "../../model/record/schedule.ts";
import { configDirectory } from "../../store/file/xdg.ts";

/** `src/curfew.js` of this very curfew, in a checkout as in an installed package. Errors: CurfewError `internal`. */
export function curfewScript(from: string = import.meta.dirname): string {
  const candidate = join(from, "src", "curfew.js");
  if (existsSync(candidate)) return candidate;
  if (dirname(from) === from) throw new CurfewError("internal", "src/curfew.js is missing");
  return curfewScript(dirname(from));
}

export function isRoot(): boolean {
  return userInfo().uid === 0;
}

/** Root's schedules are the machine's, anybody else's their own. */
export function placesOf(environment: NodeJS.ProcessEnv): SchedulePlaces {
  const crontabs = "/etc/cron.d";
  if (isRoot()) return { units: "/etc/systemd/system", crontabs, scripts: "/etc/curfew" };
  const config = configDirectory(environment, homedir());
  return { units: join(config, "systemd", "user"), crontabs, scripts: join(config, "curfew") };
}

/**
 * What is to start a schedule: systemd where it runs, cron elsewhere or where it is asked for. Errors: CurfewError
 * `input` where there is neither.
 */
export async function chooseScheduler(cron: boolean): Promise<Scheduler> {
  if (!cron && isSystemdBooted()) {
    if (isRoot()) return "systemd";
    if (await hasUserSystemd()) return "systemd-user";
  }
  if (!isRoot()) return "crontab";
  if (existsSync("/etc/cron.d")) return "cron";
  throw new CurfewError("input", "there is neither systemd nor a cron that reads /etc/cron.d", {
    hint: "curfew schedule run --every … stays resident and needs neither",
  });
}

/** The systemd that a scheduler means; undefined for cron. */
export function systemdOf(scheduler: Scheduler): Systemd | undefined {
  if (scheduler === "systemd") return createSystemd("system");
  return scheduler === "systemd-user" ? createSystemd("user") : undefined;
}

/** Where systemd notes when a timer with `Persistent=` last elapsed (systemd.timer(5)). */
export function stampDirectory(scheduler: Scheduler, environment: NodeJS.ProcessEnv): string {
  if (scheduler === "systemd") return "/var/lib/systemd/timers";
  const given = environment["XDG_DATA_HOME"] ?? "";
  const data = isAbsolute(given) ? given : join(homedir(), ".local", "share");
  return join(data, "systemd", "timers");
}

/** Whether this user's timers run while the user is not logged in (loginctl(1), enable-linger). */
export function lingers(): boolean {
  try {
    return readdirSync("/var/lib/systemd/linger").includes(userInfo().username);
  } catch {
    return false;
  }
}
