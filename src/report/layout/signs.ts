/** The one table of signs. Each has one meaning, wherever it stands; ✓ is kept for what a session has shown. */
import type { Outcome } from "../../core/verdict/outcome.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Paint } from "./paint.ts";

interface Sign {
  readonly sign: string;
  readonly colour: keyof Paint;
  readonly meaning: string;
}

/** In the order in which a legend names them. */
export const SIGNS = {
  shown: { sign: "✓", colour: "green", meaning: "shown by a session" },
  fails: { sign: "✗", colour: "red", meaning: "does not hold" },
  unknown: { sign: "?", colour: "yellow", meaning: "unknown" },
  daemon: { sign: "◐", colour: "cyan", meaning: "the host's programs say so" },
  file: { sign: "○", colour: "cyan", meaning: "a file says so" },
  open: { sign: "!", colour: "yellow", meaning: "never or too late, not tried" },
  exempt: { sign: "~", colour: "cyan", meaning: "exempt" },
  none: { sign: "-", colour: "dim", meaning: "no limit" },
  apart: { sign: "·", colour: "dim", meaning: "does not apply here" },
  holds: { sign: "=", colour: "green", meaning: "as it should be" },
  changes: { sign: "*", colour: "yellow", meaning: "changes" },
} as const satisfies Record<string, Sign>;
export type SignName = keyof typeof SIGNS;

/** Of an outcome by itself, and of hosts and counts: how it was found out is not said. */
export const OUTCOME_SIGNS = {
  pass: "holds",
  fail: "fails",
  unknown: "unknown",
  waived: "exempt",
  "not-applicable": "apart",
} as const satisfies Record<Outcome, SignName>;

const EVIDENCE_SIGNS = {
  demonstrated: "shown",
  effective: "daemon",
  configured: "file",
} as const satisfies Record<Finding["evidence"], SignName>;

/** Of one finding: one that passes has the sign of what it rests on. */
export function findingSign({ outcome, evidence }: Pick<Finding, "outcome" | "evidence">): SignName {
  return outcome === "pass" ? EVIDENCE_SIGNS[evidence] : OUTCOME_SIGNS[outcome];
}

/** The sign in its colour; behind it, in the same colour, whatever belongs to it. */
export function signText(name: SignName, paint: Paint, rest = ""): string {
  const { sign, colour } = SIGNS[name];
  return paint[colour](`${sign}${rest}`);
}

export function outcomeSign(outcome: Outcome): string {
  return SIGNS[OUTCOME_SIGNS[outcome]].sign;
}

/** `✓ shown by a session`, of those that occur, in the table's order. */
export function signMeanings(
  names: Iterable<SignName>,
  other: Partial<Record<SignName, string>> = {},
): string[] {
  const found = new Set(names);
  return (Object.keys(SIGNS) as SignName[])
    .filter((name) => found.has(name))
    .map((name) => `${SIGNS[name].sign} ${other[name] ?? SIGNS[name].meaning}`);
}
