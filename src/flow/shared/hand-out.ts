/**
 * Hosts that workers change: the waves of this process say when, the guard of each host decides as ever. No host is begun
 * twice. A worker that is lost with one is followed by looks at that host, until it is known what became of it.
 */
import { byItself, lostWorker, seenAfterLoss } from "../../core/shared/after-loss.ts";
import { changingPlace, travelling, zoneOf } from "../../core/shared/travel.ts";
import { isInPlace } from "../../core/verdict/outcome.ts";
import { CurfewError, type ErrorData, errorData } from "../../model/terms/error.ts";
import type { PlanDigests } from "../../model/change/plan.ts";
import type { HostResult } from "../../model/change/run.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Begun, CollectedAnswer } from "../../model/record/shared-work.ts";
import { outcomeOf, untouched } from "../guard/untouched.ts";
import { skipped } from "../guard/waves.ts";
import {
  askWorkers,
  type AskedQuestion,
  type Questions,
  type QuestionsSetup,
  type Reply,
} from "./questions.ts";

/** Milliseconds between two looks at a host whose worker is gone, and for how long after the guard's time. */
const LOOK_AGAIN = 5000;
const GRACE = 60_000;

export interface HandOutSetup extends QuestionsSetup {
  /** Seconds. */
  readonly confirmWithin: number;
}

export interface HandOut extends Pick<Questions, "withdraw" | "finish"> {
  /** Never rejects for the sake of the host. */
  change(host: Host, approved: PlanDigests | undefined): Promise<HostResult>;
}

export function handOut(setup: HandOutSetup): HandOut {
  const questions = askWorkers(setup);
  return {
    withdraw: (reason) => questions.withdraw(reason),
    finish: () => questions.finish(),
    async change(host, approved) {
      const failure = questions.failure();
      if (failure !== undefined) return untouched(host.name, failure, "failed");
      const place = changingPlace(zoneOf(host));
      const question = questions.ask({ place, host: travelling(host), approved });
      const reply = await Promise.race([question.answered, question.lost, questions.failed]);
      if (reply.type !== "lost") return resultOf(host, reply, setup);
      if (reply.begun === undefined) return lostBefore(host);
      return lookAfter(host, question, reply.begun, questions, setup);
    },
  };
}

function resultOf(
  host: Host,
  reply: Exclude<Reply, { type: "lost" }>,
  { confirmWithin }: Pick<HandOutSetup, "confirmWithin">,
): HostResult {
  return reply.type === "answer"
    ? answered(host, reply.given, confirmWithin)
    : unknown(host, errorData(reply.error), byItself(confirmWithin));
}

function answered({ name }: Host, { answer, worker }: CollectedAnswer, confirmWithin: number): HostResult {
  if (answer.kind === "none") {
    const { code, message, hint } = answer.error;
    // Nobody but this coordinator gives a host up for that.
    if (code === "interrupted" && worker === "") return skipped({ name }, message);
    const error = new CurfewError(code, message, { hint });
    return untouched(name, error, outcomeOf(error));
  }
  if (answer.kind === "apply" && answer.host.host === name && isWhole(answer.host)) return answer.host;
  const message =
    "the answer of the worker contradicts itself or is about something else, so nothing is taken from it";
  return unknown({ name }, { code: "internal", message }, byItself(confirmWithin));
}

/** Whoever says that all is well says nothing of an error; whoever does not says why. */
function isWhole({ outcome, message, error }: HostResult): boolean {
  return isInPlace(outcome) ? error === undefined : message !== undefined || error !== undefined;
}

function lostBefore({ name }: Host): HostResult {
  const message = "the worker that had taken this host stopped answering before it began to change it";
  return untouched(
    name,
    new CurfewError("unreachable", message, { hint: "see the log of the workers" }),
    "failed",
  );
}

function unknown({ name }: Pick<Host, "name">, error: ErrorData, outlook: string): HostResult {
  return { host: name, outcome: "unknown", error, message: `${error.message}; ${outlook}` };
}

async function lookAfter(
  host: Host,
  question: AskedQuestion,
  begun: Begun,
  questions: Questions,
  { context, confirmWithin }: HandOutSetup,
): Promise<HostResult> {
  const start = context.clock();
  const end = start + confirmWithin * 1000 + GRACE;
  context.emit({
    type: "host-step",
    at: start,
    host: host.name,
    step: "reading-facts",
    detail: lostWorker(begun),
  });
  for (;;) {
    const seconds = begun.secondsAgo + (context.clock() - start) / 1000;
    const look = questions.ask({ place: zoneOf(host), host: travelling(host), look: true });
    const own = question.answered.then((reply) => ({ reply, own: true }));
    const others = Promise.race([look.answered, look.lost, questions.failed]);
    const { reply, own: late } = await Promise.race([
      own,
      others.then((each) => ({ reply: each, own: false })),
    ]);
    if (late && reply.type !== "lost") return resultOf(host, reply, { confirmWithin });
    const seen = lookedAt(reply, begun, seconds);
    if (seen.settled || reply.type === "failed" || context.clock() >= end) {
      return afterLoss(host, begun, seen, byItself(confirmWithin));
    }
    await context.pause(LOOK_AGAIN, context.aborting);
  }
}

type Seen = ReturnType<typeof seenAfterLoss>;

function unseen(text: string): Seen {
  return { settled: false, outcome: "unknown", text };
}

function lookedAt(reply: Reply, begun: Begun, seconds: number): Seen {
  if (reply.type === "failed") return unseen(reply.error.message);
  if (reply.type === "lost") return unseen("no worker could look at it");
  const { answer } = reply.given;
  if (answer.kind === "plan") return seenAfterLoss(answer.host, begun, seconds);
  return unseen(answer.kind === "none" ? answer.error.message : "no worker could look at it");
}

function afterLoss(
  { name }: Host,
  begun: Begun,
  { settled, outcome, text }: Seen,
  outlook: string,
): HostResult {
  const lost = lostWorker(begun);
  const message = `${lost}; ${text}${settled ? "" : `; ${outlook}`}`;
  if (outcome === "confirmed") return { host: name, outcome, message };
  const error: ErrorData = { code: "unreachable", message: lost, hint: "see the log of that worker" };
  return { host: name, outcome, error, message };
}
