/** The JSON documents that curfew prints and saves, in pieces: a fleet never becomes one string. */
import { createHash } from "node:crypto";
import type { HostPlan, Plan } from "../model/plan.ts";
import { countBy, planOutcome } from "./outcome.ts";

/** One line per host keeps a document of a thousand hosts readable with line tools. */
export function* documentText(
  head: object,
  hosts: Iterable<object>,
  tail: () => object = () => ({}),
): Generator<string, void, undefined> {
  yield `${JSON.stringify(head).slice(0, -1)},"hosts":[`;
  let separator = "\n";
  for (const host of hosts) {
    yield `${separator}${JSON.stringify(host)}`;
    separator = ",\n";
  }
  const end = JSON.stringify(tail()).slice(1, -1);
  yield `\n]${end === "" ? "" : `,${end}`}}\n`;
}

/**
 * A plan as printed by `plan --json` and as saved by `plan -o`: the same document. `summary`, each
 * host's `outcome` and `integrity` are for readers and for `planIntegrity`; loading drops them.
 */
export function* planDocument(plan: Plan): Generator<string, void, undefined> {
  const { hosts, ...rest } = plan;
  const head = { ...rest, summary: planCounts(hosts) };
  const shown = hosts.map(withOutcome);
  yield* documentText(head, shown, () => ({ integrity: planIntegrity(head, shown) }));
}

/**
 * sha256 (hex) over the whole document but itself. It finds the edited, cut or merged file; it is
 * no signature, so whoever applies a plan still decides anew from policy and facts.
 */
export function planIntegrity(head: object, hosts: Iterable<unknown>): string {
  const hash = createHash("sha256").update(JSON.stringify(head));
  for (const host of hosts) hash.update("\n").update(JSON.stringify(host));
  return hash.digest("hex");
}

function planCounts(hosts: readonly HostPlan[]): Readonly<Record<string, number>> {
  const counts = countBy(hosts.map(planOutcome));
  return {
    hosts: hosts.length,
    change: counts.change ?? 0,
    unchanged: counts.unchanged ?? 0,
    unknown: counts.unknown ?? 0,
  };
}

function withOutcome(plan: HostPlan): object {
  const { host, ...rest } = plan;
  return { host, outcome: planOutcome(plan), ...rest };
}
