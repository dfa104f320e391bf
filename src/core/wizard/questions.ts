/**
 * The wizard's questions in their order: a pure function of the host and the answers so far, so that
 * going back is nothing but asking an earlier one again.
 */
import type { Seconds } from "../../model/terms/duration.ts";
import { draftOf, exemptible, type WizardAnswer, type WizardAnswers, type WizardSubject } from "./draft.ts";

/** The steps of the whole, in order; each begins with a text that says why. */
export const WIZARD_STEPS = [
  "found",
  "baseline",
  "limits",
  "hurt",
  "controls",
  "diff",
  "proof",
  "files",
] as const;
export type WizardStep = (typeof WIZARD_STEPS)[number];

/** The steps to be shown on the way to one, itself last: those without a question as well, but only forth. */
export function stepsTo(step: WizardStep, from: WizardStep | undefined): readonly WizardStep[] {
  if (step === from) return [];
  const [start, end] = [from === undefined ? -1 : WIZARD_STEPS.indexOf(from), WIZARD_STEPS.indexOf(step)];
  return from === undefined || end < start ? [step] : WIZARD_STEPS.slice(start + 1, end + 1);
}

interface Head {
  /** Key of its answer: `idle`, `role:admin`. */
  readonly id: string;
  readonly step: WizardStep;
}

/** One question with the answer that Enter gives. */
export type WizardQuestion =
  | (Head & { readonly form: "choose"; readonly choices: readonly string[]; readonly preset: string })
  | (Head & {
      readonly form: "pick";
      readonly choices: readonly string[];
      readonly preset: readonly string[];
      /** Whether none of them is an answer. */
      readonly empty: boolean;
    })
  | (Head & {
      readonly form: "duration";
      readonly preset: Seconds;
      /** The baseline's, or for a role that of everybody; null: no bound but the policy's own. */
      readonly most: Seconds | null;
    })
  | (Head & { readonly form: "line" | "date" | "directory"; readonly preset: string });

/** Everything asked before the host is touched, the decision to touch it last. */
export function questionsBefore(subject: WizardSubject, answers: WizardAnswers): readonly WizardQuestion[] {
  const draft = draftOf(subject, answers);
  const { people, baselines, controls } = subject;
  const roles = people.roles.map(({ name }) => name);
  const baseline = baselines.find(({ id }) => id === draft.baseline);
  return [
    { id: "found", step: "found", form: "choose", choices: ["on", "leave"], preset: "on" },
    {
      id: "baseline",
      step: "baseline",
      form: "choose",
      choices: ["none", ...baselines.map(({ id }) => id)],
      preset: draft.baseline,
    },
    { ...duration("idle", draft.idle), most: baseline?.idle ?? null },
    { ...duration("unresponsive", draft.unresponsive), most: baseline?.unresponsive ?? null },
    ...(roles.length === 0
      ? []
      : [
          pick(
            "roles",
            "limits",
            roles,
            draft.roles.map(({ name }) => name),
          ),
        ]),
    ...draft.roles.map(({ name, idle }) => ({ ...duration(`role:${name}`, idle), most: draft.idle })),
    ...exemptionQuestions(subject, answers),
    {
      ...pick(
        "controls",
        "controls",
        controls.map(({ id }) => id),
        draft.controls,
      ),
      empty: false,
    },
    {
      id: "decide",
      step: "diff",
      form: "choose",
      choices: ["apply", "files", "leave"],
      // Whoever said before that only files are wanted must not change a host with Enter.
      preset: choice(answers["decide"], "apply"),
    },
  ];
}

/** What is asked once the host is as it should be; without a change there is nothing to prove. */
export function questionsAfter(
  decision: string,
  answers: WizardAnswers,
  directory: string,
): readonly WizardQuestion[] {
  const probe = {
    id: "probe",
    step: "proof",
    form: "choose",
    choices: ["scaled", "full", "none"],
    preset: choice(answers["probe"], "scaled"),
  } as const;
  const files = {
    id: "directory",
    step: "files",
    form: "directory",
    preset: choice(answers["directory"], directory),
  } as const;
  return decision === "apply" ? [probe, files] : [files];
}

/** The answer that Enter gives. */
export function presetOf(question: WizardQuestion): WizardAnswer {
  return question.preset;
}

/** Asked only where there is somebody to exempt; the details only where somebody is. */
function exemptionQuestions(subject: WizardSubject, answers: WizardAnswers): readonly WizardQuestion[] {
  const { exempt, owner, expires, reason } = draftOf(subject, answers);
  const possible = exemptible(subject);
  if (possible.length === 0) return [];
  const first = pick("exempt", "hurt", possible, exempt);
  if (exempt.length === 0) return [first];
  return [
    first,
    { id: "owner", step: "hurt", form: "line", preset: owner },
    { id: "expires", step: "hurt", form: "date", preset: expires },
    { id: "reason", step: "hurt", form: "line", preset: reason },
  ];
}

function duration(id: string, preset: Seconds) {
  return { id, step: "limits", form: "duration", preset } as const;
}

function pick(
  id: string,
  step: WizardStep,
  choices: readonly string[],
  preset: readonly string[],
): WizardQuestion & { readonly form: "pick" } {
  return { id, step, form: "pick", choices, preset, empty: true };
}

function choice(answer: WizardAnswer | undefined, otherwise: string): string {
  return typeof answer === "string" && answer !== "" ? answer : otherwise;
}
