/** What files and daemons promise for one role and kind of session, judged by its worst member. Pure. */
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Control } from "../../model/control/control.ts";
import type { Ending, Endings } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { LadderCell, Rung } from "../../model/verdict/finding.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";
import { keepsLimit } from "../policy/kind-limit.ts";
import type { Member } from "./ladder-members.ts";
import { unreadWays } from "./daemon-current.ts";
import { endingsFor, isPending, type PlannedHost } from "./endings.ts";
import { speaksFor } from "./probe-reach.ts";
import { whatWouldEnd } from "./uncaught.ts";

/** What is known of a cell's people, beside what one session of it measured. */
export type Standing = Pick<LadderCell, "configured" | "effective" | "outcome" | "evidence" | "reason">;

/** The host, and what the policy wants of it. */
export interface Question {
  readonly facts: Facts;
  readonly plan: PlannedHost;
  readonly controls: readonly Control[];
  readonly selected: readonly ControlId[];
  /** Sessions of the kind and role that passed. A class for which one speaks is lifted; all others are not. */
  readonly passed: readonly ProbeResult[];
  /** For a kind of session with services of the host: the control of each, which is judged on its own. */
  readonly services?: readonly Control[];
}

/**
 * `role` as the plan names it; `people` undefined where nobody could read who is there. `limitOf`: each one's
 * own limit, which another role may make stricter.
 */
export function promised(
  kind: SessionKind,
  limitOf: (member: Member) => Seconds | null,
  role: string,
  people: readonly Member[] | undefined,
  question: Question,
): Standing {
  if (people === undefined) {
    return { ...NOTHING, outcome: "unknown", reason: "the accounts of this host could not be read" };
  }
  const standings = people.map((member) => memberStanding(kind, limitOf(member), role, member, question));
  const several = new Set(standings.map(({ outcome }) => outcome)).size > 1;
  const worst = standings.toSorted((left, right) => rank(right) - rank(left))[0];
  if (worst === undefined) return { ...NOTHING, outcome: "pass", reason: "no account here is in it" };
  if (!several || worst.reason === undefined) return worst;
  // A failure that is known is said also where somebody else is unknown.
  const failed =
    worst.outcome === "unknown" ? standings.find(({ outcome }) => outcome === "fail") : undefined;
  const named = [worst, failed].flatMap((standing) =>
    standing?.reason === undefined
      ? []
      : [`${people[standings.indexOf(standing)]?.account.representative ?? ""}: ${standing.reason}`],
  );
  return { ...worst, reason: named.join("; ") };
}

const NOTHING = { configured: null, effective: null, evidence: null } as const;

/**
 * Unknown before fail, as everywhere (`verdict/outcome.ts`); waived last: one exempt member says nothing about the
 * others. Among equals the latest end.
 */
function rank({ outcome, effective, configured }: Standing): number {
  const order = { waived: 0, pass: 1, fail: 2, unknown: 3 } as const;
  const seconds = configured?.seconds ?? effective?.seconds ?? 0;
  return order[outcome] + Math.min(seconds, 1e6) / 1e7;
}

/** Nothing that was read, and no session of the sshd that was asked, speaks for another way in. */
function memberStanding(...asked: Parameters<typeof standingHere>): Standing {
  const { services } = asked[4];
  if (services !== undefined) return worstService(services, asked);
  const standing = standingHere(...asked);
  const unread = unreadWays(asked[4].facts);
  if (asked[1] === null || standing.outcome !== "pass" || unread === undefined) return standing;
  return { ...standing, outcome: "unknown", reason: unread };
}

/** What ends a session with one service does nothing to those with another, and a session shows only its own. */
function worstService(services: readonly Control[], asked: Parameters<typeof standingHere>): Standing {
  const [kind, limit, role, member, question] = asked;
  const standings = services.map((control) => {
    const { id, mechanisms, sessions } = control;
    const passed = question.passed.filter(({ by }) => mechanisms.includes(by));
    const selected = question.selected.filter((each) => each === id);
    const one = standingHere(kind, limit, role, member, {
      ...question,
      controls: [control],
      passed,
      selected,
    });
    const reason = one.reason === undefined ? {} : { reason: `${sessions?.service ?? id}: ${one.reason}` };
    return { ...one, ...reason };
  });
  return standings.toSorted((left, right) => rank(right) - rank(left))[0] ?? { ...NOTHING, outcome: "pass" };
}

function standingHere(
  kind: SessionKind,
  limit: Seconds | null,
  role: string,
  { account, person, exemptFromAll }: Member,
  question: Question,
): Standing {
  const { facts, plan, selected, passed } = question;
  const exempt = new Map(
    person.exemptions.flatMap(({ controls, exemption }) =>
      controls.map((control) => [control, exemption.name]),
    ),
  );
  if (limit === null) return { ...NOTHING, outcome: "pass" };
  if (exemptFromAll) return { ...NOTHING, outcome: "waived", reason: exemptionText([...exempt.values()]) };
  const found = endingsFor(facts, account, role, kind, plan, question.controls);
  // What somebody is exempt from is not set for them; where the files say otherwise, sshd -T -C says it too.
  const endings = found.endings.filter(({ control, asked }) => asked === true || !exempt.has(control));
  const standing = judged(limit, { ...found, endings });
  if (standing.outcome === "pass") return standing;
  const waiver = selected.filter((control) => exempt.has(control) && wouldCover(plan, control, role, kind));
  if (standing.outcome === "fail" && waiver.length > 0) {
    const names = waiver.map((control) => exempt.get(control) ?? "");
    return { ...standing, outcome: "waived", reason: exemptionText(names) };
  }
  if (passed.some((probe) => speaksFor(probe, account, endings, question))) {
    const { configured, effective } = standing;
    return { configured, effective, outcome: "pass", evidence: "demonstrated" };
  }
  if (standing.outcome === "unknown") return standing;
  return { ...standing, reason: whyNot(kind, role, standing, endings, question) };
}

function exemptionText(names: readonly string[]): string {
  return `exempt: ${[...new Set(names)].join(", ")}`;
}

function judged(limit: Seconds, { endings, unread }: Endings): Standing {
  const holding = endings.filter(({ denied }) => denied === undefined).toSorted(bySeconds);
  const keeping = holding.filter((ending) => inTime(ending, limit));
  const sure = keeping.filter(({ doubt, unshown }) => (doubt ?? unshown) === undefined);
  const configured = sure[0] ?? holding[0] ?? endings.toSorted(bySeconds)[0];
  const effective = sure.find(isConfirmed) ?? holding.find(isConfirmed);
  const rungs = {
    configured: configured === undefined ? null : rung(configured, configured.source),
    effective: effective === undefined ? null : rung(effective, effective.confirmed ?? ""),
  };
  if (sure.length > 0) {
    return { ...rungs, outcome: "pass", evidence: sure.some(isConfirmed) ? "effective" : "configured" };
  }
  const [doubtful] = keeping;
  if (doubtful !== undefined) {
    const evidence = isConfirmed(doubtful) ? "effective" : "configured";
    return { ...rungs, outcome: "unknown", evidence, reason: doubtful.doubt ?? doubtful.unshown ?? "" };
  }
  const evidence = effective !== undefined ? "effective" : configured !== undefined ? "configured" : null;
  if (unread.length === 0) return { ...rungs, outcome: "fail", evidence };
  return {
    ...rungs,
    outcome: "unknown",
    evidence,
    reason: `${unread.join(", ")} could not be read; the effect is unknown`,
  };
}

function isConfirmed({ confirmed }: Ending): boolean {
  return confirmed !== undefined;
}

function bySeconds(left: Ending, right: Ending): number {
  return left.seconds - right.seconds;
}

function inTime({ seconds, grace }: Ending, limit: Seconds): boolean {
  return keepsLimit(seconds - grace, limit);
}

function rung({ by, seconds }: Ending, source: string): Rung {
  return { by, seconds, source };
}

function wouldCover(plan: Question["plan"], control: ControlId, role: string, kind: SessionKind): boolean {
  return plan.coverage.some((each) => each.control === control && each.role === role && each.kind === kind);
}

function whyNot(
  kind: SessionKind,
  role: string,
  standing: Standing,
  endings: readonly Ending[],
  { plan, selected }: Question,
): string {
  const denied = endings.flatMap((ending) => (ending.denied === undefined ? [] : [ending.denied]));
  const pending = selected.filter(
    (control) => isPending(plan, control) && wouldCover(plan, control, role, kind),
  );
  const late = standing.configured;
  const reasons = [
    ...(late !== null && denied.length === 0
      ? [`${late.by} ends it only after ${formatDuration(late.seconds ?? 0)} (${late.source})`]
      : []),
    ...denied,
    ...(pending.length > 0 ? [`what would end it is not applied yet: ${pending.join(", ")}`] : []),
  ];
  if (reasons.length > 0) return reasons.join("; ");
  const uncaught = plan.uncaught.find((each) => each.role === role && each.kind === kind);
  return uncaught?.reason ?? whatWouldEnd(kind);
}
