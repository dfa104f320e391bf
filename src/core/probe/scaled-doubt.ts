/** Whether a scaled drop speaks for the real one. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";

/** A setting that may have fired. */
interface Cause {
  /** In the probed session. */
  readonly fires: Seconds;
  /** In a real one. */
  readonly real: Seconds;
  readonly source: string;
}

/**
 * Why a scaled drop in time is no pass, as the end of a sentence; undefined where it is. Scaled limits are short
 * against the tolerance, so the host's own value has to be right as well. Of several that may have fired, the one
 * that fits best: another role's would excuse a wrong one. Several that fit alike are told apart by nothing.
 */
export function scaledDoubt(
  causes: readonly Cause[],
  seconds: number,
  limit: Seconds,
): { readonly outcome: "fail" | "unknown"; readonly reason: string } | undefined {
  if (causes.length === 0) {
    return { outcome: "unknown", reason: ", which no scaled setting of the host explains" };
  }
  const off = ({ fires }: Cause): number => Math.abs(fires - seconds);
  const least = Math.min(...causes.map(off));
  const best = causes.filter((cause) => off(cause) === least).toSorted((a, b) => a.real - b.real);
  const over = best.find(({ real }) => real > limit);
  const [shortest] = best;
  if (over === undefined || shortest === undefined) return undefined;
  if (shortest.real > limit) {
    const reason = `; unscaled that is ${shortest.real} s, over the limit of ${limit} s`;
    return { outcome: "fail", reason };
  }
  const both = `${shortest.real} s (${shortest.source}) or ${over.real} s (${over.source})`;
  const reason = `; unscaled that is ${both}, and only one is within the limit of ${limit} s: give a longer --scaled`;
  return { outcome: "unknown", reason };
}
