/** floor 4: what curfew does with kubeconfigs and around kubectl. */
import { auditedFiles } from "../../core/audit/of-files.ts";
import { auditKubeconfig } from "../../core/kube/audit.ts";
import { wantedLimits } from "../../core/kube/wanted-limits.ts";
import type { GateLimits } from "../../core/kube/view.ts";
import type { AuditedHost } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Kubeconfig, KubeLimits } from "../../model/access/kube.ts";
import type { KubernetesPolicy } from "../../model/policy/policy.ts";

/** An account by its names on this machine. */
export interface Owner {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface KubeAuditWork {
  readonly host: string;
  readonly policy: KubernetesPolicy | undefined;
  /** Null where it could not be found out. */
  readonly ownerOf: (kubeconfig: Kubeconfig) => Owner | null;
  /** The limits of a gate on this machine by its id; null where its state cannot be read. */
  readonly gateLimits: (id: string) => KubeLimits | null;
  readonly now: Date;
}

/** One kubeconfig and what was found in it. */
export interface AuditedKubeconfig {
  readonly kubeconfig: Kubeconfig;
  /** Null: the policy sets none for its owner. */
  readonly limits: KubeLimits | null;
  readonly findings: readonly Finding[];
}

export function auditKubeconfigs(all: readonly Kubeconfig[], work: KubeAuditWork): AuditedKubeconfig[] {
  return all.map((kubeconfig) => {
    const limits = limitsFor(kubeconfig, work);
    const view = { limits, gates: gatesOf(kubeconfig, work), now: work.now };
    return { kubeconfig, limits, findings: auditKubeconfig(kubeconfig, view) };
  });
}

/** This machine as an audit's host. */
export function auditedMachine(host: string, audited: readonly AuditedKubeconfig[]): AuditedHost {
  const findings = audited.flatMap((each) => each.findings);
  const description = `kubeconfigs: ${audited.map(({ kubeconfig }) => kubeconfig.file.path).join(", ")}`;
  const machine = auditedFiles(host, description, findings);
  return audited.length === 0 ? { ...machine, outcome: "unknown" } : machine;
}

function limitsFor(kubeconfig: Kubeconfig, { policy, ownerOf }: KubeAuditWork): KubeLimits | null {
  if (policy === undefined) return null;
  const limits = wantedLimits(policy);
  if (policy.users.length + policy.groups.length === 0) return limits;
  const owner = ownerOf(kubeconfig);
  // Whose file it is is unknown: the limits hold rather than not.
  if (owner === null) return limits;
  const meant =
    policy.users.includes(owner.user) || owner.groups.some((group) => policy.groups.includes(group));
  return meant ? limits : null;
}

function gatesOf({ users }: Kubeconfig, { gateLimits }: KubeAuditWork): GateLimits {
  const ids = users.flatMap(({ credentials }) => credentials.flatMap(({ exec }) => exec?.gate ?? []));
  return new Map(ids.map((id) => [id, gateLimits(id)]));
}
