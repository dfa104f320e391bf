/** What limits idle sessions on a host before curfew, and what that really comes to. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { InForce } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { inertLines } from "../ending/inert-lines.ts";

/** Empty where nothing limits idle sessions. Lines that do nothing come first, and are told once. */
export function inForce(facts: Facts, controls: readonly Control[]): InForce[] {
  if (facts.server.product !== "openssh") return [];
  const inert = inertLines(facts, controls).map(({ text, source, why }): InForce => ({
    setting: text,
    source,
    effect: `on this version this ends nothing: ${why}`,
    verdict: "nothing",
  }));
  const dead = new Set(inert.map(({ source }) => source));
  const found = controls.flatMap((control) => control.inForce?.(facts) ?? []);
  return [...inert, ...found.filter(({ source }) => !dead.has(source))];
}
