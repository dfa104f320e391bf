/** What a schedule tells beside its audits: that one did not come to its end, and what waits to be delivered. */
import { randomBytes } from "node:crypto";
import type { UnfinishedAudit } from "../../model/record/alert.ts";
import type { ScheduleTurn } from "../../model/record/schedule.ts";
import { createRunId } from "../../store/run/journal.ts";
import { defaultSources } from "../options/default-sources.ts";
import { storePlace } from "../options/history-access.ts";
import { writeError } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { ScheduledOptions } from "./audit.ts";
import { openOutboxAt } from "./outbox-place.ts";

interface Telling {
  readonly options: ScheduledOptions;
  /** curfew's state directory. */
  readonly state: string;
  readonly terminal: Terminal;
  readonly stopping: AbortSignal;
  readonly turn: Pick<ScheduleTurn, "token">;
}

/** Says it to everybody in the alerts file. What goes wrong with that is told here. */
export async function tellUnfinished(
  unfinished: UnfinishedAudit | undefined,
  { options, state, terminal, stopping, turn }: Telling,
): Promise<void> {
  if (options.alerts === undefined) return;
  try {
    const [{ loadAlerts }, { tellOfUnfinished }, { policyNameIn }] = await Promise.all([
      import("../../config/policy/alerts.ts"),
      import("./audit-alerts.ts"),
      import("../../config/policy/policy.ts"),
    ]);
    const alerts = await loadAlerts(options.alerts);
    // A policy with a mistake may be just what kept the audit from its end.
    const file = await policyFile(options, terminal);
    const policy = file === undefined ? "no policy" : await policyNameIn(file);
    const runId = createRunId("schedule", now(), randomBytes(4).toString("hex"));
    const { token } = turn;
    // Without a turn in the database there is none, or it does not answer: that is told from here.
    const outbox = async () =>
      openOutboxAt({
        place: token === undefined ? { state } : await storePlace(options, terminal),
        state,
        now,
        token,
        source: "",
      });
    const request = { alerts, outbox, now, aborting: stopping, terminal, quiet: options.quiet === true };
    const failure = await tellOfUnfinished(unfinished, policy, runId, request);
    if (failure !== undefined) writeError(failure, terminal);
  } catch (error) {
    writeError(error, terminal);
  }
}

/** That of this folder where none was given: said already. */
async function policyFile({ policy }: ScheduledOptions, terminal: Terminal): Promise<string | undefined> {
  if (policy !== undefined) return policy;
  const [found] = await defaultSources("policy", { quiet: true }, terminal).catch(() => []);
  return found;
}

function now(): Date {
  return new Date();
}
