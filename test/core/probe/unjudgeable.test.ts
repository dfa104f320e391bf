import { expect, test } from "vitest";
import { coarsest } from "../../../src/core/probe/scale.ts";
import type { ConfiguredTimeout } from "../../../src/model/control/timeout.ts";

const probe = { limit: 900, scaledLimit: 10, factor: 10 / 900 };
const tmout = (real: number, fires: number): ConfiguredTimeout => ({
  by: "TMOUT",
  real,
  fires,
  source: "/etc/profile.d/00-curfew.sh:9",
});

test("a value that whole seconds cannot express is no excuse where it would have fired while it was watched", () => {
  // As curfew's own file has it for ksh93, which adds a minute.
  expect(coarsest([tmout(1, 1), tmout(900, 10)], probe)).toBeUndefined();
  expect(coarsest([tmout(30, 1)], probe)).toBeUndefined();
});

test("one that would have fired only later is", () => {
  const said = coarsest([tmout(60, 5)], { limit: 60, scaledLimit: 2, factor: 2 / 60 });
  expect(said).toMatch(/60 s could only be scaled to 5 s/u);
});
