/**
 * Preloaded into a measured program (`node --import usage.ts …`): when that program ends, what it has used is
 * written to the file that CURFEW_BENCH_USAGE names. The program itself is not changed and does not know.
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import type { Usage } from "./measure.ts";

const file = process.env["CURFEW_BENCH_USAGE"];
// What the program starts is not measured a second time: it is counted as its children.
delete process.env["CURFEW_BENCH_USAGE"];

if (file !== undefined) process.on("exit", () => writeFileSync(file, JSON.stringify(usage())));

function usage(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    wallMs: performance.now(),
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    childCpuMs: childCpuMs(),
    // ru_maxrss is in KiB (getrusage(2)), and process.resourceUsage passes it on.
    rssMiB: maxRSS / 1024,
  };
}

/** `cutime` and `cstime` of proc_pid_stat(5), in clock ticks of a hundredth of a second. */
function childCpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
