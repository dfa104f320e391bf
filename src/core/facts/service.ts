/** How a host starts and reloads its sshd, and what its session manager does. */
import type { LogindState, SshService } from "../../model/facts/facts.ts";
import { absent, known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { lines, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

/** One block of `systemctl show`. */
type Unit = ReadonlyMap<string, string>;

/**
 * The daemon that this login came through decides: its unit is the one whose main process it is. A daemon that
 * is no unit's main process is signalled by its number: reloading the unit that happened to start it (cron, a
 * panel) would do nothing, or end it.
 */
export function parseService(sections: Sections): Reading<SshService> {
  const [listener = "", started] = sections.one("listener").arguments;
  if (listener === "several")
    return unreadable("several sshd listen, and it cannot be told which one answers");
  const pid = /^\d{1,10}$/u.test(listener) ? Number(listener) : null;
  if (started === "per-connection") return known(perConnection(sections));
  if (sections.maybe("systemd") !== undefined) return underSystemd(sections, pid);
  const [openrc, scripts = "", supervised = ""] = sections.one("init").arguments;
  const [, , , init = ""] = sections.one("machine").arguments;
  if (init === "") return unreadable("the process that runs as number 1 cannot be told");
  const [script = ""] = scripts.trim().split(" ");
  const base = { pid, perConnection: false, bootHook: bootHook(sections) } as const;
  if (/^\/[\w./-]+$/u.test(supervised)) return known({ ...base, manager: "runit", unit: supervised });
  if (openrc === "openrc" && script !== "") return known({ ...base, manager: "openrc", unit: script });
  if (init === "init" && script !== "") return known({ ...base, manager: "sysv", unit: script });
  if (pid === null) return unreadable("no sshd listens here and no service manager would start one");
  return known({ ...base, manager: "none", unit: "" });
}

/** `systemctl --version`: `systemd 252 (252.36-1)`. */
export function parseSystemdVersion(sections: Sections): Reading<number> {
  const section = sections.maybe("systemd");
  if (section === undefined) return absent();
  const [first = ""] = lines(section);
  const match = /^systemd (\d{1,5})\b/u.exec(first);
  return match === null
    ? unreadable(`systemctl --version said: ${visible(first).slice(0, 200)}`)
    : known(Number(match[1]));
}

/** What of PAM's files may keep some people's sessions from logind; undefined where nothing does. */
export function parseLogindChooses(sections: Sections): string | undefined {
  const line = visible(sections.maybe("logind-session")?.arguments[0] ?? "").slice(0, 300);
  return line === "" ? undefined : line;
}

/** Whether logind has the login that asked among its sessions (org.freedesktop.login1(5), GetSessionByPID). */
export function parseLogindSees(sections: Sections): boolean | undefined {
  const said = lines(sections.maybe("logind-session")).join(" ");
  if (said.startsWith('o "/org/freedesktop/login1/session/')) return true;
  return /does not belong to any known session/u.test(said) ? false : undefined;
}

/** logind as it runs, asked over the bus; org.freedesktop.login1(5), StopIdleSessionUSec. */
export function parseLogind(sections: Sections): Reading<LogindState> {
  const version = parseSystemdVersion(sections);
  if (version.state !== "known") return version;
  const logind = parseUnits(sections).find((unit) => unit.get("Id") === "systemd-logind.service");
  if (logind === undefined) return unreadable("systemctl did not answer about systemd-logind.service");
  if (logind.get("ActiveState") !== "active") return absent();
  const said = lines(sections.maybe("idle-stop")).join(" ");
  const idleStop = parseIdleStop(said);
  if (idleStop === undefined) return unreadable(`busctl said: ${visible(said).slice(0, 200)}`);
  const [, features = ""] = lines(sections.maybe("systemd"));
  const utmp = features.includes("+UTMP") ? "yes" : features.includes("-UTMP") ? "no" : "unknown";
  return known({ version: version.value, idleStop, utmp });
}

/** `systemctl show curfew-watchdog.timer`: one that is stopped ends nobody, whatever its files say. */
export function parseWatchdogTimer(sections: Sections): Reading<boolean> {
  if (sections.maybe("systemd") === undefined) return absent();
  const timer = parseUnits(sections).find((unit) => unit.get("Id") === "curfew-watchdog.timer");
  if (timer === undefined) return unreadable("systemctl did not answer about curfew-watchdog.timer");
  return timer.get("LoadState") === "loaded" ? known(timer.get("ActiveState") === "active") : absent();
}

function underSystemd(sections: Sections, pid: number | null): Reading<SshService> {
  const units = parseUnits(sections).filter((unit) => unit.get("LoadState") === "loaded");
  const services = units.filter((unit) => /^sshd?\.service$/u.test(unit.get("Id") ?? ""));
  const base = { manager: "systemd", pid, perConnection: false, bootHook: "systemd" } as const;
  const main = units.find((unit) => pid !== null && unit.get("MainPID") === String(pid))?.get("Id");
  if (main !== undefined) return known({ ...base, unit: main });
  const active = services.filter((one) => one.get("ActiveState") === "active");
  const script = active.find((one) => one.get("MainPID") === "0");
  // systemd knows no main process of what a script of sysvinit's has started (systemd-sysv-generator(8)).
  if (script !== undefined && pid !== null) return known({ ...base, unit: script.get("Id") ?? "" });
  const [running] = active;
  if (running === undefined && pid !== null) return known({ ...base, manager: "none", unit: "" });
  if (running === undefined) return waiting(units);
  const name = running.get("Id") ?? "";
  const mainPid = Number(running.get("MainPID"));
  if (pid === null && mainPid > 0) return known({ ...base, unit: name, pid: mainPid });
  if (pid === null) return unreadable(`${name} is active, but systemd knows no process of it`);
  return unreadable(
    `the sshd that answers (process ${pid}) is not that of ${name} (${running.get("MainPID") ?? ""})`,
  );
}

/** Nothing runs: a socket unit may wait for the first to connect, and starts its service or an sshd for each. */
function waiting(units: readonly Unit[]): Reading<SshService> {
  const socket = units.find(
    (unit) => /^sshd?\.socket$/u.test(unit.get("Id") ?? "") && unit.get("ActiveState") === "active",
  );
  if (socket === undefined) return unreadable("no running sshd was found");
  const name = socket.get("Id") ?? "";
  const each = socket.get("Accept") === "yes";
  const unit = each ? name : name.replace(/\.socket$/u, ".service");
  return known({ manager: "systemd", unit, pid: null, perConnection: each, bootHook: "systemd" });
}

/** A socket unit with Accept=yes, or inetd: every connection reads the files anew. */
function perConnection(sections: Sections): SshService {
  const base = { pid: null, perConnection: true };
  if (sections.maybe("systemd") === undefined) {
    return { ...base, manager: "none", unit: "", bootHook: bootHook(sections) };
  }
  const socket = parseUnits(sections).find(
    (unit) => unit.get("Accept") === "yes" && unit.get("ActiveState") === "active",
  );
  return { ...base, manager: "systemd", unit: socket?.get("Id") ?? "", bootHook: "systemd" };
}

function parseUnits(sections: Sections): Unit[] {
  const section = sections.maybe("units");
  if (section === undefined) return [];
  return section.body
    .toString("utf8")
    .split("\n\n")
    .map((block) => new Map(block.split("\n").flatMap((line) => pair(line))));
}

function pair(line: string): [string, string][] {
  const equals = line.indexOf("=");
  return equals < 0 ? [] : [[line.slice(0, equals), line.slice(equals + 1)]];
}

/** `t 900000000` in microseconds; the largest number means never. */
function parseIdleStop(said: string): string | undefined {
  const match = /^t (\d{1,20})$/u.exec(said);
  if (match !== null) {
    const microseconds = BigInt(match[1] ?? "0");
    return microseconds === 0xffff_ffff_ffff_ffffn ? "infinity" : String(microseconds / 1_000_000n);
  }
  return /unknown (?:property|interface)|no such property/iu.test(said) ? "unsupported" : undefined;
}

function bootHook(sections: Sections): SshService["bootHook"] {
  const crons = lines(sections.maybe("cron")).map((path) => path.slice(path.lastIndexOf("/") + 1));
  if (crons.some((name) => name === "cron" || name === "crond")) return "cron";
  const [openrc, , , scripts] = sections.maybe("init")?.arguments ?? [];
  if (openrc === "openrc") return "openrc";
  return scripts === "rc" || scripts === "runit" ? scripts : "none";
}
