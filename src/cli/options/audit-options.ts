/** The options of an audit, also of one on a schedule. */
import { type Command, Option } from "commander";
import { CurfewError } from "../../model/terms/error.ts";
import { DEFAULT_PROBES, type SessionKind } from "../../model/terms/session-kind.ts";
import type { SharedWork } from "../../model/record/shared-work.ts";
import * as args from "./args.ts";
import { addStoreOption } from "./history-access.ts";
import { addSharedOptions, type SharedOptions } from "./shared-options.ts";

export interface AuditOptions extends args.PolicyOptions, args.ReportOptions, SharedOptions {
  readonly verify?: true;
  readonly sessions: readonly SessionKind[];
  readonly scaled?: number;
  readonly history: boolean;
  readonly alerts?: string;
  readonly keep?: number;
}

/** What is judged, how, and who gets to know; not how it is shown on screen. */
export function addAuditOptions(command: Command): Command {
  args.addPolicyOption(command);
  args.addHostOptions(command);
  command
    .option("--verify", "open real sessions as well, as curfew verify does")
    .addOption(
      new Option("--sessions <kinds>", "session kinds to judge, commas between, or all")
        .argParser(args.sessionKinds)
        .default(DEFAULT_PROBES, DEFAULT_PROBES.join(",")),
    )
    .option("--scaled <seconds>", "with --verify: scale every limit down to about this", args.positive);
  addSharedOptions(command);
  return addStoreOption(args.addReportOptions(command))
    .option("--alerts <file>", "tell the people in this file what changed since the last audit")
    .option("--keep <days>", "forget audits older than this, such as 400d", args.days);
}

/** Errors: CurfewError `usage`. */
export function refuseContradictions({ scaled, verify, alerts, history, store, shared }: AuditOptions): void {
  if (scaled !== undefined && verify !== true) {
    throw new CurfewError("usage", "--scaled is for sessions that are opened: give --verify as well");
  }
  if (store !== undefined && !history && shared !== true) {
    throw new CurfewError("usage", "--store says where the audit is remembered, so --no-history excludes it");
  }
  if (alerts !== undefined && !history) {
    throw new CurfewError(
      "usage",
      "--alerts tells what changed since the last audit, so --no-history excludes it",
    );
  }
}

/** What workers are asked. */
export function auditWork({
  sessions,
  verify,
  scaled,
}: Pick<AuditOptions, "sessions" | "verify" | "scaled">): Omit<SharedWork, "policy" | "connectTimeout"> {
  return { kind: "audit", sessions, verify: verify === true, ...(scaled && { scaled }) };
}
