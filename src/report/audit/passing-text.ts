/** What holds, for whoever has to show it: the rules of the baseline, then the other statements. */
import { SIGNS } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import type { AuditRun } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { type AuditView, count, hostList } from "./words.ts";
import { wrap } from "../layout/wrap.ts";

/** A rule or check, and where each statement about it passes. */
interface Passing {
  readonly title: string;
  readonly hosts: string[];
  statements: number;
}

/**
 * Rules and checks by the hosts on which every statement about them passes; one that also fails, is unknown or is waived
 * on a host does not hold there. Nothing where nothing holds.
 */
export function passingLines(run: AuditRun, view: AuditView): string[] {
  const passing = new Map<string, Passing>();
  for (const { host, findings } of [{ host: "", findings: run.findings }, ...run.hosts]) {
    for (const [name, own] of Map.groupBy(findings, nameOf)) {
      if (own.some(({ outcome }) => outcome !== "pass")) continue;
      const known = passing.get(name) ?? { title: titleOf(run, name, own[0]), hosts: [], statements: 0 };
      passing.set(name, known);
      if (host !== "") known.hosts.push(host);
      known.statements += own.length;
    }
  }
  if (passing.size === 0) return [];
  const rules = new Map((run.profile?.rules ?? []).map(({ id }, index) => [id, index]));
  const order = ([name]: readonly [string, Passing]): number => rules.get(name) ?? rules.size;
  const sorted = [...passing].toSorted((left, right) => order(left) - order(right));
  return [view.paint.bold("What holds"), ...sorted.flatMap(([, each]) => lines(each, view))];
}

function nameOf({ rule, check }: Finding): string {
  return rule ?? check;
}

function titleOf(run: AuditRun, name: string, finding: Finding | undefined): string {
  if (finding?.rule === undefined) return finding === undefined ? name : CHECKS[finding.check].title;
  const known = run.profile?.rules.find(({ id }) => id === name);
  return known === undefined ? name : `${name} ${known.title}`;
}

function lines({ title, hosts, statements }: Passing, view: AuditView): string[] {
  const { paint, columns } = view;
  const { colour, sign } = SIGNS.holds;
  const head = wrap(visible(`${title}: ${count(statements, "statement")}`), columns - 2, 2);
  const where = hosts.length === 0 ? ["the fleet"] : hostList(hosts, 2, view);
  return [...head, ...where.map((line) => `  ${line}`)].map((line, index) =>
    index === 0 ? `${paint[colour](sign)} ${line}` : `  ${index < head.length ? line : paint.dim(line)}`,
  );
}
