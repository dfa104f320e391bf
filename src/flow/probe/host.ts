/** All probes of one host: what has to be in place, the sessions, and the end of it all. */
import PQueue from "p-queue";
import type { ProbeOutcome } from "../../core/probe/apart.ts";
import { expectationsOf, obstacleOf, type Knowledge } from "../../core/probe/expectations.ts";
import type { PlannedProbe } from "../../core/probe/plan.ts";
import { replacedFiles, unscalable } from "../../core/probe/scale.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import type { Time } from "../../model/terms/time.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { RunContext } from "../run/context.ts";
import { makeProbeKey, type ProbeKey } from "../../host/keys/probe-key.ts";
import { longestWait, notProbed, runProbe } from "./session.ts";
import { throughHost, throughShadow } from "./ways.ts";
import { startWatch, type HostWatch } from "./watch.ts";
import { openLoopbacks, type Loopback } from "../shadow/loopback.ts";
import { startShadow, type Shadow } from "../shadow/shadow.ts";
import type { Recorder } from "./recorder.ts";

/** One host that is ready to be probed. */
export interface ProbeTarget extends Knowledge {
  readonly connection: Connection;
  readonly probes: readonly PlannedProbe[];
  readonly scaled: number | undefined;
  readonly recorder: Recorder;
}

/** What is in place on the host while probes run. */
interface Prepared {
  readonly watch: HostWatch;
  readonly loopback: Loopback;
  /** The instance, or why there is none. */
  readonly shadow: Shadow | string;
  readonly keys: ReadonlyMap<PlannedProbe, ProbeKey>;
  takeDown(): Promise<void>;
}

/**
 * Sessions of one host that are opened at once. The host's own sshd turns logins away from the tenth on
 * (MaxStartups 10:30:100); the instance has its own limit, far above. What takes long is not the login but
 * the prompt that has to come to rest.
 */
const OPENINGS = { live: 3, shadow: 12 } as const;

/**
 * Opens every session of the target, waits for all of them in parallel and judges each. Takes everything
 * on the host down again, whatever happens. Never rejects for the sake of one probe.
 *
 * @param logins Bounds the logins of the whole run.
 * Errors: those of starting the watch, and of a lost connection before the first session.
 */
export async function probeHost(
  target: ProbeTarget,
  context: RunContext,
  logins: PQueue,
  signal: AbortSignal,
): Promise<ProbeOutcome[]> {
  const prepared = await setUp(target, context, signal);
  const queues = {
    live: new PQueue({ concurrency: OPENINGS.live }),
    shadow: new PQueue({ concurrency: OPENINGS.shadow }),
  };
  const host = target.connection.host.name;
  try {
    const work = target.probes.map(async (planned) => {
      const turns = { openings: queues[planned.via], logins };
      const outcome = await probe(planned, target, prepared, context, signal, turns);
      context.emit({ type: "probe-finished", at: context.clock(), host, result: outcome.result });
      return outcome;
    });
    return await Promise.all(work);
  } finally {
    await prepared.takeDown();
  }
}

async function setUp(target: ProbeTarget, context: RunContext, signal: AbortSignal): Promise<Prepared> {
  const { connection, facts, probes } = target;
  const watch = await startWatch(connection, { clock: context.clock, signal });
  const loopback = openLoopbacks(connection, facts, signal);
  const overShadow = probes.filter(({ via }) => via === "shadow");
  const keys = new Map(overShadow.map((planned) => [planned, makeProbeKey()]));
  const shadow = await tryShadow(target, keys, context, signal).catch((error: unknown) => {
    watch.end();
    throw error;
  });
  // The signs of life also keep this connection busy under the limits that are being tested.
  const seconds = Math.min(5, ...probes.map(({ limit }) => limit / 4));
  const down = new AbortController();
  void everySoOften(seconds, context, down.signal, () => {
    watch.beat();
    loopback.beat();
    if (typeof shadow !== "string") shadow.beat();
  });
  const takeDown = async (): Promise<void> => {
    down.abort();
    if (typeof shadow !== "string") await shadow.stop();
    loopback.end();
    watch.end();
  };
  return { watch, loopback, shadow, keys, takeDown };
}

async function everySoOften(
  seconds: number,
  { pause }: Time,
  over: AbortSignal,
  work: () => void,
): Promise<void> {
  while (!over.aborted) {
    await pause(seconds * 1000, over);
    if (!over.aborted) work();
  }
}

async function probe(
  planned: PlannedProbe,
  target: ProbeTarget,
  prepared: Prepared,
  context: RunContext,
  signal: AbortSignal,
  { openings, logins }: { readonly openings: PQueue; readonly logins: PQueue },
): Promise<ProbeOutcome> {
  const { connection, scaled } = target;
  const { watch, shadow, loopback, keys } = prepared;
  const instance = planned.via === "shadow" && typeof shadow !== "string" ? shadow : undefined;
  const effective = instance?.effective.get(planned.user);
  const outside = instance?.outside.get(planned.user);
  const view = typeof shadow === "string" ? shadow : { inside: effective ?? [], outside };
  const obstacle = obstacleOf(planned, target, view);
  if (obstacle !== undefined) return { result: notProbed(planned, scaled, obstacle) };
  const shadowPort = typeof shadow === "string" ? undefined : shadow.port;
  const client = await clientOf(planned, context);
  const { clock, pause } = context;
  const setup = { connection, watch, context, client, clock, pause, signal };
  const key = keys.get(planned);
  const way =
    instance === undefined || key === undefined
      ? throughHost(planned, setup)
      : throughShadow(planned, setup, key, instance, loopback);
  const { session, role, user, scaledLimit } = planned;
  const started = { type: "probe-started", host: connection.host.name, role, session, user } as const;
  const { result, ...beside } = await runProbe(planned, {
    watch,
    token: context.token(),
    shadowPort,
    way: { ...way, logIn: () => logins.add(() => way.logIn()) },
    ...expectationsOf(planned, target, effective),
    controls: target.controls,
    inTurn: (work) => openings.add(work),
    events: instance?.events,
    clock,
    pause,
    signal,
    scaled,
    record: (record) => target.recorder.session(planned, record),
    began: () => context.emit({ ...started, at: clock(), withinSeconds: scaledLimit }),
  });
  const reason = `${result.reason}${client.remark}`;
  return { ...beside, result: { ...result, client: client.name, reason } };
}

interface ProbeClient extends Pick<RunContext, "connect" | "connectThrough"> {
  readonly name: "ssh" | "ssh2";
  /** For the result's reason. */
  readonly remark: string;
}

async function clientOf(planned: PlannedProbe, context: RunContext): Promise<ProbeClient> {
  const { systemSsh, connect, connectThrough } = context;
  const library = { connect, connectThrough, name: "ssh2", remark: "" } as const;
  if (planned.client !== "ssh" || systemSsh === undefined) return library;
  if (await systemSsh.available()) {
    return { connect: systemSsh.live, connectThrough: systemSsh.through, name: "ssh", remark: "" };
  }
  return { ...library, remark: " (no ssh client is installed here: the library was the client)" };
}

async function tryShadow(
  target: ProbeTarget,
  keys: ReadonlyMap<PlannedProbe, ProbeKey>,
  context: RunContext,
  signal: AbortSignal,
): Promise<Shadow | string> {
  if (keys.size === 0) return "no probe needs a shadow instance";
  const { connection, facts, probeFacts, probes, factor } = target;
  const reason = factor === 1 ? undefined : unscalable(facts);
  if (reason !== undefined) return reason;
  const lines = new Map<string, string[]>();
  for (const [{ user }, { publicLine }] of keys) {
    lines.set(user, [...(lines.get(user) ?? []), `from="127.0.0.1" ${publicLine} curfew-probe`]);
  }
  try {
    return await startShadow(connection, {
      facts,
      token: context.token(),
      keys: lines,
      files: replacedFiles(facts, probeFacts.files, factor, target.controls),
      deadlineSeconds: longestWait(probes) + 120 + keys.size * 5,
      clock: context.clock,
      signal,
      onLog: target.recorder.log,
    });
  } catch (error) {
    if (error instanceof CurfewError && error.code === "unsupported") return error.message;
    throw error;
  }
}
