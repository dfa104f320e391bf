/** The two ways into a session: the host's own sshd, and the shadow instance. */
import type { PlannedProbe } from "../core/probe-plan.ts";
import type { Connection } from "../model/connection.ts";
import { CurfewError } from "../model/error.ts";
import type { RunContext } from "./context.ts";
import type { ProbeKey } from "./probe-key.ts";
import type { OpenProbe } from "./probe-kinds.ts";
import { pause } from "./probe-wait.ts";
import type { HostSession, HostWatch } from "./probe-watch.ts";
import type { Loopback } from "./shadow-loopback.ts";
import type { Shadow } from "./shadow.ts";

export interface Way {
  /** A full new login as the probe's account. */
  logIn(): Promise<Connection>;
  /** Which session on the host it is, once it has its prompt. Processes only where the kind needs them. */
  locate(): Promise<Pick<OpenProbe, "port" | "processes">>;
}

/** What both ways need. */
export interface WaySetup {
  readonly connection: Connection;
  readonly watch: HostWatch;
  /** Where the instance listens: sessions there are not the host's own. Undefined without one. */
  readonly shadowPort: number | undefined;
  readonly context: RunContext;
  readonly signal: AbortSignal;
}

const LOCATE_TRIES = 10;
const NOWHERE = { port: undefined, processes: undefined } as const;

/** Through the instance: the key's fingerprint in its log leads to the port, the port to the processes. */
export function throughShadow(
  planned: PlannedProbe,
  setup: WaySetup,
  { privateKey, fingerprint }: ProbeKey,
  shadow: Shadow,
  loopback: Loopback,
): Way {
  const { connection, watch, context, signal } = setup;
  const { user, session } = planned;
  return {
    async logIn() {
      const stream = await loopback.open(shadow.port);
      const login = { stream, host: connection.host, user, privateKey, hostKeys: shadow.hostKeys };
      const options = { signal, timeoutSeconds: context.connectTimeoutSeconds, keepAlive: false };
      return context.connectThrough(login, options).catch((error: unknown) => {
        stream.destroy();
        throw refusal(shadow, user, error);
      });
    },
    async locate() {
      const accepted = await attempt(signal, async () =>
        shadow.events().find((event) => event.type === "accepted" && event.fingerprint === fingerprint),
      );
      if (accepted?.type !== "accepted") return NOWHERE;
      const { port } = accepted;
      if (session !== "frozen-client") return { port, processes: undefined };
      const processes = await attempt(signal, async () =>
        (await watch.sessions()).find((each) => each.clientPort === port && each.serverPort === shadow.port),
      );
      return { port, processes };
    },
  };
}

/** Through the host's own sshd, whose log is not ours: the one session that was not there before. */
export function throughHost(planned: PlannedProbe, setup: WaySetup): Way {
  const { connection, watch, shadowPort, context, signal } = setup;
  const { user, identityFile, session } = planned;
  let before: readonly HostSession[] = [];
  return {
    async logIn() {
      if (session === "frozen-client") before = await watch.sessions();
      const { host } = connection;
      const as = identityFile === undefined ? host : { ...host, user, identityFile };
      return context.connect(as, { signal, timeoutSeconds: context.connectTimeoutSeconds, keepAlive: false });
    },
    async locate() {
      if (session !== "frozen-client") return NOWHERE;
      const known = new Set(before.map(({ shell }) => shell));
      const fresh = (await watch.sessions()).filter(
        (each) => each.user === user && each.serverPort !== shadowPort && !known.has(each.shell),
      );
      // Two new ones: somebody else has just logged in, and it must not be their session that is judged.
      return fresh.length === 1 ? { port: undefined, processes: fresh[0] } : NOWHERE;
    },
  };
}

/** The instance's log knows better than the client why somebody is not let in. */
function refusal(shadow: Shadow, user: string, error: unknown): unknown {
  const refused = shadow.events().findLast((event) => event.type === "refused" && event.user === user);
  if (refused?.type !== "refused") return error;
  return new CurfewError("auth", `sshd does not let ${user} in: ${refused.text}`, { cause: error });
}

async function attempt<T>(signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < LOCATE_TRIES; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(100, signal);
  }
  return undefined;
}
