import { expect, test } from "vitest";
import { historyGoals, measureHistory } from "../bench/history.ts";
import { isReached } from "../bench/table.ts";
import { patient } from "../patience.ts";

/** The bench measures 50 audits; here, few enough for every day, and limits that a loaded machine keeps. */
test(
  "1,000 hosts: a report takes the memory of one audit, and an audit little room",
  async () => {
    const cost = await measureHistory("SQLite", 1000, [2, 10], 1);
    const [time, memory] = historyGoals(cost);
    expect(memory).toSatisfy(isReached);
    expect(time?.ratio).toBeLessThan(5);
    for (const { usage } of cost.rows) expect(usage.rssMiB).toBeLessThan(300);
    // 24 MB as JSON.
    expect(cost.bytesPerRun).toBeLessThan(1_500_000);
  },
  patient(180_000),
);
