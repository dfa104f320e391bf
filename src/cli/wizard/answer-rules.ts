/** What an answer may be: the same rules for what is typed and for what is given as an option. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { WizardQuestion } from "../../core/wizard/questions.ts";
import { visible } from "../../core/text/visible.ts";
import { formatDuration, parseDuration } from "../../model/terms/duration.ts";

/** The names of the files that the wizard writes. */
export const WIZARD_FILES = ["policy.yaml", "inventory.yaml"] as const;

/** Why a text is no answer to a question that takes text; undefined where it is one. */
export function problemWith(question: WizardQuestion, text: string): string | undefined {
  const trimmed = text.trim();
  switch (question.form) {
    case "duration":
      return durationProblem(trimmed, question);
    case "date":
      return dateProblem(trimmed);
    case "line":
      return lineProblem(trimmed);
    case "directory":
      return directoryProblem(trimmed);
    default:
      return undefined;
  }
}

/** The policy's own bounds: model/policy/policy.ts. */
function durationProblem(
  text: string,
  { id, most }: WizardQuestion & { readonly form: "duration" },
): string | undefined {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds > 7 * 24 * 3600)
    return "a duration is written 90s, 15m or 1h30m, from 1s to 168h";
  if (most === null || seconds <= most) return undefined;
  return id.startsWith("role:")
    ? `a role is never looser than the limit for everybody, ${formatDuration(most)}; only an exemption is`
    : `the baseline allows ${formatDuration(most)} at the most`;
}

function dateProblem(text: string): string | undefined {
  const date = new Date(`${text}T00:00:00Z`);
  const real = /^\d{4}-\d\d-\d\d$/u.test(text) && !Number.isNaN(date.getTime());
  if (!real || date.toISOString().slice(0, 10) !== text) return "a day is written YYYY-MM-DD";
  return date.getTime() < Date.now() - 86_400_000 ? "that day is over" : undefined;
}

function lineProblem(text: string): string | undefined {
  if (text === "") return "somebody has to be able to read this later";
  return text.length > 500 || visible(text) !== text ? "one line without control characters" : undefined;
}

function directoryProblem(text: string): string | undefined {
  if (text === "") return "a directory, . for this one";
  const taken = WIZARD_FILES.map((name) => join(text, name)).find((file) => existsSync(file));
  return taken === undefined ? undefined : `${visible(taken)} exists already; give another directory`;
}
