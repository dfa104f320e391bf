/** All probes of one host: what there is to open, the two ways in, and the end of it all. */
import PQueue from "p-queue";
import { configuredTimeouts, effectiveValue } from "../core/configured-timeouts.ts";
import { explainKept, shadowObstacle } from "../core/preflight.ts";
import type { Survey } from "../core/parse-survey.ts";
import type { PlannedProbe } from "../core/probe-plan.ts";
import { replacedFiles, unjudgeable, unscalable } from "../core/scale-files.ts";
import type { Connection } from "../model/connection.ts";
import { CurfewError } from "../model/error.ts";
import type { Facts } from "../model/facts.ts";
import type { ProbeResult } from "../model/run.ts";
import type { RunContext } from "./context.ts";
import type { OpenProbe } from "./probe-kinds.ts";
import { makeProbeKey, type ProbeKey } from "./probe-key.ts";
import { longestWait, notProbed, runProbe, type ProbeBench } from "./probe-session.ts";
import { openLoopbacks, type Loopback } from "./shadow-loopback.ts";
import { pause } from "./probe-wait.ts";
import { startWatch, type HostSession, type HostWatch } from "./probe-watch.ts";
import { startShadow, type Shadow } from "./shadow.ts";

/** One host that is ready to be probed. */
export interface ProbeSite {
  readonly connection: Connection;
  readonly facts: Facts;
  readonly survey: Survey;
  readonly probes: readonly PlannedProbe[];
  readonly factor: number;
  readonly scaled: number | undefined;
}

/** Logins of one host at once: below MaxStartups 10:30:100. Live ones come one by one, to be told apart. */
const SHADOW_LOGINS = 8;
const LOCATE_TRIES = 10;

/**
 * Opens every session of the site, waits for all of them in parallel and judges each. Takes everything on
 * the host down again, whatever happens. Never rejects for the sake of one probe.
 * Errors: those of starting the watch.
 */
export async function probeSite(
  site: ProbeSite,
  context: RunContext,
  logins: PQueue,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const { connection, facts, probes } = site;
  const host = connection.host.name;
  const watch = await startWatch(connection, signal);
  const keys = new Map(probes.filter(({ via }) => via === "shadow").map((planned) => [planned, makeProbeKey()]));
  const shadow = await tryShadow(site, keys, context, signal);
  const loopback = openLoopbacks(connection, facts, signal);
  const beat = setInterval(
    () => {
      watch.beat();
      loopback.beat();
      if (!(shadow instanceof CurfewError)) shadow?.beat();
    },
    // Also keeps this connection busy under the limits that are being tested.
    Math.min(5, ...probes.map(({ limit }) => limit / 4)) * 1000,
  );
  const queues = { shadow: new PQueue({ concurrency: SHADOW_LOGINS }), live: new PQueue({ concurrency: 1 }) };
  try {
    const work = probes.map(async (planned) => {
      const obstacle = obstacleOf(planned, site, shadow);
      const result =
        obstacle === undefined
          ? await runProbe(planned, bench(planned))
          : notProbed(planned, site.scaled, obstacle);
      context.emit({ type: "probe-finished", at: context.clock(), host, result });
      return result;
    });
    return await Promise.all(work);
  } finally {
    clearInterval(beat);
    if (!(shadow instanceof CurfewError)) await shadow?.stop();
    loopback.end();
    watch.end();
  }

  function bench(planned: PlannedProbe): ProbeBench {
    const instance = planned.via === "shadow" && !(shadow instanceof CurfewError) ? shadow : undefined;
    const way = instance === undefined ? live(site, watch, context, signal) : through(site, watch, instance, loopback, keys, context, signal);
    const { session, role, user, within } = planned;
    return {
      watch,
      ...way,
      ...expectations(planned, site, instance),
      inTurn: (work) => queues[planned.via].add(() => logins.add(work)),
      events: instance?.events,
      signal,
      scaled: site.scaled,
      began: () =>
        context.emit({ type: "probe-started", at: context.clock(), host, role, session, user, withinSeconds: within }),
    };
  }
}

type Way = Pick<ProbeBench, "logIn" | "locate">;

/** Through the shadow instance: the key's fingerprint in its log leads to the port, and the port to the processes. */
function through(
  { connection }: ProbeSite,
  watch: HostWatch,
  shadow: Shadow,
  loopback: Loopback,
  keys: ReadonlyMap<PlannedProbe, ProbeKey>,
  context: RunContext,
  signal: AbortSignal,
): Way {
  return {
    async logIn(planned) {
      const { privateKey } = keys.get(planned)!;
      const stream = await loopback.open(shadow.port);
      const login = { stream, host: connection.host, user: planned.user, privateKey, hostKeys: shadow.hostKeys };
      const options = { signal, timeoutSeconds: context.connectTimeoutSeconds, keepAlive: false };
      try {
        return await context.connectThrough(login, options);
      } catch (error) {
        const refused = shadow.events().findLast((event) => event.type === "refused" && event.user === planned.user);
        if (refused?.type !== "refused") throw error;
        throw new CurfewError("auth", `sshd does not let ${planned.user} in: ${refused.text}`, { cause: error });
      }
    },
    async locate(planned) {
      const { fingerprint } = keys.get(planned)!;
      const accepted = await attempt(signal, async () =>
        shadow.events().find((event) => event.type === "accepted" && event.fingerprint === fingerprint),
      );
      const port = accepted?.type === "accepted" ? accepted.port : undefined;
      if (planned.session !== "frozen-client" || port === undefined) return { port, processes: undefined };
      const processes = await attempt(signal, async () =>
        (await watch.sessions()).find((each) => each.clientPort === port && each.serverPort === shadow.port),
      );
      return { port, processes };
    },
  };
}

/** Through the host's own sshd, whose log is not ours: the one session that was not there before. */
function live({ connection }: ProbeSite, watch: HostWatch, context: RunContext, signal: AbortSignal): Way {
  let before: readonly HostSession[] = [];
  return {
    async logIn({ user, identityFile, session }) {
      if (session === "frozen-client") before = await watch.sessions();
      const { host } = connection;
      const as = identityFile === undefined ? host : { ...host, user, identityFile };
      return context.connect(as, { signal, timeoutSeconds: context.connectTimeoutSeconds, keepAlive: false });
    },
    async locate({ user, session }): Promise<Pick<OpenProbe, "port" | "processes">> {
      if (session !== "frozen-client") return { port: undefined, processes: undefined };
      const shells = new Set(before.map(({ shell }) => shell));
      const fresh = (await watch.sessions()).filter((each) => each.user === user && !shells.has(each.shell));
      return { port: undefined, processes: fresh.length === 1 ? fresh[0] : undefined };
    },
  };
}

async function tryShadow(
  site: ProbeSite,
  keys: ReadonlyMap<PlannedProbe, ProbeKey>,
  context: RunContext,
  signal: AbortSignal,
): Promise<Shadow | CurfewError | undefined> {
  if (keys.size === 0) return undefined;
  const { connection, facts, survey, probes, factor } = site;
  const reason = factor === 1 ? undefined : unscalable(facts);
  if (reason !== undefined) return new CurfewError("unsupported", reason);
  const lines = new Map<string, string[]>();
  for (const [{ user }, { publicLine }] of keys) {
    lines.set(user, [...(lines.get(user) ?? []), `from="127.0.0.1" ${publicLine} curfew-probe`]);
  }
  try {
    return await startShadow(connection, {
      facts,
      token: context.token(),
      keys: lines,
      files: replacedFiles(facts, survey.files, factor),
      deadlineSeconds: longestWait(probes) + 120 + keys.size * 5,
      signal,
    });
  } catch (error) {
    if (error instanceof CurfewError && error.code === "unsupported") return error;
    throw error;
  }
}

function obstacleOf(
  planned: PlannedProbe,
  { facts, factor, survey }: ProbeSite,
  shadow: Shadow | CurfewError | undefined,
): string | undefined {
  const account = survey.accounts.find(({ user }) => user === planned.user);
  if (account !== undefined && account.obstacle !== "") return `${planned.user} cannot log in: ${account.obstacle}`;
  if (planned.via === "live") return undefined;
  if (shadow === undefined || shadow instanceof CurfewError) return shadow?.message ?? "there is no shadow instance";
  const { user } = planned;
  return shadowObstacle(user, shadow.effective.get(user) ?? [], realEffective(facts, user), factor);
}

/** What to hold against the observation: the timeouts that are set for this account, and their gaps. */
function expectations(
  planned: PlannedProbe,
  { facts, survey, factor }: ProbeSite,
  shadow: Shadow | undefined,
): Pick<ProbeBench, "configured" | "explanation" | "unjudgeable"> {
  const { user, shell } = planned;
  const own = factor === 1 ? shadow?.effective.get(user) : undefined;
  const general = facts.sshd.effective.state === "known" ? facts.sshd.effective.value : [];
  const effective = own ?? realEffective(facts, user) ?? general;
  const configured = configuredTimeouts(facts, survey.files, effective, factor);
  const kind = facts.shells.find(({ path }) => path === shell)?.kind ?? shell.split("/").at(-1) ?? "";
  const tmoutSet = configured.some(({ by }) => by === "TMOUT");
  return {
    configured,
    explanation: explainKept(planned, facts, effective, tmoutSet),
    unjudgeable: unjudgeable(planned, kind, survey.files, configured, factor),
  };
}

/** `sshd -T -C` for a login from outside, where the facts have it for this account's class. */
function realEffective(facts: Facts, user: string): readonly string[] | undefined {
  const classes = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
  const own = classes.find(({ representative, users }) => representative === user || users.includes(user));
  if (own?.effective.state !== "known") return undefined;
  return effectiveValue(own.effective.value, "pubkeyauthentication") === undefined ? undefined : own.effective.value;
}

async function attempt<T>(signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < LOCATE_TRIES; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(100, signal);
  }
  return undefined;
}
