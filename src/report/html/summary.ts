/** The top of the HTML report: the verdict, the fleet in four numbers, and what was not shown. */
import { countHosts, hostsApart } from "../../core/audit/summary.ts";
import { visible } from "../../core/text/visible.ts";
import { countOutcomes, isOpen } from "../../core/verdict/outcome.ts";
import type { AuditRun } from "../../model/record/audit.ts";
import type { LadderCell } from "../../model/verdict/finding.ts";
import { countOf, mark, number, OUTCOMES, RUNGS, took, when, type Outcome } from "./words.ts";

/** Width of a bar in the units of its drawing. */
const WIDTH = 600;

interface BarPart {
  readonly [key: string]: string | number;
}

/** The values of `summary.hbs`. Pure. */
export function summaryValues(run: AuditRun) {
  const hosts = { ...countOutcomes([]), ...countHosts(run.hosts) };
  const findings = countOutcomes(
    [...run.findings, ...run.hosts.flatMap((host) => host.findings)].map(({ outcome }) => outcome),
  );
  const cells = run.hosts.flatMap(({ ladder }) => ladder);
  return {
    policy: visible(run.policy.name),
    when: when(run.startedAt),
    startedAt: visible(run.startedAt),
    took: took(run.startedAt, run.finishedAt),
    profile: run.profile === null ? null : visible(`${run.profile.title} ${run.profile.version}`.trim()),
    verdict: verdict(hosts, run.hosts.length),
    lead: lead(hosts, run.findings, hostsApart(run.hosts)),
    cautions: cautions(run, cells),
    hosts: {
      total: number(run.hosts.length),
      label: `Hosts: ${spoken(hosts)}`,
      bar: bar(hosts),
      counts: counts(hosts, ["unknown", "fail", "pass"]),
    },
    findings: {
      total: number(Object.values(findings).reduce((sum, amount) => sum + amount, 0)),
      label: `Findings: ${spoken(findings)}`,
      bar: bar(findings),
      counts: counts(
        findings,
        OUTCOMES.filter((outcome) => outcome !== "not-applicable" || findings[outcome] > 0),
      ),
    },
    rungs: rungs(cells),
  };
}

/** What the fleet came to, in one sentence. */
export function verdict(hosts: Record<Outcome, number>, total: number) {
  if (total === 0) return { mark: mark("unknown"), text: "No host was audited" };
  if (hosts.fail === 0 && hosts.unknown === 0) {
    const text =
      total === 1 ? "The one host is in compliance" : `All ${number(total)} hosts are in compliance`;
    return { mark: mark("pass"), text };
  }
  const outcome = hosts.unknown > 0 ? "unknown" : "fail";
  if (total === 1) return { mark: mark(outcome), text: `The one host ${ONE[outcome]}` };
  const failed = `${number(hosts.fail)} of ${number(total)} hosts ${hosts.fail === 1 ? "is" : "are"} out of compliance`;
  const unknown = `${number(hosts.unknown)} of ${number(total)} hosts could not be fully judged`;
  const parts = [hosts.fail === 0 ? [] : [failed], hosts.unknown === 0 ? [] : [unknown]].flat();
  return { mark: mark(outcome), text: parts.join(", ") };
}

const ONE = { fail: "is out of compliance", unknown: "could not be fully judged" } as const;

/** What the verdict leaves out. `apart`: hosts that no baseline is for. */
export function lead(
  hosts: Record<Outcome, number>,
  findings: AuditRun["findings"],
  apart: number,
): string | null {
  const open = findings.filter(isOpen).length;
  const parts = [
    apart === 0
      ? []
      : [`No baseline of the policy is for ${countOf(apart, "host")}; no rule was judged there.`],
    hosts.unknown > 0 ? ["What is unknown does not count as compliant."] : [],
    open === 0 ? [] : [`${countOf(open, "finding is", "findings are")} about the fleet as a whole.`],
  ];
  return parts.flat().join(" ") || null;
}

/** What the numbers do not show. An auditor reads these first, so nothing here is folded away. */
function cautions({ verified, scaled, hosts }: AuditRun, cells: readonly LadderCell[]) {
  const open = cells.filter(({ demonstrated }) => demonstrated === null).length;
  const unread = hosts.filter(({ ladder }) => ladder.length === 0).length;
  if (!verified) return [{ title: "Not demonstrated", text: NO_SESSIONS }];
  if (open === cells.length) return [{ title: "Not demonstrated", text: NO_RESULT }];
  const parts = [
    open === 0 ? [] : [`${number(open)} of ${countOf(cells.length, "combination")} ${OPEN}`],
    unread === 0 ? [] : [`${countOf(unread, "host")} could not be read at all.`],
  ].flat();
  return [
    scaled === undefined ? [] : [{ title: `Scaled to ${scaled} s`, text: scaledText(scaled) }],
    parts.length === 0 ? [] : [{ title: "Partly demonstrated", text: parts.join(" ") }],
  ].flat();
}

const NO_SESSIONS =
  "No real session was opened in this audit. It rests on files and on what the daemons answer; with --verify, sessions are opened and have to be dropped.";
const NO_RESULT =
  "Real sessions were asked for, but none was demonstrated on any host. What is said rests on files and on what the daemons answer.";
const OPEN =
  "of host, role and session were not demonstrated and rest on files or on what the daemons answer.";

function scaledText(seconds: number): string {
  return `Sessions were demonstrated with every limit scaled down to ${seconds} seconds. The real limits were not waited out.`;
}

function rungs(cells: readonly LadderCell[]) {
  const steps = [...RUNGS, null].map((rung) => {
    const amount = cells.filter(({ evidence }) => evidence === rung).length;
    const share = cells.length === 0 ? 0 : amount / cells.length;
    return {
      id: rung ?? "nothing",
      word: rung === null ? "Nothing" : `${rung[0]?.toUpperCase()}${rung.slice(1)}`,
      amount: number(amount),
      width: round(share * 100),
    };
  });
  return { total: number(cells.length), steps };
}

/** The numbers beside a bar. */
export function counts(tallied: Record<Outcome, number>, shown: readonly Outcome[]) {
  return shown.map((outcome) => ({ mark: mark(outcome), amount: number(tallied[outcome]) }));
}

/** The same as a phrase. */
export function spoken(tallied: Record<Outcome, number>): string {
  const parts = OUTCOMES.filter((outcome) => tallied[outcome] > 0).map(
    (outcome) => `${number(tallied[outcome])} ${mark(outcome).word?.toLowerCase()}`,
  );
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** The parts of a bar: every outcome that occurs is at least visible, however few. */
export function bar(tallied: Record<Outcome, number>): BarPart[] {
  const found = OUTCOMES.filter((outcome) => tallied[outcome] > 0);
  const total = found.reduce((sum, outcome) => sum + tallied[outcome], 0);
  const least = 8;
  const free = WIDTH - least * found.length;
  let x = 0;
  return found.map((outcome) => {
    const width = least + (free * tallied[outcome]) / total;
    const part = { id: outcome, x: round(x), width: round(width - 2) };
    x += width;
    return part;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
