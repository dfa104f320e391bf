/** Hosts in the page: links to them, and the table of all of them that needs no script. */
import { foldNames } from "../../core/text/fold-names.ts";
import { countOutcomes } from "../../core/verdict/outcome.ts";
import { visible } from "../../core/text/visible.ts";
import type { AuditedHost, AuditRun } from "../../model/record/audit.ts";
import type { Reason } from "./reasons.ts";
import { countOf, mark, number } from "./words.ts";

/** How many names one list shows before it counts the rest; the table of hosts has all of them. */
const LISTED = 12;

export interface HostLinks {
  readonly [key: string]: string | number | readonly { readonly index: number; readonly name: string }[];
  readonly shown: readonly { readonly index: number; readonly name: string }[];
  /** Positions of those that are not shown, for the script: `12 13 14`; empty where all are. */
  readonly rest: string;
  readonly more: string;
  /** Their names, folded; empty where that is no shorter than a list. */
  readonly folded: string;
}

/** Links to hosts by their positions in the run; ids in the page are numbers, never names. */
export function hostLinks(
  positions: readonly number[],
  run: Pick<AuditRun, "hosts">,
  listed = LISTED,
): HostLinks {
  const shown = positions.slice(0, listed).map((index) => ({ index, name: nameOf(run, index) }));
  const rest = positions.slice(listed);
  const more = rest.length === 0 ? "" : number(rest.length);
  return { shown, rest: rest.join(" "), more, folded: foldedNames(rest, run) };
}

function foldedNames(positions: readonly number[], run: Pick<AuditRun, "hosts">): string {
  if (positions.length === 0) return "";
  const entries = foldNames(positions.map((index) => nameOf(run, index)));
  return entries.length > LISTED || entries.length * 2 > positions.length ? "" : entries.join(", ");
}

/** What a row says of a host but for its name. Pure. */
export function hostValues(host: AuditedHost, reasons: readonly Reason[]) {
  const { fail, unknown, waived } = countOutcomes(host.findings.map(({ outcome }) => outcome));
  const shown = host.ladder.filter(({ demonstrated }) => demonstrated !== null).length;
  return {
    mark: mark(host.outcome),
    fail,
    unknown,
    waived,
    shown: host.ladder.length === 0 ? "none" : `${shown} of ${host.ladder.length}`,
    description: visible(host.error?.message ?? host.description),
    hint: host.error?.hint === undefined ? null : visible(host.error.hint),
    reasons: reasons.map(({ id }) => ({ id })),
  };
}

interface RowHost {
  readonly host: AuditedHost;
  readonly index: number;
  readonly values: ReturnType<typeof hostValues>;
}

/** One row of `host-row.hbs`: hosts of which it says the same. Pure. */
export function hostRow(group: readonly [RowHost, ...RowHost[]]) {
  const [{ values }] = group;
  return {
    ...values,
    positions: group.map(({ index }) => index).join(" "),
    ...rowNames(
      group.map(({ host, index }) => ({ id: `h${index}`, href: `#h${index}`, name: visible(host.host) })),
    ),
  };
}

interface RowName {
  readonly [key: string]: string | null;
  /** Of the element; null where nothing leads to it. */
  readonly id: string | null;
  readonly href: string;
  readonly name: string;
}

/** The values of `row-names.hbs`: one host, or several that are alike, which open under their folded names. */
export function rowNames(hosts: readonly RowName[]) {
  if (hosts.length === 1) return { hosts, alike: "", folded: "" };
  const folded = foldNames(hosts.map(({ name }) => name)).join(", ");
  return { hosts, alike: countOf(hosts.length, "host"), folded };
}

function nameOf(run: Pick<AuditRun, "hosts">, index: number): string {
  return visible(run.hosts[index]?.host ?? "");
}
