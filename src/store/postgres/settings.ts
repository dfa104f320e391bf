/**
 * Which PostgreSQL, as whom, how safely: from a URL, a service and the environment, each word from the first that has it,
 * as libpq does it. https://www.postgresql.org/docs/current/libpq-envars.html
 */
import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { Secret } from "../../model/terms/secret.ts";
import { findPassword, type FoundPassword, SOCKET_DIRECTORIES } from "./password-file.ts";
import { choice, type Keyword, type Parameters, parsePostgresUrl } from "./place.ts";
import { readService } from "./service-file.ts";
import { type Encryption, encryptionOf } from "./tls.ts";

/** One server; of several the first that answers and takes writes is used. */
export interface Server {
  /** What its certificate must name; a directory of sockets begins with a slash. */
  readonly host: string;
  /** What is dialled. */
  readonly address: string;
  readonly port: number;
}

export interface PostgresSettings {
  readonly servers: readonly Server[];
  readonly database: string;
  readonly user: string;
  readonly encryption: Encryption;
  /** What is said to that server when it asks. */
  readonly password: (server: Server) => FoundPassword;
  readonly connectSeconds: number;
  readonly idleSeconds: number;
  readonly applicationName: string;
  readonly options: string | undefined;
  /** What messages call that which is kept there; the history if left out. */
  readonly what?: "the queue";
}

const VARIABLES: Readonly<Record<string, Keyword>> = {
  PGHOST: "host",
  PGHOSTADDR: "hostaddr",
  PGPORT: "port",
  PGDATABASE: "dbname",
  PGUSER: "user",
  PGPASSWORD: "password",
  PGPASSFILE: "passfile",
  PGSSLMODE: "sslmode",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLCERT: "sslcert",
  PGSSLKEY: "sslkey",
  PGSSLCRL: "sslcrl",
  PGSSLNEGOTIATION: "sslnegotiation",
  PGSSLMINPROTOCOLVERSION: "ssl_min_protocol_version",
  PGSSLMAXPROTOCOLVERSION: "ssl_max_protocol_version",
  PGCHANNELBINDING: "channel_binding",
  PGCONNECT_TIMEOUT: "connect_timeout",
  PGAPPNAME: "application_name",
  PGOPTIONS: "options",
  PGTARGETSESSIONATTRS: "target_session_attrs",
};

/** Variables that ask for a safety that curfew cannot give, with the values that ask for none. */
const DEMANDS: Readonly<Record<string, readonly string[]>> = {
  PGREQUIREAUTH: [],
  PGREQUIREPEER: [],
  PGSSLCRLDIR: [],
  PGGSSENCMODE: ["disable", "prefer"],
};

/** Errors: CurfewError `input` for whatever cannot be meant, before anything is contacted. */
export function postgresSettings(
  url: string,
  environment: NodeJS.ProcessEnv,
  home: string,
): PostgresSettings {
  refuseDemands(environment);
  const given = parsePostgresUrl(url);
  const service = given.service ?? environment["PGSERVICE"];
  const words: Parameters = {
    ...fromEnvironment(environment),
    ...(service === undefined || service === "" ? {} : readService(service, environment, home)),
    ...given,
  };
  choice(words, "target_session_attrs", ["any", "read-write", "primary"]);
  const user = words.user ?? userInfo().username;
  const database = words.dbname ?? user;
  return {
    servers: serversOf(words),
    database,
    user,
    encryption: encryptionOf(words, home),
    password: (server) => passwordFor(server, { database, user }, words, home),
    connectSeconds: numberOf(words, "connect_timeout", 10, 1, 600),
    idleSeconds: numberOf(words, "keepalives_idle", 30, 1, 7200),
    applicationName: words.application_name ?? "curfew",
    options: words.options,
  };
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Parameters {
  const found: Partial<Record<Keyword, string>> = {};
  for (const [variable, word] of Object.entries(VARIABLES)) {
    const value = environment[variable] ?? "";
    if (value !== "") found[word] = value;
  }
  return found;
}

function refuseDemands(environment: NodeJS.ProcessEnv): void {
  for (const [variable, fine] of Object.entries(DEMANDS)) {
    const value = environment[variable] ?? "";
    if (value === "" || fine.includes(value)) continue;
    throw new CurfewError("input", `${variable} is set, and curfew cannot do what it asks for`, {
      hint: `unset ${variable} for curfew; sslmode=verify-full and scram-sha-256 are supported`,
    });
  }
}

function serversOf(words: Parameters): Server[] {
  const hosts = words.host?.split(",") ?? [];
  const addresses = words.hostaddr?.split(",") ?? [];
  const ports = words.port?.split(",") ?? [];
  const count = Math.max(hosts.length, addresses.length, 1);
  if (addresses.length > 0 && hosts.length > 0 && addresses.length !== hosts.length) {
    throw new CurfewError("input", "the store names not as many addresses (hostaddr) as hosts");
  }
  if (ports.length > 1 && ports.length !== count) {
    throw new CurfewError("input", "the store names not as many ports as hosts");
  }
  return Array.from({ length: count }, (_, index) => {
    const address = addresses[index] ?? "";
    const host = hosts[index] ?? "";
    const name = host === "" ? address : host;
    const server = name === "" ? defaultHost() : name;
    if (address !== "" && isIP(address) === 0) {
      throw new CurfewError("input", `the store's hostaddr ${shown(address)} is not an IP address`);
    }
    return {
      host: server,
      address: address === "" ? server : address,
      port: portOf(ports[ports.length > 1 ? index : 0] ?? ""),
    };
  });
}

function defaultHost(): string {
  return SOCKET_DIRECTORIES.slice(0, 2).find((directory) => existsSync(directory)) ?? "localhost";
}

function portOf(text: string): number {
  if (text === "") return 5432;
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  if (port > 0 && port < 65_536) return port;
  throw new CurfewError("input", `the store's port ${shown(text)} is not a number from 1 to 65535`);
}

function numberOf(words: Parameters, name: Keyword, usual: number, least: number, most: number): number {
  const text = words[name];
  if (text === undefined || text === "0") return usual;
  if (/^\d{1,6}$/u.test(text)) return Math.min(most, Math.max(least, Number(text)));
  throw new CurfewError("input", `the store's ${name} ${shown(text)} is not a number of seconds`);
}

function passwordFor(
  { host, port }: Server,
  { database, user }: Pick<PostgresSettings, "database" | "user">,
  words: Parameters,
  home: string,
): FoundPassword {
  if (words.password !== undefined) return { password: new Secret(words.password) };
  return findPassword(words.passfile ?? join(home, ".pgpass"), { host, port, database, user });
}
