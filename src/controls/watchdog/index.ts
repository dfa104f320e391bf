/**
 * curfew's own mechanism, for what nothing else ends: a script that ends sessions with a terminal
 * at which nobody typed for too long, per role, whatever runs there. On the host it is
 * templates/host/watchdog*.hbs.
 */
import { terminalsAlike } from "../../core/sshd/other-session.ts";
import { withoutTerminal } from "../../core/sshd/without-shell.ts";
import type { Control, Rendered } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Coverage } from "../../model/verdict/finding.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { WITH_TERMINAL } from "../../model/terms/session-kind.ts";
import { watchdogEndings, watchdogInert } from "./endings.ts";
import { expectedLate } from "./installed.ts";
import { watchdogInForce } from "./in-force.ts";
import { watchdogKept, watchdogTimeouts, watchdogUnscalable } from "./probe.ts";
import { watchdogEndsOlder } from "./older.ts";
import { watchdogFiles } from "./files.ts";
import { watchdogFindings } from "./findings.ts";
import { endsAfter, idleRoles, watchdogInterval, watchdogStarter } from "./limits.ts";

export const watchdog: Control = {
  id: "watchdog",
  words:
    "catches what runs at an idle terminal: top, vim, tmux clients, escaped shells; breaks unwatched programs there; warns first",
  mechanisms: ["watchdog"],
  own: Object.values(WATCHDOG_FILES),
  shared: [],
  activation: {
    name: "restart-watchdog",
    script: "activate/restart-watchdog",
    units: ["curfew-watchdog.timer"],
    failed: "the watchdog did not start",
  },
  render,
  cannot: withoutTerminal,
  alike: terminalsAlike,
  endings: watchdogEndings,
  endsOlder: watchdogEndsOlder,
  inert: watchdogInert,
  inForce: watchdogInForce,
  timeouts: watchdogTimeouts,
  unscalable: watchdogUnscalable,
  whyKept: watchdogKept,
};

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const wanted = selected && idleRoles(limits).length > 0;
  if (!wanted) return { ...NOTHING, files: watchdogFiles(limits, null) };
  const starter = watchdogStarter(facts);
  const findings = watchdogFindings(facts, limits, starter);
  if (starter.by === "nothing") return { ...NOTHING, files: watchdogFiles(limits, null), findings };
  const interval = watchdogInterval(limits, starter.by);
  const late = expectedLate(facts, interval);
  return {
    get files() {
      return watchdogFiles(limits, { by: starter.by, interval });
    },
    expectations: [],
    findings,
    coverage: idleRoles(limits).flatMap(({ role, idle }) =>
      coverage(role, endsAfter(idle) + interval + late),
    ),
  };
}

const NOTHING: Rendered = { files: [], expectations: [], findings: [], coverage: [] };

/** Every kind that has a terminal under an sshd; measured on 8.4, 9.2, 10.0 and 10.6. */
function coverage(role: string, within: number): Coverage[] {
  return WITH_TERMINAL.map((kind) => ({ control: "watchdog", role, kind, within }));
}
