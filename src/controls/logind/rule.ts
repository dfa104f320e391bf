import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import { holds } from "../../core/policy/baseline-rules.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";
import { knownUnseen } from "./use-pam.ts";

/** logind's StopIdleSessionSec as the running logind says it, for the whole host; where it is off, why the policy leaves it. Pure. */
export function judgeLogindRule(
  { relation }: Demand,
  facts: Facts,
  _limits: HostLimits,
  plan: Pick<HostPlan, "findings">,
): Judgement[] {
  return [judged(relation, facts, plan)];
}

function judged(relation: Demand["relation"], facts: Facts, plan: Pick<HostPlan, "findings">): Judgement {
  const { logind } = facts;
  const about = { role: "*", source: "systemd-logind, StopIdleSessionSec", evidence: "effective" } as const;
  if (logind.state === "unreadable") return { ...about, actual: logind.reason, outcome: "unknown" };
  if (logind.state === "absent") {
    return { ...about, actual: "there is no systemd-logind on this host", outcome: "fail" };
  }
  const { idleStop, version, utmp } = logind.value;
  if (idleStop === "unsupported") {
    return { ...about, actual: `systemd ${version} ignores the key; it came with 252`, outcome: "fail" };
  }
  if (!/^\d+$/u.test(idleStop)) {
    const why = plan.findings.find(
      ({ check, control }) => check === "mechanism-works" && control === "logind",
    );
    return { ...about, actual: why === undefined ? idleStop : `${idleStop}; ${why.actual}`, outcome: "fail" };
  }
  const inert =
    utmp === "no"
      ? "; logind is built without utmp here, so this value ends no SSH session"
      : unseenText(facts);
  return {
    ...about,
    actual: `${idleStop}${inert}`,
    outcome: holds(relation, Number(idleStop)) ? "pass" : "fail",
  };
}

function unseenText(facts: Facts): string {
  const unseen = knownUnseen(facts);
  return unseen === undefined ? "" : `; ${unseen}, so this value ends no SSH session`;
}
