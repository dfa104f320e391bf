/** The page's own script has the one order of outcomes, as it cannot import it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WORST_FIRST } from "../../src/core/verdict/outcome.ts";

test("the report's script sorts as core does", () => {
  const script = readFileSync(new URL("../../templates/report/data.js", import.meta.url), "utf8");
  const [, list = ""] = /^const OUTCOMES = (\[.*\]);$/mu.exec(script) ?? [];
  expect(JSON.parse(list)).toEqual(WORST_FIRST);
});
