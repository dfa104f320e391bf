import { expect, test } from "vitest";
import type { RunContext } from "../../../src/flow/run/context.ts";
import { inWaves } from "../../../src/flow/guard/waves.ts";
import type { Host } from "../../../src/model/inventory/host.ts";

test("a defect that one host brings to light leaves the others their results", async () => {
  const hosts = ["a", "b", "c"].map((name) => ({ name })) as unknown as Host[];
  const context = {
    clock: () => 0,
    emit: () => undefined,
    concurrency: 3,
    stopping: new AbortController().signal,
  } as unknown as RunContext;
  const options = { waves: ["100%"], maxFail: 3, confirmWithinSeconds: 60, owner: "o" };
  const change = async ({ name: host }: Host) => {
    if (host === "b") throw new TypeError("x is undefined");
    return { host, outcome: "confirmed" } as const;
  };
  expect(await inWaves(hosts, options, change, context)).toMatchObject([
    { host: "a", outcome: "confirmed" },
    { host: "b", outcome: "unknown", error: { code: "internal" } },
    { host: "c", outcome: "confirmed" },
  ]);
});
