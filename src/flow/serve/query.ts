/** What a page's address asks for. Everything in it is input: bounded, and refused with what is wrong. */
import { CHECKS, type CheckId } from "../../model/verdict/check.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { FindingFilter } from "../../model/record/history-views.ts";

const LONGEST = 512;
const MOST_PAGES = 100_000;
const OUTCOMES = ["pass", "fail", "unknown"] as const;

/** A value of the query; undefined where it is missing or empty. Errors: CurfewError `usage` for one that is too long. */
export function textOf(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name) ?? "";
  if (value.length > LONGEST) throw refuse(name, `has more than ${LONGEST} characters`);
  return value === "" ? undefined : value;
}

/** `page`, 1 where it is missing. */
export function pageOf(query: URLSearchParams): number {
  const page = numberOf(query, "page") ?? 1;
  if (page < 1 || page > MOST_PAGES) throw refuse("page", `is not a number from 1 to ${MOST_PAGES}`);
  return page;
}

/** A whole number that is not negative. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/u.test(text)) throw refuse(name, "is not a whole number");
  return Number(text);
}

/** A day such as `2026-11-01`. */
export function dayOf(query: URLSearchParams, name: string): string | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}$/u.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw refuse(name, "is not a day such as 2026-11-01");
  }
  return text;
}

/** An outcome of a host. */
export function wantedOutcome(query: URLSearchParams): (typeof OUTCOMES)[number] | undefined {
  const text = textOf(query, "outcome");
  const known = OUTCOMES.find((outcome) => outcome === text);
  if (text !== undefined && known === undefined)
    throw refuse("outcome", `is not one of ${OUTCOMES.join(", ")}`);
  return known;
}

/** The finding that a page is about. */
export function findingOf(query: URLSearchParams): FindingFilter {
  const check = textOf(query, "check");
  if (check === undefined || !isCheck(check)) throw refuse("check", "is not the name of a check");
  const [control, role, subject] = ["control", "role", "subject"].map((name) => textOf(query, name));
  const rule = textOf(query, "rule");
  return { check, control, role, subject, rule: rule === "none" ? null : rule };
}

function isCheck(text: string): text is CheckId {
  return Object.hasOwn(CHECKS, text);
}

/** The value itself is not repeated: a page says nothing in the words of its address. */
function refuse(name: string, what: string): CurfewError {
  return new CurfewError("usage", `${name} in the address ${what}`);
}
