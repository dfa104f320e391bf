import type { Finding } from "../../model/verdict/finding.ts";
import type { FindingKey } from "../../model/record/audit.ts";

/**
 * A finding's name over time, within one host: `sshd-effective:sshd:admin`, with `:rule=5.1.7` and
 * `:subject=/etc/profile.d/x.sh` where it has them. What is expected, found or concluded is no part of it.
 * Two findings have the same key exactly where check, control, role, rule and subject are the same: colons, percent
 * signs and what cannot be printed are escaped in each part (`%3a`; a lone surrogate as `%ud800`).
 */
export function findingKey(
  finding: Pick<Finding, "check" | "control" | "role" | "rule" | "subject">,
): FindingKey {
  const { check, control, role, rule, subject } = finding;
  const parts = [check, control, escape(role)];
  if (rule !== undefined) parts.push(`rule=${escape(rule)}`);
  if (subject !== undefined) parts.push(`subject=${escape(subject)}`);
  return parts.join(":");
}

function escape(part: string): string {
  return part.replace(/[%:\p{Cc}\p{Cs}]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `%u${code}` : `%${code.padStart(2, "0")}`;
  });
}
