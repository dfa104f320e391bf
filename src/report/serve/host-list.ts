/** A page of hosts, as several pages have it. */
import { visible } from "../../core/text/visible.ts";
import type { HostLine, Page } from "../../model/record/history-views.ts";
import { rowNames } from "../html/hosts.ts";
import { countOf, mark } from "../html/words.ts";
import { clipLine } from "../layout/clip.ts";
import { groupAlike } from "../layout/groups.ts";
import { address, pagerValues } from "./address.ts";

/** Hosts on one page. */
export const HOSTS = 100;

/** The values of `serve/hosts.hbs`. */
export function hostListValues(
  { total, items }: Page<HostLine>,
  runId: string,
  page: number,
  to: (page: number) => string,
) {
  return {
    amount: countOf(total, "host"),
    rows: groupAlike(items, ({ host: _host, ...line }) => line).map((group) => rowOf(group, runId)),
    nothing: page > 1 ? "This page of the list is empty." : "No host matches.",
    pager: pagerValues({ total, size: HOSTS, page }, to),
  };
}

/** Hosts of one page whose rows would say the same, in one that opens. */
function rowOf(group: readonly [HostLine, ...HostLine[]], runId: string) {
  const [{ outcome, description, findings }] = group;
  return {
    ...rowNames(
      group.map(({ host }) => ({
        id: null,
        href: address("host", { name: host, run: runId }),
        name: visible(host),
      })),
    ),
    mark: mark(outcome),
    fail: findings.fail,
    unknown: findings.unknown,
    waived: findings.waived,
    description: clipLine(description, 300),
  };
}
