import type { Evidence, Finding } from "../../model/finding.ts";
import type { Profile, ProfileRule, Relation, RuleSetting } from "../../model/profile.ts";
import { relationText } from "../policy/profile-rules.ts";

/** One number that one rule of a baseline asks for. */
export interface Demand {
  readonly profile: Profile;
  readonly rule: ProfileRule;
  readonly setting: RuleSetting;
  readonly relation: Relation;
}

/** What was found about it for one role, or for the whole host. */
export interface Judgement {
  readonly role: string;
  /** What of several it is about, after the setting's name: `in files`, an exemption's name. */
  readonly about?: string;
  readonly expected?: string;
  readonly actual: string;
  readonly source: string;
  readonly evidence: Evidence;
  readonly outcome: Finding["outcome"];
  readonly waiver?: string;
}

const CONTROLS: Readonly<Record<RuleSetting, Finding["control"]>> = {
  ClientAliveInterval: "sshd",
  ClientAliveCountMax: "sshd",
  TMOUT: "shell-timeout",
  StopIdleSessionSec: "logind",
};

/** A finding about one rule. */
export function ruleFinding({ rule, setting, relation }: Demand, judgement: Judgement): Finding {
  const { role, about, expected, actual, source, evidence, outcome, waiver } = judgement;
  return {
    check: "baseline-rule",
    control: CONTROLS[setting],
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

/** A failure is certain whatever else could not be read; what could not be read is no pass. */
export function worst(outcomes: readonly ("pass" | "fail" | "unknown")[]): "pass" | "fail" | "unknown" {
  if (outcomes.includes("fail")) return "fail";
  return outcomes.includes("unknown") ? "unknown" : "pass";
}
