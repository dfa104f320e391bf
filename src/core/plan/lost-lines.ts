/** Lines of others that a change would make fail: nothing of theirs is given up without a yes. Pure. */
import { CurfewError } from "../../model/terms/error.ts";
import type { HostPlan } from "../../model/change/plan.ts";

/** How many are named; the plan has them all. */
const NAMED = 5;

/**
 * Errors: CurfewError `lost-lines` where the plan changes what shells read, and lines in files of others are skipped
 * by their shells from then on.
 */
export function refuseLostLines({ host, changes, findings }: HostPlan): void {
  if (!changes.some(({ control, action }) => control === "shell-timeout" && action !== "remove")) return;
  const lost = findings.filter(({ check, outcome }) => check === "lines-kept" && outcome === "fail");
  const [first] = lost;
  if (first === undefined) return;
  const places = lost.slice(0, NAMED).map(({ source }) => source);
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : "";
  const message = `lines in files of others would be lost: ${places.join(", ")}${more}; ${first.source}: ${first.actual}`;
  throw new CurfewError("lost-lines", message, {
    host,
    hint: "curfew plan shows all of them; remove those lines, or give --accept-lost-lines",
  });
}
