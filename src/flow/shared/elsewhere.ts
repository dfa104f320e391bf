/** Answers of workers as what the use cases expect of a host. */
import { outcomeOfAll } from "../../core/verdict/outcome.ts";
import type { AuditedHost } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { EvidenceFile } from "../../model/verdict/evidence.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { HostVerification } from "../../model/change/run.ts";
import type { HostAnswer, TravellingEvidence } from "../../model/record/shared-work.ts";
import type { RunContext } from "../run/context.ts";
import { notKept } from "../probe/recorder.ts";
import type { Coordination } from "./coordinate.ts";

/** What backs an answer is kept here, where the run's own evidence would be; the worker's word for where it is does not count. */
export async function auditedElsewhere(
  { host: ask }: Coordination,
  host: Host,
  context: Pick<RunContext, "keep">,
): Promise<AuditedHost> {
  const answer = await ask(host);
  if (answer.kind !== "audit") throw misfit(answer);
  if (!isWholeAudit(answer.host)) throw incomplete();
  const { evidence, findings } = await keepAll(host, answer.evidence, context);
  return { ...answer.host, findings: [...answer.host.findings, ...findings], evidence };
}

export async function plannedElsewhere({ host: ask }: Coordination, host: Host): Promise<HostPlan> {
  const answer = await ask(host);
  if (answer.kind !== "plan") throw misfit(answer);
  // Only of a host that could not be read there are no facts.
  if (answer.host.factsDigest === "" && answer.host.error === undefined) throw incomplete();
  return answer.host;
}

export async function verifiedElsewhere(
  { host: ask }: Coordination,
  host: Host,
  context: Pick<RunContext, "keep">,
): Promise<HostVerification> {
  const answer = await ask(host);
  if (answer.kind !== "verify") throw misfit(answer);
  if (answer.host.error !== undefined) return answer.host;
  if (!isWholeVerification(answer.host)) throw incomplete();
  const { evidence, findings } = await keepAll(host, answer.evidence, context);
  return { ...answer.host, findings: [...answer.host.findings, ...findings], evidence };
}

/** Where nothing is to be probed, the ladder says of everybody on the host why; without it that host was not looked at. */
function isWholeVerification({ ladder = [], evidence }: HostVerification): boolean {
  return ladder.length > 0 && evidence !== undefined;
}

/** Every judged host says so in a finding, and its outcome is that of its findings. */
function isWholeAudit({ outcome, findings }: AuditedHost): boolean {
  return findings.some(({ check }) => check === "host-judged") && outcome === outcomeOfAll(findings);
}

function incomplete(): CurfewError {
  const message = "the answer of the worker contradicts itself or is incomplete, so nothing is taken from it";
  return new CurfewError("internal", message);
}

function misfit({ kind }: HostAnswer): CurfewError {
  const message = `the worker gave an answer of the kind ${kind}, which was not asked for; nothing is taken from it`;
  return new CurfewError("internal", message);
}

/** What cannot be kept here is said in a finding, as where the sessions were opened from here. */
async function keepAll(
  { name }: Host,
  evidence: readonly TravellingEvidence[],
  { keep }: Pick<RunContext, "keep">,
): Promise<{ readonly evidence: readonly EvidenceFile[]; readonly findings: readonly Finding[] }> {
  if (keep === undefined) return { evidence: [], findings: [] };
  const files = await Promise.all(evidence.map((each) => keep(name, each.name, each.title, each.content)));
  const kept = files.filter((file) => file !== undefined);
  return { evidence: kept, findings: notKept(files.length - kept.length) };
}
