/** From a byte stream to an authenticated session: host key, key exchange, login. */
import type { Duplex } from "node:stream";
import { visible } from "../core/text/visible.ts";
import { CurfewError } from "../model/terms/error.ts";
import { explainNegotiation, libraryAlgorithms, type Algorithms } from "./channel/algorithms.ts";
import { authenticate, type Authentication } from "./keys/auth.ts";
import { shareFairly } from "./fair-share.ts";
import type { HostKeyCheck } from "./keys/host-key.ts";
import type { Identities } from "./keys/identities.ts";
import { listenForHello, type ServerHello } from "./channel/server-hello.ts";
import { writeAtOnce } from "./channel/one-write.ts";
import { interruption, openSession, type Session } from "./channel/session.ts";
import { createClient, type ConnectConfig } from "./channel/ssh2.ts";
import { unreachable } from "./transport.ts";

export interface LoginRequest {
  readonly stream: Duplex;
  readonly user: string;
  readonly identities: Identities;
  readonly hostKeys: HostKeyCheck;
  readonly algorithms: Algorithms;
  /** Inventory name, for messages. */
  readonly host: string;
  /** What was dialled, for messages: `web1 port 22`. */
  readonly where: string;
  /** Asks the host for a sign of life from time to time. Never for probes: it would disturb them. */
  readonly keepAlive: boolean;
  /** What a proxy had to say, for the message when no server answers. */
  readonly complaints?: (() => string) | undefined;
}

/** A dead peer is noticed after this, times one more than the number of misses: 28 s. Most work is done sooner. */
const KEEP_ALIVE_MS = 14_000;
const KEEP_ALIVE_MISSES = 1;

type LibraryError = Error & { readonly level?: string; readonly code?: unknown };

/**
 * Logs in. The stream belongs to the session afterwards and is destroyed when this fails.
 * Errors: CurfewError `unreachable`, `host-key`, `auth`, `unsupported`, `interrupted`.
 */
export function logIn(request: LoginRequest, signal: AbortSignal): Promise<Session> {
  const { stream, user, identities, host } = request;
  const client = createClient();
  const authentication = authenticate(identities, user, host);
  return new Promise((resolve, reject) => {
    let refusal: CurfewError | undefined;
    const settle = (): void => {
      signal.removeEventListener("abort", abort);
      client.off("error", onError).off("close", onClose).off("ready", onReady);
    };
    const fail = (error: CurfewError): void => {
      settle();
      stream.destroy();
      reject(error);
    };
    const abort = (): void => fail(interruption(signal, host));
    const onError = (error: LibraryError): void => {
      if (error.level === "agent") authentication.noteAgentFailure(error.message);
      else fail(refusal ?? explain(error, hello(), request, authentication));
    };
    const onClose = (): void => onError(new Error("the host closed the connection"));
    const onReady = (): void => {
      settle();
      resolve(openSession(client, stream, hello().identification));
    };
    client.on("error", onError).on("close", onClose).on("ready", onReady);
    writeAtOnce(stream);
    signal.addEventListener("abort", abort, { once: true });
    client.connect({
      ...configuration(request, authentication),
      hostVerifier: (blob: Buffer) => {
        refusal = request.hostKeys.judge(blob);
        return refusal === undefined;
      },
    });
    // After connect, which pauses the stream: see listenForHello.
    const hello = listenForHello(stream);
    shareFairly(stream);
    if (signal.aborted) abort();
  });
}

function configuration(request: LoginRequest, authentication: Authentication): ConnectConfig {
  const { stream, user, algorithms, keepAlive } = request;
  return {
    sock: stream,
    username: user,
    authHandler: authentication.handler,
    // The whole login has one deadline, kept by the caller.
    readyTimeout: 0,
    keepaliveInterval: keepAlive ? KEEP_ALIVE_MS : 0,
    keepaliveCountMax: KEEP_ALIVE_MISSES,
    algorithms: libraryAlgorithms(algorithms),
  };
}

function explain(
  error: LibraryError,
  hello: ServerHello,
  request: LoginRequest,
  authentication: Authentication,
): CurfewError {
  const { host, where } = request;
  if (hello.identification === "") return noServer(error, hello, request);
  const disagreement =
    hello.offer === undefined ? undefined : explainNegotiation(hello.offer, request.algorithms, host);
  if (disagreement !== undefined) return disagreement;
  if (error.level === "client-authentication") return authentication.explain();
  // A disconnect message carries its reason as a number (RFC 4253, 11.1).
  const said = visible(error.message).slice(0, 300);
  if (typeof error.code === "number" && /authentication/iu.test(said)) return authentication.explain(said);
  if (error.level === "client-socket") return unreachable(error, where, host);
  return new CurfewError("unreachable", `the login at ${where} broke off: ${said}`, {
    host,
    hint: "look into the host's sshd log",
    cause: error,
  });
}

/** Something accepted the connection, but no SSH server introduced itself. */
function noServer(error: LibraryError, { greeting }: ServerHello, request: LoginRequest): CurfewError {
  const { host, where } = request;
  const said = visible(greeting).slice(0, 200);
  if (/exceeded maxstartups/iu.test(said)) {
    return new CurfewError(
      "unreachable",
      `${where} turned the connection away: too many logins at once (${said})`,
      {
        host,
        hint: "work on fewer hosts at a time, or raise MaxStartups there",
      },
    );
  }
  if (/not allowed at this time/iu.test(said)) {
    return new CurfewError(
      "unreachable",
      `${where} turned the connection away: this machine is being punished for failed logins (${said})`,
      { host, hint: "wait a few minutes; PerSourcePenalties in its sshd_config says how long" },
    );
  }
  const proxy = visible(request.complaints?.() ?? "").slice(0, 300);
  if (proxy !== "")
    return new CurfewError("unreachable", `${where} could not be reached: ${proxy}`, { host });
  if (error.level === "client-socket") return unreachable(error, where, host);
  const answer = said === "" ? "closed the connection before saying anything" : `answered "${said}"`;
  return new CurfewError("unreachable", `${where} ${answer}: there is no SSH server`, {
    host,
    hint: "check the port; a server that is overloaded (MaxStartups) may also close silently",
    cause: error,
  });
}
