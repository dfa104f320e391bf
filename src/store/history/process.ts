/** Whether the process that began an audit still lives, however process ids are used again. */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/** Names one process for as long as the world lasts: a process id alone is used again, after a reboot at the latest. */
export interface ProcessName {
  readonly pid: number;
  /** Differs after each boot (proc_sys_kernel(5), random/boot_id); empty where there is no /proc. */
  readonly boot: string;
  /** The pid namespace (pid_namespaces(7)): in another one the same id is another process. */
  readonly space: string;
  /** When it began: clock ticks since boot (proc_pid_stat(5), field 22), or what ps(1) says. */
  readonly started: string;
}

/** The name of this very process. */
export function ownProcess(): ProcessName {
  const { pid } = process;
  return { pid, boot: bootId(), space: pidSpace(), started: startOf(pid) ?? "" };
}

/**
 * Whether that process lives. One in another container cannot be seen and counts as dead: its audit is taken for
 * broken off until it is finished, never the other way round.
 */
export function lives(name: ProcessName): boolean {
  const started = startOf(name.pid);
  return (
    started !== undefined && started === name.started && name.boot === bootId() && name.space === pidSpace()
  );
}

function bootId(): string {
  return readOr(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
}

function pidSpace(): string {
  return readOr(() => readlinkSync("/proc/self/ns/pid"));
}

/** Undefined for a process that is not there, or that only its parent's neglect keeps in the table. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return startByPs(pid);
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is the program's name, which may hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || /^[ZXx]$/u.test(fields[0] ?? "") ? undefined : fields[19];
}

function startByPs(pid: number): string | undefined {
  const argv = ["-o", "lstart=", "-p", String(pid)];
  const text = readOr(() => execFileSync("ps", argv, { encoding: "utf8", env: { LC_ALL: "C" } }).trim());
  return text === "" ? undefined : text;
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
