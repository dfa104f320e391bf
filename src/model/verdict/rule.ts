/** One number that one rule of a baseline asks for, and what was found about it. */
import type { EvidenceLevel, Finding } from "./finding.ts";
import type { Baseline, BaselineRule, Relation, RuleSetting } from "../policy/baseline.ts";

export interface Demand {
  readonly baseline: Baseline;
  readonly rule: BaselineRule;
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
  readonly evidence: EvidenceLevel;
  readonly outcome: Finding["outcome"];
  readonly waiver?: string;
}
