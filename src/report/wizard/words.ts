/** The wizard's words: why each step is there, and each question with its choices. Pure text. */
import { visible } from "../../core/text/visible.ts";
import {
  draftOf,
  sshdAlone,
  type WizardAnswer,
  type WizardAnswers,
  type WizardSubject,
} from "../../core/wizard/draft.ts";
import { WIZARD_STEPS, type WizardQuestion, type WizardStep } from "../../core/wizard/questions.ts";
import { can } from "../../core/sshd/openssh-version.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { WizardView } from "./found.ts";
import { wrap } from "../layout/wrap.ts";

const TITLES: Readonly<Record<WizardStep, readonly [string, string]>> = {
  found: [
    "What was found",
    "Nothing is changed before you say so at step 6. Esc goes back a question, Ctrl-C leaves.",
  ],
  baseline: [
    "A baseline",
    "A compliance baseline brings its own limits; yours may then only be stricter, and an audit checks its rules.",
  ],
  limits: [
    "Limits",
    "After how long an idle session ends. Everybody has a limit, so that a new account has one too; who may become root should have a shorter one, as their unattended terminal is worth more.",
  ],
  hurt: [
    "Who would be hurt",
    "A limit ends what looks idle. What would suffer now can be exempted, with an owner and an expiry date; on OpenSSH 9.2 to 10.4 one exemption leaves ChannelTimeout out for everybody.",
  ],
  controls: ["Controls", "The mechanisms that end sessions. No single one catches every kind."],
  diff: ["What would change", "The exact difference; sshd on the host checks it before it counts."],
  proof: [
    "Proof",
    "A setting is not proof: real sessions are opened that have to be dropped, and one with somebody typing that has to stay.",
  ],
  files: ["Files", "The same files that a person writes; plan, apply, verify and audit take them."],
};

/** `Step 3 of 8: Limits`, and why. */
export function stepText(step: WizardStep, { paint, columns }: WizardView): string {
  const [title, why] = TITLES[step];
  const number = WIZARD_STEPS.indexOf(step) + 1;
  const head = paint.bold(`Step ${number} of ${WIZARD_STEPS.length}: ${title}`);
  return ["", head, ...wrap(why, columns).map(paint.dim), ""].join("\n");
}

/** The controls, and why the watchdog is proposed where it is. */
export function controlsText(
  subject: WizardSubject,
  answers: WizardAnswers,
  { columns, paint }: WizardView,
): string {
  const { version } = subject;
  const { exempt } = draftOf(subject, answers);
  const lines = subject.controls.flatMap(({ id, words }) =>
    wrap(`  ${paint.bold(id)}: ${words}`, columns, 2),
  );
  if (version === null || sshdAlone(version, exempt)) return lines.join("\n");
  const release = `OpenSSH ${version.major}.${version.minor}`;
  const why =
    exempt.length > 0 && can(version, "channel-timeout")
      ? `${release} knows one ChannelTimeout for the whole host, and with somebody exempt it is left out`
      : `${release} has no idle timeout of its own`;
  return [...lines, "", ...wrap(`${why}: so the watchdog is proposed.`, columns)].join("\n");
}

/** One question in words. */
export interface QuestionWords {
  readonly message: string;
  /** By choice. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What a question says; the choices' labels are short enough for 80 columns. */
export function questionWords(question: WizardQuestion, subject: WizardSubject): QuestionWords {
  const { id } = question;
  if (id.startsWith("role:")) return { message: roleMessage(id.slice("role:".length), subject), labels: {} };
  if (id === "roles") return { message: "Roles to set up:", labels: roleLabels(subject) };
  if (id === "exempt") return { message: "Exempt from every limit:", labels: exemptLabels(subject) };
  if (id === "baseline") return { message: "Baseline:", labels: baselineLabels(subject) };
  return { message: MESSAGES[id] ?? id, labels: LABELS[id] ?? {} };
}

/** An answer as it stays on the screen. */
export function answerText(
  question: WizardQuestion,
  answer: WizardAnswer,
  { labels }: QuestionWords,
): string {
  if (typeof answer === "number") return formatDuration(answer);
  if (typeof answer !== "string") return answer.length === 0 ? "none" : answer.map(visible).join(", ");
  return question.form === "choose" ? (labels[answer] ?? answer) : visible(answer);
}

const MESSAGES: Readonly<Record<string, string>> = {
  found: "Go on?",
  idle: "Everybody: an idle session ends after",
  unresponsive: "Everybody: a client that stopped answering is dropped after",
  owner: "Who answers for the exemption:",
  expires: "Its last day:",
  reason: "Why:",
  controls: "Controls:",
  decide: "Apply it?",
  probe: "Prove it?",
  directory: "Directory for policy.yaml and inventory.yaml:",
};

const LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  found: { on: "Go on", leave: "Leave; nothing is changed" },
  decide: {
    apply: "Apply it, guarded: the host takes it back unless a new login works",
    files: "Only write the policy and the inventory",
    leave: "Leave; nothing is changed",
  },
  probe: {
    scaled: "Scaled: real sessions with every limit cut down, about half a minute",
    full: "Full: the real limits are waited out",
    none: "No: nothing is proved then",
  },
};

function roleMessage(role: string, { people }: WizardSubject): string {
  const found = people.roles.find(({ name }) => name === role);
  const who = [...(found?.users ?? []), ...(found?.groups ?? []).map((group) => `group ${group}`)];
  const names = who.slice(0, 4).map(visible).join(", ");
  return `${role} (${names}${who.length > 4 ? ", …" : ""}): an idle session ends after`;
}

function roleLabels({ people }: WizardSubject): Record<string, string> {
  return Object.fromEntries(
    people.roles.map(({ name, users, groups }) => {
      const who = [...users, ...groups.map((group) => `group ${group}`)].slice(0, 4).map(visible);
      return [name, `${name} - ${who.join(", ")}`];
    }),
  );
}

function exemptLabels({ people }: WizardSubject): Record<string, string> {
  const named = Map.groupBy(people.harm ?? [], ({ user }) => user);
  const services = people.services.map((name) => [name, `${name} - a service account`] as const);
  const working = [...named].map(([name, own]) => {
    const what = [...new Set(own.map((each) => visible(each.what)))].slice(0, 4).join(", ");
    return [name, `${name} - ${what}`] as const;
  });
  return Object.fromEntries([...services, ...working]);
}

function baselineLabels({ baselines }: WizardSubject): Record<string, string> {
  const labels = baselines.map(({ id, title, idle, unresponsive }) => {
    const numbers = `idle ${formatDuration(idle)}, unresponsive ${formatDuration(unresponsive)} at most`;
    return [id, `${title} (${numbers})`];
  });
  return Object.fromEntries([["none", "None: limits of your own"], ...labels]);
}
