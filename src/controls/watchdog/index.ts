/**
 * curfew's own mechanism, for what nothing else ends: a script that ends sessions with a terminal
 * at which nobody typed for too long, per role, whatever runs there. On the host it is
 * templates/host/watchdog*.hbs.
 */
import { withoutTerminal } from "../../core/sshd/without-shell.ts";
import type { Control, Rendered } from "../../model/control.ts";
import type { Facts } from "../../model/facts.ts";
import type { Coverage } from "../../model/finding.ts";
import type { HostLimits } from "../../model/limits.ts";
import type { SessionKind } from "../../model/session-kind.ts";
import { watchdogEndings } from "./endings.ts";
import { watchdogInert } from "./inert.ts";
import { watchdogFiles } from "./files.ts";
import { watchdogFindings } from "./findings.ts";
import { endsAfter, idleRoles, watchdogInterval, watchdogStarter } from "./limits.ts";

export const watchdog: Control = {
  id: "watchdog",
  mechanisms: ["watchdog"],
  render,
  cannot: withoutTerminal,
  endings: watchdogEndings,
  inert: watchdogInert,
};

/** Every kind that has a terminal under an sshd; measured on 8.4, 9.2, 10.0 and 10.6. */
const CAUGHT: readonly SessionKind[] = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "output-loop",
  "tmux",
];

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const wanted = selected && idleRoles(limits).length > 0;
  if (!wanted) return { ...NOTHING, files: watchdogFiles(limits, null) };
  const starter = watchdogStarter(facts);
  const findings = watchdogFindings(facts, limits, starter);
  if (starter.by === "nothing") return { ...NOTHING, files: watchdogFiles(limits, null), findings };
  const interval = watchdogInterval(limits, starter.by);
  return {
    files: watchdogFiles(limits, { by: starter.by, interval }),
    expectations: [],
    findings,
    coverage: idleRoles(limits).flatMap(({ role, idle }) => coverage(role, endsAfter(idle) + interval)),
  };
}

const NOTHING: Rendered = { files: [], expectations: [], findings: [], coverage: [] };

function coverage(role: string, within: number): Coverage[] {
  return CAUGHT.map((kind) => ({ control: "watchdog", role, kind, within }));
}
