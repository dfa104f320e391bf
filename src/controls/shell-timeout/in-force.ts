import { foreignSettings } from "../../core/shell/foreign-timeout.ts";
import type { InForce } from "../../model/ending.ts";
import type { Facts } from "../../model/facts.ts";

/** What limits the prompts of a host's shells before curfew, for people. Pure. */
export function shellInForce(facts: Facts): InForce[] {
  return foreignSettings(facts).map(({ file, line, text }) => ({
    setting: text,
    source: `${file}:${line}`,
    effect: "ends a shell at its prompt, but no program in it; a user may start a shell without it",
    verdict: "partly",
  }));
}
