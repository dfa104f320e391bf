/**
 * The pattern language of `-l` and of `hosts:` in a policy, after Ansible's: an inventory group, a
 * host name, a glob with `*` and `?` over both, `!` in front excludes, `&` intersects. Terms add
 * up first, then intersections, then exclusions, whatever their order. A glob never means the
 * groups `all` and `ungrouped` ("No pattern can match these group names", says Ansible's
 * inventory/manager.py, whose code takes `a*` for every host). Unlike Ansible: a name that is a host
 * and a group selects both.
 */
import { CurfewError } from "../../model/terms/error.ts";
import type { Host, Inventory } from "../../model/inventory/host.ts";
import { isIPv6 } from "node:net";
import { didYouMean, nearest, shown } from "../text/nearest.ts";

interface Term {
  readonly kind: "include" | "intersect" | "exclude";
  /** As written, without the leading `!` or `&`. */
  readonly text: string;
  readonly matches: (host: Host) => boolean;
}

/**
 * The hosts that a `-l` pattern selects, in inventory order; all of them without a pattern.
 * Terms are separated by commas, or by colons where there is no comma.
 * Errors: CurfewError `usage` for a term that matches no host and no group (a misspelt exclusion
 * would leave in what was to be left out), for unsupported syntax, and when nothing is selected.
 */
export function selectHosts(inventory: Inventory, pattern: string | undefined): Host[] {
  if (pattern === undefined) return [...inventory.hosts];
  const written = splitTerms(pattern, inventory);
  if (written.length === 0) throw new CurfewError("usage", "-l: the pattern is empty");
  for (const text of written) refuseUnsupported(text);
  const [unmatched] = unmatchedTerms(written, inventory);
  if (unmatched !== undefined) throw new CurfewError("usage", `-l: ${unmatched.message}`);
  const terms = written.map(readTerm);
  const hosts = inventory.hosts.filter((host) => selected(terms, host));
  if (hosts.length === 0) throw new CurfewError("usage", `-l: ${shown(pattern)} selects no host`);
  return hosts;
}

/** Whether a policy's `hosts:` list selects a host; a list that is left out selects every host. */
export function appliesTo(patterns: readonly string[] | undefined, host: Host): boolean {
  return patterns === undefined || selected(patterns.map(readTerm), host);
}

/** The terms that match neither a host nor a group, with the nearest name that exists. */
export function unmatchedTerms(
  patterns: readonly string[],
  inventory: Inventory,
): { term: string; nearest: string | undefined; message: string }[] {
  const groups = new Set(inventory.groups);
  const unmatched = patterns.map(readTerm).filter(({ text, matches }) => {
    const isGroup = text === "all" || text === "ungrouped" || groups.has(text);
    return !isGroup && !inventory.hosts.some(matches) && !matchesEmptyGroup(text, inventory);
  });
  const known = unmatched.length === 0 ? [] : [...groups, ...inventory.hosts.map(({ name }) => name)];
  return unmatched.map(({ text }) => ({
    term: text,
    nearest: nearest(text, known),
    message: `${shown(text)} matches no host and no group of the inventory${didYouMean(text, known)}`,
  }));
}

function splitTerms(pattern: string, inventory: Inventory): string[] {
  const bare = pattern.replace(/^[!&]/u, "");
  const whole = isIPv6(bare) || inventory.hosts.some(({ name }) => name === bare);
  const parts = pattern.includes(",") || whole ? pattern.split(",") : pattern.split(":");
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function refuseUnsupported(text: string): void {
  const body = text.replace(/^[!&]/u, "");
  if (body === "") throw new CurfewError("usage", `-l: nothing follows ${shown(text)}`);
  if (!/^[@~]|[[\]]/u.test(body)) return;
  throw new CurfewError("usage", `-l: ${shown(text)} is not a pattern that curfew knows`, {
    hint: "use host and group names, * and ?, ! to exclude, & to intersect, @FILE for names in a file",
  });
}

function readTerm(written: string): Term {
  const sign = written[0];
  const kind = sign === "!" ? "exclude" : sign === "&" ? "intersect" : "include";
  const text = kind === "include" ? written : written.slice(1);
  return { kind, text, matches: matcher(text) };
}

function matcher(text: string): (host: Host) => boolean {
  if (text === "all" || text === "*") return () => true;
  if (!/[*?]/u.test(text)) return (host) => host.name === text || host.groups.includes(text);
  return (host) => globMatches(text, host.name) || host.groups.some((group) => groupGlob(text, group));
}

function groupGlob(pattern: string, group: string): boolean {
  return group !== "all" && group !== "ungrouped" && globMatches(pattern, group);
}

/** A glob may name a group that has no hosts: no mistake, only nothing to do. */
function matchesEmptyGroup(text: string, inventory: Inventory): boolean {
  return /[*?]/u.test(text) && inventory.groups.some((group) => groupGlob(text, group));
}

function selected(terms: readonly Term[], host: Host): boolean {
  const included = terms.filter(({ kind }) => kind === "include");
  return (
    (included.length === 0 || included.some(({ matches }) => matches(host))) &&
    terms.every(({ kind, matches }) => kind !== "intersect" || matches(host)) &&
    !terms.some(({ kind, matches }) => kind === "exclude" && matches(host))
  );
}

/**
 * `*` is any run of characters, `?` exactly one; all else stands for itself. The classic scan with
 * one point to go back to: no regular expression, so no pattern takes exponential time.
 */
function globMatches(pattern: string, text: string): boolean {
  let [position, next] = [0, 0];
  let [star, resume] = [-1, 0];
  while (position < text.length) {
    if (pattern[next] === "*") {
      [star, resume] = [next, position];
      next += 1;
    } else if (pattern[next] === "?" || pattern[next] === text[position]) {
      position += 1;
      next += 1;
    } else if (star >= 0) {
      resume += 1;
      [position, next] = [resume, star + 1];
    } else {
      return false;
    }
  }
  while (pattern[next] === "*") next += 1;
  return next === pattern.length;
}
