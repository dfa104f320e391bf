/** `curfew audit`: judges every host, changes none, and stores each as soon as it is judged. */
import PQueue from "p-queue";
import { fleetFindings } from "../core/audit-fleet.ts";
import { auditHost, lostHost } from "../core/audit-host.ts";
import { inertFindings } from "../core/inert-lines.ts";
import { judgeProfile } from "../core/judge-profile.ts";
import { ladder } from "../core/ladder.ts";
import { hostLimits } from "../core/limits.ts";
import type { AuditedHost, AuditHeader, AuditRun } from "../model/audit.ts";
import type { Connection } from "../model/connection.ts";
import { CurfewError, errorData } from "../model/error.ts";
import type { History } from "../model/history.ts";
import type { Host } from "../model/host.ts";
import type { SessionKind } from "../model/session-kind.ts";
import { type AuditRecord, beginRecord, type Beside, historyOf } from "./audit-record.ts";
import type { Fleet, RunContext } from "./context.ts";
import { decide, type HostDecision, login, refuseArmed } from "./plan.ts";

export interface AuditOptions {
  /** Kinds of session whose end is judged; all are shown. */
  readonly sessions: readonly SessionKind[];
}

/** An audit, what the history says beside it, and what it did not take. */
export interface Audit extends Beside {
  readonly run: AuditRun;
  readonly unstored: CurfewError | undefined;
}

/**
 * Reads every host, one login and one round trip each, and judges it. Hosts are in the order of the fleet; one
 * that cannot be read is `unknown` and has its error. A run that was interrupted is left as broken off in the
 * history. Errors: those of the history before the first host is contacted.
 */
export async function auditFleet(
  fleet: Fleet,
  header: AuditHeader,
  options: AuditOptions,
  context: RunContext,
  history: History | undefined,
): Promise<Audit> {
  const record = await beginRecord(
    history,
    header,
    fleet.hosts.map(({ name }) => name),
  );
  try {
    const hosts = await auditHosts(fleet, options, context, record);
    const scope = { whole: header.inventory.limit === "", today: header.startedAt.slice(0, 10) };
    const findings = fleetFindings(fleet.policy, fleet.hosts, hosts, scope);
    const end = { finishedAt: context.now().toISOString(), findings };
    if (!context.stopping.aborted) await record.finish(end);
    const run = { ...header, ...end, hosts };
    const unstored = record.failure;
    const beside = await historyOf(unstored === undefined ? history : undefined, header);
    return { run, ...beside, unstored };
  } finally {
    await record.abandon();
  }
}

async function auditHosts(
  fleet: Fleet,
  options: AuditOptions,
  context: RunContext,
  record: AuditRecord,
): Promise<AuditedHost[]> {
  const queue = new PQueue({ concurrency: context.concurrency });
  return queue.addAll(
    fleet.hosts.map((host) => async () => {
      const audited = await attempt(host, fleet, options, context);
      await record.addHost(audited);
      const { outcome, error } = audited;
      const message = error === undefined ? {} : { message: error.message };
      context.emit({ type: "host-finished", at: context.clock(), host: host.name, outcome, ...message });
      return audited;
    }),
  );
}

async function attempt(
  host: Host,
  fleet: Fleet,
  options: AuditOptions,
  context: RunContext,
): Promise<AuditedHost> {
  let connection: Connection | undefined;
  try {
    if (context.stopping.aborted) throw new CurfewError("interrupted", "not read: the run was interrupted");
    connection = await login(host, context);
    const decision = await decide(connection, fleet, context);
    refuseArmed(decision.facts, host.name);
    return judge(decision, host, fleet, options, context);
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    return lostHost(host.name, errorData(error));
  } finally {
    connection?.close();
  }
}

function judge(
  { facts, plan }: HostDecision,
  host: Host,
  { policy }: Fleet,
  { sessions }: AuditOptions,
  context: RunContext,
): AuditedHost {
  const selected = policy.controls;
  const limits = hostLimits(policy, host, context.now().toISOString().slice(0, 10));
  const cells = ladder({ facts, limits, selected, plan, probes: [] });
  const judgedCells = cells.filter(({ kind }) => sessions.includes(kind));
  const baseline = policy.baseline;
  return auditHost({
    facts,
    limits,
    plan,
    selected,
    ladder: cells,
    sessions,
    more: [
      ...inertFindings(facts, judgedCells),
      ...(baseline === undefined ? [] : judgeProfile(facts, limits, baseline, plan)),
    ],
    probes: [],
    evidence: [],
  });
}
