/** V8's own switch for its memory: that it is there, and does what it is used for, on the Node that runs. */
import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("../../src/cli/progress/memory.ts", import.meta.url));

/** Megabytes of V8's new space after much was made and thrown away. */
async function newSpace(before: string): Promise<{ megabytes: number; stderr: string }> {
  const script = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { boundYoungGeneration } from ${JSON.stringify(MODULE)};
    ${before}
    let kept = [];
    for (let index = 0; index < 1e6; index++) {
      kept.push({ index, more: [index] });
      if (kept.length > 50_000) kept = [];
    }
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    console.log((space?.space_size ?? 0) / 1e6);`;
  const { stdout, stderr } = await execa(process.execPath, ["--input-type=module", "-e", script]);
  return { megabytes: Number(stdout), stderr };
}

test("what hosts answer does not make V8's new space grow, and V8 knows the switch", async () => {
  const [bound, free] = [await newSpace("boundYoungGeneration();"), await newSpace("")];
  expect(free.megabytes).toBeGreaterThan(16);
  expect(bound.megabytes).toBeGreaterThan(0);
  expect(bound.megabytes).toBeLessThan(8);
  expect(bound.stderr).toBe("");
});
