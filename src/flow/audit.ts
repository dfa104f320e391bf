/** `curfew audit`: judges every host, changes none, and stores each as soon as it is judged. */
import { fleetFindings } from "../core/audit/fleet.ts";
import { auditHost, lostHost } from "../core/audit/host.ts";
import { logQuestion, loginFindings } from "../core/audit/misuse.ts";
import { kubeFindings, kubeQuestion } from "../core/kube/on-hosts.ts";
import { inertFindings } from "../core/ending/inert-lines.ts";
import { judgeBaselines } from "../core/baseline/judge-baseline.ts";
import { ladder } from "../core/ending/ladder.ts";
import type { AuditedHost, AuditHeader, AuditRun } from "../model/record/audit.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError, errorData, type ErrorData } from "../model/terms/error.ts";
import type { History } from "../model/record/history.ts";
import type { Host } from "../model/inventory/host.ts";
import type { HostVerification } from "../model/change/run.ts";
import type { SessionKind } from "../model/terms/session-kind.ts";
import { type AuditRecord, beginRecord, type Beside, historyOf } from "./run/audit-record.ts";
import type { Fleet, RunContext } from "./run/context.ts";
import { decide, type HostDecision, login, refuseArmed } from "./plan.ts";
import { createLanes, type Lanes } from "./verify.ts";
import { openProbes, prepareProbes, type PreparedProbes, type VerifyOptions } from "./verify-host.ts";

export interface AuditRequest {
  /** Kinds of session whose end is judged; all are shown. */
  readonly sessions: readonly SessionKind[];
  /** Opens sessions of those kinds; judged from settings alone if left out. */
  readonly verify?: Pick<VerifyOptions, "scaled">;
}

/** An audit, what the history says beside it, and what it did not take. */
export interface Audit extends Beside {
  readonly run: AuditRun;
  readonly unstored: CurfewError | undefined;
}

/** Where the hosts of an audit are judged, if not by this process. */
export interface AuditedElsewhere {
  /** Errors: CurfewError about that host. */
  readonly host: (host: Host) => Promise<AuditedHost>;
  /** Another process began the audit: the history has it already. */
  readonly joined: boolean;
}

/**
 * Reads every host, one login and one round trip each, opens sessions over that login where asked, and judges it. Hosts are in the order of the fleet; one
 * that cannot be read is `unknown` and has its error. A run that was interrupted is left as broken off in the
 * history. Errors: those of the history before the first host is contacted.
 */
export async function auditFleet(
  fleet: Fleet,
  header: AuditHeader,
  options: AuditRequest,
  context: RunContext,
  history: History | undefined,
  elsewhere?: AuditedElsewhere,
): Promise<Audit> {
  const names = fleet.hosts.map(({ name }) => name);
  const record = await beginRecord(history, header, names, elsewhere?.joined === true);
  try {
    const lanes = createLanes(context);
    const judgeHost = (host: Host): Promise<AuditedHost> =>
      elsewhere === undefined
        ? auditOne(host, fleet, options, context, lanes)
        : elsewhere.host(host).catch((error: unknown) => lost(host, error));
    const hosts = await auditHosts(fleet, judgeHost, context, record);
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
  judgeHost: (host: Host) => Promise<AuditedHost>,
  context: RunContext,
  record: AuditRecord,
): Promise<AuditedHost[]> {
  return Promise.all(
    fleet.hosts.map(async (host) => {
      const audited = await judgeHost(host);
      await record.addHost(audited);
      const { outcome, error } = audited;
      const message = error === undefined ? {} : { message: error.message };
      context.emit({ type: "host-finished", at: context.clock(), host: host.name, outcome, ...message });
      return audited;
    }),
  );
}

/** A host that was read, and its sessions where some are to be opened. */
interface ReadHost {
  readonly decision: HostDecision;
  readonly probes?: PreparedProbes;
  readonly probeError?: ErrorData;
}

function lost({ name }: Host, error: unknown): AuditedHost {
  if (!(error instanceof CurfewError)) throw error;
  return lostHost(name, errorData(error));
}

/** One host, whoever asks for it. Never rejects for the sake of the host; `fleet.hosts` are not looked at. */
export async function auditOne(
  host: Host,
  fleet: Fleet,
  options: AuditRequest,
  context: RunContext,
  lanes: Lanes,
): Promise<AuditedHost> {
  const opened: { connection?: Connection } = {};
  try {
    const read = await lanes.preparing.add(() => readHost(host, fleet, options, context, opened));
    const verification = await sessionsOf(read, host, context, lanes);
    return judge(read.decision, verification, options, context.controls);
  } catch (error) {
    return lost(host, error);
  } finally {
    opened.connection?.close();
  }
}

async function readHost(
  host: Host,
  fleet: Fleet,
  { sessions, verify }: AuditRequest,
  context: RunContext,
  opened: { connection?: Connection },
): Promise<ReadHost> {
  if (context.stopping.aborted) throw new CurfewError("interrupted", "not read: the run was interrupted");
  const connection = await login(host, context);
  opened.connection = connection;
  const decision = await decide(connection, fleet, context, [
    ...logQuestion(fleet.policy),
    ...kubeQuestion(fleet.policy),
  ]);
  refuseArmed(decision.facts, host.name);
  if (verify === undefined) {
    // Nobody has to wait for the others with a login open.
    connection.close();
    return { decision };
  }
  try {
    const wanted = { sessions, ...verify };
    return { decision, probes: await prepareProbes(connection, decision, wanted, context) };
  } catch (error) {
    return { decision, probeError: told(error) };
  }
}

/** What was shown; undefined where nothing was asked for. What went wrong is an error beside what was read. */
async function sessionsOf(
  { probes, probeError }: ReadHost,
  host: Host,
  context: RunContext,
  { logins }: Lanes,
): Promise<HostVerification | undefined> {
  const nothing = { host: host.name, probes: [], findings: [] };
  if (probeError !== undefined) return { ...nothing, error: probeError };
  if (probes === undefined) return undefined;
  return openProbes(probes, context, logins).catch((error: unknown) => ({ ...nothing, error: told(error) }));
}

function told(error: unknown): ErrorData {
  if (error instanceof CurfewError) return errorData(error);
  throw error;
}

function judge(
  { facts, policy, limits, plan }: HostDecision,
  verification: HostVerification | undefined,
  { sessions }: AuditRequest,
  controls: RunContext["controls"],
): AuditedHost {
  const selected = policy.controls;
  const cells = verification?.ladder ?? ladder({ facts, limits, selected, plan, controls, probes: [] });
  const judgedCells = cells.filter(({ kind }) => sessions.includes(kind));
  return auditHost({
    facts,
    ...(policy.baselines !== undefined && policy.baseline !== undefined && { profile: policy.baseline.id }),
    limits,
    plan,
    selected,
    ladder: cells,
    sessions,
    more: [
      ...(verification === undefined ? inertFindings(facts, controls, judgedCells) : verification.findings),
      ...judgeBaselines(facts, limits, policy, plan, controls),
      ...loginFindings(facts, cells, policy),
      ...kubeFindings(facts, policy),
    ],
    probes: verification?.probes ?? [],
    evidence: verification?.evidence ?? [],
    probeError: verification?.error,
  });
}
