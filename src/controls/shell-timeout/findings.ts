/** What the shells of a host cannot do for the policy, and who else sets their timeout. */
import { configuredFindings } from "../../core/verdict/configured-finding.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { SHELL_SCRIPT } from "../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { environmentTimeouts } from "../../core/shell/environment-timeout.ts";
import { foreignSettings } from "../../core/shell/foreign-timeout.ts";
import { foreignFinding } from "./foreign-finding.ts";
import { lostFindings } from "./lost-lines.ts";
import { presentRoles } from "../../core/policy/present-people.ts";
import { KSH93_GRACE, minutesOf } from "./render/limits.ts";
import { type ShellFamily, shellsWithoutTimeout } from "../../core/shell/families.ts";
import { familiesIn, shellsWithoutTimeoutIn } from "./members.ts";
import { tmoutForm } from "./render/tmout-form.ts";

const finding = configuredFindings("shell-timeout");

/** Findings for the idle limits of the roles that somebody on the host is in. */
export function shellFindings(facts: Facts, limits: HostLimits): Finding[] {
  const idle = presentRoles(facts, limits).flatMap((role) =>
    role.idle === null ? [] : [{ role: role.role, idle: role.idle }],
  );
  if (idle.length === 0) return [];
  const strictest = Math.min(...idle.map((each) => each.idle));
  const placed = facts.files.some(({ path, state }) => path === SHELL_SCRIPT && state.state === "known");
  return [
    ...idle.flatMap((role) => roundingFindings(familiesIn(role.role, facts, limits), role)),
    ...withoutTimeout(facts, limits, idle),
    ...exportFindings(facts, limits),
    ...[...foreignSettings(facts), ...environmentTimeouts(facts)].map((foreign) =>
      foreignFinding(foreign, strictest, placed),
    ),
    ...lostFindings(facts, limits, placed),
  ];
}

/** Per role where it is known whose shell is which: one person's shell is no other role's matter. */
function withoutTimeout(
  facts: Facts,
  limits: HostLimits,
  roles: readonly { readonly role: string }[],
): Finding[] {
  const anybody = shellsWithoutTimeout(facts).map(({ path }) => path);
  const all = new Map(roles.map(({ role }) => [role, shellsWithoutTimeoutIn(role, facts, limits)]));
  const unsure = [...all.values()].includes(undefined);
  const found = unsure
    ? anybody.map((path) => ({ role: "*", path }))
    : [...all].flatMap(([role, paths = []]) => paths.map((path) => ({ role, path })));
  return found.map(({ role, path }) =>
    finding(
      "version-ability",
      role,
      "an idle shell ends by itself",
      `${path} is somebody's login shell and has no idle timeout`,
      path,
      "fail",
      path,
    ),
  );
}

/** bash(1) TMOUT: also the default timeout of `read`, in scripts that inherit it too (measured). */
function exportFindings(facts: Facts, { baseline }: HostLimits): Finding[] {
  if (baseline === undefined || tmoutForm(facts, baseline) === "plain") return [];
  const actual = `exported, as scanners of ${baseline.id} look for it: "read" in bash scripts that people start times out after it`;
  const expected = "TMOUT concerns the shell at its prompt only";
  return [finding("version-ability", "*", expected, actual, "bash(1) TMOUT", "pass", "exported TMOUT")];
}

function roundingFindings(
  families: ReadonlySet<ShellFamily>,
  { role, idle }: { role: string; idle: Seconds },
): Finding[] {
  const expected = `an idle shell ends after ${formatDuration(idle)}`;
  const minutes = minutesOf(idle);
  const tcsh =
    !families.has("tcsh") || minutes * 60 === idle
      ? []
      : [
          finding(
            "version-ability",
            role,
            expected,
            `tcsh counts whole minutes: after ${formatDuration(minutes * 60)}`,
            "tcsh(1) autologout",
            minutes * 60 > idle ? "fail" : "pass",
            "tcsh",
          ),
        ];
  if (!families.has("ksh93") || idle > KSH93_GRACE) return tcsh;
  const actual = `ksh93 adds a minute of grace: after ${formatDuration(KSH93_GRACE + 1)} at the soonest`;
  return [...tcsh, finding("version-ability", role, expected, actual, "ksh(1) TMOUT", "fail", "ksh93")];
}
