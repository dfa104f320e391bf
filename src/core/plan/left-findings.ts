/** What earlier changes left on a host: unfinished ones, and edits of others that were kept beside their files. Pure. */
import { configuredFindings } from "../verdict/configured-finding.ts";
import { keptText } from "../facts/kept-edits.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { KeptEdit, UnfinishedChange } from "../../model/facts/curfew-state.ts";
import type { Finding } from "../../model/verdict/finding.ts";

const finding = configuredFindings("host");

/** None where nothing is left. */
export function leftFindings({ curfew: { unfinished = [], kept = [] } }: Facts): Finding[] {
  return [
    ...unfinished.map((one) =>
      finding(
        "change-finished",
        "*",
        "every change is confirmed or taken back, and tidied up",
        `${unfinishedText(one)}; curfew apply or curfew revert brings it to its end`,
        "/var/lib/curfew",
        "fail",
        one.token === "" ? one.state : one.token,
      ),
    ),
    ...kept.map((edit) =>
      finding(
        "edits-merged",
        "*",
        "no edit of somebody waits to be merged",
        keptText(edit),
        edit.copy === "" ? edit.path : edit.copy,
        waits(edit) ? "fail" : "pass",
        edit.path,
      ),
    ),
  ];
}

/** What a run that died has left, for people. */
export function unfinishedText({ token, state }: UnfinishedChange): string {
  switch (state) {
    case "confirmed":
      return `the change ${token} was confirmed, and its run ended before it had tidied up`;
    case "reverted":
      return `the change ${token} was taken back, and its run ended before it had tidied up`;
    case "staged":
      return `the change ${token} was prepared by a run that ended, and nothing of it was put in place`;
    case "lock":
      return "the lock of a run that ended is left";
    case "hook":
      return "the check at boot of a run that ended is left";
  }
}

/** What is in its file, as somebody wrote it, waits for nobody. */
function waits({ kind }: KeptEdit): boolean {
  return kind !== "late";
}
