import { SIGNS, type SignName } from "../../report/layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import type { ProbeResult, RunEvent } from "../../model/change/run.ts";

/** Outcomes with which a host leaves a phase although something is wrong. */
const BAD: ReadonlySet<string> = new Set(["failed", "rolled-back", "unknown", "fail", "skipped", "error"]);

export function isBad(outcome: string): boolean {
  return BAD.has(outcome);
}

/** A host that was judged and found wanting did not fail: what was asked for was done. */
export function outcomeWord(outcome: string): string {
  return outcome === "fail" ? "out of compliance" : outcome;
}

/** Of what is wrong, what comes first: hosts that nothing is known about. */
export function badRank(outcome: string): number {
  const rank = ["unknown", "error", "failed", "rolled-back", "skipped", "fail"].indexOf(outcome);
  return rank < 0 ? Number.POSITIVE_INFINITY : rank;
}

/** The sign of an outcome's word, for every command alike; ✓ only where a login or a session has shown it. */
export function outcomeSymbol(outcome: string): string {
  return SIGNS[WORDS[outcome] ?? (isBad(outcome) ? "fails" : "holds")].sign;
}

const WORDS: Readonly<Record<string, SignName>> = {
  confirmed: "shown",
  unknown: "unknown",
  skipped: "none",
  change: "changes",
};

/** One event as one line for people, without time; undefined for what the results say anyway. */
export function eventText(event: RunEvent): string | undefined {
  switch (event.type) {
    case "run-started":
    case "run-finished":
      return undefined;
    case "wave-started":
      return `wave ${event.wave}: ${event.hosts.length} host${event.hosts.length === 1 ? "" : "s"}`;
    case "host-step":
      return `${visible(event.host)}: ${event.step}${suffix(event.detail)}`;
    case "host-finished":
      return `${visible(event.host)}: ${outcomeSymbol(event.outcome)} ${outcomeWord(event.outcome)}${suffix(event.message)}`;
    case "probe-started": {
      const { host, session, user, role, withinSeconds } = event;
      return `${visible(host)}: ${session} as ${visible(user)} (${visible(role)}), limit ${withinSeconds} s`;
    }
    case "probe-finished":
      return `${visible(event.host)}: ${probeText(event.result)}`;
  }
}

function probeText({ session, user, role, outcome, by, droppedAfterSeconds, reason }: ProbeResult): string {
  const ended =
    droppedAfterSeconds === null ? "" : `, ended after ${droppedAfterSeconds.toFixed(1)} s by ${by}`;
  const why = outcome === "pass" ? "" : `: ${visible(reason)}`;
  const sign = outcome === "pass" ? SIGNS.shown.sign : outcomeSymbol(outcome);
  return `${sign} ${session} as ${visible(user)} (${visible(role)}): ${outcome}${ended}${why}`;
}

function suffix(detail: string | undefined): string {
  return detail === undefined || detail === "" ? "" : ` (${visible(detail)})`;
}
