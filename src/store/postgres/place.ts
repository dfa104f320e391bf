/** Where a PostgreSQL database is, as a URL says it: https://www.postgresql.org/docs/current/libpq-connect.html. */
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";

/** Words of libpq to their values; what is not said is missing. */
export type Parameters = Readonly<Partial<Record<Keyword, string>>>;

/** The words that are honoured. */
const HONOURED = [
  "host",
  "hostaddr",
  "port",
  "dbname",
  "user",
  "password",
  "passfile",
  "service",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "sslpassword",
  "sslcrl",
  "sslnegotiation",
  "ssl_min_protocol_version",
  "ssl_max_protocol_version",
  "channel_binding",
  "connect_timeout",
  "application_name",
  "options",
  "keepalives_idle",
  "target_session_attrs",
] as const;
export type Keyword = (typeof HONOURED)[number];

/** Words that change nothing about whom is trusted; curfew has its own values for what they set. */
const HARMLESS = new Set(
  "client_encoding fallback_application_name gssencmode gssdelegation gsslib keepalives keepalives_count keepalives_interval krbsrvname load_balance_hosts sslcertmode sslcompression sslsni tcp_user_timeout".split(
    " ",
  ),
);

/** Words that ask for a safety that curfew cannot give: to pass over them would be to pretend. */
const REFUSED = new Set("replication require_auth requirepeer requiressl sslcrldir sslkeylogfile".split(" "));

const HINT = "write postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, or postgres:?service=NAME";

/** Whether a text is meant as a URL of PostgreSQL. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:/iu.test(text);
}

/**
 * `postgres://[USER[:PASSWORD]@][HOST[:PORT][,HOST[:PORT]]…][/DATABASE][?WORD=VALUE&…]`; also `postgres:?…`, where all
 * else comes from the environment or a service. Errors: CurfewError `input`, without the password.
 */
export function parsePostgresUrl(url: string): Parameters {
  const match =
    /^postgres(?:ql)?:(?:\/\/(?:([^/?#@]*(?:@[^/?#@]*)*)@)?([^/?#@]*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/iu.exec(
      url,
    );
  if (match === null) throw refused("a store is not a URL that PostgreSQL would take");
  const [, account, hosts, database, query] = match;
  const [user, ...password] = account?.split(":") ?? [];
  const found: Partial<Record<Keyword, string>> = {};
  const put = (word: Keyword, text: string | undefined): void => {
    if (text !== undefined && text !== "") found[word] = decoded(text, word);
  };
  put("user", user);
  put("password", password.length === 0 ? undefined : password.join(":"));
  put("dbname", database);
  Object.assign(found, hostsOf(hosts ?? ""));
  for (const pair of query?.split("&") ?? []) {
    if (pair === "") continue;
    const [word = "", ...value] = pair.split("=");
    const text = value.join("=");
    const problem = (message: string): CurfewError => refused(`the URL of the store: ${message}`);
    const known = checkKeyword(decoded(word, "a word"), text, problem);
    if (known !== undefined) put(known, text);
  }
  return found;
}

/** The word itself, or undefined where it may be passed over. Throws what `problem` makes of the others. */
export function checkKeyword(
  word: string,
  value: string,
  problem: (message: string) => CurfewError,
): Keyword | undefined {
  const known = HONOURED.find((each) => each === word);
  if (REFUSED.has(word) || (word === "gssencmode" && value === "require")) {
    throw problem(`${word} is not supported by curfew, so what it asks for would not hold`);
  }
  if (known !== undefined || HARMLESS.has(word)) return known;
  throw problem(`${shown(word)} is not a parameter of PostgreSQL${didYouMean(word, HONOURED)}`);
}

/** One of the words that a parameter may have, or undefined. Errors: CurfewError `input`. */
export function choice<T extends string>(
  words: Parameters,
  name: Keyword,
  allowed: readonly T[],
): T | undefined {
  const value = words[name];
  const found = allowed.find((each) => each === value);
  if (value === undefined || found !== undefined) return found;
  throw new CurfewError(
    "input",
    `the store's ${name} is ${shown(value)}, which curfew cannot take${didYouMean(value, allowed)}`,
    { hint: `${name} may be ${allowed.join(", ")}` },
  );
}

function hostsOf(text: string): Parameters {
  if (text === "") return {};
  const parts = text.split(",").map((part) => {
    const match = /^(\[[0-9a-f:.%]+\]|[^:[\]]*)(?::(\d*))?$/iu.exec(part);
    if (match === null) throw refused("the URL of the store: not a host with a port, such as db1:5432");
    const [, host = "", port = ""] = match;
    return { host: decoded(host.replace(/^\[|\]$/gu, ""), "host"), port };
  });
  const ports = parts.map(({ port }) => port);
  return {
    host: parts.map(({ host }) => host).join(","),
    ...(ports.every((port) => port === "") ? {} : { port: ports.join(",") }),
  };
}

function decoded(text: string, what: string): string {
  try {
    const plain = decodeURIComponent(text);
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    if (!/[\u0000-\u001f\u007f]/u.test(plain)) return plain;
  } catch {
    // Said below.
  }
  throw refused(`the URL of the store: what it says for ${what} is not text with %XX for special characters`);
}

function refused(message: string): CurfewError {
  return new CurfewError("input", message, { hint: HINT });
}
