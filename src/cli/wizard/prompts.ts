/**
 * One question on a terminal. inquirer is loaded with the first of them; Esc goes back, Ctrl-C leaves.
 */
import type { WizardAnswer } from "../../core/wizard-draft.ts";
import type { WizardQuestion } from "../../core/wizard-questions.ts";
import { CurfewError } from "../../model/error.ts";
import { formatDuration, parseDuration } from "../../model/duration.ts";
import type { QuestionWords } from "../../report/wizard-words.ts";
import { problemWith } from "./answer-rules.ts";

/** The answer of somebody who wants the question before. */
export const BACK = Symbol("back");

/** Asks and waits. Errors: CurfewError `interrupted` after Ctrl-C. */
export async function ask(
  question: WizardQuestion,
  words: QuestionWords,
): Promise<WizardAnswer | typeof BACK> {
  const answer = await prompt(configOf(question, words));
  if (answer === BACK) return BACK;
  if (question.form === "duration") return parseDuration(String(answer).trim()) ?? question.preset;
  if (question.form === "pick") return answer as readonly string[];
  return String(answer).trim();
}

/** Asks for a secret; nothing is echoed. Undefined after Esc or an empty answer. Errors as `ask`. */
export async function askPassword(message: string): Promise<string | undefined> {
  const answer = await prompt({ type: "password", name: "value", message });
  return answer === BACK || answer === "" ? undefined : String(answer);
}

/** Asks a yes-or-no question, no being the default and what Esc says. Errors as `ask`. */
export async function askYes(message: string): Promise<boolean> {
  return (await prompt({ type: "confirm", name: "value", message, default: false })) === true;
}

interface Choice {
  readonly name: string;
  readonly value: string;
  readonly short?: string;
}

type PromptConfig = { readonly name: "value"; readonly message: string } & (
  | { readonly type: "password" }
  | { readonly type: "confirm"; readonly default: boolean }
  | {
      readonly type: "input";
      readonly default: string;
      readonly validate: (text: string) => true | string;
    }
  | { readonly type: "select"; readonly default: string; readonly choices: Choice[]; readonly loop: false }
  | {
      readonly type: "checkbox";
      readonly default: string[];
      readonly choices: Choice[];
      readonly required: boolean;
      readonly loop: false;
    }
);

function configOf(question: WizardQuestion, { message, labels }: QuestionWords): PromptConfig {
  const head = { name: "value", message } as const;
  switch (question.form) {
    case "choose": {
      const { preset } = question;
      return { ...head, type: "select", default: preset, choices: choicesOf(question, labels), loop: false };
    }
    case "pick": {
      const choices = choicesOf(question, labels);
      const preset = [...question.preset];
      return { ...head, type: "checkbox", default: preset, choices, required: !question.empty, loop: false };
    }
    default: {
      const { preset } = question;
      const shown = typeof preset === "number" ? formatDuration(preset) : preset;
      const validate = (text: string): true | string => problemWith(question, text) ?? true;
      return { ...head, type: "input", default: shown, validate };
    }
  }
}

function choicesOf(
  { choices }: { readonly choices: readonly string[] },
  labels: QuestionWords["labels"],
): Choice[] {
  return choices.map((value) => ({ name: labels[value] ?? value, value, short: value }));
}

async function prompt(config: PromptConfig): Promise<unknown> {
  const { createPromptModule } = await import("inquirer");
  const back = new AbortController();
  const onKey = (_: string, key: { readonly name?: string } | undefined): void => {
    if (key?.name === "escape") back.abort();
  };
  process.stdin.on("keypress", onKey);
  try {
    // Questions are no data: standard output may be a file.
    const module = createPromptModule({ output: process.stderr, signal: back.signal });
    const answers: { value?: unknown } = await module([config]);
    return answers.value;
  } catch (error) {
    if (back.signal.aborted) return BACK;
    if (!(error instanceof Error) || error.name !== "ExitPromptError") throw error;
    throw new CurfewError("interrupted", "interrupted", { cause: error });
  } finally {
    process.stdin.off("keypress", onKey);
  }
}
