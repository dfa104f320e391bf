/** What was judged of Teleport's files, for people: one line per finding, as editors read it. */
import { visible } from "../../core/text/visible.ts";
import { worstOf } from "../../core/verdict/outcome.ts";
import type { PlacedFinding, TeleportInput, TeleportSession } from "../../model/access/teleport.ts";
import { table } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";
import { OUTCOME_SIGNS, outcomeSign, signText } from "../layout/signs.ts";

export interface TeleportView {
  readonly paint: Paint;
  /** What passes, too. */
  readonly verbose: boolean;
  readonly sessions: readonly TeleportSession[];
  /** Whether an idle timeout is in force at all. */
  readonly limited: boolean;
}

export function teleportCheckText(
  input: TeleportInput,
  found: readonly PlacedFinding[],
  { paint, verbose, sessions, limited }: TeleportView,
): string {
  const shown = found.filter(({ finding }) => verbose || finding.outcome !== "pass");
  const blocks = [
    shown.map((each) => findingLine(each, paint)),
    limited ? sessionLines(sessions, paint) : [],
    input.ignored.length === 0 ? [] : [paint.dim(`not read: ${input.ignored.map(visible).join(", ")}`)],
    [verdictLine(input, found, paint)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function findingLine({ finding }: PlacedFinding, paint: Paint): string {
  const { source, subject, expected, actual, outcome } = finding;
  const about = subject === undefined ? "" : `${visible(subject)}: `;
  const sign = signText(OUTCOME_SIGNS[outcome], paint);
  return `${paint.bold(visible(source))}: ${sign} ${about}wanted ${visible(expected)}, found ${visible(actual)}`;
}

const ENDS = {
  "in-time": { sign: "file", text: "ends" },
  never: { sign: "open", text: "never" },
  unproven: { sign: "unknown", text: "not proven" },
} as const;

function sessionLines(sessions: readonly TeleportSession[], paint: Paint): string[] {
  const rows = sessions.map(({ title, ends, why }) => [
    `${signText(ENDS[ends].sign, paint)} ${title}`,
    ENDS[ends].text,
    paint.dim(why),
  ]);
  return [paint.bold("What Teleport's idle timeout ends"), ...table(rows)];
}

function verdictLine({ files }: TeleportInput, found: readonly PlacedFinding[], paint: Paint): string {
  const outcomes = found.map(({ finding }) => finding.outcome);
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  const worst = worstOf(outcomes) ?? "pass";
  const sum = `${count("pass")} pass, ${count("fail")} fail, ${count("unknown")} unknown`;
  const of = files.length === 1 ? "1 file" : `${files.length} files`;
  return `${paint.bold("Teleport:")} ${outcomeSign(worst)} ${sum}, in ${of}`;
}
