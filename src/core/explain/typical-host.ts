/**
 * What ends whose sessions where no host is asked: hosts as their distributions install them, by what their versions
 * can do. A real host may differ in every point, so this is a promise about none; `-i` and USER@HOST ask.
 */
import type { Control } from "../../model/control/control.ts";
import type { Explanation, TypicalHost } from "../../model/verdict/explanation.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { BASHRC, typicalFacts, type TypicalSystem } from "../answer/typical-system.ts";
import { explainSessions } from "./sessions.ts";

interface Typical extends TypicalSystem {
  readonly systems: readonly string[];
}

const TYPICAL: readonly Typical[] = [
  typical("RHEL 8", 8, 0, { systemd: 239, include: false, bashrc: BASHRC.redHat }),
  typical("Debian 11, Ubuntu 22.04", 8, 4, { systemd: 247, idleStop: "unsupported" }),
  typical("RHEL 9", 8, 7, { systemd: 252, bashrc: BASHRC.redHat }),
  typical("Debian 12, Ubuntu 24.04", 9, 2, {}),
  typical("Debian 13", 10, 0, { systemd: 257, utmp: "no" }),
  typical("OpenSSH 10.5 and later", 10, 6, { systemd: 258, utmp: "no" }),
];

/** Of each the sessions of the person, as the selected controls would leave them; hosts that say the same are one. */
export function explainTypical(
  explanation: Explanation,
  limits: HostLimits,
  selected: readonly ControlId[],
  controls: readonly Control[],
): TypicalHost[] {
  const found = new Map<string, TypicalHost>();
  for (const each of TYPICAL) {
    const sessions = explainSessions(explanation, typicalFacts(each, controls), limits, selected, controls);
    const key = JSON.stringify(sessions);
    const systems = [...(found.get(key)?.systems ?? []), ...each.systems];
    found.set(key, { systems, sessions });
  }
  return [...found.values()];
}

function typical(systems: string, major: number, minor: number, other: Partial<Typical>): Typical {
  const usual = { systemd: 252, utmp: "yes", include: true, bashrc: BASHRC.debian } as const;
  return { systems: systems.split(", "), openssh: { major, minor }, ...usual, ...other };
}
