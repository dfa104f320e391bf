import type { PlannedProbe } from "../../../src/core/probe/plan.ts";

/** A session of bea's, to be dropped after five minutes. */
export function plannedProbe(over: Partial<PlannedProbe> = {}): PlannedProbe {
  return {
    session: "idle-shell",
    role: "r",
    user: "bea",
    via: "shadow",
    exemptFrom: [],
    shell: "/bin/bash",
    expect: "dropped",
    limit: 300,
    scaledLimit: 300,
    ...over,
  };
}
