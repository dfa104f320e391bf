/** Long results on a real terminal, with real pagers. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { spawnSync } from "node:child_process";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openScreen } from "../../e2e/screen.ts";
import { patient } from "../../patience.ts";

const CURFEW = resolve(import.meta.dirname, "../../../src/curfew.js");
const missing = spawnSync("tmux", ["-V"]).status !== 0;
const MARKS = "sed s/^/P:/";
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-pager-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function shown(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const screen = await openScreen(args, { size: { columns: 90, rows: 30 }, directory, environment });
  try {
    expect(await screen.ended()).toBe(0);
    return await screen.history();
  } finally {
    await screen.close();
  }
}

describe.skipIf(missing)(`on a terminal${missing ? " (tmux is not installed)" : ""}`, () => {
  test(
    "what does not fit goes through $PAGER, what fits does not",
    async () => {
      expect(await shown(["help", "policy"], { PAGER: MARKS })).toMatch(/^P:THE POLICY FILE/mu);
      expect(await shown(["completion", "bash"], { PAGER: MARKS })).not.toContain("P:");
      expect(await shown(["profiles"], { PAGER: MARKS })).not.toContain("P:");
    },
    patient(60_000),
  );

  test.each([["cat"], [""], ["no-such-pager --flag"]])("PAGER=%s shows the text itself", async (PAGER) => {
    expect(await shown(["help", "policy"], { PAGER })).toMatch(/^THE POLICY FILE/mu);
  });

  test(
    "less leaves the text on the screen, and q leaves less",
    async () => {
      const screen = await openScreen(["help", "policy"], {
        size: { columns: 90, rows: 30 },
        directory,
        environment: { PAGER: "less" },
      });
      await screen.see(/^THE POLICY FILE/mu);
      await screen.press("q");
      expect(await screen.ended()).toBe(0);
      expect(await screen.history()).toMatch(/^THE POLICY FILE/mu);
      await screen.close();
    },
    patient(60_000),
  );

  test("never in a pipe", async () => {
    const { stdout } = await execa(process.execPath, [CURFEW, "help", "policy"], { env: { PAGER: MARKS } });
    expect(stdout).not.toContain("P:");
  });
});
