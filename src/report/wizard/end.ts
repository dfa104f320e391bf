import { OUTCOME_SIGNS, signText } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { HostVerification, ProbeResult } from "../../model/change/run.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";
import type { WizardView } from "./found.ts";
import { wrap } from "../layout/wrap.ts";

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
  const scaled = probes.some((probe) => probe.scaled !== undefined);
  const line = (sign: string, text: string): string[] => wrap(`  ${sign} ${text}`, columns, 4);
  return [
    paint.bold("Proved"),
    ...(proved.length === 0 ? line(signText("none", paint), "nothing: no session was opened") : []),
    ...slowest(proved).flatMap((probe) => line(signText("shown", paint), probeText(probe))),
    ...(scaled && proved.length > 0 ? line(signText("none", paint), SCALED) : []),
    paint.bold("Not proved"),
    ...failed.flatMap(({ session, role, reason, outcome }) =>
      line(signText(OUTCOME_SIGNS[outcome], paint), `${session} of ${visible(role)}: ${visible(reason)}`),
    ),
    ...(promised.length === 0
      ? []
      : line(
          signText("file", paint),
          `set up, but no such session was opened: ${kindsByRole(promised.map(({ role, kind }) => [role, kind]))}`,
        )),
    ...uncaught(plan).flatMap((text) => line(signText("open", paint), text)),
    ...(verification?.error === undefined
      ? []
      : line(signText("unknown", paint), visible(verification.error.message))),
    ...(failed.length + promised.length + plan.uncaught.length === 0
      ? line(signText("holds", paint), "nothing is left open")
      : []),
  ].join("\n");
}

const SCALED =
  "every limit was cut down for this, in a second instance of the host's own sshd with its whole configuration";

/** `idle-shell of admin (root): dropped after 6.6 s by TMOUT`. */
function probeText({ session, role, user, droppedAfterSeconds, withinSeconds, by }: ProbeResult): string {
  const who = `${session} of ${visible(role)} (${visible(user)})`;
  return droppedAfterSeconds === null
    ? `${who}: kept for ${withinSeconds} s, as it has to be`
    : `${who}: dropped after ${droppedAfterSeconds.toFixed(1)} s by ${by}`;
}

/** With and without a terminal the same kind is opened twice; the slower one is what is proved. */
function slowest(probes: readonly ProbeResult[]): ProbeResult[] {
  const groups = Map.groupBy(probes, ({ session, role, user }) => JSON.stringify([session, role, user]));
  return [...groups.values()].flatMap((own) => own.toSorted((a, b) => lasted(b) - lasted(a)).slice(0, 1));
}

function lasted({ droppedAfterSeconds, withinSeconds }: ProbeResult): number {
  return droppedAfterSeconds ?? withinSeconds;
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
