import { auditedFiles } from "../../core/audit/of-files.ts";
import { wantedLimits } from "../../core/kube/wanted-limits.ts";
import { visible } from "../../core/text/visible.ts";
import { countFindings } from "../../core/audit/summary.ts";
import { documentText } from "../../core/verdict/document.ts";
import { outcomeOfAll } from "../../core/verdict/outcome.ts";
import type { AuditedHost } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KubeLimits } from "../../model/access/kube.ts";
import type { PolicyInput } from "../options/inputs.ts";
import { checkReports, saveReports } from "../options/report-files.ts";
import { type ExitCode, exitCodeOfVerdict } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type KubeAuditOptions, policyOf, runOf } from "./audit.ts";

export interface KubeServerOptions extends KubeAuditOptions {
  readonly renderAuthentication?: true;
  readonly claim: "nbf" | "iat";
}

/** Judges files of a cluster's own side. Errors: CurfewError `usage`, `input`. */
export async function auditKubeServer(
  given: readonly string[],
  options: KubeServerOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (options.renderAuthentication === true) return render(given, options, terminal);
  if (given.length === 0) {
    throw new CurfewError("usage", "no file of a cluster was given", {
      hint: "give /etc/kubernetes/manifests/kube-apiserver.yaml, or - for what kubectl get … -o json prints",
    });
  }
  await checkReports(options, { profile: null });
  const loaded = await policyOf(options, terminal);
  const [{ loadServerFile }, { auditServer }] = await Promise.all([
    import("../../config/kube/server.ts"),
    import("../../core/kube/server/audit.ts"),
  ]);
  const now = new Date();
  const paths = [...new Set(given)];
  const files = [];
  for (const path of paths) files.push(await loadServerFile(path, terminal.input));
  const limits = limitsOf(loaded);
  const machines = auditServer(files, limits).map(({ path, findings }) =>
    auditedFiles(path, "cluster", findings),
  );
  await saveReports(options, runOf(machines, paths, loaded, now), { trend: [], changes: [] }, terminal);
  await show(machines, limits, loaded, options, terminal);
  return exitCodeOfVerdict(outcomeOfAll(machines));
}

async function render(
  given: readonly string[],
  options: KubeServerOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (given.length > 0)
    throw new CurfewError("usage", "--render-authentication reads the policy only: give no file");
  if (options.json === true || options.output !== undefined || options.format !== undefined)
    throw new CurfewError("usage", "--render-authentication prints YAML: it goes with no other output");
  const { longest, tokenCapRule } = await import("../../core/kube/server/token-cap.ts");
  const seconds = longest(limitsOf(await policyOf(options, terminal)));
  if (seconds === null) {
    throw new CurfewError("usage", "there is no limit to render", {
      hint: "give a policy with kubernetes: {session_idle_timeout: 15m} by -p",
    });
  }
  await terminal.out(tokenCapRule(seconds, options.claim));
  return 0;
}

/** The cluster's files are for everybody, whoever the policy's limits are meant for. */
function limitsOf(loaded: PolicyInput | undefined): KubeLimits | null {
  const policy = loaded?.policy.kubernetes;
  if (policy === undefined) return null;
  return wantedLimits(policy);
}

async function show(
  machines: readonly AuditedHost[],
  limits: KubeLimits | null,
  loaded: PolicyInput | undefined,
  options: KubeServerOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.json === true) {
    const { pass, fail, unknown } = countFindings(machines, []);
    const summary = {
      files: machines.length,
      verdict: outcomeOfAll(machines),
      findings: { pass, fail, unknown },
    };
    const head = { schema: "curfew/kube-server/1", summary, policy: loaded?.policy.name ?? null, limits };
    const hosts = machines.map(({ host, outcome, findings }) => ({ host: visible(host), outcome, findings }));
    return terminal.out(documentText(head, hosts));
  }
  const { kubeServerText } = await import("../../report/kube/server-text.ts");
  const columns = Math.min(terminal.size().columns, 100);
  const view = { paint: terminal.outPaint, verbose: options.verbose === true, columns };
  return terminal.page(kubeServerText(machines, limits, view));
}
