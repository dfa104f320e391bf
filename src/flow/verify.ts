/** `curfew verify`: real sessions on every host, those that must be dropped and those that must be kept. */
import PQueue from "p-queue";
import { ladder } from "../core/ladder.ts";
import { hostLimits } from "../core/limits.ts";
import { verifyOutcome } from "../core/outcome.ts";
import { parseSurvey, type Survey } from "../core/parse-survey.ts";
import { planHost } from "../core/plan-host.ts";
import {
  candidateAccounts,
  planProbes,
  scaleFactor,
  type ProbePlan,
  type ProbeWishes,
} from "../core/probe-plan.ts";
import { remoteScript } from "../core/remote-script.ts";
import { selectorsOf } from "../core/selectors.ts";
import { verificationFindings } from "../core/verification-findings.ts";
import type { Connection } from "../model/connection.ts";
import { CurfewError, errorData } from "../model/error.ts";
import type { Facts } from "../model/facts.ts";
import { MINUTES_SCRIPT } from "../model/host-paths.ts";
import type { Host } from "../model/host.ts";
import type { HostLimits } from "../model/limits.ts";
import type { HostPlan } from "../model/plan.ts";
import type { ControlId } from "../model/policy.ts";
import type { HostVerification, ProbeResult, Step } from "../model/run.ts";
import type { ProbedKind } from "../model/session-kind.ts";
import type { Fleet, RunContext } from "./context.ts";
import { gatherFacts } from "./gather.ts";
import { refuseArmed } from "./plan.ts";
import { probeSite, type ProbeSite } from "./probe-host.ts";
import { createRecorder } from "./verify-evidence.ts";

export interface VerifyOptions {
  readonly sessions: readonly ProbedKind[];
  /** Role names; all, with `default`, if left out. */
  readonly roles?: readonly string[] | undefined;
  /** Seconds that the longest limit becomes; real timeouts are waited out if left out. */
  readonly scaled?: number | undefined;
}

/**
 * Probes every host of the fleet. Preparation and logins are bounded by `context.concurrency`; the waits
 * are not, since a thousand sleeping sessions cost next to nothing. Results in the order of the fleet;
 * a host that cannot be probed has an `error`. Never rejects for the sake of one host.
 */
export async function verifyFleet(
  fleet: Fleet,
  options: VerifyOptions,
  context: RunContext,
): Promise<HostVerification[]> {
  const lanes = {
    preparing: new PQueue({ concurrency: context.concurrency }),
    logins: new PQueue({ concurrency: Math.max(8, context.concurrency) }),
  };
  return Promise.all(fleet.hosts.map((host) => verifyHost(host, fleet, options, context, lanes)));
}

interface Lanes {
  readonly preparing: PQueue;
  readonly logins: PQueue;
}

interface Prepared {
  readonly site: ProbeSite;
  readonly plan: ProbePlan;
  readonly limits: HostLimits;
  /** What the policy would have on the host. */
  readonly wanted: Omit<HostPlan, "host">;
}

async function verifyHost(
  host: Host,
  fleet: Fleet,
  options: VerifyOptions,
  context: RunContext,
  lanes: Lanes,
): Promise<HostVerification> {
  const lost = new AbortController();
  const signal = AbortSignal.any([context.aborting, lost.signal]);
  const opened: { connection?: Connection } = {};
  const verification = await run().catch((error: unknown) => failed(host, error));
  opened.connection?.close();
  const outcome = verifyOutcome(verification);
  const message = verification.error === undefined ? {} : { message: verification.error.message };
  context.emit({ type: "host-finished", at: context.clock(), host: host.name, outcome, ...message });
  return verification;

  async function run(): Promise<HostVerification> {
    const prepared = await lanes.preparing.add(() => {
      if (context.stopping.aborted)
        throw new CurfewError("interrupted", "interrupted before this host was probed");
      return prepare(host, fleet, options, context, signal, opened);
    });
    const { site, plan } = prepared;
    void site.connection.closed.then(() =>
      lost.abort(
        new CurfewError("unreachable", `the connection to ${host.name} was lost`, { host: host.name }),
      ),
    );
    if (plan.probes.length > 0) step(host, "probing", context, `${plan.probes.length} sessions`);
    const probes = plan.probes.length === 0 ? [] : await probeSite(site, context, lanes.logins, signal);
    return conclude(host, prepared, probes, fleet.policy.controls);
  }
}

/** What the sessions come to, together with what files and daemons say. */
async function conclude(
  host: Host,
  { site, plan, limits, wanted }: Prepared,
  probes: readonly ProbeResult[],
  selected: readonly ControlId[],
): Promise<HostVerification> {
  const { facts, recorder } = site;
  const cells = ladder({ facts, limits, selected, plan: wanted, probes });
  const { evidence, findings } = await recorder.finish(plan.probes, probes);
  const behind = verificationFindings(facts, wanted, cells, probes);
  return {
    host: host.name,
    probes,
    findings: [...plan.findings, ...behind, ...findings],
    ladder: cells,
    evidence,
  };
}

async function prepare(
  host: Host,
  { policy }: Fleet,
  { sessions, roles, scaled }: VerifyOptions,
  context: RunContext,
  signal: AbortSignal,
  opened: { connection?: Connection },
): Promise<Prepared> {
  step(host, "connecting", context);
  const connection = await context.connect(host, { signal, timeoutSeconds: context.connectTimeoutSeconds });
  opened.connection = connection;
  step(host, "reading-facts", context);
  const limits = hostLimits(policy, host, context.now().toISOString().slice(0, 10));
  const facts = await gatherFacts(connection, selectorsOf(limits), { signal, now: context.now() });
  refuseArmed(facts, host.name);
  if (facts.server.product !== "openssh") {
    throw new CurfewError("unsupported", `the server is no OpenSSH: ${facts.server.text}`, {
      host: host.name,
    });
  }
  if (facts.sshd.classes.state !== "known") {
    throw new CurfewError(
      "remote",
      "the host's accounts could not be read, so nobody can be chosen for a probe",
    );
  }
  const wanted = planHost(facts, limits, policy.controls, context.controls);
  const wishes = {
    sessions,
    roles,
    scaled,
    controls: policy.controls,
    coverage: wanted.coverage,
    login: connection.user,
    given: givenAccounts(policy, limits),
  };
  const survey = await takeSurvey(connection, facts, wishes, signal);
  const plan = planProbes(host.name, survey.accounts, limits, wishes);
  const factor = scaleFactor(limits, scaled);
  const recorder = createRecorder(host.name, facts, context.keep);
  const site = { connection, facts, survey, probes: plan.probes, factor, scaled, recorder };
  return { plan, limits, wanted, site };
}

/** Accounts that the policy gives for live probes of roles that apply to the host. */
function givenAccounts(policy: Fleet["policy"], limits: HostLimits): ProbeWishes["given"] {
  const given = limits.roles.flatMap(({ role }) => {
    const probe = policy.roles[role]?.probe;
    return probe === undefined
      ? []
      : [[role, { user: probe.user, identityFile: probe.identity_file }] as const];
  });
  return Object.fromEntries(given);
}

async function takeSurvey(
  connection: Connection,
  facts: Facts,
  wishes: ProbeWishes,
  signal: AbortSignal,
): Promise<Survey> {
  const accounts = candidateAccounts(facts, wishes);
  const script = remoteScript("shadow-survey", { accounts, minutes: MINUTES_SCRIPT });
  const { stdout } = await connection.runScript(script, { signal, timeoutSeconds: 120 });
  return parseSurvey(stdout.toString("utf8"));
}

function failed(host: Host, error: unknown): HostVerification {
  return { host: host.name, probes: [], findings: [], error: errorData(error) };
}

function step(host: Host, name: Step, context: RunContext, detail?: string): void {
  const event = { type: "host-step", at: context.clock(), host: host.name, step: name } as const;
  context.emit(detail === undefined ? event : { ...event, detail });
}
