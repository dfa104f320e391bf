/**
 * What a host is under a compliance baseline. The numbers are judged as the daemons say them
 * (`sshd -T`, `sshd -T -C` for a real member of each role, logind's own answer), never by the files
 * alone; that a number holds says nothing about whether a session ends, and the findings say so.
 */
import type { Control } from "../../model/control.ts";
import type { Facts } from "../../model/facts.ts";
import type { Finding } from "../../model/finding.ts";
import type { HostLimits } from "../../model/limits.ts";
import type { HostPlan } from "../../model/plan.ts";
import type { Baseline, BaselineRule } from "../../model/baseline.ts";
import { rulesFor, systemOf, relationText } from "../policy/baseline-rules.ts";
import type { Demand, Judgement } from "../../model/rule.ts";
import type { ControlId } from "../../model/control-id.ts";

/**
 * One finding per rule, setting and role that somebody here is in, and per setting for the whole
 * host (`*`). Rules that do not apply to the host's release give no finding. A host of another
 * system than the baseline's gives one failure that says so and nothing else: a pass under the
 * wrong baseline is worth nothing. Pure.
 *
 * @param plan what the policy would change here, which tells whether the shells' file is the policy's,
 *   and what it says about mechanisms that it leaves out.
 * @param controls each speaks for its own settings.
 */
export function judgeBaseline(
  facts: Facts,
  limits: HostLimits,
  baseline: Baseline,
  plan: Pick<HostPlan, "changes" | "findings">,
  controls: readonly Control[],
): Finding[] {
  const system = systemOf(baseline, facts);
  if (system === "foreign" || system === "unknown") return [wrongSystem(facts, baseline, system)];
  return rulesFor(baseline, system)
    .flatMap((rule) => demandsOfRule(baseline, rule))
    .flatMap((demand) => judge(demand, facts, limits, plan, controls));
}

function wrongSystem(facts: Facts, baseline: Baseline, why: "foreign" | "unknown"): Finding {
  const { os } = facts;
  return {
    check: "baseline-system",
    control: "host",
    role: "*",
    subject: "system",
    expected: `${baseline.id} is for ${baseline.systems.map(({ name }) => name).join(", ")}`,
    actual:
      os.state === "known"
        ? `this is ${os.value.name}; its rules were not judged`
        : `which system this is could not be read${os.state === "unreadable" ? `: ${os.reason}` : ""}`,
    source: "os-release(5)",
    evidence: "configured",
    outcome: why === "foreign" ? "fail" : "unknown",
  };
}

function demandsOfRule(baseline: Baseline, rule: BaselineRule): Demand[] {
  return Object.entries(rule.requires).map(([setting, relation]) => ({ baseline, rule, setting, relation }));
}

function judge(
  demand: Demand,
  facts: Facts,
  limits: HostLimits,
  plan: Pick<HostPlan, "changes" | "findings">,
  controls: readonly Control[],
): Finding[] {
  const speaking = controls.flatMap(({ id, settings = [] }) =>
    settings.filter(({ name }) => name === demand.setting).map((setting) => ({ id, setting })),
  );
  if (speaking.length === 0) return [ruleFinding(demand, "host", UNSPOKEN)];
  return speaking.flatMap(({ id, setting }) =>
    setting.judge(demand, facts, limits, plan).map((found) => ruleFinding(demand, id, found)),
  );
}

/** A rule about something that nothing here can read is not kept by that. */
const UNSPOKEN: Judgement = {
  role: "*",
  actual: "no mechanism of curfew knows this setting",
  source: "curfew",
  evidence: "configured",
  outcome: "unknown",
};

/** A finding about one rule. */
function ruleFinding({ rule, setting, relation }: Demand, control: ControlId, judgement: Judgement): Finding {
  const { role, about, expected, actual, source, evidence, outcome, waiver } = judgement;
  return {
    check: "baseline-rule",
    control,
    role,
    rule: rule.id,
    subject: about === undefined ? setting : `${setting} ${about}`,
    expected: expected ?? `${setting} is ${relationText(relation)}`,
    actual,
    source,
    evidence,
    outcome,
    ...(waiver === undefined ? {} : { waiver }),
  };
}
