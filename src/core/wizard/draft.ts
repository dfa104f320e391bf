/** What the wizard has been told so far, made whole with safe proposals. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { OpenSshVersion } from "../../model/facts/facts.ts";
import type { Control } from "../../model/control/control.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { can } from "../sshd/openssh-version.ts";
import type { WizardPeople } from "./people.ts";

/** A compliance baseline that fits the host. */
export interface WizardBaseline {
  /** As `profile:` names it; `none` for none. */
  readonly id: string;
  readonly title: string;
  /** Its own limits: nobody may be given more. */
  readonly idle: Seconds;
  readonly unresponsive: Seconds;
}

/** What the questions are about: the host as it was found. */
export interface WizardSubject {
  /** What reports and files call the host. */
  readonly host: string;
  /** Who is asking, the first proposal for an exemption's owner. */
  readonly owner: string;
  /** YYYY-MM-DD, UTC. */
  readonly today: string;
  readonly people: WizardPeople;
  readonly baselines: readonly WizardBaseline[];
  /** What the host's sshd can do about idle sessions; null where it is not OpenSSH. */
  readonly version: OpenSshVersion | null;
  /** The mechanisms to choose among. */
  readonly controls: readonly Pick<Control, "id" | "words">[];
}

/** Answers by question; what is missing, or does not fit any more, is proposed anew. */
export type WizardAnswers = Readonly<Record<string, WizardAnswer>>;
export type WizardAnswer = string | number | readonly string[];

/** A role as it will be written. */
export interface DraftRole {
  readonly name: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly idle: Seconds;
}

/** Everything a policy needs. */
export interface Draft {
  readonly baseline: string;
  readonly idle: Seconds;
  readonly unresponsive: Seconds;
  readonly roles: readonly DraftRole[];
  readonly exempt: readonly string[];
  readonly owner: string;
  readonly expires: string;
  readonly reason: string;
  readonly controls: readonly ControlId[];
}

/** Proposals where neither a flag, an answer nor a baseline says otherwise. */
const PROPOSED = { idle: 900, admin: 600, unresponsive: 180, exemptDays: 90 } as const;

/**
 * The answers with everything that is missing filled in. Nobody's limit is looser than the baseline's,
 * and no role's looser than everybody's.
 */
export function draftOf(subject: WizardSubject, answers: WizardAnswers): Draft {
  const baseline = subject.baselines.find(({ id }) => id === answers["baseline"]);
  const idle = atMost(number(answers["idle"]) ?? PROPOSED.idle, baseline?.idle);
  const unresponsive = atMost(
    number(answers["unresponsive"]) ?? PROPOSED.unresponsive,
    baseline?.unresponsive,
  );
  const exempt = exempted(subject, answers);
  const chosen = list(answers["roles"]) ?? subject.people.roles.map(({ name }) => name);
  const roles = subject.people.roles
    .filter(({ name }) => chosen.includes(name))
    .map(({ name, users, groups }) => ({ name, users, groups, idle: roleIdle(name, idle, answers) }));
  return {
    baseline: baseline?.id ?? "none",
    idle,
    unresponsive,
    roles,
    exempt,
    owner: text(answers["owner"]) ?? subject.owner,
    expires: text(answers["expires"]) ?? later(subject.today, PROPOSED.exemptDays),
    reason: text(answers["reason"]) ?? `its jobs were running when the limits were set on ${subject.today}`,
    controls: controls(answers["controls"], subject.controls, sshdAlone(subject.version, exempt)),
  };
}

/** Everybody for whom an exemption may make sense: what runs now, and service accounts. */
export function exemptible({ people }: WizardSubject): readonly string[] {
  const hurt = (people.harm ?? []).map(({ user }) => user);
  const known = new Set(people.accounts.map(({ name }) => name));
  return [...new Set([...hurt, ...people.services])].filter((name) => known.has(name) && name !== "root");
}

/** Programs' accounts at work at this moment: to end their jobs unasked would be no safe proposal. */
function exempted(subject: WizardSubject, answers: WizardAnswers): readonly string[] {
  const { services, harm } = subject.people;
  const working = new Set((harm ?? []).map(({ user }) => user));
  const proposed = services.filter((name) => working.has(name));
  const possible = exemptible(subject);
  return (list(answers["exempt"]) ?? proposed).filter((name) => possible.includes(name));
}

function atMost(seconds: Seconds, most: Seconds | undefined): Seconds {
  return most === undefined ? seconds : Math.min(seconds, most);
}

function roleIdle(name: string, idle: Seconds, answers: WizardAnswers): Seconds {
  const proposed = name === "admin" ? PROPOSED.admin : idle;
  return Math.min(idle, number(answers[`role:${name}`]) ?? proposed);
}

/**
 * Whether sshd ends sessions that got rid of their shell's timeout: 8.2 to 9.1 know no idle timeout, and
 * 9.2 to 10.4 only one for the whole host, which nobody may be exempt from.
 */
export function sshdAlone(version: OpenSshVersion | null, exempt: readonly string[]): boolean {
  if (version === null) return false;
  if (can(version, "client-alive-zero-drops") || can(version, "channel-timeout-in-match")) return true;
  return can(version, "channel-timeout") && exempt.length === 0;
}

/** Where sshd alone does not do it, the watchdog has to. */
function controls(
  answer: WizardAnswer | undefined,
  known: WizardSubject["controls"],
  enough: boolean,
): readonly ControlId[] {
  const chosen = list(answer)?.filter((id) => known.some((control) => control.id === id));
  if (chosen !== undefined && chosen.length > 0) return chosen;
  return ["sshd", "shell-timeout", ...(enough ? [] : ["watchdog"])];
}

function later(today: string, days: number): string {
  return new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function number(answer: WizardAnswer | undefined): number | undefined {
  return typeof answer === "number" ? answer : undefined;
}

function text(answer: WizardAnswer | undefined): string | undefined {
  return typeof answer === "string" && answer !== "" ? answer : undefined;
}

function list(answer: WizardAnswer | undefined): readonly string[] | undefined {
  return Array.isArray(answer) ? (answer as readonly string[]) : undefined;
}
