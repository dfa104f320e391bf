/**
 * How far it is shown what becomes of every kind of idle session: configured < effective <
 * demonstrated. What a file says is never more than a promise, and what nobody could read is no pass.
 */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { LadderCell, Rung } from "../../model/verdict/finding.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { isServiceKind, SESSION_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";
import { kindLimit } from "../policy/kind-limit.ts";
import { strictest } from "../policy/host-limits.ts";
import type { PlannedHost } from "./endings.ts";
import { membersByRole, type Member, membersByName } from "./ladder-members.ts";
import { promised, type Question, type Standing } from "./ladder-standing.ts";
import { servicesOf } from "./service-kinds.ts";
import { visible } from "../text/visible.ts";

export interface LadderInput {
  readonly facts: Facts;
  readonly limits: HostLimits;
  readonly selected: readonly ControlId[];
  readonly plan: PlannedHost;
  /** All there are: others than curfew may have set what the policy does not select. */
  readonly controls: readonly Control[];
  /** Empty where no sessions were opened. */
  readonly probes: readonly ProbeResult[];
}

/**
 * One cell for each role that somebody on the host is in, `default` last, and each kind of session.
 * `typing` only where such a session was opened: no file can promise that one is kept. A cell without
 * a limit passes, as nothing is asked; one of members who are all exempt is waived.
 */
export function ladder(input: LadderInput): LadderCell[] {
  const { facts, limits, selected, probes } = input;
  const members = membersByRole(facts, limits, selected);
  return [...limits.roles, limits.defaults].flatMap((role) => {
    const found = members.find((each) => each.role === role);
    return SESSION_KINDS.flatMap((kind) => {
      if (isServiceKind(kind)) return serviceCell(kind, role, found ? found.people : [], input);
      const shown = shownOf(probes, role, kind);
      if (found === undefined || (kind === "typing" && shown.length === 0)) return [];
      return [cellOf(kind, role, found.people, shown, input)];
    });
  });
}

function shownOf(probes: readonly ProbeResult[], { role }: RoleLimits, kind: SessionKind): ProbeResult[] {
  return probes.filter((probe) => probe.role === role && probe.session === kind);
}

/** Only where a service here has such sessions of the role. Who has no account has a name at the service at least. */
function serviceCell(
  kind: SessionKind,
  role: RoleLimits,
  people: readonly Member[] | undefined,
  input: LadderInput,
): LadderCell[] {
  const accounts = (people ?? []).map(({ account }) => account);
  const services = servicesOf(kind, role, accounts, input);
  if (services.length === 0) return [];
  const members = people?.length === 0 ? membersByName(role, input.limits, input.selected) : people;
  return [cellOf(kind, role, members, shownOf(input.probes, role, kind), { ...input, services })];
}

function cellOf(
  kind: SessionKind,
  role: RoleLimits,
  people: readonly Member[] | undefined,
  shown: readonly ProbeResult[],
  input: LadderInput & Pick<Question, "services">,
): LadderCell {
  // Somebody in several roles has the strictest of each limit: the role that decides may name only the other.
  const limitOf = ({ person }: Member): Seconds | null =>
    kindLimit(kind, person.role === role.role ? person : role);
  const limit = people?.length ? people.map(limitOf).reduce(strictest) : kindLimit(kind, role);
  const exempt =
    people !== undefined && people.length > 0 && people.every(({ exemptFromAll }) => exemptFromAll);
  const expect = kind === "typing" || limit === null || exempt ? "kept" : "dropped";
  const own = shown.filter((probe) => probe.expect === expect);
  const standing = (passed: readonly ProbeResult[]): Standing =>
    kind === "typing" || limit === null
      ? { ...UNASKED, ...(kind === "typing" ? {} : { reason: "the policy sets no limit" }) }
      : promised(kind, limitOf, role.role, people, { ...input, passed });
  const base = { role: role.role, kind, expect, limit, ...standing([]) } as const;
  return demonstrate(base, () => standing(own.filter(({ outcome }) => outcome === "pass")), own);
}

const UNASKED: Standing = { configured: null, effective: null, outcome: "pass", evidence: null };

/** A live session says more than one in the shadow instance, and a real limit more than a scaled one. */
function strength({ via, scaled }: ProbeResult): number {
  return (via === "live" ? 1 : 0) + (scaled === undefined ? 2 : 0);
}

/**
 * A session that went wrong outranks all others, then one that could not be judged: it shows nothing, and then
 * what files say, or another session, is no pass either. Of those that went well the strongest one decides, for
 * those it speaks for: `standing` says what is known of everybody with them lifted.
 */
function demonstrate(
  base: Omit<LadderCell, "demonstrated">,
  standing: () => Standing,
  probes: readonly ProbeResult[],
): LadderCell {
  const ranked = probes.toSorted((left, right) => strength(right) - strength(left));
  const of = (outcome: ProbeResult["outcome"]): ProbeResult | undefined =>
    ranked.find((each) => each.outcome === outcome);
  const decisive = of("fail") ?? of("unknown") ?? of("pass");
  if (decisive === undefined) return { ...base, demonstrated: null };
  const { reason: _, ...rest } = base;
  if (decisive.outcome === "unknown") {
    return { ...base, demonstrated: null, outcome: "unknown", reason: decisive.reason };
  }
  const shown = { ...rest, demonstrated: rungOf(decisive), evidence: "demonstrated" } as const;
  if (decisive.outcome === "fail") return { ...shown, outcome: "fail", reason: decisive.reason };
  const remaining = standing();
  if (remaining.outcome === "pass") return { ...shown, outcome: "pass" };
  if (remaining.outcome === "waived") return { ...shown, outcome: "waived", reason: remaining.reason ?? "" };
  // Of these nobody opened a session.
  const reason = `${remaining.reason ?? ""}; the session of ${visible(decisive.user)} that passed does not speak for everybody`;
  return { ...base, ...remaining, demonstrated: null, reason };
}

function rungOf({ by, droppedAfterSeconds, via, user, scaled }: ProbeResult): Rung {
  const scale = scaled === undefined ? "" : `, scaled to ${scaled} s`;
  return { by, seconds: droppedAfterSeconds, source: `${via} as ${visible(user)}${scale}` };
}
