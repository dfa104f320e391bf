/** The systemd of this very machine, or of this user: what `curfew schedule` asks and tells it. */
import { existsSync } from "node:fs";
import { execa } from "execa";
import { visible } from "../core/text/visible.ts";
import { CurfewError } from "../model/terms/error.ts";

export interface Systemd {
  /** Reads unit files anew. */
  reload(): Promise<void>;
  /** Starts a timer now and at every boot. */
  enable(timer: string): Promise<void>;
  /** Ends units and takes them out of the boot; those that are not there are no error. */
  disable(timer: string, service: string): Promise<void>;
  /** Forgets that units failed. */
  forget(...units: readonly string[]): Promise<void>;
  /** When a timer elapses next, ISO time; null where it does not. */
  next(timer: string): Promise<string | null>;
  active(unit: string): Promise<boolean>;
}

/** Whether systemd is process 1 (sd_booted(3)). */
export function isSystemdBooted(): boolean {
  return existsSync("/run/systemd/system");
}

/** Whether this user's own systemd answers. */
export async function hasUserSystemd(): Promise<boolean> {
  return (await systemctl(["--user", "show", "-p", "Version"])).exitCode === 0;
}

/** Errors of all: CurfewError `remote` with systemctl's last line. */
export function createSystemd(scope: "system" | "user"): Systemd {
  const flags = scope === "user" ? ["--user"] : [];
  const must = async (given: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await systemctl([...flags, ...given]);
    if (exitCode === 0) return stdout;
    const said = visible(stderr.trim().split("\n").at(-1) ?? "");
    throw new CurfewError("remote", `systemctl ${given.join(" ")} failed: ${said}`);
  };
  return {
    async reload() {
      await must(["daemon-reload"]);
    },
    async enable(timer) {
      await must(["enable", "--now", timer]);
      // A timer that ran before takes its new times only when it is started anew.
      await must(["restart", timer]);
    },
    async disable(timer, service) {
      await systemctl([...flags, "disable", "--now", timer]);
      await systemctl([...flags, "stop", service]);
    },
    async forget(...units) {
      await systemctl([...flags, "reset-failed", ...units]);
    },
    async next(timer) {
      return nextIn(await must(["list-timers", "--all", "--no-legend", "--no-pager", timer]));
    },
    async active(unit) {
      const state = (await systemctl([...flags, "is-active", unit])).stdout.trim();
      return state === "active" || state === "activating";
    },
  };
}

/**
 * Asks systemd itself about a calendar event (systemd-analyze(1), calendar). Errors: CurfewError `usage` with what
 * systemd says.
 */
export async function checkCalendar(text: string): Promise<void> {
  const { exitCode, stderr } = await execa("systemd-analyze", ["calendar", "--", text], QUIET);
  if (exitCode === 0) return;
  const said = visible(stderr.trim().split("\n")[0] ?? "");
  throw new CurfewError("usage", `--calendar ${JSON.stringify(text)}: ${said}`, {
    hint: 'such as daily, "06:00" or "Mon..Fri 06:00"; see systemd.time(7)',
  });
}

const QUIET = {
  reject: false,
  stdin: "ignore",
  timeout: 60_000,
  // Times are read back.
  env: { LC_ALL: "C", TZ: "UTC", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" },
} as const;

function systemctl(given: readonly string[]) {
  return execa("systemctl", given, QUIET);
}

/** The first column of `systemctl list-timers`: `Sun 2026-11-22 06:00:00 UTC`. */
function nextIn(text: string): string | null {
  const match = /^\s*[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/u.exec(text);
  return match === null ? null : `${match[1]}T${match[2]}Z`;
}
