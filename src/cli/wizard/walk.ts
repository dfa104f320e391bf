/** Goes through questions, forth and back. */
import type { WizardAnswer, WizardAnswers, WizardSubject } from "../../core/wizard/draft.ts";
import { presetOf, stepsTo, type WizardQuestion, type WizardStep } from "../../core/wizard/questions.ts";
import { questionWords } from "../../report/wizard/words.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { askQuestion, BACK } from "./prompts.ts";

/** What a walk needs of the world. */
export interface Walk {
  readonly subject: WizardSubject;
  /** False: every question gets the answer that Enter would give. */
  readonly asks: boolean;
  readonly questions: (answers: WizardAnswers) => readonly WizardQuestion[];
  readonly terminal: Terminal;
  /** Called before the first question of a step, each time it is entered, and for those without one. */
  readonly enter: (step: WizardStep, answers: WizardAnswers) => Promise<void>;
  /** True ends the walk at once. */
  readonly ends: (question: WizardQuestion, answer: WizardAnswer) => boolean;
  /** Something to say, such as that there is no way further back. */
  readonly say: (line: string) => void;
  readonly first: string;
}

/**
 * Asks one question after the other and returns all answers, those given before included. Esc asks
 * the one before again; what was answered after it is proposed once more.
 * Errors: CurfewError `interrupted` after Ctrl-C, and those of `enter`.
 */
export async function walk(given: WizardAnswers, setting: Walk): Promise<WizardAnswers> {
  const answers: Record<string, WizardAnswer> = { ...given };
  let entered: WizardStep | undefined;
  for (let index = 0; ;) {
    const question = setting.questions(answers)[index];
    if (question === undefined) return answers;
    for (const step of stepsTo(question.step, entered)) await setting.enter(step, answers);
    entered = question.step;
    const answer = setting.asks
      ? await askQuestion(question, questionWords(question, setting.subject), setting.terminal)
      : presetOf(question);
    if (answer === BACK) {
      if (index === 0) setting.say(setting.first);
      index = Math.max(0, index - 1);
      continue;
    }
    answers[question.id] = answer;
    if (setting.ends(question, answer)) return answers;
    index += 1;
  }
}
