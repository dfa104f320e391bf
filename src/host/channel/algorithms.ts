/** Which algorithms to offer a host, and what to say when it wants none of them. */
import { CurfewError } from "../../model/terms/error.ts";
import type { ServerOffer } from "./server-hello.ts";
import type { ConnectConfig } from "./ssh2.ts";

/** Ordered lists, most wanted first, by their SSH names. */
export type Algorithms = Readonly<Record<"kex" | "hostKey" | "cipher" | "mac", readonly string[]>>;

/** ssh_config keywords that narrow the lists; undefined where there is no ssh_config to ask. */
export type AllowedAlgorithms = Partial<Algorithms>;

/**
 * What the library can do and we want. Curves stand before finite-field groups, and group exchange
 * last of all: it costs over a second of controller CPU per login.
 */
const SUPPORTED: Algorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
  ],
  hostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
  ],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "chacha20-poly1305@openssh.com",
  ],
  mac: [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1",
  ],
};

const NAMES = {
  kex: ["key exchange", "KexAlgorithms"],
  hostKey: ["host key algorithm", "HostKeyAlgorithms"],
  cipher: ["cipher", "Ciphers"],
  mac: ["MAC", "MACs"],
} as const;
const KINDS = ["kex", "hostKey", "cipher", "mac"] as const;

/**
 * The lists for one host: what ssh_config allows of what we can do, host key types already known for
 * the host first (as ssh does: else a host known by another of its keys would look unknown).
 * Errors: CurfewError `unsupported` where ssh_config leaves nothing.
 */
export function chooseAlgorithms(
  allowed: AllowedAlgorithms,
  knownTypes: readonly string[],
  host: string,
): Algorithms {
  const narrowed = KINDS.map((kind) => {
    const list = allowed[kind];
    const left = list === undefined ? SUPPORTED[kind] : SUPPORTED[kind].filter((name) => list.includes(name));
    if (left.length > 0) return [kind, left] as const;
    throw new CurfewError(
      "unsupported",
      `ssh_config allows ${host} only ${NAMES[kind][0]}s that curfew's SSH library does not have: ${(list ?? []).join(", ")}`,
      { host, hint: `allow one of ${SUPPORTED[kind].join(", ")} in ${NAMES[kind][1]}` },
    );
  });
  const chosen = Object.fromEntries(narrowed) as Algorithms;
  const isKnown = (algorithm: string): boolean => knownTypes.includes(keyTypeOf(algorithm));
  const hostKey = [...chosen.hostKey.filter(isKnown), ...chosen.hostKey.filter((name) => !isKnown(name))];
  return { ...chosen, hostKey };
}

/** The lists under the library's names. */
export function libraryAlgorithms({
  kex,
  hostKey,
  cipher,
  mac,
}: Algorithms): NonNullable<ConnectConfig["algorithms"]> {
  const lists = { kex, serverHostKey: hostKey, cipher, hmac: mac };
  // Names from SUPPORTED, which the library's own types spell as unions.
  return lists as unknown as NonNullable<ConnectConfig["algorithms"]>;
}

/** The first kind of algorithm on which both sides cannot agree, as an error; undefined where they can. */
export function explainNegotiation(
  offer: ServerOffer,
  ours: Algorithms,
  host: string,
): CurfewError | undefined {
  const cipher = ours.cipher.find((name) => offer.cipher.includes(name));
  const kind = KINDS.find((candidate) => {
    // These ciphers authenticate by themselves; the MAC lists are then not looked at.
    if (candidate === "mac" && cipher !== undefined && /gcm@|poly1305@/u.test(cipher)) return false;
    return !offer[candidate].some((name) => ours[candidate].includes(name));
  });
  if (kind === undefined) return undefined;
  // The last two are announcements in the same list, not methods (RFC 8308; OpenSSH PROTOCOL, 1.10).
  const demanded = offer[kind].filter((name) => !/^(?:ext-info-|kex-strict-)/u.test(name));
  return new CurfewError(
    "unsupported",
    `the host accepts only ${NAMES[kind][0]} ${demanded.join(", ")}, none of which curfew's SSH library has here`,
    { host, hint: `let the host also offer one of ${ours[kind].join(", ")}` },
  );
}

/** The host key type behind a signature algorithm: RSA keys have three (RFC 8332). */
function keyTypeOf(algorithm: string): string {
  return algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm;
}
