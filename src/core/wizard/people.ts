/** Who is on a host, as far as the wizard proposes something for them. Pure. */
import { harmIn, type Harm } from "./harm.ts";
import type { LoginAccount, WizardSurvey } from "./survey.ts";

/** A role that the host's own groups and accounts suggest. */
interface ProposedRole {
  readonly name: "admin" | "service";
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export interface WizardPeople {
  readonly accounts: readonly LoginAccount[];
  readonly roles: readonly ProposedRole[];
  /** System accounts with a shell. What somebody runs says nothing: people start long commands as well. */
  readonly services: readonly string[];
  /** Null where nobody could see what runs. */
  readonly harm: readonly Harm[] | null;
}

/**
 * Names that every file curfew writes can hold as they are; others get the limits of everybody.
 * Narrower than the policy's own rule.
 */
const PLAIN_NAME = /^[\w.][\w. -]{0,62}[\w.-]$|^\w$/u;

/** Sorts what the survey found. */
export function peopleOf(survey: WizardSurvey): WizardPeople {
  const accounts = survey.accounts.filter(({ name }) => PLAIN_NAME.test(name));
  const harm = harmIn(survey);
  const services = accounts.filter(isService).map(({ name }) => name);
  const groups = survey.admins.map(({ group }) => group).filter((name) => PLAIN_NAME.test(name));
  const users = accounts
    .filter(({ uid, name }) => uid === 0 || survey.sudoers.includes(name))
    .map(({ name }) => name);
  const admin = { name: "admin", users, groups } as const;
  const service = {
    name: "service",
    users: services.filter((name) => !users.includes(name)),
    groups: [],
  } as const;
  const roles = [admin, service].filter((role) => role.users.length + role.groups.length > 0);
  return { accounts, roles, services, harm };
}

/** LSB and every distribution of the last ten years number people from 1000 (login.defs(5), UID_MIN). */
export const FIRST_PERSON = 1000;

function isService({ uid }: LoginAccount): boolean {
  return uid > 0 && uid < FIRST_PERSON;
}
