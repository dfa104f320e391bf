/** One host as an audit saw it, and its life over the audits. */
import { visible } from "../../core/text/visible.ts";
import { findingKey } from "../../core/verdict/finding-key.ts";
import { compareOutcomes } from "../../core/verdict/outcome.ts";
import type { AuditedHost } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { Finding, LadderCell, Rung } from "../../model/verdict/finding.ts";
import type { AppliedSummary, HostVisit, Page, RunFrame } from "../../model/record/history-views.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { renderPart } from "../html/template.ts";
import { countOf, mark, number, when } from "../html/words.ts";
import { clipLine, clipLines } from "../layout/clip.ts";
import { address } from "./address.ts";
import { appliedRow } from "./applied.ts";
import { reasonAddress, variantValues } from "./finding-parts.ts";

/** Findings, rungs and sessions of a host that one page lists; the report has all of them. */
const ROWS = 300;
/** Characters of a diff. */
const DIFF = 16_000;

export interface HostView {
  readonly name: string;
  readonly frame: RunFrame;
  /** Undefined where the audit does not have it. */
  readonly host: AuditedHost | undefined;
  /** Newest first. */
  readonly life: readonly HostVisit[];
  readonly applied: Page<AppliedSummary>;
}

/** The content of the page. */
export function renderHost({ name, frame, host, life, applied }: HostView): string {
  const { runId, startedAt } = frame.run;
  const findings = (host?.findings ?? []).toSorted((a, b) => compareOutcomes(a.outcome, b.outcome));
  const open = findings.filter(({ outcome }) => outcome !== "pass");
  const error = host?.error;
  return renderPart("serve/host", {
    name: visible(name),
    policy: visible(frame.header.policy.name),
    mark: host === undefined ? null : mark(host.outcome),
    description: clipLine(host?.description ?? "", 500),
    error:
      error === undefined
        ? null
        : { message: clipLine(error.message, 2000), hint: visible(error.hint ?? "") },
    when: when(startedAt),
    audit: address("./", { run: runId }),
    open: open.slice(0, ROWS).map((finding) => openValues(finding, runId)),
    openAmount: countOf(open.length, "finding"),
    passing: findings
      .filter(({ outcome }) => outcome === "pass")
      .slice(0, ROWS)
      .map(passingValues),
    passingAmount: countOf(findings.length - open.length, "finding"),
    ladder: (host?.ladder ?? []).slice(0, ROWS).map(cellValues),
    probes: (host?.probes ?? []).slice(0, ROWS).map(probeValues),
    drift: (host?.drift ?? []).slice(0, 20).map(({ path, diff }) => ({
      path: clipLine(path, 500),
      diff: clipLines(diff, DIFF),
    })),
    evidence: (host?.evidence ?? []).slice(0, ROWS).map(({ path, sha256, title, bytes }) => ({
      path: clipLine(path, 500),
      sha256: visible(sha256),
      title: clipLine(title, 300),
      bytes: number(bytes),
    })),
    life: spans(life).map((span) => spanValues(span, name)),
    lifeAmount: countOf(life.length, "audit"),
    applied: applied.items.map(appliedRow),
    appliedHref: address("applied", { host: name }),
  });
}

/** Audits in a row that say the same of a host, newest first. */
interface Span {
  readonly newest: HostVisit;
  readonly oldest: HostVisit;
  readonly amount: number;
}

function spans(life: readonly HostVisit[]): Span[] {
  const found: Span[] = [];
  for (const visit of life) {
    const last = found.at(-1);
    if (last !== undefined && says(last.newest) === says(visit)) {
      found[found.length - 1] = { ...last, oldest: visit, amount: last.amount + 1 };
    } else {
      found.push({ newest: visit, oldest: visit, amount: 1 });
    }
  }
  return found;
}

function says({ run, outcome, open }: HostVisit): string {
  const keys = open.map((finding) => `${finding.outcome} ${findingKey(finding)}`).toSorted();
  return [run.policy, outcome, ...keys].join("\0");
}

function spanValues({ newest, oldest, amount }: Span, name: string) {
  const titles = new Map(
    newest.open
      .toSorted((a, b) => compareOutcomes(a.outcome, b.outcome))
      .map((finding) => [`${finding.outcome} ${finding.check}`, finding]),
  );
  return {
    mark: mark(newest.outcome),
    to: when(newest.run.startedAt),
    from: amount === 1 ? null : when(oldest.run.startedAt),
    href: address("host", { name, run: newest.run.runId }),
    policy: visible(newest.run.policy),
    amount: countOf(amount, "audit"),
    open: [...titles.values()].slice(0, 12).map((finding) => ({
      mark: mark(finding.outcome),
      title: CHECKS[finding.check].title,
    })),
  };
}

function openValues(finding: Finding, runId: string) {
  const { check, outcome, role, rule, control } = finding;
  return {
    mark: mark(outcome),
    title: CHECKS[check].title,
    href: reasonAddress({ check, control, role, rule: rule ?? null }, runId),
    tags: [rule === undefined ? [] : [`rule ${rule}`], role === "*" ? [] : [`role ${role}`], [control]]
      .flat()
      .map((tag) => clipLine(tag, 300)),
    variant: variantValues(finding, null),
  };
}

function passingValues({ check, role, rule, actual, source, evidence }: Finding) {
  return {
    title: CHECKS[check].title,
    rule: visible(rule ?? ""),
    role: role === "*" ? "any" : visible(role),
    actual: clipLine(actual, 300),
    source: clipLine(source, 300),
    evidence,
  };
}

function cellValues({ role, kind, expect, limit, outcome, evidence, reason, ...rungs }: LadderCell) {
  return {
    role: visible(role),
    kind,
    mark: mark(outcome),
    wanted: expect === "kept" ? "kept" : limit === null ? "no limit" : `dropped within ${limit} s`,
    configured: rungText(rungs.configured),
    effective: rungText(rungs.effective),
    demonstrated: rungText(rungs.demonstrated),
    evidence: evidence ?? "nothing",
    reason: clipLine(reason ?? "", 500),
  };
}

function rungText(rung: Rung | null): string {
  if (rung === null) return "none";
  return clipLine(rung.seconds === null ? `${rung.by}, kept` : `${rung.by}, ${rung.seconds} s`, 200);
}

function probeValues({
  session,
  role,
  user,
  outcome,
  via,
  droppedAfterSeconds: after,
  reason,
  scaled,
}: ProbeResult) {
  return {
    session,
    role: visible(role),
    user: visible(user),
    via: scaled === undefined ? via : `${via}, scaled to ${scaled} s`,
    mark: mark(outcome),
    after: after === null ? "kept" : `${after} s`,
    reason: clipLine(reason, 500),
  };
}
