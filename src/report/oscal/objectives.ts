import type { AuditRun } from "../../model/record/audit.ts";
import type { CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";

/** What every audit reviews, as NIST SP 800-53 Rev. 5 names it in OSCAL: AC-2(5), AC-12, SC-10, AC-17. */
export const REVIEWED_CONTROLS = ["ac-2.5", "ac-12", "sc-10", "ac-17"] as const;

const TERMINATION = ["ac-2.5", "ac-12", "sc-10"] as const;

/**
 * Which control a check speaks for: that idle sessions end (AC-2(5) for people, AC-12 for sessions, SC-10
 * for connections), that somebody is told before (AC-12(3)), or that the remote access is configured
 * as documented (AC-17).
 */
const CONTROLS_OF_CHECK: Readonly<Record<CheckId, readonly string[]>> = {
  "host-judged": REVIEWED_CONTROLS,
  "sshd-effective": ["ac-12", "sc-10", "ac-17"],
  "files-as-rendered": ["ac-17"],
  "files-as-applied": ["ac-17"],
  "change-finished": ["ac-17"],
  "edits-merged": ["ac-17"],
  "daemon-current": ["ac-17"],
  "foreign-setting": ["ac-17"],
  "foreign-timeout": ["ac-2.5", "ac-12"],
  "lines-kept": ["ac-17"],
  "version-ability": TERMINATION,
  backstop: TERMINATION,
  "warning-given": ["ac-12.3"],
  "role-members": ["ac-2.5"],
  "accounts-covered": ["ac-2.5"],
  "exemption-active": TERMINATION,
  "exemption-current": ["ac-2.5"],
  "exemption-used": ["ac-2.5"],
  "mechanism-works": TERMINATION,
  "session-ends": TERMINATION,
  "user-overridable": TERMINATION,
  "failed-logins-after-timeout": ["ac-2.5"],
  "baseline-rule": ["ac-12"],
  "baseline-system": ["ac-12"],
  "kube-session": TERMINATION,
  "kube-bypass": TERMINATION,
  "kube-privilege": ["ac-17"],
  "kube-tls": ["ac-17"],
  "kube-file": ["ac-17"],
  "kube-server": TERMINATION,
  "teleport-place": ["ac-17"],
  "teleport-value": ["ac-17"],
  "teleport-limit": TERMINATION,
  "teleport-loosens": TERMINATION,
  "teleport-lasting": ["ac-17"],
  "teleport-certificate": TERMINATION,
  "teleport-session": TERMINATION,
};

/** A reference to NIST SP 800-53, with or without its name before it: `AC-2(5)`, `NIST SP 800-53 AC-17(a)`. */
const REFERENCE = /^(?:NIST )?(?:SP )?(?:800-53 )?([A-Z]{2})-(\d{1,2})(?: ?\((\d{1,2})\))?(?![\d-])/u;

/** The controls, by OSCAL id, that a finding speaks for: its rule's own where the profile names them. */
export function controlsOf(profile: AuditRun["profile"]): (finding: Finding) => readonly string[] {
  const byRule = new Map(profile?.rules.map(({ id, references }) => [id, references.flatMap(controlId)]));
  return ({ check, rule }) => {
    const named = rule === undefined ? undefined : byRule.get(rule);
    return named === undefined || named.length === 0 ? CONTROLS_OF_CHECK[check] : [...new Set(named)];
  };
}

function controlId(reference: string): string[] {
  const [, family = "", number = "", enhancement] = REFERENCE.exec(reference) ?? [];
  if (family === "") return [];
  const id = `${family.toLowerCase()}-${Number(number)}`;
  return [enhancement === undefined ? id : `${id}.${Number(enhancement)}`];
}
