/** The host as the questions see it, and whether the options given fit it. */
import {
  draftOf,
  exemptible,
  type WizardAnswers,
  type WizardBaseline,
  type WizardSubject,
} from "../../core/wizard/draft.ts";
import { systemOf } from "../../core/policy/baseline-rules.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { questionsBefore } from "../../core/wizard/questions.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import { problemWith } from "./answer-rules.ts";
import type { WizardOptions } from "./options.ts";

/** The baselines that are written for the host's system, or for every system. */
export async function baselinesFor(facts: Facts): Promise<WizardBaseline[]> {
  const { loadBaselines } = await import("../../config/policy/baseline.ts");
  return loadBaselines()
    .filter((baseline) => systemOf(baseline, facts) !== "foreign")
    .map(({ id, title, limits }) => ({
      id,
      title,
      idle: limits.client_idle_timeout,
      unresponsive: limits.unresponsive_timeout,
    }));
}

/**
 * Refuses options that no question on this host would take. Errors: CurfewError `usage` naming the
 * option; the host was only read.
 */
export function refuseMisfits(subject: WizardSubject, given: WizardAnswers, options: WizardOptions): void {
  const roles = subject.people.roles.map(({ name }) => name);
  for (const name of Object.keys(options.role)) oneOf("--role", name, roles);
  for (const name of options.exempt ?? []) oneOf("--exempt", name, exemptible(subject));
  if (options.baseline !== undefined) {
    oneOf("--baseline", options.baseline, ["none", ...subject.baselines.map(({ id }) => id)]);
  }
  for (const question of questionsBefore(subject, given)) {
    const answer = given[question.id];
    if (answer === undefined) continue;
    const text = typeof answer === "number" ? formatDuration(answer) : String(answer);
    const problem = problemWith(question, text);
    if (problem !== undefined) throw misfit(`--${question.id.replace(":", " ")}`, problem);
  }
  if ((options.owner ?? options.reason ?? options.expires) === undefined) return;
  if (draftOf(subject, given).exempt.length === 0) {
    throw misfit(
      "--owner, --expires and --reason",
      "are about an exemption, and no account is exempt; give --exempt",
    );
  }
}

function oneOf(option: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const list = known.length === 0 ? "there is none here" : `here there are: ${known.join(", ")}`;
  throw misfit(`${option} ${shown(name)}`, `${list}${didYouMean(name, known)}`);
}

function misfit(option: string, problem: string): CurfewError {
  return new CurfewError("usage", `${option}: ${problem}; nothing was changed`, {
    hint: "see curfew wizard --help",
  });
}
