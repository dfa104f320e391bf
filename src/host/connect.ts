/**
 * Floor 4: effects on machines. Connections know nothing of policies; the SSH library is known to
 * this folder alone; whatever a host says is shown only after `visible`.
 *
 * Here: logging in to the hosts of an inventory as the user's OpenSSH configuration says.
 */
import { userInfo } from "node:os";
import type { Connect, ConnectOptions, Connection, ConnectThrough } from "../model/inventory/connection.ts";
import { limitText } from "../model/terms/duration.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { Host } from "../model/inventory/host.ts";
import type { Secret } from "../model/terms/secret.ts";
import { chooseAlgorithms } from "./channel/algorithms.ts";
import { asConnection } from "./connection.ts";
import { fixedHostKeys, KnownHostsFiles } from "./keys/host-key.ts";
import { KeyRing, keyFromText } from "./keys/identities.ts";
import { connectLocally, loopbackOf, ownHostKeys } from "./local.ts";
import { logIn } from "./login.ts";
import { reach, type LoginRun } from "./route.ts";
import { interruption } from "./channel/session.ts";
import { openSettingsBook, targetOf } from "./openssh/ssh-config.ts";
import type { Environment } from "./openssh/ssh-settings.ts";
import { openTcp } from "./transport.ts";

export interface ConnectSetup {
  /** The hosts of this run: their settings are asked for together. Others can be connected to as well. */
  readonly hosts: readonly Host[];
  /** `--ssh-config FILE`; the user's own configuration otherwise. */
  readonly sshConfig?: string | undefined;
  /** Asked for once; given to sudo on standard input. */
  readonly sudoPassword?: Secret | undefined;
  /** HOME, PATH, SSH_AUTH_SOCK and whatever ssh_config mentions. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Things worth saying once per run. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Reads the client configuration for all hosts and returns how to log in to one.
 * Errors: CurfewError `usage` (no ssh to read --ssh-config with), `interrupted`, `internal`; what
 * concerns one host only is thrown when that host is connected to.
 */
export async function createConnect(setup: ConnectSetup): Promise<Connect> {
  const { environment, sshConfig: file, sudoPassword } = setup;
  const config = { file, environment, signal: setup.signal, onNote: once(setup.onNote) };
  const book = await openSettingsBook(setup.hosts.map(targetOf), config);
  const run: LoginRun = { environment, book, keys: new KeyRing(), knownHosts: new KnownHostsFiles() };
  const remotely: Connect = async (host, options) => {
    const session = await withDeadline(host.name, options, async (signal) => {
      const settings = await book(targetOf(host), signal);
      return reach(run, settings, {
        host: host.name,
        keepAlive: options.keepAlive ?? true,
        signal,
        hops: [],
      });
    });
    const user = host.user ?? (await book(targetOf(host), options.signal)).user;
    return asConnection(session, host, user, sudoPassword);
  };
  return async (host, options) => {
    if (host.connection !== "local") return remotely(host, options);
    if (options.proof === true)
      return proveLocally(run, host, options, { sudoPassword, onNote: config.onNote });
    return withDeadline(host.name, options, (signal) =>
      connectLocally(host, { ...options, signal }, sudoPassword),
    );
  };
}

/** See `ConnectOptions.proof`. A refused login has shown a banner, a key exchange and this machine's own host key. */
async function proveLocally(
  run: LoginRun,
  host: Host,
  options: ConnectOptions,
  { sudoPassword, onNote }: { sudoPassword: Secret | undefined; onNote: (note: string) => void },
): Promise<Connection> {
  const { hostname, port } = loopbackOf(host);
  const hostKeys = fixedHostKeys(await ownHostKeys(), host.name);
  return withDeadline(host.name, options, async (signal) => {
    const target = { address: hostname, port, user: host.user ?? userInfo().username };
    const settings = await run.book(target, signal);
    const request = {
      stream: await openTcp({ hostname, port }, host.name, signal),
      user: target.user,
      identities: await run.keys.identities(settings),
      hostKeys,
      algorithms: chooseAlgorithms({}, hostKeys.types, host.name),
      host: host.name,
      where: `${hostname} port ${port}`,
      keepAlive: true,
    };
    try {
      return asConnection(await logIn(request, signal), host, target.user, sudoPassword);
    } catch (error) {
      if (!(error instanceof CurfewError) || error.code !== "auth") throw error;
      onNote(
        `${host.name}: ${target.user} cannot log in over the loopback (${error.message}); the change was checked by a key exchange with sshd at ${request.where} instead`,
      );
      return connectLocally(host, { ...options, signal }, sudoPassword);
    }
  });
}

/** Logs in over a stream with one key and beforehand known host keys; see `ProbeLogin`. */
export const connectThrough: ConnectThrough = async (login, options) => {
  const { stream, host, user, privateKey, hostKeys } = login;
  const key = keyFromText(privateKey, "one-time key");
  if (key === undefined) throw new CurfewError("internal", "the probe's private key cannot be read");
  const check = fixedHostKeys(hostKeys, host.name);
  const session = await withDeadline(host.name, options, (signal) =>
    logIn(
      {
        stream,
        user,
        identities: { keys: [key], skipped: [], beyondUs: [] },
        hostKeys: check,
        algorithms: chooseAlgorithms({}, check.types, host.name),
        host: host.name,
        where: "the shadow instance",
        keepAlive: false,
      },
      signal,
    ),
  );
  return asConnection(session, host, user, undefined);
};

/** One deadline for everything that belongs to a login. */
async function withDeadline<T>(
  host: string,
  { signal, timeoutSeconds }: ConnectOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const both = new AbortController();
  // Made only when needed: every error records a stack, and every login would pay for it.
  const late = (): CurfewError =>
    new CurfewError("unreachable", `the login was not complete within ${limitText(timeoutSeconds)}`, {
      host,
      hint: "look at the network and the load of the host",
    });
  const giveUp = (): void => both.abort(signal.aborted ? interruption(signal, host) : late());
  const timer = setTimeout(giveUp, timeoutSeconds * 1000);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    if (signal.aborted) throw interruption(signal, host);
    // The race is for what does not listen to the signal, such as an agent that does not answer.
    return await Promise.race([work(both.signal), rejection(both.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function once(say: ((note: string) => void) | undefined): (note: string) => void {
  const said = new Set<string>();
  return (note) => {
    if (!said.has(note)) say?.(note);
    said.add(note);
  };
}
