import type { Seconds } from "../../model/terms/duration.ts";

/**
 * Seconds of an sshd time value (sshd_config(5), TIME FORMATS): `90`, `5m`, `1h30m`, `2d`.
 * Undefined for `none` and anything else.
 */
export function parseSshdTime(text: string): Seconds | undefined {
  // A number without its unit is the last, or else the expression could be matched in any number of ways.
  if (text === "" || !/^(?:\d+[smhdw])*\d*$/iu.test(text)) return undefined;
  const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const parts = [...text.matchAll(/(\d+)([smhdw]?)/giu)];
  return parts.reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (units[unit.toLowerCase()] ?? 1),
    0,
  );
}
