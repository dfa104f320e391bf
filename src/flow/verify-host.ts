/** The sessions of one host whose facts are read: chosen, opened, judged. */
import type PQueue from "p-queue";
import { setApart } from "../core/probe/apart.ts";
import { ladder } from "../core/ending/ladder.ts";
import { parseProbeFacts, type ProbeFacts } from "../core/probe/probe-facts.ts";
import {
  candidateAccounts,
  planProbes,
  scaleFactor,
  type ProbePlan,
  type ProbeWishes,
} from "../core/probe/plan.ts";
import { remoteScript } from "../template/remote-script.ts";
import { verificationFindings } from "../core/probe/verification-findings.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { Facts } from "../model/facts/facts.ts";
import { MINUTES_SCRIPT } from "../model/inventory/host-paths.ts";
import type { HostLimits } from "../model/policy/limits.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { HostVerification } from "../model/change/run.ts";
import type { SessionKind } from "../model/terms/session-kind.ts";
import type { RunContext } from "./run/context.ts";
import type { HostDecision } from "./plan.ts";
import { probeHost, type ProbeTarget } from "./probe/host.ts";
import { createRecorder } from "./probe/recorder.ts";

export interface VerifyOptions {
  readonly sessions: readonly SessionKind[];
  /** Role names; all, with `default`, if left out. */
  readonly roles?: readonly string[] | undefined;
  /** Seconds that the longest limit becomes; real timeouts are waited out if left out. */
  readonly scaled?: number | undefined;
}

/** Everything that is needed before the first session opens. */
export interface PreparedProbes {
  readonly target: ProbeTarget;
  readonly plan: ProbePlan;
  readonly decision: HostDecision;
  readonly signal: AbortSignal;
}

/**
 * Chooses the sessions of one host, over a login whose facts are read. Errors: CurfewError `unsupported` for a server
 * that is no OpenSSH, `remote` where nobody can be chosen, those of the connection.
 */
export async function prepareProbes(
  connection: Connection,
  decision: HostDecision,
  { sessions, roles, scaled }: VerifyOptions,
  context: RunContext,
): Promise<PreparedProbes> {
  const { host } = connection;
  const { facts, policy, limits, plan: wanted } = decision;
  refuseUnprobeable(facts, host.name);
  const signal = AbortSignal.any([context.aborting, lossOf(connection)]);
  const wishes = {
    sessions,
    roles,
    scaled,
    controls: policy.controls,
    known: context.controls,
    coverage: wanted.coverage,
    // Without a login nobody is probed live: what a session shows is what the shadow instance shows.
    login: connection.loginless === true ? undefined : connection.user,
    given: connection.loginless === true ? {} : givenAccounts(policy, limits),
  };
  const probeFacts = await readProbeFacts(connection, facts, wishes, signal);
  const plan = planProbes(host.name, probeFacts.accounts, limits, wishes, facts);
  const factor = scaleFactor(limits, scaled);
  const recorder = createRecorder(host.name, facts, context);
  const { controls } = context;
  const target = { connection, facts, probeFacts, probes: plan.probes, factor, scaled, controls, recorder };
  return { target, plan, decision, signal };
}

/**
 * Opens the sessions, waits for all of them, and says what they come to together with what files and daemons say.
 * `logins` bounds the logins of the whole run. Errors: those of a lost connection.
 */
export async function openProbes(
  prepared: PreparedProbes,
  context: RunContext,
  logins: PQueue,
): Promise<HostVerification> {
  const { target, plan, signal } = prepared;
  const host = target.connection.host.name;
  if (plan.probes.length > 0) {
    const detail = `${plan.probes.length} sessions`;
    context.emit({ type: "host-step", at: context.clock(), host, step: "probing", detail });
  }
  const outcomes = plan.probes.length === 0 ? [] : await probeHost(target, context, logins, signal);
  const { probes, findings: apart } = setApart(outcomes);
  const { facts, recorder } = target;
  const { decision } = prepared;
  const cells = ladder({
    facts,
    limits: decision.limits,
    selected: decision.policy.controls,
    plan: decision.plan,
    controls: context.controls,
    probes,
  });
  const { evidence, findings } = await recorder.finish(
    plan.probes,
    outcomes.map(({ result }) => result),
  );
  const behind = verificationFindings(facts, context.controls, decision.plan, cells, probes);
  return {
    host,
    probes,
    findings: [...plan.findings, ...apart, ...behind, ...findings],
    ladder: cells,
    evidence,
  };
}

function refuseUnprobeable({ server, sshd }: Facts, host: string): void {
  if (server.product !== "openssh") {
    throw new CurfewError("unsupported", `the server is not OpenSSH: ${server.text}`, { host });
  }
  if (sshd.classes.state === "known") return;
  throw new CurfewError(
    "remote",
    "the host's accounts could not be read, so no account can be chosen for a probe",
  );
}

/** Aborts when the connection goes, which says nothing about any session. */
function lossOf({ host, closed }: Connection): AbortSignal {
  const lost = new AbortController();
  void closed.then(() =>
    lost.abort(
      new CurfewError("unreachable", `the connection to ${host.name} was lost`, { host: host.name }),
    ),
  );
  return lost.signal;
}

/** Accounts that the policy gives for live probes of roles that apply to the host. */
function givenAccounts(policy: Policy, limits: HostLimits): ProbeWishes["given"] {
  const given = limits.roles.flatMap(({ role }) => {
    const probe = policy.roles[role]?.probe;
    return probe === undefined
      ? []
      : [[role, { user: probe.user, identityFile: probe.identity_file }] as const];
  });
  return Object.fromEntries(given);
}

async function readProbeFacts(
  connection: Connection,
  facts: Facts,
  wishes: ProbeWishes,
  signal: AbortSignal,
): Promise<ProbeFacts> {
  const accounts = candidateAccounts(facts, wishes);
  const script = remoteScript("probe-facts", { accounts, minutes: MINUTES_SCRIPT });
  const { stdout } = await connection.runScript(script, { signal, timeoutSeconds: 120 });
  return parseProbeFacts(stdout.toString("utf8"));
}
