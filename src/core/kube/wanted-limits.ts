import type { KubeLimits } from "../../model/access/kube.ts";
import type { KubernetesPolicy } from "../../model/policy/policy.ts";

/** What the `kubernetes:` part of a policy sets, for whomever it is meant. */
export function wantedLimits({ session_idle_timeout, session_max }: KubernetesPolicy): KubeLimits {
  return { idle: session_idle_timeout ?? null, max: session_max ?? null };
}
