import { formatDuration, parseDuration } from "../../model/terms/duration.ts";

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:d|days?)$/u, 86_400],
  [/^(?:h|hrs?|hours?)$/u, 3600],
  [/^(?:m|mins?|minutes?)$/u, 60],
  [/^(?:s|secs?|seconds?)?$/u, 1],
];

/**
 * `, did you mean "900s"?` for a duration in another notation (`900`, `15 min`, `1d`, `0.5h`,
 * `30m1h`), a way out for "no limit", nothing where no guess is good.
 */
export function durationAdvice(text: string | undefined): string {
  const word = (text ?? "").trim().toLowerCase();
  if (/^(?:never|none|off|no|false|disabled|infinite|unlimited|~|null|0+[a-z]*)$/u.test(word)) {
    return ", leave the key out where no limit is wanted";
  }
  const plain = /^\d{1,6}$/u.test(word) ? `${word}s` : undefined;
  const guess = plain ?? rewritten(word);
  return guess === undefined ? "" : `, did you mean "${guess}"?`;
}

function rewritten(word: string): string | undefined {
  const parts = [...word.matchAll(/(\d{1,6}(?:\.\d{1,3})?)\s*([a-z]*)[\s,]*/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== word) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of parts) {
    const factor = UNITS.find(([pattern]) => pattern.test(unit))?.[1];
    if (factor === undefined) return undefined;
    total += Number(amount) * factor;
  }
  const guess = formatDuration(Math.round(total));
  return parseDuration(guess) !== undefined && total <= 604_800 ? guess : undefined;
}
