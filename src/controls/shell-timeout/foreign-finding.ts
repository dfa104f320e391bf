/** What a TMOUT or autologout of somebody else means for the policy. */
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { isInherited } from "../../core/shell/environment-timeout.ts";
import { CONDITIONAL, type ForeignSetting } from "../../core/shell/foreign-timeout.ts";

/** What that means for the policy, whose strictest limit on the host is given; `placed`: curfew's own file is there. */
export function foreignFinding(foreign: ForeignSetting, strictest: Seconds, placed: boolean): Finding {
  const { seconds, first, readonly, conditional, variable, text } = foreign;
  const shown = `"${text}"`;
  if (!first) {
    // Measured: an assignment to a readonly variable.
    const complaint =
      variable === "TMOUT"
        ? "complains; what stands below it (umask, exports) is lost, to the end of the file in zsh, of the loop, function or branch around it in bash"
        : "complains and skips the rest of the file";
    const [is, has] = placed ? ["is", "has"] : ["will be", "then has"];
    return finding(
      foreign,
      `${shown} ${is} read after curfew's readonly ${variable}: it ${has} no effect and the shell ${complaint}; remove it`,
      "fail",
    );
  }
  if (isInherited(foreign)) return finding(foreign, inherited(foreign), "pass");
  if (!readonly) return finding(foreign, `${shown} is read first and overridden by curfew's`, "pass");
  if (seconds !== undefined && seconds > 0 && seconds <= strictest) {
    if (conditional) {
      const actual = `${shown} is readonly and read first, and ${CONDITIONAL}; remove it`;
      return finding(foreign, actual, "unknown");
    }
    return finding(
      foreign,
      `${shown} is readonly, read first and wins; it is no looser than the policy`,
      "pass",
    );
  }
  const what =
    seconds === undefined ? "" : seconds === 0 ? ": no limit at all" : `: ${formatDuration(seconds)}`;
  return finding(foreign, `${shown} is readonly, read first and wins${what}; remove it`, "fail");
}

/** Measured: readonly and assignment keep the export that an inherited variable has. */
function inherited({ text }: ForeignSetting): string {
  const who = text.startsWith("AcceptEnv ")
    ? "lets clients set TMOUT for a session"
    : "is in the environment";
  return (
    `"${text}" ${who}: overridden by curfew's in every shell that has a limit, but exported, so that "read" ` +
    `in bash scripts times out; shells to which curfew gives no limit take it as it is`
  );
}

function finding(
  { file, line, variable }: ForeignSetting,
  actual: string,
  outcome: Finding["outcome"],
): Finding {
  return {
    check: "foreign-timeout",
    subject: `${variable} in ${file}`,
    control: "shell-timeout",
    role: "*",
    expected: `curfew's ${variable} is the only one`,
    actual,
    source: `${file}:${line}`,
    evidence: "configured",
    outcome,
  };
}
