/** The hosts of a run: done by workers where `--shared` asks for that, which loads what it needs then, or by this process. */
import type { AuditHeader } from "../../model/record/audit.ts";
import type { Run } from "../progress/run-context.ts";
import type { ByWorkers, SharedRequest } from "./coordination.ts";
import type { SharedQuestion } from "./head.ts";

/** Refuses what workers cannot do, before anything is contacted. Errors: CurfewError `usage` and `input`. */
export async function refuseForWorkers(
  request: SharedQuestion & {
    readonly options: { readonly shared?: true };
  },
): Promise<void> {
  if (request.options.shared !== true) return;
  const { refuseUnshareable } = await import("./coordination.ts");
  refuseUnshareable(request);
}

/** `mine`: the header of an audit. Errors: those of `withCoordination` and of `work`. */
export async function withWorkers<T>(
  request: SharedRequest,
  run: Run,
  mine: AuditHeader | undefined,
  work: (workers?: ByWorkers) => Promise<T>,
): Promise<T> {
  if (request.options.shared !== true) return work();
  const { withCoordination } = await import("./coordination.ts");
  return withCoordination(request, run, mine, work);
}
