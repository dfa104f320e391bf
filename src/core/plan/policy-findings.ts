/** Findings that no mechanism owns: who is exempt, who is missing, what nothing can do. */
import { configuredFindings } from "../verdict/configured-finding.ts";
import { selectedBy } from "../policy/role-members.ts";
import { selectorNames } from "../policy/selectors.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { ActiveExemption, HostLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Exemption } from "../../model/policy/policy.ts";

const finding = configuredFindings("host");

/**
 * Exemptions that hold for somebody here (waived) and those past their last day (failed), roles
 * without a member here, warnings that no selected mechanism can give. Pure.
 */
export function policyFindings(facts: Facts, limits: HostLimits, selected: readonly ControlId[]): Finding[] {
  const { classes } = facts.sshd;
  const found = classes.state === "known" ? classes.value : [];
  return [
    ...limits.expired.map(expiredFinding),
    ...limits.exemptions.flatMap((active) => exemptionFindings(active, found, selected)),
    ...(classes.state === "unreadable"
      ? [unreadableFinding(classes.reason)]
      : missingPeople(limits, facts, found)),
    ...warningFindings(limits, selected),
  ];
}

function expiredFinding(exemption: Exemption): Finding {
  return finding(
    "exemption-current",
    "*",
    "exemptions are renewed or removed before they expire",
    `expired on ${exemption.expires} and has no effect any more; owner ${exemption.owner}`,
    `exemption "${exemption.name}"`,
    "fail",
    exemption.name,
  );
}

function exemptionFindings(
  { exemption, controls }: ActiveExemption,
  classes: readonly UserClass[],
  selected: readonly ControlId[],
): Finding[] {
  const users = selectedBy(exemption, classes).flatMap((each) => each.users);
  if (users.length === 0) return [];
  return controls
    .filter((control) => selected.includes(control))
    .map((control) => ({
      check: "exemption-active",
      subject: exemption.name,
      control,
      role: "*",
      expected: "idle sessions end",
      actual: `${users.join(", ")} exempt until ${exemption.expires}`,
      source: `exemption "${exemption.name}"`,
      evidence: "configured",
      outcome: "waived",
      waiver: `${exemption.justification} (${exemption.owner})`,
    }));
}

/** The last day of the exemption that such a finding is about, as it was written above; null where it says none. */
export function exemptionEnd({ check, actual }: Pick<Finding, "check" | "actual">): string | null {
  if (check === "exemption-active") return / exempt until (\d{4}-\d{2}-\d{2})$/u.exec(actual)?.[1] ?? null;
  if (check !== "exemption-current") return null;
  return /^expired on (\d{4}-\d{2}-\d{2}) and /u.exec(actual)?.[1] ?? null;
}

/**
 * No failure, as one policy serves many hosts; but a misspelt name looks just like this. A group that is there
 * without a member that anybody lists may have those of a name service.
 */
function missingPeople(
  limits: HostLimits,
  { sshd: { missingSelectors: missing }, remoteAccounts = [] }: Facts,
  classes: readonly UserClass[],
): Finding[] {
  return limits.roles.flatMap((role) => {
    const unknown = selectorNames(role).filter((selector) => missing.includes(selector));
    const expected = `the role applies to ${[...role.users, ...role.groups].join(", ")}`;
    if (unknown.length > 0) {
      const names = unknown.map((selector) => selector.replace(":", " ")).join(", ");
      return [
        finding(
          "role-members",
          role.role,
          expected,
          `there is no such account or group here: ${names}`,
          PEOPLE,
          "pass",
        ),
      ];
    }
    if (selectedBy(role, classes).some(({ users }) => users.length > 0)) return [];
    if (role.groups.length > 0 && remoteAccounts.length > 0) {
      const actual = `no account is listed in it; ${remoteAccounts.join(", ")} may have members that are not listed, and these were not asked for`;
      return [finding("role-members", role.role, expected, actual, PEOPLE, "unknown")];
    }
    return [
      finding(
        "role-members",
        role.role,
        expected,
        "no account here with a login shell is meant",
        PEOPLE,
        "pass",
      ),
    ];
  });
}

function unreadableFinding(reason: string): Finding {
  return finding("role-members", "*", "every role's members are known", reason, PEOPLE, "unknown");
}

/** The watchdog warns at every terminal; where it cannot run, it says so itself. */
function warningFindings({ defaults, roles }: HostLimits, selected: readonly ControlId[]): Finding[] {
  if (selected.includes("watchdog")) return [];
  return [defaults, ...roles].flatMap(({ role, warnBefore }) => {
    if (warnBefore === null) return [];
    const expected = `a warning ${formatDuration(warnBefore)} before the end`;
    const actual =
      "sshd, shell timeouts and logind end a session without one; the watchdog would warn (controls: watchdog)";
    return [finding("warning-given", role, expected, actual, "warn_before", "fail")];
  });
}

const PEOPLE = "accounts and groups of the host";
