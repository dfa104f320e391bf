/** The way to a host: directly, through jump hosts, or through a ProxyCommand. */
import type { Duplex } from "node:stream";
import { CurfewError } from "../model/terms/error.ts";
import { chooseAlgorithms } from "./channel/algorithms.ts";
import type { Target } from "./openssh/ask-ssh.ts";
import { openForward } from "./connection.ts";
import { hostKeyCheck, type KnownHostsFiles } from "./keys/host-key.ts";
import type { KeyRing } from "./keys/identities.ts";
import { logIn } from "./login.ts";
import type { Session } from "./channel/session.ts";
import type { SettingsBook } from "./openssh/ssh-config.ts";
import type { Environment, SshSettings } from "./openssh/ssh-settings.ts";
import { openProxyCommand, openTcp } from "./transport.ts";

/** More hops than anybody has, and an end to configurations that jump in a circle. */
const MOST_HOPS = 8;

/** What all logins of a run share. */
export interface LoginRun {
  readonly environment: Environment;
  readonly book: SettingsBook;
  readonly keys: KeyRing;
  readonly knownHosts: KnownHostsFiles;
}

export interface Route {
  /** Inventory name of the host at the end of the route. */
  readonly host: string;
  readonly keepAlive: boolean;
  readonly signal: AbortSignal;
  /** Names of the hops on the way so far. */
  readonly hops: readonly string[];
}

/**
 * Logs in at the end of the route.
 * Errors: CurfewError `unreachable`, `host-key`, `auth`, `unsupported`, `interrupted`, `input`.
 */
export async function reach(run: LoginRun, settings: SshSettings, route: Route): Promise<Session> {
  const { host, keepAlive, signal } = route;
  const hostKeys = await hostKeyCheck(run.knownHosts, settings, host);
  const identities = await run.keys.identities(settings);
  const algorithms = chooseAlgorithms(settings.allowed, hostKeys.types, host);
  const where = `${settings.hostname} port ${settings.port}`;
  const { stream, complaints, dispose } = await openStream(run, settings, route);
  const { user } = settings;
  const request = { stream, user, identities, hostKeys, algorithms, host, where, keepAlive, complaints };
  const session = await logIn(request, signal).catch((error: unknown) => {
    dispose();
    throw error;
  });
  void session.closed.then(dispose);
  return session;
}

interface Opened {
  readonly stream: Duplex;
  readonly complaints?: () => string;
  /** Ends what carries the stream. */
  readonly dispose: () => void;
}

async function openStream(run: LoginRun, settings: SshSettings, route: Route): Promise<Opened> {
  const { proxyJump, proxyCommand } = settings;
  if (proxyJump.length > 0) return openJump(run, settings, route);
  if (proxyCommand !== undefined) return openProxyCommand(proxyCommand, run.environment);
  return { stream: await openTcp(settings, route.host, route.signal), dispose: () => undefined };
}

/**
 * Through the last hop, which is reached through the hops before it; the first one as its own
 * configuration says (what `ssh -J a,b` does by running `ssh -J a -W … b`). A hop ends with the
 * connection it carries.
 */
async function openJump(run: LoginRun, settings: SshSettings, route: Route): Promise<Opened> {
  const { host, signal, hops } = route;
  const name = settings.proxyJump.at(-1) ?? "";
  if (hops.length >= MOST_HOPS) {
    throw new CurfewError("input", `more than ${MOST_HOPS} jump hosts: ${hops.join(", ")}`, {
      host,
      hint: "look for a ProxyJump in ssh_config that leads back to itself",
    });
  }
  const own = await run.book(hopTarget(name, host), signal);
  const before = settings.proxyJump.slice(0, -1);
  const hop = before.length > 0 ? { ...own, proxyJump: before } : own;
  const session = await reach(run, hop, { host, keepAlive: true, signal, hops: [...hops, name] }).catch(
    (error) => {
      throw viaHop(error, name);
    },
  );
  try {
    const stream = await openForward(session, host, settings.hostname, settings.port, signal);
    return { stream, dispose: () => session.close() };
  } catch (error) {
    session.close();
    throw viaHop(error, name);
  }
}

/** `[user@]host[:port]`, with an IPv6 address in brackets, or `ssh://` before it (ssh_config(5), ProxyJump). */
function hopTarget(name: string, host: string): Target {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(\[[^\]]+\]|[^:@]+)(?::(\d+))?\/?$/u.exec(name);
  if (match === null)
    throw new CurfewError("input", `ProxyJump ${JSON.stringify(name)} names no host`, { host });
  const [, user, address = "", port] = match;
  return {
    address: address.replaceAll(/[[\]]/gu, ""),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

function viaHop(error: unknown, name: string): unknown {
  if (!(error instanceof CurfewError) || error.code === "interrupted") return error;
  const { code, host, hint, cause } = error;
  return new CurfewError(code, `at the jump host ${name}: ${error.message}`, { host, hint, cause });
}
