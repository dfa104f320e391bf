import { visible } from "../core/visible.ts";
import { formatDuration } from "../model/duration.ts";
import type { HostPlan } from "../model/plan.ts";
import type { HostVerification } from "../model/run.ts";
import type { SessionKind } from "../model/session-kind.ts";
import type { WizardView } from "./wizard-found.ts";
import { wrap } from "./wrap.ts";

/** What is proved now, what is promised but was not shown, and what nothing ends. */
export function provedText(
  plan: HostPlan,
  verification: HostVerification | undefined,
  { paint, columns }: WizardView,
): string {
  const probes = verification?.probes ?? [];
  const proved = probes.filter(({ outcome }) => outcome === "pass");
  const failed = probes.filter(({ outcome }) => outcome !== "pass");
  const shown = new Set(probes.map(({ session, role }) => `${role} ${session}`));
  const promised = plan.coverage.filter(({ role, kind }) => !shown.has(`${role} ${kind}`));
  const scaled = probes.some((probe) => probe.scaled !== undefined) ? ", with every limit scaled down" : "";
  const line = (sign: string, text: string): string[] => wrap(`  ${sign} ${text}`, columns, 4);
  return [
    paint.bold("Proved"),
    ...(proved.length === 0
      ? line(paint.dim("-"), "nothing: no session was opened")
      : line(
          paint.green("✓"),
          `by real sessions${scaled}: ${kindsByRole(proved.map(({ role, session }) => [role, session]))}`,
        )),
    paint.bold("Not proved"),
    ...failed.flatMap(({ session, role, reason }) =>
      line(paint.red("✗"), `${session} of ${visible(role)}: ${visible(reason)}`),
    ),
    ...(promised.length === 0
      ? []
      : line(
          "~",
          `set up, but no such session was opened: ${kindsByRole(promised.map(({ role, kind }) => [role, kind]))}`,
        )),
    ...uncaught(plan).flatMap((text) => line(paint.red("✗"), text)),
    ...(verification?.error === undefined ? [] : line("?", visible(verification.error.message))),
    ...(failed.length + promised.length + plan.uncaught.length === 0
      ? line(paint.green("✓"), "nothing is left open")
      : []),
  ].join("\n");
}

/** How long the real limits take to be waited out: the longest of what will be opened. */
export function fullProbeTime(plan: HostPlan): string {
  return formatDuration(Math.max(60, ...plan.coverage.map(({ limit = 0 }) => Math.ceil(limit * 1.1) + 10)));
}

/** `idle-shell (admin, default), frozen-client (default)`, each kind once. */
function kindsByRole(pairs: readonly (readonly [string, SessionKind])[]): string {
  const kinds = Map.groupBy(pairs, ([, kind]) => kind);
  return [...kinds]
    .map(([kind, own]) => `${kind} (${[...new Set(own.map(([role]) => visible(role)))].join(", ")})`)
    .join(", ");
}

function uncaught({ uncaught: open }: HostPlan): string[] {
  const kinds = Map.groupBy(open, ({ reason }) => reason);
  return [...kinds].map(([reason, own]) => {
    const names = [...new Set(own.map(({ kind }) => kind))];
    return `nothing ends ${names.join(", ")}: ${visible(reason)}`;
  });
}
