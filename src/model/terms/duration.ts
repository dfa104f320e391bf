/** A span of time in whole seconds. */
export type Seconds = number;

/** Hours, minutes, seconds, in this order, each at most once, at least one of them. */
export const DURATION_PATTERN = /^(?=\d)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/u;

/**
 * Reads `90s`, `15m`, `1h30m` (hours, minutes, seconds, in this order, each at most once).
 * Returns undefined for anything else, zero included: a limit of zero would mean "off" to some
 * mechanisms and "at once" to others.
 */
export function parseDuration(text: string): Seconds | undefined {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return undefined;
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return total > 0 ? total : undefined;
}

/** A limit of time for messages, in tenths of a second: one that was computed has more digits than a person reads. */
export function limitText(seconds: number): string {
  return `${Number(seconds.toFixed(1))} s`;
}

/**
 * The shortest spelling that `parseDuration` reads back as the same number: 5400 is `1h30m`. What was computed or
 * measured is rounded to what a person reads: tenths below a minute, else whole seconds.
 */
export function formatDuration(exact: Seconds): string {
  const tenths = Math.round(exact * 10) / 10;
  const seconds = tenths < 60 ? tenths : Math.round(exact);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "m"],
    [seconds % 60, "s"],
  ];
  const text = parts.map(([amount, unit]) => (amount > 0 ? `${amount}${unit}` : "")).join("");
  return text === "" ? "0s" : text;
}
