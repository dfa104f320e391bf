import { hostLimits } from "../core/policy/host-limits.ts";
import { remoteScript } from "../template/remote-script.ts";
import { selectorsOf } from "../core/policy/selectors.ts";
import { inForce } from "../core/wizard/now.ts";
import { parseWizardSurvey, type WizardSurvey } from "../core/wizard/survey.ts";
import type { InForce } from "../model/control/ending.ts";
import type { Facts } from "../model/facts/facts.ts";
import type { Host } from "../model/inventory/host.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { RunContext } from "./run/context.ts";
import { gatherFacts } from "./gather.ts";
import { login, refuseArmed } from "./plan.ts";

/** A host as it is before anybody decided anything. */
export interface Look {
  readonly facts: Facts;
  readonly survey: WizardSurvey;
  /** What limits idle sessions there already. */
  readonly now: readonly InForce[];
  /** Who logged in. */
  readonly user: string;
}

/**
 * Facts, people and what runs on one host, over one login that is closed again. Reads only. `policy`
 * says about whom sshd is asked. Errors: CurfewError as `Connect`, `gatherFacts`, `parseWizardSurvey`;
 * `locked` where another run's change is armed.
 */
export async function lookAt(host: Host, policy: Policy, context: RunContext): Promise<Look> {
  const connection = await login(host, context);
  try {
    context.emit({ type: "host-step", at: context.clock(), host: host.name, step: "reading-facts" });
    const now = context.now();
    const selectors = selectorsOf(hostLimits(policy, host, now.toISOString().slice(0, 10)));
    const signal = context.aborting;
    const asked = { signal, controls: context.controls, now, token: context.token() };
    const facts = await gatherFacts(connection, selectors, asked);
    refuseArmed(facts, host.name);
    const script = remoteScript("wizard-survey", {});
    const { stdout } = await connection.runScript(script, { signal, timeoutSeconds: 120 });
    const survey = parseWizardSurvey(stdout.toString("utf8"), host.name);
    return { facts, survey, now: inForce(facts, context.controls), user: connection.user };
  } finally {
    connection.close();
  }
}
