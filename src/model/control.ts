/**
 * Everything that is known of one enforcement mechanism: what it writes, what it ends, how a baseline's rule about it
 * is judged. Adding one: a folder in `controls/`, a line in its registry.
 */
import type { ControlId } from "./control-id.ts";
import type { Ending, EndingQuestion, Endings, InertLine, InForce } from "./ending.ts";
import type { Facts, UserClass } from "./facts.ts";
import type { Coverage, Finding } from "./finding.ts";
import type { HostLimits } from "./limits.ts";
import type { DesiredFile, Expectation, HostPlan } from "./plan.ts";
import type { RuleSetting } from "./profile.ts";
import type { Demand, Judgement } from "./rule.ts";
import type { SessionKind } from "./session-kind.ts";
import type { Mechanism } from "./timeout.ts";

/** What a control wants on one host. */
export interface Rendered {
  readonly files: readonly DesiredFile[];
  readonly expectations: readonly Expectation[];
  /** What this host's versions cannot do, foreign settings that win, exemptions that weaken. */
  readonly findings: readonly Finding[];
  readonly coverage: readonly Coverage[];
}

export interface Control {
  readonly id: ControlId;
  /** What ends sessions by it, as results name it. */
  readonly mechanisms: readonly Mechanism[];
  /** The settings of baselines that it speaks for. */
  readonly settings?: readonly ControlSetting[];
  /**
   * The files as the policy wants them on this host. Pure. A control that is not selected is
   * asked with `selected` false and answers with its files taken away (blocks cut out, own
   * files null), so that changing `controls:` cleans up.
   * Errors: CurfewError `unsupported` or `invalid-config` where the host must not be changed.
   */
  render(facts: Facts, limits: HostLimits, selected: boolean): Rendered;
  /**
   * Why it can do nothing about such sessions of the account's class, whatever is written: sshd gives them no shell, or
   * no terminal. Undefined where it can; left out where it always can. Pure.
   */
  cannot?(account: UserClass, kind: SessionKind): string | undefined;
  /** What is set on the host that ends such a session, whoever set it. Pure. */
  endings(question: EndingQuestion): Endings;
  /** Lines about it that do nothing on this host, in the order in which they are read; none where left out. */
  inert?(facts: Facts): InertLine[];
  /** What it does on the host before curfew, for people; nothing where left out. */
  inForce?(facts: Facts): InForce[];
  /**
   * Whether what ended one account's session ends it for every account of its class. It does where this is left out.
   *
   * @param endings what all controls set for the class.
   */
  alike?(by: Mechanism, account: UserClass, endings: readonly Ending[], facts: Facts): boolean;
}

/** A setting that rules of baselines ask a number of. */
interface ControlSetting {
  readonly name: RuleSetting;
  /**
   * What it is on the host, per role or for the whole host. Pure.
   *
   * @param plan what the policy would change here, and what it says about mechanisms that it leaves out.
   */
  judge(
    demand: Demand,
    facts: Facts,
    limits: HostLimits,
    plan: Pick<HostPlan, "changes" | "findings">,
  ): Judgement[];
}
