import { CurfewError } from "../../model/terms/error.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * Asks a yes-or-no question, no being the default.
 * Errors: CurfewError `usage` without a terminal, with `hint` naming the flag to give instead;
 * `interrupted` where the question was left with Ctrl-C.
 */
export async function confirm(message: string, hint: string, terminal: Terminal): Promise<boolean> {
  refuseWithout(terminal, hint);
  const answer = await ask({ type: "confirm", name: "value", message, default: false });
  return answer === true;
}

/** Asks for a secret; nothing is echoed. Errors as `confirm`. */
export async function askSecret(message: string, hint: string, terminal: Terminal): Promise<string> {
  refuseWithout(terminal, hint);
  return String(await ask({ type: "password", name: "value", message }));
}

/** Errors: CurfewError `usage` where nobody can be asked. Call it before any host is contacted. */
export function refuseWithout(terminal: Terminal, hint: string): void {
  if (terminal.asks) return;
  throw new CurfewError("usage", "this would ask a question, but there is no terminal to ask on", { hint });
}

type Question =
  | { readonly type: "confirm"; readonly name: "value"; readonly message: string; readonly default: boolean }
  | { readonly type: "password"; readonly name: "value"; readonly message: string };

async function ask(question: Question): Promise<unknown> {
  const { createPromptModule } = await import("inquirer");
  // Questions are no data: standard output may be a file.
  const prompt = createPromptModule({ output: process.stderr });
  try {
    const answers: { value?: unknown } = await prompt([question]);
    return answers.value;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ExitPromptError") throw error;
    throw new CurfewError("interrupted", "interrupted; nothing was changed", { cause: error });
  }
}
