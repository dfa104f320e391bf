/** A controller whose memory a test measures: verifies lab hosts and prints what came of it as one line of JSON. */
import type { SessionKind } from "../../src/model/terms/session-kind.ts";
import { verify, type Target } from "./verify-host.ts";

const targets = JSON.parse(process.argv[2] ?? "") as Target[];
const policy: unknown = JSON.parse(process.argv[3] ?? "");
const options = JSON.parse(process.argv[4] ?? "") as { sessions: SessionKind[]; roles: string[] };
let [waiting, most, begun] = [0, 0, 0];
const startedAt = performance.now();
const verified = await Promise.all(
  targets.map((target) =>
    verify(target, policy, options, ({ type }) => {
      if (type === "probe-started") {
        begun = performance.now();
        waiting++;
      } else if (type === "probe-finished") waiting--;
      most = Math.max(most, waiting);
    }),
  ),
);
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const report = {
  hosts: verified.map(({ host, probes, error }) => ({
    host,
    error: error?.message,
    probes: probes.map(({ session, outcome, by, reason }) => ({ session, outcome, by, reason })),
  })),
  most,
  rssMiB: maxRSS / 1024,
  cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  openingSeconds: (begun - startedAt) / 1000,
  seconds: (performance.now() - startedAt) / 1000,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
