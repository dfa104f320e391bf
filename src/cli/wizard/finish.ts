/** After the decision: apply, prove, write, and say what is proved now. */
import { documentText } from "../../core/verdict/document.ts";
import { resultVerdict, verifyVerdict, worst, type Verdict } from "../../core/verdict/outcome.ts";
import { quote } from "../../template/shell-quote.ts";
import type { WizardAnswers } from "../../core/wizard/draft.ts";
import { questionsAfter } from "../../core/wizard/questions.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { HostResult, HostVerification } from "../../model/change/run.ts";
import { resultText } from "../../report/host/result-text.ts";
import { fullProbeTime, provedText } from "../../report/wizard/end.ts";
import { stepText } from "../../report/wizard/words.ts";
import type { RunResult } from "../progress/run-context.ts";
import { type DraftFiles, directoryFor, sourcesIn, writeFiles } from "./files.ts";
import type { WizardSession } from "./state.ts";
import { walk } from "./walk.ts";
import { applyOne, proveOne } from "./work.ts";

/** What somebody decided about, as it was shown. */
export interface Decided {
  readonly answers: WizardAnswers;
  readonly files: DraftFiles;
  readonly plan: HostPlan;
}

interface Done {
  readonly result?: HostResult;
  readonly verification?: HostVerification | undefined;
  readonly files: readonly string[];
}

/** Does what was decided. Errors: CurfewError as the use cases; `interrupted` once changes are on the host says so. */
export async function finish(session: WizardSession, decided: Decided): Promise<RunResult> {
  const { answers } = decided;
  if (answers["decide"] === "leave") return left(session);
  if (answers["decide"] === "files") return ended(session, decided, await close(session, decided, {}));
  const { host, options, run, say, view } = session;
  const sources = sourcesIn(directoryFor(host), decided.files);
  const result = await applyOne(decided.files.fleet, decided.plan, sources, options.confirmWithin, run);
  say(resultText([result], { title: "Apply", paint: view.paint, verbose: false }));
  if (resultVerdict([result.outcome]) !== "pass") return ended(session, decided, { result, files: [] });
  return ended(session, decided, await close(session, decided, { result }).catch(afterChange));
}

/** An interrupt must not leave anybody in doubt about the host. */
function afterChange(error: unknown): never {
  if (!(error instanceof CurfewError) || error.code !== "interrupted") throw error;
  throw new CurfewError(
    "interrupted",
    "interrupted; the change on the host stays, no file was written here",
    {
      hint: "call curfew wizard again for the files, or curfew revert to take the change back",
      cause: error,
    },
  );
}

/** The proof where something was applied, then the files. */
async function close(
  { host, options, terminal, run, say, subject, view }: WizardSession,
  { answers, files, plan }: Decided,
  applied: Pick<Done, "result">,
): Promise<Done> {
  const decision = String(answers["decide"]);
  let verification: HostVerification | undefined;
  let proved: unknown = "none";
  const final = await walk(answers, {
    subject,
    terminal,
    asks: options.yes !== true,
    questions: (soFar) => questionsAfter(decision, soFar, directoryFor(host)),
    async enter(step, soFar) {
      const how = soFar["probe"];
      if (step === "files" && decision === "apply") {
        // Whoever went back and chose the same has seen it.
        if ((how === "scaled" || how === "full") && how !== proved) {
          verification = await proveOne(files.fleet, how, run);
          proved = how;
        }
        say(provedText(plan, verification, view));
      }
      say(stepText(step, view));
      if (step === "proof") say(`The real limits take about ${fullProbeTime(plan)} to be waited out.\n`);
    },
    ends: () => false,
    say,
    first: "The host is changed already; curfew revert takes that back.",
  });
  return { ...applied, verification, files: await writeFiles(String(final["directory"]), files) };
}

function left({ host }: WizardSession): RunResult {
  const head = { schema: "curfew/wizard/1", summary: { decision: "leave" } };
  return {
    verdict: "pass",
    document: () => documentText(head, [{ host: host.name, outcome: "skipped" }]),
    text: () => "nothing was changed\n",
  };
}

function ended(session: WizardSession, { answers, plan }: Decided, done: Done): RunResult {
  const { host, options } = session;
  const { result, verification, files } = done;
  const head = { schema: "curfew/wizard/1", summary: { decision: answers["decide"], files } };
  const found = { ...verification, ...(result ?? { host: host.name, outcome: "skipped" }) };
  return {
    verdict: verdictOf(done),
    document: () => documentText(head, [found]),
    text: (view) =>
      [
        // Whoever answered questions has seen these already.
        ...(options.yes === true && result !== undefined
          ? [
              resultText([result], { title: "Apply", ...view }),
              `${provedText(plan, verification, session.view)}\n`,
            ]
          : []),
        ...(files.length === 0 ? [] : [nextText(files, result !== undefined, session)]),
      ].join("\n"),
  };
}

function verdictOf({ result, verification }: Done): Verdict {
  const applied = result === undefined ? "pass" : resultVerdict([result.outcome]);
  return verification === undefined ? applied : worst(applied, verifyVerdict([verification]));
}

function nextText(
  [policy = "", inventory = ""]: readonly string[],
  applied: boolean,
  { options }: WizardSession,
): string {
  const config = options.sshConfig === undefined ? [] : ["--ssh-config", options.sshConfig];
  const line = (name: string, ...given: string[]): string =>
    `  curfew ${[name, ...given, ...config].map(word).join(" ")}`;
  return [
    `wrote ${policy} and ${inventory}`,
    "",
    "Next:",
    `${line("plan", "-p", policy, "-i", inventory)}`,
    `${line(applied ? "verify" : "apply", "-p", policy, "-i", inventory)}`,
    ...(applied ? [`${line("revert", "-i", inventory)}`] : []),
    "",
  ].join("\n");
}

/** As somebody would type it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : quote(text);
}
