/** How TMOUT is written, so that a baseline's scanners recognise it. */
import type { Seconds } from "../../../model/terms/duration.ts";
import type { Facts } from "../../../model/facts/facts.ts";
import type { Baseline } from "../../../model/policy/baseline.ts";
import { demandsOf } from "../../../core/policy/baseline-rules.ts";
import { ksh93Timeout } from "./limits.ts";

/**
 * `plain`: readonly and not exported. `typeset`: what ComplianceAsCode's check for Red Hat's family
 * and Debian looks for, `lines`: for Ubuntu and SUSE, and CIS' own script; `both`: for the two of them at once.
 */
export type TmoutForm = "plain" | "typeset" | "lines" | "both";

/** IDs of os-release(5) for which accounts_tmout looks for `typeset -xr` (ComplianceAsCode/content 0.1.82). */
const TYPESET = new Set(["rhel", "centos", "fedora", "ol", "almalinux", "rocky", "amzn", "debian"]);

/** The form for a host; `plain` without a baseline that has a rule about TMOUT. */
export function tmoutForm({ os }: Pick<Facts, "os">, baseline: Baseline | undefined): TmoutForm {
  if (baseline === undefined || !demandsOf(baseline).has("TMOUT")) return "plain";
  if (baseline.form !== "by-system") return baseline.form;
  return os.state === "known" && TYPESET.has(os.value.id) ? "both" : "lines";
}

/**
 * Commands that set the limit, one a line; none for null. With ksh93 on the host it gets another
 * value: in `plain` on one line, else in lines of its own, as scanners want a line to begin with it.
 */
export function tmoutLines(form: TmoutForm, idle: Seconds | null, ksh93: boolean): string[] {
  if (idle === null) return [];
  const usual = assignment(form, idle);
  if (!ksh93) return usual;
  const other = assignment(form, ksh93Timeout(idle));
  const test = "case ${KSH_VERSION-} in";
  if (form === "plain") {
    return [`${test} Version*93*) ${other.join("; ")} ;; *) ${usual.join("; ")} ;; esac`];
  }
  return [test, "Version*93*)", ...indented(other), "  ;;", "*)", ...indented(usual), "  ;;", "esac"];
}

function assignment(form: TmoutForm, seconds: Seconds): string[] {
  const rest = ["readonly TMOUT", "export TMOUT"];
  switch (form) {
    case "plain":
      return [`readonly TMOUT=${seconds}`];
    case "typeset":
      return [`typeset -xr TMOUT=${seconds}`];
    case "lines":
      return [`TMOUT=${seconds}`, ...rest];
    case "both":
      return [`typeset -xr TMOUT=${seconds}`, ...rest];
  }
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
