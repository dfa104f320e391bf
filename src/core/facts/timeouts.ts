/** TMOUT and autologout in system-wide files, and where another login leaves them: the section `timeouts`. */
import type { ForeignTimeout } from "../../model/facts/facts.ts";
import { visible } from "../text/visible.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";

const MOST_LINES = 1000;
/** Characters of a line with its file. What is longer is cut; what it sets is unknown. */
const LONGEST = 1000;
const CUT = "TMOUT=$(...)";

/**
 * `FILE TAB LINE TAB TEXT`, with `TAB leaves` or `TAB personal` behind it for a line that sets nothing.
 * Errors: CurfewError `remote` for a line that is not file, line number and text.
 */
export function parseTimeouts(
  sections: Sections,
): Record<"set" | "leaving" | "personal", readonly ForeignTimeout[]> {
  const found = lines(sections.one("timeouts"));
  if (found.length > MOST_LINES) throw malformed(sections.host, "timeouts", "there are too many");
  const of = (word: string): ForeignTimeout[] =>
    found.flatMap((line) => {
      const [is = ""] = /\t(?:leaves|personal)$/u.exec(line) ?? [];
      return is === word ? [lineOf(line.slice(0, line.length - is.length), sections.host)] : [];
    });
  return { set: of(""), leaving: of("\tleaves"), personal: of("\tpersonal") };
}

function lineOf(entry: string, host: string): ForeignTimeout {
  const [file, line, ...text] = entry.slice(0, LONGEST + 1).split("\t");
  if (entry.length > LONGEST) text.push(CUT);
  if (file === undefined || !/^\d{1,9}$/u.test(line ?? "") || text.length === 0) {
    throw malformed(host, "timeouts", "a line is incomplete");
  }
  // What is indented stands in a branch.
  return { file, line: Number(line), text: visible(text.join(" ").trimEnd()) };
}
