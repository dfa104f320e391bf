import { posix } from "node:path";
import { parseSshdConfig } from "../../../core/sshd/config-text.ts";
import type { Facts } from "../../../model/facts/facts.ts";
import type { Finding } from "../../../model/verdict/finding.ts";
import { isSshdDropIn, SSHD_DROP_IN } from "../../../model/inventory/host-paths.ts";
import type { SshdPlace } from "./place.ts";

/** Where ComplianceAsCode's remediation of any sshd rule writes its keywords. */
const HARDENING = "00-complianceascode-hardening.conf";

/**
 * What ComplianceAsCode's remediation did, or will do: its macro writes a keyword into that file and
 * deletes every other line with it, from all drop-ins, inside Match too. `ours` are the keywords
 * (lower case) that curfew sets here.
 */
export function hardeningFindings({ sshd }: Facts, place: SshdPlace, ours: ReadonlySet<string>): Finding[] {
  const rival = sshd.dropIns.find(({ path }) => posix.basename(path) === HARDENING);
  if (rival === undefined) return [];
  const set = new Set(
    place.foreign
      .filter(({ file, keyword }) => file === rival.path && ours.has(keyword))
      .map(({ keyword }) => keyword),
  );
  const own = sshd.dropIns.find(({ path }) => isSshdDropIn(path))?.state;
  const lines = own?.state === "known" ? parseSshdConfig(own.value.content) : undefined;
  const gone = [...set].filter(
    (keyword) => lines !== undefined && !lines.some((line) => line.keyword === keyword),
  );
  const about = {
    check: "foreign-setting",
    subject: HARDENING,
    control: "sshd",
    role: "*",
    expected: "no other tool edits curfew's drop-in",
    source: rival.path,
    evidence: "configured",
  } as const;
  if (gone.length > 0) {
    const actual = `a remediation of ComplianceAsCode deleted ${gone.join(", ")} from ${SSHD_DROP_IN} and set it here; apply again, and take these rules out of the remediation`;
    return [{ ...about, actual, outcome: "fail" }];
  }
  const actual = `ComplianceAsCode remediates sshd here${set.size === 0 ? "" : `, ${[...set].join(", ")} too`}: for each keyword it sets, it deletes curfew's lines`;
  return [{ ...about, actual, outcome: "pass" }];
}
