/** The sessions of one person: which kinds, after how long, and whether an exemption keeps them. Pure. */
import type { Coverage } from "../../model/verdict/finding.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { isServiceKind, type SessionKind } from "../../model/terms/session-kind.ts";
import { servicesOf } from "../ending/service-kinds.ts";
import { classOf } from "../policy/selectors.ts";
import { keepsLimit, kindLimit } from "../policy/kind-limit.ts";
import { isExempt } from "../policy/present-people.ts";
import {
  scaleLimit,
  type Candidate,
  type How,
  type PlannedProbe,
  type ProbeWishes,
} from "./planned-probe.ts";

/**
 * One probe for each kind asked for that has a limit, a frozen client in both its variants where both can
 * be had: the network of a session goes in the shadow way only, where its other end is on the host as well.
 * An exempt person is probed like everybody else, and must be kept by what they are exempt from; under a
 * baseline that wants ClientAlive for everybody, a frozen client of theirs is dropped all the same.
 */
export function sessionsOf(
  person: Candidate,
  role: string,
  how: How,
  wishes: ProbeWishes,
  factor: number,
  { limits, facts }: { readonly limits: HostLimits; readonly facts: Facts },
): PlannedProbe[] {
  const { account, resolved } = person;
  const { baseline } = limits;
  return wishes.sessions.flatMap((session) => {
    const limit = kindLimit(session, resolved);
    if (limit === null) return [];
    const reaching = (wishes.known ?? []).filter((control) => control.reachesExempt?.(session, baseline));
    const exemptFrom = wishes.controls.filter(
      (control) => isExempt(resolved, control) && !reaching.some(({ id }) => id === control),
    );
    const expect = expected(session, resolved.role, exemptFrom, wishes);
    const scaledLimit = scaleLimit(limit, factor);
    const who = { role, user: account.user, shell: account.shell, ...how, exemptFrom };
    const idle = resolved.idle === null || resolved.idle === limit ? {} : { idle: resolved.idle };
    const probe = { session, ...who, expect, limit, scaledLimit, ...idle };
    if (isServiceKind(session)) return ofServices(probe, person, wishes, limits, facts);
    return variantsOf(session, how).map((variant) => Object.assign({}, probe, variant));
  });
}

/** One with each service that has sessions of the person. */
function ofServices(
  probe: PlannedProbe,
  { resolved, account }: Candidate,
  { controls: selected, known = [] }: ProbeWishes,
  limits: HostLimits,
  facts: Facts,
): PlannedProbe[] {
  const classes = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
  const own = classOf(classes, account);
  const role = limits.roles.find((each) => each.role === resolved.role) ?? limits.defaults;
  return servicesOf(probe.session, role, own === undefined ? [] : [own], {
    facts,
    selected,
    controls: known,
  }).map(({ id, sessions }) =>
    Object.assign({}, probe, {
      service:
        sessions?.client?.(facts, account.user) ?? `no session with ${sessions?.service ?? id} can be opened`,
    }),
  );
}

function variantsOf(session: SessionKind, { via }: How): Pick<PlannedProbe, "variant">[] {
  if (session !== "frozen-client") return [{}];
  const stopped = { variant: "stopped" } as const;
  return via === "live" ? [stopped] : [stopped, { variant: "network-gone" }];
}

/**
 * Somebody exempt from a part is kept only where what is left ends no such session in time and what they
 * are exempt from would: where nothing ends it for anybody, that is no merit of the exemption.
 */
function expected(
  session: SessionKind,
  role: string,
  exemptFrom: readonly ControlId[],
  { controls, coverage = [] }: ProbeWishes,
): ProbeResult["expect"] {
  if (session === "typing" || (exemptFrom.length > 0 && exemptFrom.length === controls.length)) return "kept";
  const ending = coverage.filter((each) => each.role === role && each.kind === session && inTime(each));
  const spared = ending.filter(({ control }) => exemptFrom.includes(control));
  return spared.length > 0 && spared.length === ending.length ? "kept" : "dropped";
}

function inTime({ within, limit = within }: Coverage): boolean {
  return keepsLimit(within, limit);
}
