import { visible } from "../../core/text/visible.ts";
import type { Finding } from "../../model/finding.ts";
import type { Paint } from "../layout/paint.ts";

const SYMBOLS = { pass: "✓", fail: "✗", unknown: "?", waived: "~" } as const;
const COLOURS = { pass: "green", fail: "red", unknown: "yellow", waived: "dim" } as const;

/** One line per finding; those that passed only when `verbose`. */
export function findingLines(
  findings: readonly Finding[],
  { paint, verbose }: { readonly paint: Paint; readonly verbose: boolean },
): string[] {
  return findings
    .filter(({ outcome }) => verbose || outcome !== "pass")
    .map((item) => findingLine(item, paint));
}

function findingLine(finding: Finding, paint: Paint): string {
  const { control, role, outcome, evidence } = finding;
  const symbol = paint[COLOURS[outcome]](SYMBOLS[outcome]);
  const who = role === "*" ? control : `${control} ${visible(role)}`;
  const waiver = finding.waiver === undefined ? "" : `, waived: ${visible(finding.waiver)}`;
  const source = paint.dim(`[${evidence}, ${visible(finding.source)}]`);
  return `${symbol} ${who}: wanted ${visible(finding.expected)}, found ${visible(finding.actual)}${waiver} ${source}`;
}
