/**
 * One question on a terminal. inquirer is loaded with the first of them; Esc goes back, Ctrl-C leaves.
 */
import type { WizardAnswer } from "../../core/wizard/draft.ts";
import type { WizardQuestion } from "../../core/wizard/questions.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { formatDuration, parseDuration } from "../../model/terms/duration.ts";
import { answerText, type QuestionWords } from "../../report/wizard/words.ts";
import { wrap } from "../../report/layout/wrap.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { problemWith } from "./answer-rules.ts";

/** The answer of somebody who wants the question before. */
export const BACK = Symbol("back");

/**
 * Asks and waits; the answer stays on the screen as one line, what was left with Esc does not.
 * Errors: CurfewError `interrupted` after Ctrl-C.
 */
export async function askQuestion(
  question: WizardQuestion,
  words: QuestionWords,
  terminal: Terminal,
): Promise<WizardAnswer | typeof BACK> {
  const given = await prompt(configOf(question, words));
  if (given === BACK) return BACK;
  const answer = answerOf(question, given);
  const { paint, columns } = { paint: terminal.errPaint, columns: terminal.size().columns };
  const line = `${paint.green("✔")} ${words.message} ${paint.cyan(answerText(question, answer, words))}`;
  terminal.err(`${wrap(line, columns, 2).join("\n")}\n`);
  return answer;
}

function answerOf(question: WizardQuestion, given: unknown): WizardAnswer {
  if (question.form === "duration") return parseDuration(String(given).trim()) ?? question.preset;
  return question.form === "pick" ? (given as readonly string[]) : String(given).trim();
}

/** Asks for a secret; nothing is echoed. Undefined after Esc or an empty answer. Errors as `ask`. */
export async function askPassword(message: string): Promise<string | undefined> {
  const answer = await prompt({ type: "password", name: "value", message });
  return answer === BACK || answer === "" ? undefined : String(answer);
}

/** Asks a yes-or-no question, no being the default and what Esc says. Errors as `ask`. */
export async function askYes(message: string, { err, errPaint }: Terminal): Promise<boolean> {
  const answer = (await prompt({ type: "confirm", name: "value", message, default: false })) === true;
  err(`${errPaint.green("✔")} ${message} ${errPaint.cyan(answer ? "yes" : "no")}\n`);
  return answer;
}

interface Choice {
  readonly name: string;
  readonly value: string;
}

type PromptConfig = { readonly name: "value"; readonly message: string } & (
  | { readonly type: "password" }
  | { readonly type: "confirm"; readonly default: boolean }
  | {
      readonly type: "input";
      readonly default: string;
      readonly validate: (text: string) => true | string;
    }
  | {
      readonly type: "select";
      readonly default: string;
      readonly choices: Choice[];
      readonly loop: false;
      readonly theme: typeof THEME;
    }
  | {
      readonly type: "checkbox";
      readonly default: string[];
      readonly choices: Choice[];
      readonly required: boolean;
      readonly loop: false;
      readonly theme: typeof THEME;
    }
);

/** inquirer's line of keys, with the one that it does not know of. */
const THEME = {
  style: {
    keysHelpTip: (keys: [key: string, action: string][]): string =>
      [...keys, ["esc", "back"]].map(([key = "", action = ""]) => `${key} ${action}`).join(" • "),
  },
};

function configOf(question: WizardQuestion, { message, labels }: QuestionWords): PromptConfig {
  const head = { name: "value", message } as const;
  switch (question.form) {
    case "choose": {
      const { preset } = question;
      const choices = choicesOf(question, labels);
      return { ...head, type: "select", default: preset, choices, loop: false, theme: THEME };
    }
    case "pick": {
      const choices = choicesOf(question, labels);
      const preset = [...question.preset];
      const required = !question.empty;
      return { ...head, type: "checkbox", default: preset, choices, required, loop: false, theme: THEME };
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
  return choices.map((value) => ({ name: labels[value] ?? value, value }));
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
    const module = createPromptModule({
      output: process.stderr,
      signal: back.signal,
      clearPromptOnDone: true,
    });
    const answers: { value?: unknown } = await module([config]);
    return answers.value;
  } catch (error) {
    if (back.signal.aborted) return BACK;
    if (!(error instanceof Error) || error.name !== "ExitPromptError") throw error;
    throw new CurfewError("interrupted", "interrupted; nothing was changed", { cause: error });
  } finally {
    process.stdin.off("keypress", onKey);
  }
}
