import { findingSign, signText } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Paint } from "../layout/paint.ts";

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
  const { control, role, evidence } = finding;
  const symbol = signText(findingSign(finding), paint);
  const who = role === "*" ? control : `${control} ${visible(role)}`;
  const waiver = finding.waiver === undefined ? "" : `, waived: ${visible(finding.waiver)}`;
  const source = paint.dim(`[${evidence}, ${visible(finding.source)}]`);
  return `${symbol} ${who}: wanted ${visible(finding.expected)}, found ${visible(finding.actual)}${waiver} ${source}`;
}
