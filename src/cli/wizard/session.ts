/** One session, from what was found to the files; everything is shown before it counts. */
import { visible } from "../../core/text/visible.ts";
import { draftOf, type WizardAnswers, type WizardSubject } from "../../core/wizard/draft.ts";
import { peopleOf } from "../../core/wizard/people.ts";
import { questionsBefore, type WizardStep } from "../../core/wizard/questions.ts";
import type { Fleet } from "../../flow/run/context.ts";
import type { Look } from "../../flow/look.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import { policySchema } from "../../config/policy/schema.ts";
import { planText } from "../../report/host/plan-text.ts";
import { foundText, hurtText } from "../../report/wizard/found.ts";
import { controlsText, stepText } from "../../report/wizard/words.ts";
import { wrapStatement } from "../../report/layout/wrap.ts";
import type { Run, RunResult } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { draftFiles } from "./files.ts";
import { type Decided, finish } from "./finish.ts";
import { givenAnswers, type WizardOptions } from "./options.ts";
import type { WizardSession } from "./state.ts";
import { baselinesFor, refuseMisfits } from "./subject.ts";
import { walk } from "./walk.ts";
import { look, planOne } from "./work.ts";

/** Asks, applies, proves, writes. Errors: CurfewError `interrupted`, `usage`, those of the use cases. */
export async function runSession(
  host: Host,
  options: WizardOptions,
  terminal: Terminal,
  run: Run,
): Promise<RunResult> {
  const seen = await look({ policy: FIRST_LOOK, hosts: [host] }, run);
  const today = run.context.now().toISOString().slice(0, 10);
  const people = peopleOf(seen.survey);
  const baselines = await baselinesFor(seen.facts);
  const { server } = seen.facts;
  const { controls } = run.context;
  const version = server.product === "openssh" ? server.version : null;
  const subject = { host: host.name, owner: run.owner, today, people, baselines, version, controls };
  const view = { paint: terminal.errPaint, columns: Math.min(terminal.size().columns, 100) };
  const say = (text: string): void => {
    if (options.quiet !== true) terminal.err(`${text}\n`);
  };
  const session: WizardSession = { host, options, terminal, run, subject, view, say };
  const given = givenAnswers(
    options,
    people.roles.map(({ name }) => name),
  );
  refuseMisfits(subject, given, options);
  const decided = await decide(session, seen, given);
  return finish(session, decided);
}

/** Whom sshd is asked about before anybody decided on roles. */
const FIRST_LOOK = policySchema.parse({ name: "first look", roles: { admin: { users: ["root"] } } });

async function decide(session: WizardSession, seen: Look, given: WizardAnswers): Promise<Decided> {
  const { subject, options, terminal, say } = session;
  let shown: Omit<Decided, "answers"> | undefined;
  const answers = await walk(options.writeOnly === true ? { ...given, decide: "files" } : given, {
    subject,
    terminal,
    asks: options.yes !== true,
    questions: (soFar) => questionsBefore(subject, soFar),
    async enter(step, soFar) {
      shown = (await enter(step, soFar, seen, session)) ?? shown;
    },
    ends: (_, answer) => answer === "leave",
    say,
    first: "This is the first question; Ctrl-C leaves.",
  });
  if (shown !== undefined) return { ...shown, answers };
  // Left before there was anything to decide about.
  const files = await draftFiles(draftOf(subject, answers), session);
  return { files, answers: { ...answers, decide: "leave" }, plan: await planOf(files.fleet, session) };
}

/** The text of a step, and for the difference what it is about. */
async function enter(
  step: WizardStep,
  answers: WizardAnswers,
  seen: Look,
  session: WizardSession,
): Promise<Omit<Decided, "answers"> | undefined> {
  const { subject, options, view, say } = session;
  say(stepText(step, view));
  if (step === "found") say(`${foundText(foundIn(seen, subject), view)}\n`);
  if (step === "hurt") say(`${hurtText(subject.people, view)}\n`);
  if (step === "controls") say(`${controlsText(subject, answers, view)}\n`);
  if (step !== "diff") return undefined;
  const files = await draftFiles(draftOf(subject, answers), session);
  const plan = await planOf(files.fleet, session);
  const text = planText([plan], { paint: view.paint, verbose: options.verbose === true });
  say(
    text
      .split("\n")
      .flatMap((line) => wrapStatement(line, view.columns))
      .join("\n"),
  );
  return { files, plan };
}

async function planOf(fleet: Fleet, { run }: WizardSession): Promise<HostPlan> {
  const plan = await planOne(fleet, run);
  if (plan.error === undefined) return plan;
  const { code, message, hint } = plan.error;
  throw new CurfewError(code, `${message}; nothing was changed`, { host: plan.host, hint });
}

function foundIn({ facts, now }: Look, { people }: WizardSubject): Parameters<typeof foundText>[0] {
  const { os, server, service, sshd } = facts;
  const description = [
    ...(os.state === "known" ? [os.value.name] : []),
    server.product === "openssh" ? `OpenSSH ${server.version.major}.${server.version.minor}` : server.text,
    ...(service.state === "known" ? [service.value.manager] : []),
  ].join(", ");
  const uncertain = sshd.effective.state === "unreadable" ? [`sshd -T: ${sshd.effective.reason}`] : [];
  const managed = facts.curfew.originals.length > 0;
  return { description: visible(description), people, now, uncertain, managed };
}
