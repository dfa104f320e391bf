/** Kubernetes for people: who may go on for how long, what ends it, what does not. */
import { visible } from "../../core/text/visible.ts";
import { limitsText } from "../../core/kube/limits-text.ts";
import { countBy, outcomeOfAll, WORST_FIRST } from "../../core/verdict/outcome.ts";
import { CHECKS, type CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Kubeconfig, KubeLimits } from "../../model/access/kube.ts";
import { findingSign, outcomeSign, signText } from "../layout/signs.ts";
import type { Paint } from "../layout/paint.ts";
import { wrap } from "../layout/wrap.ts";

export interface KubeView {
  readonly paint: Paint;
  readonly verbose: boolean;
  readonly columns: number;
}

interface Audited {
  readonly kubeconfig: Pick<Kubeconfig, "file" | "users" | "contexts">;
  readonly limits: KubeLimits | null;
  readonly findings: readonly Finding[];
}

/** One block per kubeconfig, then the verdict and what to do. */
export function kubeAuditText(audited: readonly Audited[], view: KubeView): string {
  const findings = audited.flatMap((each) => each.findings);
  const blocks = audited.map((each) => fileLines(each, view).join("\n"));
  return `${[...blocks, verdictLines(findings, view).join("\n")].join("\n\n")}\n`;
}

/** What to do about everything that does not pass, once for each check. */
function adviceLines(findings: readonly Finding[], { paint, columns }: KubeView): string[] {
  const open = new Set(
    findings.filter(({ outcome }) => outcome === "fail" || outcome === "unknown").map(({ check }) => check),
  );
  return [...open].flatMap((check: CheckId) => wrap(`→ ${CHECKS[check].help}`, columns, 2).map(paint.dim));
}

/** A finding in two or three lines: what it is about, what was found, where. */
export function statementLines(finding: Finding, { paint, columns }: KubeView): string[] {
  const { check, subject, expected, actual, rule, source, outcome } = finding;
  const sign = signText(findingSign(finding), paint);
  const about = subject === undefined ? "" : `${visible(subject)}: `;
  // The head of the file says already how every session has to end.
  const said = outcome === "pass" || check === "kube-session";
  const wanted = said ? "" : `; wanted ${visible(expected)}`;
  const basis = [rule, source].filter((part) => part !== undefined && part !== "").join(", ");
  return [
    ...wrap(`  ${sign} ${about}${visible(actual)}${wanted}`, columns, 4),
    ...wrap(`      [${visible(basis)}]`, columns, 1).map(paint.dim),
  ];
}

function fileLines({ kubeconfig, limits, findings }: Audited, view: KubeView): string[] {
  const { paint, verbose } = view;
  const { file, users, contexts } = kubeconfig;
  const counts = [
    `${users.length} ${users.length === 1 ? "user" : "users"}`,
    `${contexts.length} ${contexts.length === 1 ? "context" : "contexts"}`,
  ];
  const policy = limits === null ? "no limit of a policy" : `every session ${limitsText(limits)}`;
  const shown = findings.filter(
    ({ outcome, check }) => verbose || outcome !== "pass" || check === "kube-session",
  );
  const sorted = WORST_FIRST.flatMap((outcome) => shown.filter((each) => each.outcome === outcome));
  const empty = users.filter(({ credentials }) => credentials.length === 0).map(({ name }) => visible(name));
  return [
    paint.bold(visible(file.path)),
    ...wrap(paint.dim(`  ${counts.join(", ")}; ${policy}`), view.columns, 2),
    ...sorted.flatMap((finding) => statementLines(finding, view)),
    ...(empty.length === 0
      ? []
      : wrap(`  ${signText("none", paint)} without a credential: ${empty.join(", ")}`, view.columns, 4)),
  ];
}

const VERDICTS = { pass: "in compliance", fail: "out of compliance", unknown: "not fully judged" } as const;

export function verdictLines(findings: readonly Finding[], view: KubeView): string[] {
  const verdict = outcomeOfAll(findings);
  const { fail = 0, unknown = 0 } = countBy(findings.map(({ outcome }) => outcome));
  const open = [...(fail > 0 ? [`${fail} fail`] : []), ...(unknown > 0 ? [`${unknown} unknown`] : [])];
  const counted = open.length === 0 ? "" : `: of ${findings.length} findings, ${open.join(", ")}`;
  const head = `${view.paint.bold("Clusters:")} ${outcomeSign(verdict)} ${VERDICTS[verdict]}${counted}`;
  return [...adviceLines(findings, view), head];
}
