/** Who is out of compliance and why: equal statements of many hosts are one. */
import { outcomeSign } from "../layout/signs.ts";
import { compareOutcomes, isOpen, type Outcome, OUTCOME_WORDS } from "../../core/verdict/outcome.ts";
import { visible, visibleLines } from "../../core/text/visible.ts";
import type { AuditRun } from "../../model/record/audit.ts";
import { CHECKS, type CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { type AuditView, count, hostList, outcomeText } from "./words.ts";
import { createKeys, groupAlike, hostNames } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";
import { wrap } from "../layout/wrap.ts";

/** How many checks are shown unless verbose, how many statements of one, and how many answers to one. */
const BLOCKS = 12;
const MATTERS = 4;
const ANSWERS = 3;

type Open = Exclude<Outcome, "pass">;

/** One statement, and the hosts that it is true of; an empty name stands for the fleet. */
interface Statement {
  readonly finding: Finding;
  readonly hosts: string[];
}

/** Statements that differ in their role, or in what was found, alone. */
interface Matter {
  readonly roles: readonly string[];
  readonly answers: readonly Statement[];
  readonly hosts: readonly string[];
}

interface Block {
  readonly outcome: Open;
  readonly check: CheckId;
  readonly statements: Map<string, Statement>;
}

/** A block per outcome and check: what is unknown, what fails, what is waived, what does not apply, each from the most hosts to the fewest. */
export function findingBlocks(run: AuditRun, view: AuditView): string[][] {
  const blocks = blocksOf(run).map((block) => ({ block, hosts: hostsOf(block).length }));
  const sorted = blocks.toSorted(
    (a, b) => compareOutcomes(a.block.outcome, b.block.outcome) || b.hosts - a.hosts,
  );
  const shown = view.verbose ? sorted : sorted.slice(0, BLOCKS);
  const rest = sorted.length - shown.length;
  return [
    ...(sorted.length === 0 ? [] : [[view.paint.bold(titleOf(sorted.map(({ block }) => block)))]]),
    ...shown.map(({ block }) => blockLines(block, view)),
    ...(rest === 0 ? [] : [[view.paint.dim(`and ${count(rest, "more check")}; -v shows everything`)]]),
  ];
}

function titleOf(blocks: readonly Block[]): string {
  if (blocks.some(isOpen)) return "Out of compliance, and why";
  const waived = blocks.some(({ outcome }) => outcome === "waived");
  return waived ? "In compliance, but for what is waived" : "In compliance, where something is asked";
}

function blocksOf({ hosts, findings }: AuditRun): Block[] {
  const blocks = new Map<string, Block>();
  const keyOf = createKeys();
  const add = (host: string, finding: Finding): void => {
    const { outcome, check } = finding;
    if (outcome === "pass") return;
    const name = `${outcome} ${check}`;
    const block = blocks.get(name) ?? { outcome, check, statements: new Map<string, Statement>() };
    blocks.set(name, block);
    const key = keyOf(finding);
    const statement = block.statements.get(key);
    if (statement === undefined) block.statements.set(key, { finding, hosts: [host] });
    else if (statement.hosts.at(-1) !== host) statement.hosts.push(host);
  };
  for (const finding of findings) add("", finding);
  for (const { host, findings: own, error } of hosts) {
    if (error !== undefined) add(host, errorFinding(error.message));
    for (const finding of own) {
      // The error itself says more.
      if (error === undefined || finding.check !== "host-judged") add(host, finding);
    }
  }
  return [...blocks.values()];
}

function errorFinding(message: string): Finding {
  return {
    check: "host-judged",
    control: "host",
    role: "*",
    expected: "",
    actual: message,
    source: "",
    evidence: "configured",
    outcome: "unknown",
  };
}

function hostsOf({ statements }: Block): string[] {
  const hosts = new Set([...statements.values()].flatMap((statement) => statement.hosts));
  return [...hosts].filter((host) => host !== "");
}

function blockLines(block: Block, view: AuditView): string[] {
  const { paint, columns, verbose } = view;
  const { title, help } = CHECKS[block.check];
  const hosts = hostsOf(block).length;
  const where = hosts === 0 ? "the fleet" : count(hosts, "host");
  const head = `${outcomeText(block.outcome, outcomeSign(block.outcome), paint)} ${paint.bold(title)}: ${where}, ${OUTCOME_WORDS[block.outcome]}`;
  const sorted = mattersOf(block).toSorted((a, b) => b.hosts.length - a.hosts.length);
  const shown = verbose ? sorted : sorted.slice(0, MATTERS);
  const rest = sorted.slice(shown.length);
  const others = new Set(rest.flatMap((matter) => matter.hosts)).size;
  const more = `and ${count(rest.length, "more statement")} about ${count(others, "host")}; -v shows them`;
  const advice = block.outcome === "waived" ? [] : wrap(`→ ${help}`, columns - 2, 2).map(paint.dim);
  const lines = [
    ...shown.flatMap((matter) => matterLines(matter, view)),
    ...(rest.length === 0 ? [] : [paint.dim(more)]),
    ...advice,
  ];
  return [head, ...lines.map((line) => `  ${line}`)];
}

function mattersOf({ statements }: Block): Matter[] {
  const hostsKey = createKeys();
  const byAnswer = groupAlike([...statements.values()], ({ finding, hosts }) => {
    const { role: _, ...rest } = finding;
    return [rest, hostsKey(hosts)];
  });
  const byRoles = byAnswer.map((group) => ({
    answer: group[0],
    roles: group.map(({ finding }) => finding.role),
  }));
  return groupAlike(byRoles, ({ answer: { finding }, roles }) => {
    const { actual: _, source: __, evidence: ___, role: ____, ...rest } = finding;
    return [rest, roles];
  }).map((group) => ({
    roles: group[0].roles,
    answers: group.map(({ answer }) => answer).toSorted((a, b) => b.hosts.length - a.hosts.length),
    hosts: [...new Set(group.flatMap(({ answer }) => answer.hosts))].filter((host) => host !== ""),
  }));
}

function matterLines({ roles, answers, hosts }: Matter, view: AuditView): string[] {
  const [first, ...more] = answers;
  if (first === undefined) return [];
  const who = subjectText(first.finding, roles);
  const { expected, waiver } = first.finding;
  const why = waiver === undefined ? "" : `; waived: ${waiver}`;
  const wanted = [who, expected === "" ? "" : `wanted ${expected}${why}`].filter((part) => part !== "");
  const shown = view.verbose ? more : more.slice(0, ANSWERS - 1);
  const rest = more.length - shown.length;
  return [
    ...(hosts.length === 0 ? [] : hostList(hosts, 2, view)),
    ...(wanted.length === 0 ? [] : wrap(visible(wanted.join(": ")), view.columns - 4, 2)).map(indent),
    ...answerLines(first, more.length > 0, view),
    ...shown.flatMap((answer) => answerLines(answer, true, view)),
    ...(rest === 0 ? [] : [view.paint.dim(`  and ${count(rest, "other answer")}; -v shows them`)]),
  ];
}

/** What was found and where; with `named`, on which hosts too. */
function answerLines({ finding, hosts }: Statement, named: boolean, { paint, columns }: AuditView): string[] {
  const { actual, evidence, source, rule, expected } = finding;
  const where =
    named && hosts[0] !== "" ? ` (${hosts.length === 1 ? hosts[0] : count(hosts.length, "host")})` : "";
  const basis = [rule ?? "", evidence, source].filter((part) => part !== "").join(", ");
  const says = expected === "" ? actual : `found ${actual}${where}`;
  return [
    ...wrap(visible(says), columns - 4, 2).map(indent),
    ...(source === ""
      ? []
      : wrap(visible(`[${basis}]`), columns - 4, 1).map((line) => indent(paint.dim(line)))),
  ];
}

function indent(line: string): string {
  return `  ${line}`;
}

/** `sshd admin, ci: /etc/profile.d/x.sh`; nothing where the statement is about the whole host. */
function subjectText({ control, subject }: Finding, roles: readonly string[]): string {
  const whom = roles.filter((role) => role !== "*").join(", ");
  const what = [control === "host" ? "" : control, whom].filter((part) => part !== "").join(" ");
  return [what, subject ?? ""].filter((part) => part !== "").join(": ");
}

/** The diff of every file that differs, equal ones once. */
export function driftLines({ hosts }: AuditRun, paint: Paint): string[] {
  const diffs = new Map<string, { readonly path: string; readonly diff: string; readonly hosts: string[] }>();
  for (const { host, drift } of hosts) {
    for (const { path, diff } of drift) {
      const name = JSON.stringify([path, diff]);
      const known = diffs.get(name);
      if (known === undefined) diffs.set(name, { path, diff, hosts: [host] });
      else known.hosts.push(host);
    }
  }
  if (diffs.size === 0) return [];
  const lines = [paint.bold("Files that differ")];
  for (const { path, diff, hosts: names } of diffs.values()) {
    lines.push(`~ ${paint.bold(visible(path))}  ${hostNames(names, true)}`);
    for (const line of visibleLines(diff.trimEnd()).split("\n")) lines.push(`    ${line}`);
  }
  return lines;
}
