/** What the shells of a host cannot do for the policy, and who else sets their timeout. */
import { formatDuration, type Seconds } from "../model/duration.ts";
import type { Facts, ForeignTimeout } from "../model/facts.ts";
import type { Finding } from "../model/finding.ts";
import { SHELL_SCRIPT } from "../model/host-paths.ts";
import type { HostLimits } from "../model/limits.ts";
import { presentRoles } from "./people.ts";
import { KSH93_GRACE, minutesOf } from "./shell-limits.ts";
import { familiesOf, shellsWithoutTimeout } from "./shells.ts";

/** Findings for the idle limits of the roles that somebody on the host is in. */
export function shellFindings(facts: Facts, limits: HostLimits): Finding[] {
  const idle = presentRoles(facts, limits).flatMap((role) =>
    role.idle === null ? [] : [{ role: role.role, idle: role.idle }],
  );
  if (idle.length === 0) return [];
  return [
    ...idle.flatMap((role) => roundingFindings(facts, role)),
    ...shellsWithoutTimeout(facts).map(({ path, accounts }) =>
      finding(
        "*",
        "an idle shell ends by itself",
        `${path} has no idle timeout${accounts === undefined ? "" : ` and is the login shell of ${count(accounts)}`}`,
        path,
        "fail",
      ),
    ),
    ...facts.foreignTimeouts.map((foreign) =>
      foreignFinding(foreign, facts, Math.min(...idle.map((role) => role.idle))),
    ),
  ];
}

/** A TMOUT of somebody else that is read before ours and cannot be changed; undefined where there is none. */
export function winningForeign(facts: Facts): ForeignTimeout | undefined {
  return facts.foreignTimeouts.find((foreign) => isBefore(foreign) && isReadonly(foreign, facts));
}

/** The seconds of an assignment such as `TMOUT=900`; undefined where it is no plain number. */
export function foreignSeconds({ text }: ForeignTimeout): Seconds | undefined {
  const digits = /\bTMOUT=["']?(\d{1,9})\b/u.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function roundingFindings(facts: Facts, { role, idle }: { role: string; idle: Seconds }): Finding[] {
  const families = familiesOf(facts);
  const expected = `an idle shell ends after ${formatDuration(idle)}`;
  const minutes = minutesOf(idle);
  const tcsh =
    !families.has("tcsh") || minutes * 60 === idle
      ? []
      : [
          finding(
            role,
            expected,
            `tcsh counts whole minutes: after ${formatDuration(minutes * 60)}`,
            "tcsh(1) autologout",
            minutes * 60 > idle ? "fail" : "pass",
          ),
        ];
  if (!families.has("ksh93") || idle > KSH93_GRACE) return tcsh;
  const actual = `ksh93 adds a minute of grace: after ${formatDuration(KSH93_GRACE + 1)} at the soonest`;
  return [...tcsh, finding(role, expected, actual, "ksh(1) TMOUT", "fail")];
}

function foreignFinding(foreign: ForeignTimeout, facts: Facts, strictest: Seconds): Finding {
  const expected = "curfew's TMOUT is the only one";
  const { file, line, text } = foreign;
  const source = `${file}:${line}`;
  const shown = `"${text.trim()}"`;
  if (!isBefore(foreign)) {
    const why = `${shown} is read after curfew's readonly TMOUT: it has no effect, and the shell complains at login`;
    return finding("*", expected, `${why}; remove it`, source, "fail");
  }
  if (!isReadonly(foreign, facts)) {
    return finding("*", expected, `${shown} is read first and overridden by curfew's`, source, "pass");
  }
  const seconds = foreignSeconds(foreign);
  const strict = seconds !== undefined && seconds > 0 && seconds <= strictest;
  const verdict = strict
    ? "it is no looser than the policy"
    : "the policy's limits do not hold in that shell; remove it";
  return finding(
    "*",
    expected,
    `${shown} is readonly, read first and wins: ${verdict}`,
    source,
    strict ? "pass" : "fail",
  );
}

/** Read before profile.d: the environment, /etc/profile itself, zsh's earlier files; in profile.d by name. */
function isBefore({ file }: ForeignTimeout): boolean {
  if (/^\/etc\/(?:environment|profile|zshenv|zprofile|zsh\/zshenv|zsh\/zprofile|security\/.*)$/u.test(file))
    return true;
  return (
    file.startsWith("/etc/profile.d/") && Buffer.compare(Buffer.from(file), Buffer.from(SHELL_SCRIPT)) < 0
  );
}

function isReadonly(foreign: ForeignTimeout, facts: Facts): boolean {
  return facts.foreignTimeouts.some(
    ({ file, text }) => file === foreign.file && /\breadonly\b|\b(?:typeset|declare)\s+-\w*r/u.test(text),
  );
}

function count(accounts: number): string {
  return accounts === 1 ? "one account" : `${accounts} accounts`;
}

function finding(
  role: string,
  expected: string,
  actual: string,
  source: string,
  outcome: Finding["outcome"],
): Finding {
  return { control: "shell-timeout", role, expected, actual, source, evidence: "configured", outcome };
}
