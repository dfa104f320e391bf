import { signMeanings, type SignName, SIGNS, signText } from "../layout/signs.ts";
import { keepsLimit } from "../../core/policy/kind-limit.ts";
import { visible } from "../../core/text/visible.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Coverage } from "../../model/verdict/finding.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import { SESSION_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";
import { table } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";

type Covered = Pick<HostPlan, "coverage" | "uncaught">;

/**
 * Session kinds by roles: after how long which control would end such a session at the latest, or nothing, and what
 * the signs mean. A plan promises; no session has shown it. Empty where neither is known.
 */
export function coverageMatrix(plan: Covered, paint: Paint): string[] {
  const roles = [...new Set([...plan.coverage, ...plan.uncaught].map(({ role }) => role))];
  const kinds = SESSION_KINDS.filter((kind) => concerns(plan, kind));
  if (kinds.length === 0) return [];
  const head = ["ends after", ...roles.map(visible)].map(paint.bold);
  const row = (kind: SessionKind): string[] => [kind, ...roles.map((role) => cell(plan, kind, role, paint))];
  const signs = [...plan.coverage.map(promiseSign), ...plan.uncaught.map(() => "open" as const)];
  return [...table([head, ...kinds.map(row)]), paint.dim(signMeanings(signs, PROMISED).join(" · "))];
}

/** Why nothing ends what nothing ends: one line per reason, with the kinds it stands for. */
export function uncaughtReasons({ uncaught }: Covered, paint: Paint): string[] {
  const kindsByReason = new Map<string, Set<SessionKind>>();
  for (const { reason, kind } of uncaught) {
    kindsByReason.set(reason, (kindsByReason.get(reason) ?? new Set()).add(kind));
  }
  return Array.from(kindsByReason, ([reason, kinds]) =>
    paint.dim(`${SIGNS.open.sign} ${[...kinds].join(", ")}: ${visible(reason)}`),
  );
}

/** What the signs say of a promise. */
export const PROMISED = { file: "the files will say so" } as const;

/** A backstop that is looser than the limit leaves the limit open. */
function promiseSign({ within, limit = within }: Coverage): SignName {
  return keepsLimit(within, limit) ? "file" : "open";
}

function ending(coverage: Coverage, paint: Paint): string {
  return `${signText(promiseSign(coverage), paint)} ${formatDuration(coverage.within)} ${coverage.control}`;
}

function concerns(plan: Covered, kind: SessionKind): boolean {
  return plan.coverage.some((item) => item.kind === kind) || plan.uncaught.some((item) => item.kind === kind);
}

function cell(plan: Covered, kind: SessionKind, role: string, paint: Paint): string {
  const covering = plan.coverage
    .filter((item) => item.kind === kind && item.role === role)
    .toSorted((a, b) => a.within - b.within);
  const [first] = covering;
  if (first !== undefined) return ending(first, paint);
  const open = plan.uncaught.some((item) => item.kind === kind && item.role === role);
  return open ? signText("open", paint, " nothing") : signText("none", paint);
}
