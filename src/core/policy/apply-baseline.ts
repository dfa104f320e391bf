/** From the baselines that a policy names to the one that holds on a host, and to the limits under it. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { Baseline, BaselineChoice } from "../../model/policy/baseline.ts";
import { systemOf } from "./baseline-rules.ts";
import { strictest } from "./host-limits.ts";
import { appliesTo } from "./host-pattern.ts";

type Speaking = readonly Pick<Control, "id" | "settings">[];

/**
 * The policy with the baselines that it names. One that is for every host is taken into the limits at once; of several
 * each host has its own, see `policyOn`.
 */
export function takeBaselines(
  policy: Policy,
  choices: readonly BaselineChoice[],
  controls: Speaking,
): Policy {
  const [only, ...others] = choices;
  if (only === undefined) return policy;
  if (others.length === 0 && only.hosts === undefined) return applyBaseline(policy, only.baseline, controls);
  return { ...policy, baselines: choices };
}

/** The policy as it holds on one host: with the limits of the baseline that is for it, where the policy names several. */
export function policyOn(policy: Policy, host: Host, facts: Pick<Facts, "os">, controls: Speaking): Policy {
  if (policy.baselines === undefined) return policy;
  return applyBaseline(policy, baselineFor(policy.baselines, host, facts), controls);
}

/**
 * The first of those for the host's groups that is for its system too. Where none is, or the system could not be read,
 * the first that is not known to be for another: its limits hold, so that nobody has more time for it, and what it is
 * worth there is said by `judgeBaseline`. Null where no entry names the host.
 */
function baselineFor(
  choices: readonly BaselineChoice[],
  host: Host,
  facts: Pick<Facts, "os">,
): Baseline | null {
  const own = choices.filter(({ hosts }) => appliesTo(hosts, host)).map(({ baseline }) => baseline);
  return own.find((baseline) => systemOf(baseline, facts) !== "foreign") ?? own[0] ?? null;
}

/**
 * The policy where no host is asked and it names several baselines: everywhere under one of them at least the longest
 * of their limits holds. Where every baseline is for some hosts only, the policy's own limits are all there is.
 */
export function policyAnywhere(policy: Policy): Policy {
  const { baselines = [] } = policy;
  if (baselines.every(({ hosts }) => hosts !== undefined)) return policy;
  const longest = (key: keyof Baseline["limits"]): number =>
    Math.max(...baselines.map(({ baseline }) => baseline.limits[key]));
  const limits = {
    client_idle_timeout: longest("client_idle_timeout"),
    unresponsive_timeout: longest("unresponsive_timeout"),
  };
  return { ...policy, defaults: { ...policy.defaults, ...within(policy, limits) } };
}

/**
 * The policy under a baseline: limits that the policy does not name, or names looser, are the baseline's, and the
 * mechanisms its rules are about are selected. Exemptions are the one way out, and they work as always: the people they
 * name get no limit from the mechanisms they name; what a scanner reads in sshd's files for everybody (ClientAlive)
 * stays. Pure.
 */
export function applyBaseline(policy: Policy, baseline: Baseline | null, controls: Speaking): Policy {
  if (baseline === null) return policy;
  const settings = baseline.rules.flatMap(({ requires }) => Object.keys(requires));
  const demanded = settings.flatMap((setting) =>
    controls.filter(({ settings: own = [] }) => own.some(({ name }) => name === setting)).map(({ id }) => id),
  );
  return {
    ...policy,
    baseline,
    controls: [...new Set([...policy.controls, ...demanded])],
    defaults: { ...policy.defaults, ...within(policy, baseline.limits) },
  };
}

function within({ defaults }: Policy, limits: Baseline["limits"]): Baseline["limits"] {
  const { client_idle_timeout: idle, unresponsive_timeout: unresponsive } = limits;
  return {
    client_idle_timeout: strictest(defaults.client_idle_timeout ?? null, idle) ?? idle,
    unresponsive_timeout: strictest(defaults.unresponsive_timeout ?? null, unresponsive) ?? unresponsive,
  };
}
