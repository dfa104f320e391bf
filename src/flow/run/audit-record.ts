/** An audit on its way into the history: what cannot be stored is told once, and ends no audit. */
import type { AuditContext, AuditedHost, AuditEnd, AuditHeader } from "../../model/record/audit.ts";
import { CurfewError, UnknownEndError } from "../../model/terms/error.ts";
import type { History, RunWriter } from "../../model/record/history.ts";
import { besideRun } from "./beside-run.ts";

/** As `RunWriter`, but nothing rejects: `failure` says what was not stored. */
export interface AuditRecord extends RunWriter {
  readonly failure: CurfewError | undefined;
}

/**
 * Begins to store an audit of these hosts, or goes on with one that another process began; without a history, nothing is
 * stored. Errors: those of `History.begin` and `History.join`, before any host is contacted.
 */
export async function beginRecord(
  history: History | undefined,
  header: AuditHeader,
  hosts: readonly string[],
  joined = false,
): Promise<AuditRecord> {
  const writer = joined ? await history?.join(header.runId) : await history?.begin(header, hosts);
  let failure: CurfewError | undefined;
  const attempt = async (work: (into: RunWriter) => Promise<void>): Promise<void> => {
    if (writer === undefined || failure !== undefined) return;
    await work(writer).catch((error: unknown) => {
      failure = unstored(error);
    });
  };
  return {
    get failure() {
      return failure;
    },
    addHost: (host: AuditedHost) => attempt((into) => into.addHost(host)),
    finish: (end: AuditEnd) => attempt((into) => into.finish(end)),
    // Also after a failure: half an audit must not look as if it went on.
    abandon: async () => writer?.abandon().catch(() => {}),
  };
}

/** What the history adds to an audit that it holds. */
export interface Beside {
  readonly context: AuditContext;
  /** When the audit before, of the same policy and hosts, began; undefined where there is none. */
  readonly before: string | undefined;
}

/** Earlier audits of the same policy, and what changed since the last. Errors: those of the history. */
export async function historyOf(history: History | undefined, { runId }: AuditHeader): Promise<Beside> {
  if (history === undefined) return { context: { trend: [], changes: [] }, before: undefined };
  const { context, against } = await besideRun(history, runId);
  return { context, before: against?.startedAt };
}

function unstored(error: unknown): CurfewError {
  const reason = error instanceof Error ? error.message : String(error);
  const unknown = error instanceof UnknownEndError;
  const what = unknown ? "whether all of it was stored is unknown" : "not stored";
  const hint = unknown
    ? "curfew history lists what was stored, once the history answers"
    : "make room or mend the history, then audit again; what was stored before is whole";
  return new CurfewError("internal", `this audit was shown but ${what}: ${reason}`, { hint, cause: error });
}
