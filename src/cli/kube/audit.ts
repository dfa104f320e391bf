/** `curfew kube`: what kubectl leaves open, and the gate that closes it. */
import { createHash, randomBytes } from "node:crypto";
import { homedir, hostname } from "node:os";
import { resolve } from "node:path";
import packageData from "../../../package.json" with { type: "json" };
import { documentText } from "../../core/verdict/document.ts";
import { auditOfFiles } from "../../core/audit/of-files.ts";
import { countFindings } from "../../core/audit/summary.ts";
import type { AuditedKubeconfig } from "../../flow/kube/audit.ts";
import type { AuditedHost, AuditRun } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { createRunId } from "../../store/run/journal.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import type { AnswerOptions, ReportOptions } from "../options/args.ts";
import { hasSource } from "../options/default-sources.ts";
import { type PolicyInput, loadPolicyFor } from "../options/inputs.ts";
import { checkReports, saveReports } from "../options/report-files.ts";
import { type ExitCode, exitCodeOfVerdict } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { ownerOf } from "./owners.ts";
import { kubeconfigPaths } from "./sources.ts";

export interface KubeAuditOptions extends AnswerOptions, ReportOptions {
  readonly policy?: string;
  readonly verbose?: true;
}

export async function auditKube(
  given: readonly string[],
  options: KubeAuditOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  await checkReports(options, { profile: null });
  const loaded = await policyOf(options, terminal);
  const paths = given.length > 0 ? given : kubeconfigPaths(terminal.environment);
  const [{ loadKubeconfig }, { auditedMachine, auditKubeconfigs }, store] = await Promise.all([
    import("../../config/kube/kubeconfig.ts"),
    import("../../flow/kube/audit.ts"),
    import("../../store/kube/gate-store.ts"),
  ]);
  const files = await Promise.all(paths.map(loadKubeconfig));
  const states = store.gateDirectory(stateDirectory(terminal.environment, homedir()));
  const now = new Date();
  const audited = auditKubeconfigs(
    files.map(({ kubeconfig }) => kubeconfig),
    {
      host: hostname(),
      policy: loaded?.policy.kubernetes,
      ownerOf,
      gateLimits: (id) => store.readGateState(states, id),
      now,
    },
  );
  const machine = auditedMachine(hostname(), audited);
  await saveReports(options, runOf([machine], paths, loaded, now), { trend: [], changes: [] }, terminal);
  await show(audited, machine, loaded?.policy, options, terminal);
  return exitCodeOfVerdict(machine.outcome);
}

/** A policy is not needed: what never ends and what lies open is wrong without one. */
export async function policyOf(
  options: Pick<KubeAuditOptions, "policy" | "quiet">,
  terminal: Terminal,
): Promise<PolicyInput | undefined> {
  if (!hasSource("policy", options.policy)) return undefined;
  return loadPolicyFor(options.policy, null, options, terminal);
}

/** In the form of every other audit, for its report formats. */
export function runOf(
  machines: readonly AuditedHost[],
  paths: readonly string[],
  loaded: PolicyInput | undefined,
  now: Date,
): AuditRun {
  return auditOfFiles(
    {
      runId: createRunId("kube", now, randomBytes(4).toString("hex")),
      startedAt: now.toISOString(),
      finishedAt: new Date().toISOString(),
      curfew: packageData.version,
      policy:
        loaded === undefined
          ? { name: "no policy", file: "", digest: digest("") }
          : { name: loaded.policy.name, ...loaded.source },
      files: { sources: paths, digest: digest(paths.join("\n")) },
    },
    machines.map((each) => ({ ...each, findings: each.findings.map(anywhere) })),
  );
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A report is read elsewhere: the place of a finding begins at the root. */
function anywhere(finding: Finding): Finding {
  return { ...finding, source: resolve(finding.source) };
}

async function show(
  audited: readonly AuditedKubeconfig[],
  machine: AuditedHost,
  policy: Policy | undefined,
  options: KubeAuditOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.json === true) return terminal.out(documentOf(audited, machine, policy));
  const { kubeAuditText } = await import("../../report/kube/audit-text.ts");
  const view = {
    paint: terminal.outPaint,
    verbose: options.verbose === true,
    columns: Math.min(terminal.size().columns, 100),
  };
  return terminal.page(kubeAuditText(audited, view));
}

function documentOf(
  audited: readonly AuditedKubeconfig[],
  { host, outcome, findings }: AuditedHost,
  policy: Policy | undefined,
): Iterable<string> {
  const users = audited.flatMap(({ kubeconfig }) => kubeconfig.users).length;
  const summary = {
    kubeconfigs: audited.length,
    users,
    verdict: outcome,
    findings: countFindings([{ findings }], []),
  };
  const kubeconfigs = audited.map(({ kubeconfig, limits }) => ({ ...kubeconfig, limits }));
  const head = { schema: "curfew/kube-audit/1", summary, policy: policy?.name ?? null };
  return documentText(head, [{ host, outcome, findings, kubeconfigs }]);
}
