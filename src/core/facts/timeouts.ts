/** Timeouts of shells that others than curfew have set. */
import type { ForeignTimeout } from "../../model/facts.ts";
import { lines, malformed, type Sections } from "./sections.ts";
import { visible } from "../text/visible.ts";

const MOST_TIMEOUTS = 1000;
/** Characters of a line with its file. What is longer is cut, and then sets nobody knows what. */
const LONGEST = 1000;
const CUT = "TMOUT=$(...)";

/** Errors: CurfewError `remote` for a line that is not file, line number and text. */
export function parseTimeouts(sections: Sections): ForeignTimeout[] {
  const found = lines(sections.one("timeouts"));
  if (found.length > MOST_TIMEOUTS) throw malformed(sections.host, "timeouts", "there are too many");
  return found.map((entry) => {
    const [file, line, ...text] = entry.slice(0, LONGEST + 1).split("\t");
    if (entry.length > LONGEST) text.push(CUT);
    if (file === undefined || !/^\d{1,9}$/u.test(line ?? "") || text.length === 0) {
      throw malformed(sections.host, "timeouts", "a line is incomplete");
    }
    // What is indented stands in a branch.
    return { file, line: Number(line), text: visible(text.join(" ").trimEnd()) };
  });
}
