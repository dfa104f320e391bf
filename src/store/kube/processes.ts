/** Clocks and processes of this machine as /proc has them. */
import { readFileSync, statSync } from "node:fs";
import type { Caller, Moment } from "../../model/access/kube-gate.ts";

/** Errors: those of node:fs where there is no /proc. */
export function readMoment(wallMs: number): Moment {
  const [uptime = ""] = readFileSync("/proc/uptime", "latin1").split(" ");
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return { wall: wallMs / 1000, uptime: Number(uptime), boot };
}

interface Process extends Caller {
  readonly parent: number;
  /** The device number of its terminal; 0: none. */
  readonly terminal: number;
}

/** Undefined where there is none of that number. */
export function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const at = (field: number) => Number(fields[field - 3]);
    return { pid, start: at(22), parent: at(4), terminal: at(7) };
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, start }: Caller): boolean {
  return readProcess(pid)?.start === start;
}

/** Whoever started this program; `runUnder` is a Node of ours in between. */
export function readCaller(parent: number, runUnder: string | undefined): Process | undefined {
  const found = readProcess(parent);
  return runUnder === String(parent) && found !== undefined ? readProcess(found.parent) : found;
}

/** The device of a terminal, by the numbers of Documentation/admin-guide/devices.txt. */
export function terminalPath(device: number): string | null {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `/dev/pts/${minor + (major - 136) * 256}`;
  return major === 4 && minor < 64 ? `/dev/tty${minor}` : null;
}

/** Seconds since a key was pressed at a terminal; null where that cannot be told. */
export function readInputAge(device: number, wall: number): number | null {
  const path = terminalPath(device);
  try {
    return path === null ? null : wall - statSync(path).atimeMs / 1000;
  } catch {
    return null;
  }
}
