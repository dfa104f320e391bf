/** What PostgreSQL, the network and TLS say, in words for people. Codes: appendix A of the manual of PostgreSQL. */
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { PostgresSettings, Server } from "./settings.ts";

type Settings = Pick<PostgresSettings, "database" | "user" | "servers" | "what">;
type Words = readonly [what: string, hint: string | undefined];

const PASSWORD_HINT =
  "write HOST:PORT:DATABASE:USER:PASSWORD into ~/.pgpass (chmod 600), or name another file with PGPASSFILE";
const GRANT_HINT = "curfew help postgresql has the roles that a reader, a writer and a keeper need";
const NETWORK_HINT = "see that the server runs and listens there, and that its firewall lets this machine in";

/** `db1:5432`, or the directory of the socket. */
function serverName({ host, port }: Server): string {
  return host.startsWith("/") ? `${visible(host)}, port ${port}` : `${visible(host)}:${port}`;
}

/** How messages call the database. */
export function databaseName(settings: Settings, server: Server | undefined = settings.servers[0]): string {
  const at = server === undefined ? "" : ` on ${serverName(server)}`;
  return `${settings.what ?? "the history"} in PostgreSQL${at}, database ${visible(settings.database)}`;
}

/** CurfewError `input` with what to do; the error itself where it is ours already, or a defect. */
export function postgresError(settings: Settings, server: Server | undefined, error: unknown): unknown {
  if (error instanceof CurfewError || !(error instanceof Error)) return error;
  const words = error instanceof RefusedServer ? error.words : wordsFor(error, settings);
  if (words === undefined) return error;
  const [what, hint] = words;
  return new CurfewError("input", `${databaseName(settings, server)}: ${what}`, { hint, cause: error });
}

/** The server asked for a password, and there is none. */
export function noPassword(settings: Settings, server: Server, refusal: string | undefined): CurfewError {
  const why = refusal === undefined ? "" : `; ${refusal}`;
  const message = `the server asks for the password of ${visible(settings.user)}, and none was found${why}`;
  return new CurfewError("input", `${databaseName(settings, server)}: ${message}`, { hint: PASSWORD_HINT });
}

/** It answers, and is not what is needed. `passing`: it may be a moment later. */
class RefusedServer extends Error {
  readonly words: Words;
  readonly passing: boolean;
  constructor(words: Words, passing: boolean) {
    super(words[0]);
    this.words = words;
    this.passing = passing;
  }
}

/** What a session throws that may only be read. */
export function standby(): Error {
  const what = "the server is a standby or read-only; it does not know which audits are running";
  const hint =
    "name the primary, or all servers: postgres://USER@DB1,DB2/DATABASE takes the one that can be written";
  return new RefusedServer([what, hint], true);
}

/** What a session throws behind a pooler that takes its connection away between two transactions. */
export function shared(): Error {
  const what =
    "a pooler between here and the server gives each transaction another connection, so locks and settings of curfew would be lost or be those of others";
  const hint = "name the server itself, or a pool of PgBouncer with pool_mode = session";
  return new RefusedServer([what, hint], false);
}

/**
 * The connection is gone or the server ends, starts, or changes places with its standby: trying again with another
 * connection helps, and whether the last transaction was stored is unknown.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof CurfewError) return error.cause !== undefined && isOutage(error.cause);
  if (error instanceof RefusedServer) return error.passing;
  const code = codeOf(error);
  if (code === "") return error instanceof Error && UNCODED.test(error.message);
  return code in NETWORK || /^(?:08...|40...|57P0[1235]|53300|25006|25P03)$/u.test(code);
}

/** Two transactions were in each other's way; the connection is fine. */
export function isConflict(error: unknown): boolean {
  return /^40...$/u.test(codeOf(error));
}

/** The connection is not to be used again, and whether a commit was done is unknown. */
export function isCutOff(error: unknown): boolean {
  return isOutage(error) && !isConflict(error);
}

const UNCODED = /timeout|^Connection terminated|not queryable|^Client was closed/iu;

/** A refusal of this way of connecting, so that `prefer` tries the other way. */
export function refusesEncryption(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof CurfewError) return false;
  const { message } = error;
  return /SSL/u.test(message) || codeOf(error) === "28000" || codeOf(error) in TLS;
}

const NETWORK: Readonly<Record<string, Words>> = {
  ECONNREFUSED: ["the server does not accept connections there", NETWORK_HINT],
  ECONNRESET: ["the connection was cut off", NETWORK_HINT],
  EPIPE: ["the connection was cut off", NETWORK_HINT],
  ETIMEDOUT: ["the server did not answer", NETWORK_HINT],
  EHOSTUNREACH: ["the server cannot be reached from here", NETWORK_HINT],
  ENETUNREACH: ["the server cannot be reached from here", NETWORK_HINT],
  EHOSTDOWN: ["the server cannot be reached from here", NETWORK_HINT],
  ENOTFOUND: ["the name of the server is unknown", "see that the name is right and that DNS knows it"],
  EAI_AGAIN: ["the name of the server could not be looked up", "see whether DNS answers"],
  ENOENT: ["there is no socket of a server", "name a host: postgres://USER@HOST/DATABASE"],
  EACCES: ["the socket of the server is not for this account", undefined],
};

const TLS: Readonly<Record<string, Words>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ["the server's certificate is not from a trusted authority", undefined],
  SELF_SIGNED_CERT_IN_CHAIN: ["the server's certificate is not from a trusted authority", undefined],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["the server's certificate is not from a trusted authority", undefined],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["the server's certificate is not from a trusted authority", undefined],
  CERT_SIGNATURE_FAILURE: ["the server's certificate is not from a trusted authority", undefined],
  CERT_HAS_EXPIRED: ["the server's certificate has expired", "renew it on the server"],
  CERT_NOT_YET_VALID: ["the server's certificate is not valid yet", "compare the clocks of both machines"],
  CERT_REVOKED: ["the server's certificate is revoked", undefined],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "the server's certificate is for another name",
    "write the name that the certificate has, or hostaddr=ADDRESS beside it",
  ],
};
const TRUST_HINT = "sslrootcert=FILE names the certificate of the authority that signed the server's";

const STATES: Readonly<Record<string, (said: string, user: string) => Words>> = {
  "28P01": (_, user) => [`the server refuses the password of ${user}`, PASSWORD_HINT],
  "28000": (said, user) => [
    `the server refuses ${user}: ${said}`,
    "pg_hba.conf on the server decides who may come in",
  ],
  "3D000": (said) => [said, "createdb makes it; curfew makes its tables"],
  "42501": (said, user) => [`${user} may not do this: ${said}`, GRANT_HINT],
  "53100": () => ["the server's disk is full", "make room there; what was reported as stored is stored"],
  "53300": (said) => [said, "raise max_connections on the server, or give curfew's role more"],
  "57014": () => ["the server gave up a statement that took too long", "see what else the server has to do"],
  "55P03": () => [
    "somebody else holds a lock for too long",
    "see pg_stat_activity on the server for who does; another curfew may be upgrading or pruning",
  ],
  "57P03": () => ["the server is starting up", "try again"],
  "22021": () => ["it cannot store a text that is not UTF-8 without NUL", undefined],
  "22P05": () => ["its encoding cannot store this text", "make the database with ENCODING 'UTF8'"],
};

function wordsFor(error: Error, { user }: Settings): Words | undefined {
  const code = codeOf(error);
  const said = visible(error.message);
  const state = STATES[code]?.(said, visible(user));
  if (state !== undefined) return state;
  if (NETWORK[code] !== undefined) return NETWORK[code];
  const tls = TLS[code];
  if (tls !== undefined) return [`${tls[0]} (${said})`, tls[1] ?? TRUST_HINT];
  if (/^(?:08|57P0)/u.test(code)) return [`the server ended the connection: ${said}`, NETWORK_HINT];
  if (/^[A-Z0-9]{5}$/u.test(code)) return [`the server says: ${said}`, undefined];
  if (/does not support SSL/u.test(said)) {
    return ["the server does not encrypt", "have ssl = on set on the server, or write sslmode=prefer"];
  }
  if (/timeout/iu.test(said)) return ["the server did not answer in time", NETWORK_HINT];
  if (UNCODED.test(said)) return ["the connection was cut off", NETWORK_HINT];
  if (/SSL|TLS|SASL|SCRAM|certificate/u.test(said) || code.startsWith("ERR_SSL")) return [said, undefined];
  return "syscall" in error ? [said, NETWORK_HINT] : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
