/** How a connection is encrypted, and whom it trusts: https://www.postgresql.org/docs/current/libpq-ssl.html. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ConnectionOptions, getCACertificates, type SecureVersion } from "node:tls";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { isTrusted } from "../file/own-place.ts";
import { choice, type Parameters } from "./place.ts";

const MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
type Mode = (typeof MODES)[number];
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const satisfies readonly SecureVersion[];

export interface Encryption {
  readonly mode: Mode;
  /** Whether each try in turn is encrypted: `prefer` and `allow` have two. */
  readonly tries: readonly boolean[];
  /** What Node's TLS is given, besides the name of the server. Errors: CurfewError `input` for files. */
  readonly options: () => ConnectionOptions;
  /** TLS from the first byte: PostgreSQL 17 and newer. */
  readonly direct: boolean;
  readonly channelBinding: "disable" | "prefer" | "require";
}

/** Files that are named must be there; the usual ones in `~/.postgresql` are taken where they are. */
export function encryptionOf(words: Parameters, home: string): Encryption {
  const system = words.sslrootcert === "system";
  const mode = choice(words, "sslmode", MODES) ?? (system ? "verify-full" : "prefer");
  if (system && mode !== "verify-full") {
    throw new CurfewError("input", `the store's sslrootcert=system needs sslmode=verify-full, not ${mode}`, {
      hint: "with the system's authorities anybody can have a certificate; only the name tells servers apart",
    });
  }
  const direct = choice(words, "sslnegotiation", ["postgres", "direct"]) === "direct";
  if (direct && ["disable", "allow", "prefer"].includes(mode)) {
    throw new CurfewError(
      "input",
      `the store's sslnegotiation=direct needs sslmode=require or more, not ${mode}`,
    );
  }
  const channelBinding = choice(words, "channel_binding", ["disable", "prefer", "require"]) ?? "prefer";
  const tries = { disable: [false], allow: [false, true], prefer: [true, false] }[mode as string] ?? [true];
  const versions = {
    minVersion: choice(words, "ssl_min_protocol_version", VERSIONS) ?? "TLSv1.2",
    maxVersion: choice(words, "ssl_max_protocol_version", VERSIONS) ?? "TLSv1.3",
  } as const;
  const options = (): ConnectionOptions => ({
    ...versions,
    ...trust(mode, words, home),
    ...identity(words, home),
  });
  return { mode, tries, options, direct, channelBinding };
}

/** `require` with a root certificate at hand is as `verify-ca`, as in libpq. */
function trust(mode: Mode, words: Parameters, home: string): ConnectionOptions {
  const named = words.sslrootcert;
  if (named === "system") return { ca: getCACertificates("system"), rejectUnauthorized: true };
  const file = named ?? join(home, ".postgresql", "root.crt");
  const verify = mode.startsWith("verify-");
  if (!existsSync(file)) {
    if (!verify && (mode !== "require" || named === undefined)) return { rejectUnauthorized: false };
    throw new CurfewError("input", `the root certificate ${visible(file)} of the store is not there`, {
      hint: "sslrootcert=FILE names the certificate of the server's authority; sslrootcert=system takes the system's",
    });
  }
  if (!verify && mode !== "require") return { rejectUnauthorized: false };
  const crl = words.sslcrl === undefined ? {} : { crl: read(words.sslcrl) };
  const anyName = mode === "verify-full" ? {} : { checkServerIdentity: () => undefined };
  return { ca: read(file), rejectUnauthorized: true, ...crl, ...anyName };
}

/** Our own certificate, where the server asks for one. */
function identity(words: Parameters, home: string): ConnectionOptions {
  const cert = words.sslcert ?? join(home, ".postgresql", "postgresql.crt");
  const key = words.sslkey ?? join(home, ".postgresql", "postgresql.key");
  if (words.sslcert === undefined && !existsSync(cert)) return {};
  const chain = read(cert);
  const secret = read(key);
  refuseOpenKey(key);
  const passphrase = words.sslpassword === undefined ? {} : { passphrase: words.sslpassword };
  return { cert: chain, key: secret, ...passphrase };
}

/** 0600, or 0640 where root owns it. */
function refuseOpenKey(file: string): void {
  const found = statSync(file);
  const allowed = found.uid === 0 ? 0o037 : 0o077;
  if (isTrusted(found) && (found.mode & allowed) === 0) return;
  throw new CurfewError(
    "input",
    `the key ${visible(file)} of the store's certificate may be read by others`,
    {
      hint: `chmod 600 ${visible(file)}`,
    },
  );
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    throw new CurfewError("input", `cannot read a certificate of the store: ${reason}`, { cause: error });
  }
}
