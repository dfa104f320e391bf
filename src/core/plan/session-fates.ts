/** Who will be hurt: what a policy does to those who are logged in already, unless they type. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import { known, type Reading } from "../../model/terms/reading.ts";
import type { JudgedSession, LoginSession, SessionFate } from "../../model/facts/session.ts";
import { exempts } from "../policy/present-people.ts";
import { resolvePerson, type ResolvedPerson } from "../policy/resolve-person.ts";

/** Undefined where the facts were not asked who is there. */
export function sessionFates(
  facts: Facts,
  limits: HostLimits,
  plan: Omit<HostPlan, "host">,
  selected: readonly ControlId[],
  controls: readonly Control[],
): Reading<readonly JudgedSession[]> | undefined {
  const { sessions } = facts;
  if (sessions?.state !== "known") return sessions;
  const used = controls.filter(({ id }) => selected.includes(id));
  return known(
    sessions.value.flatMap((each): JudgedSession[] => {
      const fate =
        each.service === undefined
          ? fateOf(each, facts, limits, plan, used)
          : serviceFate(each, { facts, limits, plan }, used);
      return fate === undefined ? [] : [Object.assign({}, each, fate)];
    }),
  );
}

/** Undefined where the policy has nothing to do with it: its control is not selected, or no role with a limit has it. */
function serviceFate(
  session: LoginSession,
  asked: { readonly facts: Facts; readonly limits: HostLimits; readonly plan: Omit<HostPlan, "host"> },
  controls: readonly Control[],
): SessionFate | undefined {
  const control = controls.find(({ id }) => id === session.service);
  if (control === undefined) return undefined;
  if (session.unread !== undefined) return unknownFate(session.unread);
  const fate = control.sessions?.present?.fate(session, asked);
  if (fate === undefined || asked.plan.error === undefined) return fate;
  const { role, limit } = fate;
  return { ...unknownFate("this host cannot be judged"), role, limit };
}

function fateOf(
  session: LoginSession,
  facts: Facts,
  limits: HostLimits,
  plan: Omit<HostPlan, "host">,
  controls: readonly Control[],
): SessionFate {
  const { user, groups, idle, terminal } = session;
  if (groups === null) return unknownFate("the host did not say which groups the account is in");
  const person = resolvePerson(limits, { user, groups });
  const { role, idle: limit, warnBefore } = person;
  const whose = { role, limit };
  if (plan.error !== undefined) return { ...unknownFate("this host cannot be judged"), ...whose };
  if (limit === null) return stays("no idle limit holds for it", whose);
  if (terminal === null)
    return stays("without a terminal it keeps the settings it began with; its next login has others", whose);
  if (idle === null)
    return { ...unknownFate("its terminal's input time contradicts the host's clock"), ...whose };
  const asked = { idle, role, limit, warnBefore, facts, limits, plan };
  const endings = controls
    .filter(({ id }) => !exempt(person, id))
    .flatMap((control) => {
      const ending = control.endsOlder?.(asked);
      return ending === undefined ? [] : [{ ...ending, by: control.id }];
    });
  const [first] = endings.toSorted((left, right) => left.within - right.within);
  if (first === undefined) return stays(why(person), whose);
  return { ...whose, fate: first.over ? "ends" : "later", within: first.within, by: first.by };
}

function exempt({ exemptions }: ResolvedPerson, id: ControlId): boolean {
  return exemptions.some((active) => exempts(active, id));
}

function why({ exemptions: [active] }: ResolvedPerson): string {
  if (active !== undefined) return `exempt: ${active.exemption.name}`;
  return "it keeps the settings it began with; its next login has others";
}

function unknownFate(reason: string): SessionFate {
  return { fate: "unknown", within: null, limit: null, role: null, by: null, reason };
}

function stays(reason: string, whose: Pick<SessionFate, "role" | "limit">): SessionFate {
  return { ...whose, fate: "stays", within: null, by: null, reason };
}
