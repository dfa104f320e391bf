/** Timeouts of shells that others than curfew have set. */
import type { ForeignTimeout } from "../../model/facts.ts";
import { lines, malformed, type Sections } from "./sections.ts";
import { visible } from "../text/visible.ts";

/** Errors: CurfewError `remote` for a line that is not file, line number and text. */
export function parseTimeouts(sections: Sections): ForeignTimeout[] {
  return lines(sections.one("timeouts")).map((entry) => {
    const [file, line, ...text] = entry.split("\t");
    if (file === undefined || !/^\d{1,9}$/u.test(line ?? "") || text.length === 0) {
      throw malformed(sections.host, "timeouts", "a line is incomplete");
    }
    // What is indented stands in a branch.
    return { file, line: Number(line), text: visible(text.join(" ").trimEnd()) };
  });
}
