/** A host without a policy, asked as if it had one: who is told apart there, and what counts as an end. Pure. */
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { FIRST_PERSON } from "../wizard/people.ts";
import type { LoginAccount, WizardSurvey } from "../wizard/survey.ts";

/** Groups whose members become root, by the names that distributions give them. */
const ADMINISTRATORS = ["sudo", "wheel", "admin"] as const;
/** Names that a policy could have; of others the host is not asked. */
const ASKABLE = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,255}$/u;

/**
 * Root, administrators, service accounts and everybody else (`default`) as the roles of a policy, all with the same
 * limit. Without one any end counts, however late: what is asked then is whether a session ends at all.
 */
export function checkPolicy(
  survey: Pick<WizardSurvey, "accounts" | "admins" | "sudoers">,
  limit: Seconds | null,
  controls: readonly ControlId[],
): Policy {
  const idle = limit ?? Number.MAX_SAFE_INTEGER;
  const groups = [...new Set([...ADMINISTRATORS, ...survey.admins.map(({ group }) => group)])];
  const services = survey.accounts.filter(isService).map(({ name }) => name);
  const roles = {
    root: { users: ["root"], groups: [] },
    administrators: { users: survey.sudoers.filter(isAskableName), groups: groups.filter(isAskableName) },
    ...(services.length === 0 ? {} : { "service accounts": { users: services, groups: [] } }),
  };
  return {
    name: "check",
    controls: [...controls],
    tmux: "detach",
    defaults: { client_idle_timeout: idle, unresponsive_timeout: idle },
    roles,
    exemptions: [],
  };
}

function isAskableName(name: string): boolean {
  return ASKABLE.test(name) && name !== "root";
}

function isService({ name, uid }: LoginAccount): boolean {
  return uid > 0 && uid < FIRST_PERSON && isAskableName(name);
}
