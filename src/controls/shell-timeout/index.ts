/** The shells' own limit at the prompt: a readonly TMOUT, for tcsh a readonly autologout. */
import { withoutShell } from "../../core/sshd/without-shell.ts";
import type { Control, Rendered } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Coverage } from "../../model/verdict/finding.ts";
import {
  MINUTES_SCRIPT,
  SHELL_HOOKS,
  SHELL_RC_FILES,
  SHELL_SCRIPT,
  VENDOR_RC_FILES,
} from "../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { shellEndings, shellsAlike } from "./ending/endings.ts";
import { shellFiles } from "./render/files.ts";
import { shellKept, shellTimeouts, shellUnscalable } from "./probe.ts";
import { judgeTmoutRule } from "./rule.ts";
import { scaledShells } from "./scale.ts";
import { winningForeign, foreignSettings } from "../../core/shell/foreign-timeout.ts";
import { shellFindings } from "./findings.ts";
import { KSH93_GRACE, minutesOf } from "./render/limits.ts";
import type { ShellFamily } from "../../core/shell/families.ts";
import { familiesIn } from "./members.ts";
import type { InForce } from "../../model/control/ending.ts";

export const shellTimeout: Control = {
  id: "shell-timeout",
  words:
    "catches shells at their prompt (TMOUT); breaks nothing, as nothing runs there; a user can start a shell without it",
  mechanisms: ["TMOUT"],
  own: [SHELL_SCRIPT, MINUTES_SCRIPT],
  shared: [...Object.values(SHELL_RC_FILES).flat(), ...Object.values(SHELL_HOOKS), ...VENDOR_RC_FILES],
  settings: [{ name: "TMOUT", judge: judgeTmoutRule }],
  render,
  cannot: (account, kind) => (kind === "idle-shell" ? withoutShell(account) : undefined),
  endings: shellEndings,
  inForce: shellInForce,
  timeouts: shellTimeouts,
  scaled: scaledShells,
  unscalable: shellUnscalable,
  whyKept: shellKept,
  alike: shellsAlike,
};

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  return {
    get files() {
      return shellFiles(facts, limits, selected);
    },
    expectations: [],
    findings: selected ? shellFindings(facts, limits) : [],
    coverage: selected ? coverage(facts, limits) : [],
  };
}

const TIMED: readonly ShellFamily[] = ["bash", "zsh", "ksh93", "mksh", "tcsh"];

/** An idle prompt only: a program in the foreground, tmux or an escaped shell is not its business. */
function coverage(facts: Facts, limits: HostLimits): Coverage[] {
  const foreign = winningForeign(facts);
  // Under a condition it may well be readonly without a value, so that ours does not count either.
  const fixed = foreign === undefined ? undefined : foreign.conditional ? 0 : (foreign.seconds ?? 0);
  return [...limits.roles, limits.defaults].flatMap(({ role, idle }) => {
    const families = TIMED.filter((family) => familiesIn(role, facts, limits).has(family));
    if (families.length === 0) return [];
    if (idle === null || (fixed !== undefined && (fixed === 0 || fixed > idle))) return [];
    const within = Math.max(...families.map((family) => endsWithin(family, fixed ?? idle)));
    return [{ control: "shell-timeout", role, kind: "idle-shell", within }];
  });
}

function endsWithin(family: ShellFamily, idle: number): number {
  if (family === "tcsh") return minutesOf(idle) * 60;
  return family === "ksh93" ? Math.max(idle, KSH93_GRACE + 1) : idle;
}

/** What limits the prompts of a host's shells before curfew, for people. Pure. */
function shellInForce(facts: Facts): InForce[] {
  return foreignSettings(facts).map(({ file, line, text }) => ({
    setting: text,
    source: `${file}:${line}`,
    effect: "ends a shell at its prompt, but no program in it; a user may start a shell without it",
    verdict: "partly",
  }));
}
