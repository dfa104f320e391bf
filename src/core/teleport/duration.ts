/** Durations as Teleport reads them, which differs between its file and its resources. */
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { TeleportEntry } from "../../model/access/teleport.ts";
import { nearest, shown } from "../text/nearest.ts";

/** `file`: teleport.yaml; `resource`: what tctl takes. */
export type Dialect = "file" | "resource";

/** Seconds, where 0 and less mean no limit; or what is wrong, and what to write. */
export type ReadDuration = { readonly seconds: number } | { readonly wrong: string; readonly write: string };

const SMALL = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
const UNITS: Readonly<Record<Dialect, Readonly<Record<string, number>>>> = {
  resource: SMALL,
  file: { ...SMALL, d: 86_400, mo: 30 * 86_400, y: 365 * 86_400 },
};
/** Nanoseconds in 64 bits. */
const LONGEST = 9_223_372_036;

/** Resources take text only: what YAML 1.1 reads as another type is an error there, also a bare 0. */
export function readTeleportDuration(entry: TeleportEntry, dialect: Dialect): ReadDuration {
  const { text, form, quoted } = entry;
  if (form !== "scalar" || text === undefined) return { wrong: `a ${form}`, write: "a duration such as 15m" };
  const type = quoted || dialect === "file" ? undefined : typeOf(text);
  const wrong = type === undefined ? undefined : `${shown(text)} is ${type}; Teleport takes text here`;
  if (wrong !== undefined) return { wrong, write: advice(text) };
  if (text === "never") return { seconds: 0 };
  const seconds = goDuration(text, UNITS[dialect]);
  if (typeof seconds === "number") return { seconds };
  return { wrong: `${shown(text)} ${seconds}`, write: advice(text) };
}

/** The number of seconds, or what is wrong. Source: Go's time.ParseDuration. */
function goDuration(text: string, units: Readonly<Record<string, number>>): number | string {
  const [, sign = "", body = ""] = /^([-+]?)(.*)$/su.exec(text) ?? [];
  if (body === "0") return 0;
  if (/^(?:\d+\.?\d*|\.\d+)$/u.test(body)) return "has no unit";
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)([^\d.\s]+)/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== body) return "is not a duration";
  let total = 0;
  for (const [, amount = "", unit = ""] of parts) {
    const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
    if (factor === undefined) return `has the unit ${shown(unit)}, which Teleport does not know here`;
    total += Number(amount) * factor;
  }
  if (total > LONGEST) return "is longer than Teleport can count";
  return sign === "-" ? -total : total;
}

/** What YAML 1.1 makes of a scalar without quotes, where that is not text. */
function typeOf(text: string): string | undefined {
  if (/^(?:|~|null|Null|NULL)$/u.test(text)) return "no value";
  if (/^(?:yes|no|on|off|true|false)$/iu.test(text)) return "a boolean";
  if (/^[-+]?(?:[\d_]+(?:\.[\d_]*)?(?:e[-+]?\d+)?|0x[\da-f_]+|0o?[0-7_]+|0b[01_]+)$/iu.test(text))
    return "a number";
  return /^[-+]?\d[\d_]*(?::[0-5]?\d)+$/u.test(text) ? "a number to the base of 60 for YAML 1.1" : undefined;
}

const WORDS: readonly (readonly [RegExp, number])[] = [
  [/^(?:y|yrs?|years?)$/u, 365 * 86_400],
  [/^(?:mo|mon|months?)$/u, 30 * 86_400],
  [/^(?:w|wks?|weeks?)$/u, 7 * 86_400],
  [/^(?:d|days?)$/u, 86_400],
  [/^(?:h|hrs?|hours?|std)$/u, 3600],
  [/^(?:m|mins?|minutes?)$/u, 60],
  [/^(?:s|secs?|seconds?)$/u, 1],
];

/** What was probably meant, in hours, minutes and seconds, which every place takes. */
function advice(text: string): string {
  const word = text.trim().toLowerCase();
  if (/^(?:|~|null|none|off|no|false|disabled?|infinite|unlimited|0+)$/u.test(word))
    return "a duration such as 15m, in text; never switches the limit off";
  if (/^\d{1,7}$/u.test(word)) return `${shown(`${word}m`)} for minutes, ${shown(`${word}s`)} for seconds`;
  const guess = fromClock(word) ?? fromWords(word.replace(/^p(\d+[a-z])?t?(?=\d|$)/u, "$1"));
  if (guess !== undefined) return shown(guess);
  return nearest(word, ["never"]) === undefined
    ? "a duration such as 15m or 1h30m"
    : '"never", which switches the limit off';
}

/** `1:30` as hours and minutes, `00:15:00` with seconds. */
function fromClock(word: string): string | undefined {
  const match = /^(\d{1,3}):([0-5]?\d)(?::([0-5]?\d))?$/u.exec(word);
  if (match === null) return undefined;
  const [, hours, minutes, seconds = "0"] = match;
  return positive(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

function fromWords(word: string): string | undefined {
  const parts = [...word.matchAll(/(\d{1,7}(?:\.\d{1,3})?)\s*([a-z]+)[\s,]*/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== word) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of parts) {
    const factor = WORDS.find(([pattern]) => pattern.test(unit))?.[1];
    if (factor === undefined) return undefined;
    total += Number(amount) * factor;
  }
  return positive(Math.round(total));
}

function positive(seconds: Seconds): string | undefined {
  return seconds > 0 && seconds < LONGEST ? formatDuration(seconds) : undefined;
}
