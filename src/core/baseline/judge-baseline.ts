/**
 * What a host is under a compliance baseline. The numbers are judged as the daemons say them
 * (`sshd -T`, `sshd -T -C` for a real member of each role, logind's own answer), never by the files
 * alone; that a number holds says nothing about whether a session ends, and the findings say so.
 */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { configuredFindings } from "../verdict/configured-finding.ts";
import type { Baseline, BaselineChoice, BaselineRule } from "../../model/policy/baseline.ts";
import { rulesFor, systemOf, relationText } from "../policy/baseline-rules.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";
import type { ControlId } from "../../model/terms/control-id.ts";

/** The same for the baseline that the host has of its policy; where no entry of several names it, one finding says so. */
export function judgeBaselines(
  facts: Facts,
  limits: HostLimits,
  { baseline, baselines }: Pick<Policy, "baseline" | "baselines">,
  plan: Pick<HostPlan, "changes" | "findings">,
  controls: readonly Control[],
): Finding[] {
  if (baseline !== undefined) return judgeBaseline(facts, limits, baseline, plan, controls, baselines);
  return baselines === undefined ? [] : [unnamed(baselines)];
}

/**
 * One finding per rule, setting and role that somebody here is in, and per setting for the whole
 * host (`*`). Rules that do not apply to the host's release give no finding. On a host of another
 * system than the baseline's it does not apply, which one finding says, and nothing is judged: a pass under the
 * wrong baseline is worth nothing. Pure.
 *
 * @param plan what the policy would change here, which tells whether the shells' file is the policy's,
 *   and what it says about mechanisms that it leaves out.
 * @param controls each speaks for its own settings.
 * @param baselines where the baseline is one of several.
 */
export function judgeBaseline(
  facts: Facts,
  limits: HostLimits,
  baseline: Baseline,
  plan: Pick<HostPlan, "changes" | "findings">,
  controls: readonly Control[],
  baselines?: readonly BaselineChoice[],
): Finding[] {
  const system = systemOf(baseline, facts);
  if (system === "foreign" || system === "unknown") return [wrongSystem(facts, baseline, baselines, system)];
  return rulesFor(baseline, system)
    .flatMap((rule) => demandsOfRule(baseline, rule))
    .flatMap((demand) => judge(demand, facts, limits, plan, controls));
}

const finding = configuredFindings("host");

/** A host that no entry of the policy's `profile` names. */
function unnamed(baselines: readonly BaselineChoice[]): Finding {
  const expected = `the policy's profiles, ${namesOf(baselines)}, are for other hosts`;
  const actual = "no profile names this host; no rule was judged";
  return finding("baseline-system", "*", expected, actual, "profile", "not-applicable", "system");
}

function wrongSystem(
  { os }: Facts,
  baseline: Baseline,
  baselines: readonly BaselineChoice[] | undefined,
  why: "foreign" | "unknown",
): Finding {
  const one = `${baseline.id} is for ${baseline.systems.map(({ name }) => name).join(", ")}`;
  const expected =
    baselines === undefined || why === "unknown"
      ? one
      : `a profile for this system, of ${namesOf(baselines)}`;
  const actual =
    os.state === "known"
      ? `this is ${os.value.name}; its rules were not judged`
      : `which system this is could not be read${os.state === "unreadable" ? `: ${os.reason}` : ""}`;
  const outcome = why === "foreign" ? "not-applicable" : "unknown";
  return finding("baseline-system", "*", expected, actual, "os-release(5)", outcome, "system");
}

function namesOf(baselines: readonly BaselineChoice[]): string {
  return [...new Set(baselines.map(({ baseline }) => baseline.id))].join(", ");
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
