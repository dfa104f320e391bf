/** The two ways into a session: the host's own sshd, and the shadow instance. */
import type { Duplex } from "node:stream";
import type { PlannedProbe } from "../../core/probe/plan.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { RunContext } from "../run/context.ts";
import type { ProbeKey } from "../../host/keys/probe-key.ts";
import type { OpenProbe } from "./opened.ts";
import { over, rest, type Waiting } from "./wait.ts";
import type { HostWatch } from "./watch.ts";
import type { Loopback } from "../shadow/loopback.ts";
import type { CuttableStream } from "../shadow/relay.ts";
import type { Shadow } from "../shadow/shadow.ts";

export interface Way {
  /** A full new login as the probe's account. */
  logIn(): Promise<Connection>;
  /** Which session on the host it is, once it has its prompt. Processes only where the kind needs them. */
  locate(): Promise<Pick<OpenProbe, "port" | "processes">>;
  /** Lets the client fall silent, where that is not done by stopping it. Errors: CurfewError `unsupported`. */
  readonly silence?: () => Promise<void>;
}

/** What both ways need. */
export interface WaySetup extends Waiting {
  readonly connection: Connection;
  readonly watch: HostWatch;
  readonly context: RunContext;
  /** What logs in as the probe's account: the library, or the system's ssh. */
  readonly client: Pick<RunContext, "connect" | "connectThrough">;
}

const LOCATE_TRIES = 10;
const ASK_SECONDS = 10;
const NOWHERE = { port: undefined, processes: undefined } as const;

/** Through the instance: the key's fingerprint in its log leads to the port, the port to the processes. */
export function throughShadow(
  planned: PlannedProbe,
  setup: WaySetup,
  { privateKey, fingerprint }: ProbeKey,
  shadow: Shadow,
  loopback: Loopback,
): Way {
  const { connection, watch, context, client, signal } = setup;
  const { user, session, variant } = planned;
  let cut: CuttableStream["cut"] | undefined;
  const openStream = async (): Promise<Duplex> => {
    if (variant !== "network-gone") return loopback.open(shadow.port);
    const stream = await loopback.openCuttable(shadow.port);
    cut = () => stream.cut();
    return stream;
  };
  return {
    ...(variant === "network-gone" && { silence: async () => cut?.() }),
    async logIn() {
      const stream = await openStream();
      const login = { stream, host: connection.host, user, privateKey, hostKeys: shadow.hostKeys };
      const options = { signal, timeoutSeconds: context.connectTimeoutSeconds, keepAlive: false };
      return client.connectThrough(login, options).catch((error: unknown) => {
        stream.destroy();
        throw refusal(shadow, user, error);
      });
    },
    async locate() {
      const accepted = await attempt(setup, async () =>
        shadow.events().find((event) => event.type === "accepted" && event.fingerprint === fingerprint),
      );
      if (accepted?.type !== "accepted") return NOWHERE;
      const { port } = accepted;
      if (session !== "frozen-client") return { port, processes: undefined };
      const processes = await attempt(setup, async () =>
        (await watch.sessions()).find((each) => each.clientPort === port && each.serverPort === shadow.port),
      );
      return { port, processes };
    },
  };
}

/**
 * Through the host's own sshd, whose log is not ours: the login itself is asked for its ends, for
 * among many sessions of one account nothing else tells which is the probe's.
 */
export function throughHost(planned: PlannedProbe, setup: WaySetup): Way {
  const { connection, watch, context, client, signal } = setup;
  const { user, identityFile, session } = planned;
  let from: string | undefined;
  return {
    async logIn() {
      const { host } = connection;
      const as = identityFile === undefined ? host : { ...host, user, identityFile };
      const options = { signal, timeoutSeconds: context.connectTimeoutSeconds, keepAlive: false };
      const login = await client.connect(as, options);
      if (session === "frozen-client") from = await connectionOf(login, setup);
      return login;
    },
    async locate() {
      if (from === undefined) return NOWHERE;
      const processes = await attempt(setup, async () =>
        (await watch.sessions()).find((each) => each.from === from && each.user === user),
      );
      return { port: undefined, processes };
    },
  };
}

/** Both ends as the host sees them (ssh(1), SSH_CONNECTION): every login shell can print a variable. */
async function connectionOf(login: Connection, waiting: Waiting): Promise<string | undefined> {
  const channel = await login.openCommand("echo $SSH_CONNECTION", waiting.signal);
  await over(channel.ended, waiting.clock() + ASK_SECONDS * 1000, waiting);
  const said = [...channel.transcript().matchAll(/^(\S+ \d+ \S+ \d+)\r?$/gmu)].at(-1);
  channel.close();
  return said?.[1];
}

/** The instance's log knows better than the client why somebody is not let in. */
function refusal(shadow: Shadow, user: string, error: unknown): unknown {
  const refused = shadow.events().findLast((event) => event.type === "refused" && event.user === user);
  if (refused?.type !== "refused") return error;
  return new CurfewError("auth", `sshd does not let ${user} in: ${refused.text}`, { cause: error });
}

async function attempt<T>(waiting: Waiting, look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < LOCATE_TRIES; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await rest(100, waiting);
  }
  return undefined;
}
