/**
 * The enforcement mechanisms by the name that a policy gives them, one line each. What follows from facts is in the
 * order of the lines. Each is loaded when it is needed: the names alone are asked for by every start of curfew.
 */
import type { Control } from "../model/control/control.ts";
import type { ControlId } from "../model/terms/control-id.ts";

const REGISTRY: Readonly<Record<ControlId, () => Promise<Control>>> = {
  sshd: async () => (await import("./sshd/index.ts")).sshd,
  "shell-timeout": async () => (await import("./shell-timeout/index.ts")).shellTimeout,
  logind: async () => (await import("./logind/index.ts")).logind,
  watchdog: async () => (await import("./watchdog/index.ts")).watchdog,
  postgresql: async () => (await import("./postgresql/index.ts")).postgresql,
  mariadb: async () => (await import("./mariadb/index.ts")).mariadb,
  cockpit: async () => (await import("./cockpit/index.ts")).cockpit,
};

/** Every name, in the order of the lines. */
export const CONTROL_IDS: readonly ControlId[] = Object.keys(REGISTRY);

export function loadControls(): Promise<readonly Control[]> {
  return Promise.all(Object.values(REGISTRY).map((load) => load()));
}
