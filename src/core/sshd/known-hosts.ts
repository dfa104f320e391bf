/**
 * The known_hosts format and what it says about a key (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT";
 * OpenSSH hostfile.c where the manual is silent). Pure: files are read elsewhere.
 */
import { hash } from "node:crypto";

/** One usable line. */
export interface KnownHost {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly marker: "none" | "revoked" | "cert-authority";
  /** The first field as written: comma-separated patterns, or one hashed name. */
  readonly names: string;
  /** Key type as in the blob: `ssh-ed25519`. */
  readonly type: string;
  /** Base64 without padding. */
  readonly key: string;
}

/** Lines arranged so that a lookup does not read them all. Made by `indexKnownHosts`. */
export interface KnownHosts {
  /** Every line whose names match, in file order. `name` is what the file would say: `web1`, `[web1]:2222`. */
  find(name: string): readonly KnownHost[];
  /** The lines with this very key whose names match: no more hashing than there are such lines. */
  findKey(name: string, key: string): readonly KnownHost[];
}

/** What the files say about a key that a host presented. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "revoked"; readonly line: KnownHost }
  | { readonly kind: "changed"; readonly lines: readonly KnownHost[] }
  /** `others`: plain keys of other types; `authorities`: certificate authorities for this name. */
  | {
      readonly kind: "unknown";
      readonly others: readonly KnownHost[];
      readonly authorities: readonly KnownHost[];
    };

/**
 * Reads a known_hosts file. Lines that ssh would not understand are left out, as ssh does:
 * comments, SSH 1 keys, unknown markers, keys whose type does not agree with their content.
 */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split("\n").flatMap((content, index) => parseLine(content, file, index + 1) ?? []);
}

/**
 * The name under which a host stands in known_hosts: lower case, with the port unless it is 22
 * (sshd(8): "a non-standard port is written [host]:port").
 */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Arranges lines for lookups. A name is hashed against the hashed lines once and then remembered. */
export function indexKnownHosts(lines: readonly KnownHost[]): KnownHosts {
  const { exact, patterns, hashed } = sortByKind(lines);
  const order = new Map(lines.map((line, index) => [line, index]));
  const hashedByKey = Map.groupBy(hashed, ({ line }) => line.key);
  const found = new Map<string, readonly KnownHost[]>();
  const search = (name: string): readonly KnownHost[] => {
    const matching = new Set<KnownHost>(exact.get(name));
    for (const line of patterns) if (matchesPatternList(name, line.names)) matching.add(line);
    const input = hashInput(name);
    for (const { line, test } of hashed) if (test(input)) matching.add(line);
    // Not by filtering all lines: for a fleet that is the square of its size.
    return [...matching].toSorted((left, right) => (order.get(left) ?? 0) - (order.get(right) ?? 0));
  };
  return {
    find(name) {
      const known = found.get(name) ?? search(name);
      found.set(name, known);
      return known;
    },
    findKey: (name, key) => [
      ...(exact.get(name) ?? []).filter((line) => line.key === key),
      ...patterns.filter((line) => line.key === key && matchesPatternList(name, line.names)),
      ...(hashedByKey.get(key) ?? []).filter(({ test }) => test(hashInput(name))).map(({ line }) => line),
    ],
  };
}

/**
 * Judges a presented key under a name (and, where nothing is known there, under `fallback`: ssh
 * also accepts a key recorded without the port). `key` is base64 of the public key blob.
 * Source: check_host_key and hostkeys_foreach in OpenSSH's sshconnect.c and hostfile.c.
 */
export function judgeHostKey(
  known: KnownHosts,
  name: string,
  presented: { readonly type: string; readonly key: string },
  fallback?: string,
): HostKeyVerdict {
  const key = unpadded(presented.key);
  const same = [name, ...(fallback === undefined ? [] : [fallback])].map((n) => known.findKey(n, key));
  const revoked = same.flat().find((line) => line.marker === "revoked");
  if (revoked !== undefined) return { kind: "revoked", line: revoked };
  if (same[0]?.some((line) => line.marker === "none")) return { kind: "known" };
  const all = known.find(name);
  const plain = all.filter((line) => line.marker === "none");
  const changed = plain.filter((line) => line.type === presented.type);
  if (changed.length > 0) return { kind: "changed", lines: changed };
  if (same[1]?.some((line) => line.marker === "none")) return { kind: "known" };
  const authorities = all.filter((line) => line.marker === "cert-authority");
  return { kind: "unknown", others: plain, authorities };
}

/** The key types recorded for a name, for asking the host for one of them first. */
export function knownKeyTypes(known: KnownHosts, name: string): readonly string[] {
  const plain = known.find(name).filter((line) => line.marker === "none");
  return [...new Set(plain.map((line) => line.type))];
}

function parseLine(content: string, file: string, line: number): KnownHost | undefined {
  const text = content.replace(/\r$/u, "").replace(/^[ \t]+/u, "");
  if (text.startsWith("#")) return undefined;
  const marked = takeMarker(text);
  if (marked === undefined) return undefined;
  const [names = "", type = "", base64 = ""] = marked.rest.split(/[ \t]+/u);
  if (names.startsWith("@") || type === "" || keyType(base64) !== type) return undefined;
  return { file, line, marker: marked.marker, names, type, key: unpadded(base64) };
}

/** Undefined for a marker that ssh does not know. One that a tab ends is none to ssh, if a space follows anywhere. */
function takeMarker(
  text: string,
): { readonly marker: KnownHost["marker"]; readonly rest: string } | undefined {
  if (!text.startsWith("@")) return { marker: "none", rest: text };
  const end = text.includes(" ") ? text.indexOf(" ") : text.indexOf("\t");
  const word = text.slice(0, end);
  const marker = word === "@revoked" ? "revoked" : word === "@cert-authority" ? "cert-authority" : undefined;
  return marker === undefined ? undefined : { marker, rest: text.slice(end).trimStart() };
}

/** The type that a public key blob names itself: its first string (RFC 4253, 6.6). */
function keyType(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return undefined;
  const blob = Buffer.from(base64, "base64");
  if (blob.length < 8) return undefined;
  const length = blob.readUInt32BE(0);
  return length > 64 || blob.length <= 4 + length ? undefined : blob.toString("latin1", 4, 4 + length);
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/u, "");
}

function sortByKind(lines: readonly KnownHost[]): {
  exact: Map<string, KnownHost[]>;
  patterns: KnownHost[];
  hashed: { line: KnownHost; test: HashTest }[];
} {
  const exact = new Map<string, KnownHost[]>();
  const patterns: KnownHost[] = [];
  const hashed: { line: KnownHost; test: HashTest }[] = [];
  for (const line of lines) {
    if (line.names.startsWith("|")) hashed.push({ line, test: hashTest(line.names) });
    else if (/[*?!]/u.test(line.names)) patterns.push(line);
    else for (const name of line.names.toLowerCase().split(",")) addTo(exact, name, line);
  }
  return { exact, patterns, hashed };
}

function addTo(exact: Map<string, KnownHost[]>, name: string, line: KnownHost): void {
  const there = exact.get(name);
  if (there === undefined) exact.set(name, [line]);
  else there.push(line);
}

/** A negated pattern that matches refuses the whole line, wherever it stands (ssh_config(5), PATTERNS). */
function matchesPatternList(name: string, names: string): boolean {
  const patterns = names.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && matchesPattern(name, pattern.slice(1)))) {
    return false;
  }
  return patterns.some((pattern) => !pattern.startsWith("!") && matchesPattern(name, pattern));
}

/** `*` and `?` only. Linear: a later star forgets the earlier one, so no pattern can be made slow. */
function matchesPattern(text: string, pattern: string): boolean {
  let [at, in_, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (
      in_ < pattern.length &&
      (pattern[in_] === "?" || (pattern[in_] === text[at] && pattern[in_] !== "*"))
    ) {
      at++;
      in_++;
    } else if (pattern[in_] === "*") {
      star = in_++;
      resume = at;
    } else if (star >= 0) {
      in_ = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[in_] === "*") in_++;
  return in_ === pattern.length;
}

/** A hashed name as a test for a name, which comes as `hashInput` makes it. */
type HashTest = (input: Buffer) => boolean;

const BLOCK = 64;

/** Room for one block of SHA-1, and the name behind it. */
function hashInput(name: string): Buffer {
  return Buffer.concat([Buffer.alloc(BLOCK), Buffer.from(name)]);
}

/**
 * `|1|salt|HMAC-SHA1(salt, name)`. As two one-shot hashes over prepared blocks (RFC 2104), strings in
 * between: an HMAC object costs ten times as much, and a name is held against every hashed line.
 */
function hashTest(names: string): HashTest {
  const [, version, salt64 = "", digest64 = ""] = names.split("|");
  const salt = Buffer.from(salt64, "base64");
  const digest = Buffer.from(digest64, "base64").toString("latin1");
  // ssh refuses any other length too (extract_salt in hostfile.c).
  if (version !== "1" || salt.length !== 20 || digest.length !== 20) return () => false;
  const inner = padded(salt, 0x36);
  const outer = Buffer.concat([padded(salt, 0x5c), salt]);
  return (input) => {
    inner.copy(input);
    outer.write(hash("sha1", input, "binary"), BLOCK, "latin1");
    return hash("sha1", outer, "binary") === digest;
  };
}

function padded(salt: Buffer, filler: number): Buffer {
  const block = Buffer.alloc(BLOCK, filler);
  for (let index = 0; index < salt.length; index++) block[index] = (salt[index] ?? 0) ^ filler;
  return block;
}
