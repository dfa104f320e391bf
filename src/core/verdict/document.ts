/** The JSON documents that curfew prints and saves, in pieces: a fleet never becomes one string. */
import { createHash } from "node:crypto";
import type { HostPlan, Plan } from "../../model/change/plan.ts";
import { countBy, planOutcome } from "./outcome.ts";
import { visibleJson } from "../text/visible.ts";

/** `head` with `hosts` as its last key; one line per host, so that line tools can read a large fleet. */
export function documentText(head: object, hosts: readonly object[]): Iterable<string> {
  return assemble(head, textsOf(hosts, JSON.stringify), () => ({}));
}

/**
 * A plan as printed by `plan --json` and as saved by `plan -o`: the same document. `summary`, each
 * host's `outcome` and `integrity` are for readers and for `planIntegrity`; loading drops them.
 */
export function planDocument(plan: Plan): Iterable<string> {
  const { hosts, ...rest } = plan;
  const head = { ...rest, summary: planCounts(hosts) };
  const integrity = createIntegrity(head);
  const texts = textsOf(hosts, (host) => integrity.add(JSON.stringify(withOutcome(host))));
  return assemble(head, texts, () => ({ integrity: integrity.digest() }));
}

/** A plan without the contents of files, for the journal: a few hundred bytes per host, no secrets of hosts. */
export function planRecord(plan: Plan): Iterable<string> {
  const { hosts, schema: _, ...rest } = plan;
  const records = hosts.map((item) => ({
    host: item.host,
    outcome: planOutcome(item),
    factsDigest: item.factsDigest,
    changes: item.changes.map(({ control, action, path }) => ({ control, action, path })),
    findings: item.findings.filter(({ outcome }) => outcome !== "pass"),
    ...(item.error === undefined ? {} : { error: item.error }),
  }));
  return documentText({ schema: "curfew/plan-record/1", ...rest, summary: planCounts(hosts) }, records);
}

/**
 * sha256 (hex) over the whole document but itself. It finds the edited, cut or merged file; it is
 * no signature, so whoever applies a plan still decides anew from policy and facts.
 */
export function planIntegrity(head: object, hosts: readonly unknown[]): string {
  const integrity = createIntegrity(head);
  for (const host of hosts) integrity.add(JSON.stringify(host));
  return integrity.digest();
}

function createIntegrity(head: object): { add(text: string): string; digest(): string } {
  const hash = createHash("sha256").update(JSON.stringify(head));
  return {
    add(text) {
      hash.update("\n").update(text);
      return text;
    },
    digest: () => hash.digest("hex"),
  };
}

/** One text at a time: a fleet's worth of them at once is what this file is there to avoid. */
function* textsOf<T>(hosts: readonly T[], textOf: (host: T) => string): Generator<string, void, undefined> {
  for (const host of hosts) yield textOf(host);
}

function* assemble(
  head: object,
  hosts: Iterable<string>,
  tail: () => object,
): Generator<string, void, undefined> {
  yield visibleJson(`${JSON.stringify(head).slice(0, -1)},"hosts":[`);
  let separator = "\n";
  for (const host of hosts) {
    yield visibleJson(`${separator}${host}`);
    separator = ",\n";
  }
  const end = JSON.stringify(tail()).slice(1, -1);
  yield `\n]${end === "" ? "" : `,${end}`}}\n`;
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
