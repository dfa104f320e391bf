/** The report's few words, symbols and numbers, so that the same thing is called the same everywhere. */
import { outcomeSign } from "../layout/signs.ts";
import { type Outcome, WORST_FIRST } from "../../core/verdict/outcome.ts";
import type { EvidenceLevel } from "../../model/verdict/finding.ts";

export type { Outcome };

/** An outcome as a symbol and a word: never by colour alone. `id` is the class of its colour. */
export interface Mark {
  readonly id: Outcome;
  readonly symbol: string;
  readonly word: string;
}

const MARKS = {
  fail: { id: "fail", symbol: outcomeSign("fail"), word: "Fail" },
  unknown: { id: "unknown", symbol: outcomeSign("unknown"), word: "Unknown" },
  waived: { id: "waived", symbol: outcomeSign("waived"), word: "Waived" },
  pass: { id: "pass", symbol: outcomeSign("pass"), word: "Pass" },
  "not-applicable": {
    id: "not-applicable",
    symbol: outcomeSign("not-applicable"),
    word: "Not applicable",
  },
} as const satisfies Record<Outcome, Mark>;

/** What asks for attention first. */
export const OUTCOMES = WORST_FIRST;

/** Strongest first. */
export const RUNGS = ["demonstrated", "effective", "configured"] as const satisfies EvidenceLevel[];

/** The mark of an outcome. */
export function mark(outcome: Outcome): Mark & Readonly<Record<string, string>> {
  return MARKS[outcome];
}

/** `1 host`, `1,000 hosts`. */
export function countOf(amount: number, one: string, many = `${one}s`): string {
  return `${number(amount)} ${amount === 1 ? one : many}`;
}

/** `1,000`: the report is in English wherever it is written. */
export function number(amount: number): string {
  return amount.toLocaleString("en-US");
}

/** `22 Nov 2026, 03:43 UTC` of an ISO time; what is no time is given back. */
export function when(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${day}, ${time.toISOString().slice(11, 16)} UTC`;
}

/** `1 min 12 s` between two ISO times; empty where one is no time. */
export function took(from: string, to: string): string {
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
