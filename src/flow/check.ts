/** `curfew check`: what limits idle sessions on hosts that have no policy, and what that really comes to. */
import { judgeBaseline } from "../core/baseline/judge-baseline.ts";
import { checkPolicy } from "../core/check/question.ts";
import { inertFindings } from "../core/ending/inert-lines.ts";
import type { PlannedHost } from "../core/ending/endings.ts";
import { ladder } from "../core/ending/ladder.ts";
import { remoteScript } from "../template/remote-script.ts";
import { systemFacts } from "../core/render/facts.ts";
import { outcomeOfAll } from "../core/verdict/outcome.ts";
import { inForce } from "../core/wizard/now.ts";
import { parseWizardSurvey } from "../core/wizard/survey.ts";
import type { Baseline } from "../model/policy/baseline.ts";
import type { CheckedHost } from "../model/record/check-run.ts";
import type { Connection } from "../model/inventory/connection.ts";
import type { Seconds } from "../model/terms/duration.ts";
import { CurfewError, errorData } from "../model/terms/error.ts";
import type { LadderCell } from "../model/verdict/finding.ts";
import type { Host } from "../model/inventory/host.ts";
import type { HostPlan } from "../model/change/plan.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { HostVerification } from "../model/change/run.ts";
import type { SessionKind } from "../model/terms/session-kind.ts";
import type { RunContext } from "./run/context.ts";
import { decide, type HostDecision, login, refuseArmed } from "./plan.ts";
import { createLanes, type Lanes } from "./verify.ts";
import { openProbes, prepareProbes, type VerifyOptions } from "./verify-host.ts";

export interface CheckOptions {
  /** Every session has to end within this; null: nothing is judged, all is shown. */
  readonly limit: Seconds | null;
  /** Its rules are judged as well; null: none are. */
  readonly baseline: Baseline | null;
  /** The kinds that are judged, and opened by `prove`. */
  readonly sessions: readonly SessionKind[];
  /** Opens real sessions as well. Needs a limit: something has to say how long they are waited for. */
  readonly prove?: Pick<VerifyOptions, "scaled">;
}

/** Reads every host, one login each, and changes none. In the order of `hosts`; one that cannot be read is unknown. */
export async function checkFleet(
  hosts: readonly Host[],
  options: CheckOptions,
  context: RunContext,
): Promise<CheckedHost[]> {
  const lanes = createLanes(context);
  return Promise.all(
    hosts.map(async (host) => {
      const checked = await checkOne(host, options, context, lanes);
      const message = checked.error === undefined ? {} : { message: checked.error.message };
      const { outcome } = checked;
      context.emit({ type: "host-finished", at: context.clock(), host: host.name, outcome, ...message });
      return checked;
    }),
  );
}

async function checkOne(
  host: Host,
  options: CheckOptions,
  context: RunContext,
  lanes: Lanes,
): Promise<CheckedHost> {
  const opened: { connection?: Connection } = {};
  try {
    const read = await lanes.preparing.add(async () => {
      if (context.stopping.aborted) throw new CurfewError("interrupted", "not read: the run was interrupted");
      opened.connection = await login(host, context);
      return readHost(opened.connection, options, context);
    });
    const verification = await prove(opened.connection, read, options, context, lanes);
    return found(host.name, read, verification, options, context);
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    return lost(host.name, error);
  } finally {
    opened.connection?.close();
  }
}

interface Read {
  readonly policy: Policy;
  readonly decision: HostDecision;
}

/** Who is there, then everything about them; two scripts over one login. */
async function readHost(connection: Connection, { limit }: CheckOptions, context: RunContext): Promise<Read> {
  const { host } = connection;
  const { stdout } = await connection.runScript(remoteScript("wizard-survey", {}), {
    signal: context.aborting,
    timeoutSeconds: 120,
    keepShell: true,
  });
  const ids = context.controls.map(({ id }) => id);
  const policy = checkPolicy(parseWizardSurvey(stdout.toString("utf8"), host.name), limit, ids);
  const decision = await decide(connection, { policy, hosts: [host] }, context);
  refuseArmed(decision.facts, host.name);
  return { policy, decision };
}

async function prove(
  connection: Connection | undefined,
  { decision }: Read,
  { sessions, prove: wanted }: CheckOptions,
  context: RunContext,
  { logins }: Lanes,
): Promise<HostVerification | undefined> {
  if (wanted === undefined || connection === undefined) return undefined;
  const prepared = await prepareProbes(connection, decision, { sessions, ...wanted }, context);
  return openProbes(prepared, context, logins);
}

function found(
  host: string,
  { policy, decision: { facts, limits, plan } }: Read,
  verification: HostVerification | undefined,
  { limit, baseline, sessions }: CheckOptions,
  { controls }: RunContext,
): CheckedHost {
  const probes = verification?.probes ?? [];
  const question = { facts, limits, selected: policy.controls, plan: unplanned(plan), controls };
  const cells = ladder({ ...question, probes });
  const judged = cells.filter(({ kind }) => sessions.includes(kind));
  const findings = verification?.findings ?? inertFindings(facts, controls, judged);
  const rules = baseline === null ? [] : judgeBaseline(facts, limits, baseline, plan, controls);
  const ends = limit === null ? [] : [...judged, ...probes];
  const outcome = outcomeOfAll([...ends, ...rules]);
  return {
    host,
    outcome: plan.error === undefined ? outcome : "unknown",
    description: plan.description,
    settings: inForce(facts, controls),
    ladder: limit === null ? cells.map(unjudged) : cells,
    probes,
    findings: [...findings, ...rules],
    managed: facts.curfew.originals.length > 0,
    facts: systemFacts(facts),
    ...(plan.error === undefined ? {} : { error: plan.error }),
  };
}

/** What the policy would write is not there, and nothing is promised by it. */
function unplanned(plan: HostPlan): PlannedHost {
  return { ...plan, changes: [], coverage: [], uncaught: [], expectations: [], unplanned: true };
}

/** Without a limit nothing is late. */
function unjudged(cell: LadderCell): LadderCell {
  return { ...cell, limit: null };
}

function lost(host: string, error: CurfewError): CheckedHost {
  return {
    host,
    outcome: "unknown",
    description: "",
    settings: [],
    ladder: [],
    probes: [],
    findings: [],
    managed: false,
    error: errorData(error),
  };
}
