import { expect, test } from "vitest";
import type { PlannedProbe } from "../../../src/core/probe/plan.ts";
import { unjudgeable } from "../../../src/core/probe/scale-files.ts";
import type { ConfiguredTimeout } from "../../../src/model/timeout.ts";

const probe: PlannedProbe = {
  session: "idle-shell",
  role: "admin",
  user: "bea",
  via: "shadow",
  exemptFrom: [],
  shell: "/bin/bash",
  expect: "dropped",
  limit: 900,
  within: 10,
};
const FACTOR = 10 / 900;
const tmout = (real: number, fires: number): ConfiguredTimeout => ({
  by: "TMOUT",
  real,
  fires,
  source: "/etc/profile.d/00-curfew.sh:9",
});

test("a value that whole seconds cannot express is no excuse where it would have fired while it was watched", () => {
  // As curfew's own file has it for ksh93, which adds a minute.
  expect(unjudgeable(probe, "bash", [], [tmout(1, 1), tmout(900, 10)], FACTOR)).toBeUndefined();
  expect(unjudgeable(probe, "bash", [], [tmout(30, 1)], FACTOR)).toBeUndefined();
});

test("one that would have fired only later is", () => {
  const short = { ...probe, limit: 60, within: 2 };
  const said = unjudgeable(short, "bash", [], [tmout(60, 5)], 2 / 60);
  expect(said).toMatch(/60 s could only be scaled to 5 s/u);
});
