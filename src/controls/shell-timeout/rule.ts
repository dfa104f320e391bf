/** The rules about TMOUT: what the shells said when they were run; a file alone never makes one pass. */
import type { Facts } from "../../model/facts/facts.ts";
import { SHELL_SCRIPT } from "../../model/inventory/host-paths.ts";
import type { ActiveExemption, HostLimits } from "../../model/policy/limits.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import {
  byLooseness,
  CONDITIONAL,
  type ForeignSetting,
  foreignSettings,
  winningForeign,
} from "../../core/shell/foreign-timeout.ts";
import { unread } from "../../core/shell/reads.ts";
import { holds } from "../../core/policy/baseline-rules.ts";
import type { ResolvedClass } from "../../core/policy/present-people.ts";
import { classesByRole } from "../../core/policy/role-members.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";
import { variation } from "./ending/other-logins.ts";
import { judgeSaid } from "./rule-said.ts";
import { tmoutScannerSays } from "./scanner.ts";

/**
 * One judgement per role, and one per exemption in force for somebody of it: exempt people have no
 * TMOUT, which is waived. Where the file is not the policy's, nobody can say whom it leaves out, so
 * that is a failure, whatever numbers stand in it. Pure.
 */
export function judgeTmoutRule(
  demand: Demand,
  facts: Facts,
  limits: HostLimits,
  plan: Pick<HostPlan, "changes">,
): Judgement[] {
  const members = classesByRole(facts, limits);
  if (members.state === "unreadable") {
    return [judgement("*", members.reason, "accounts and groups of the host", "unknown")];
  }
  if (members.state === "absent") return [];
  const source = timeoutOf(facts, plan);
  const doubt = variation(facts, source.from === "policy")?.words;
  const judged = [...members.value].flatMap(([role, classes]) =>
    judgeRole(demand, role, classes, source, doubt),
  );
  // What a scanner's check says is told only where the rule itself is met.
  const kept = judged.length > 0 && judged.every(({ outcome }) => outcome === "pass" || outcome === "waived");
  return kept ? [...judged, ...tmoutScannerSays(demand, facts)] : judged;
}

/** Where everybody's TMOUT comes from. */
type TimeoutSource =
  | { readonly from: "policy" }
  | { readonly from: "file"; readonly seconds: number; readonly source: string; readonly text: string }
  | {
      readonly from: "nowhere";
      readonly actual: string;
      readonly source: string;
      readonly outcome: "fail" | "unknown";
    };

function judgeRole(
  { relation }: Demand,
  role: string,
  classes: readonly ResolvedClass[],
  source: TimeoutSource,
  doubt: string | undefined,
): Judgement[] {
  const exempt = new Map<string, ActiveExemption>();
  const bound: ResolvedClass[] = [];
  for (const each of classes) {
    const active = each.person.exemptions.find(({ controls }) => controls.includes("shell-timeout"));
    if (active === undefined) bound.push(each);
    else exempt.set(active.exemption.name, active);
  }
  const said = bound.length > 0 ? judgeSaid(relation, role, bound, doubt) : undefined;
  const held = [...exempt.values()].map((active) => waived(role, active));
  return said === undefined ? judgeFiles(relation, role, bound, held, source) : [said, ...held];
}

/** Where no shell was asked. What would be a pass is unknown then. */
function judgeFiles(
  relation: Demand["relation"],
  role: string,
  bound: readonly ResolvedClass[],
  held: readonly Judgement[],
  source: TimeoutSource,
): Judgement[] {
  if (source.from === "nowhere") return [judgement(role, source.actual, source.source, source.outcome)];
  if (source.from === "file") {
    const outcome = holds(relation, source.seconds) ? "unknown" : "fail";
    const why = outcome === "unknown" ? UNASKED : "";
    return [judgement(role, `${source.seconds}${why}: ${source.text}`, source.source, outcome)];
  }
  return [
    ...limitJudgement(
      relation,
      role,
      bound.map(({ person }) => person.idle),
    ),
    ...held,
  ];
}

const UNASKED = ", as a file says; no shell was asked";

function limitJudgement(
  relation: Demand["relation"],
  role: string,
  limits: readonly (number | null)[],
): Judgement[] {
  if (limits.length === 0) return [];
  const values = [...new Set(limits)];
  const bad = values.filter((value) => value === null || !holds(relation, value));
  if (bad.length > 0) return [judgement(role, spell(bad), SHELL_SCRIPT, "fail")];
  return [judgement(role, `${spell(values)}${UNASKED}`, SHELL_SCRIPT, "unknown")];
}

function spell(limits: readonly (number | null)[]): string {
  return limits.map((value) => value ?? "not set").join(", ");
}

function waived(role: string, { exemption }: ActiveExemption): Judgement {
  return {
    ...judgement(
      role,
      `not set: exempt until ${exemption.expires}`,
      `exemption "${exemption.name}"`,
      "waived",
    ),
    about: `for ${exemption.name}`,
    waiver: `${exemption.justification} (${exemption.owner})`,
  };
}

function timeoutOf(facts: Facts, plan: Pick<HostPlan, "changes">): TimeoutSource {
  const first = winningForeign(facts);
  if (first !== undefined) return ofForeign([first], facts);
  const script = facts.files.find(({ path }) => path === SHELL_SCRIPT);
  if (script === undefined || script.state.state === "absent") {
    return ofForeign(
      foreignSettings(facts).filter(({ variable }) => variable === "TMOUT"),
      facts,
    );
  }
  if (script.state.state === "unreadable") {
    return { from: "nowhere", actual: script.state.reason, source: SHELL_SCRIPT, outcome: "unknown" };
  }
  const pending = plan.changes.some(({ path }) => path === script.realPath || path === SHELL_SCRIPT);
  if (!pending) return { from: "policy" };
  const values = [...script.state.value.content.matchAll(/\bTMOUT=(\d+)/gu)].map(([, digits]) => digits);
  const shown = values.length === 0 ? "sets none" : `sets ${[...new Set(values)].join(", ")}`;
  const actual = `the file ${shown} and is not the policy's; for whom is unknown`;
  return { from: "nowhere", actual, source: SHELL_SCRIPT, outcome: "fail" };
}

/** Of several files the loosest counts: which one is read last depends on the shell. */
function ofForeign(settings: readonly ForeignSetting[], facts: Facts): TimeoutSource {
  const loosest = settings.toSorted(byLooseness)[0];
  if (loosest === undefined) {
    return { from: "nowhere", actual: "no file sets it", source: SHELL_SCRIPT, outcome: "fail" };
  }
  const { seconds, readonly, text, file, line } = loosest;
  const source = `${file}:${line}`;
  if (seconds === undefined) {
    return { from: "nowhere", actual: `computed: "${text}"`, source, outcome: "unknown" };
  }
  if (!readonly) {
    return {
      from: "nowhere",
      actual: `${seconds}, not readonly: anybody may unset it`,
      source,
      outcome: "fail",
    };
  }
  const conditional = settings.find((setting) => setting.conditional);
  if (conditional !== undefined) {
    const actual = `${seconds}, but ${conditional.file} ${CONDITIONAL}: "${conditional.text}"`;
    return { from: "nowhere", actual, source: `${conditional.file}:${conditional.line}`, outcome: "unknown" };
  }
  // A file that anybody may override does for no shell what the rule asks for.
  const fixed = settings.filter((setting) => setting.readonly);
  const blind = unread(
    fixed.map((setting) => setting.file),
    facts,
  );
  if (blind !== undefined) {
    const actual = `${seconds}, but ${blind} is not known to take TMOUT from ${file}, and is somebody's login shell`;
    return { from: "nowhere", actual, source, outcome: "unknown" };
  }
  return { from: "file", seconds, source, text: `"${text}"` };
}

function judgement(role: string, actual: string, source: string, outcome: Judgement["outcome"]): Judgement {
  return { role, actual, source, evidence: "configured", outcome };
}
