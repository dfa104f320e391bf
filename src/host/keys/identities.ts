/** Keys to log in with: identity files and the agent, in the order ssh would try them. */
import { readFile, stat } from "node:fs/promises";
import {
  agentKeys,
  blobType,
  fingerprint,
  ownKey,
  parseKey,
  type ParsedKey,
  type SigningKey,
} from "../channel/ssh2.ts";
import type { SshSettings } from "../openssh/ssh-settings.ts";

/** What there is to log in with, and why some of it is not used. */
export interface Identities {
  readonly keys: readonly SigningKey[];
  /** One sentence part per key that was passed over: path and reason. */
  readonly skipped: readonly string[];
  /** Certificates and hardware keys that ssh itself could have used. */
  readonly beyondUs: readonly string[];
}

/** What became of one identity file. */
type FileKey =
  | { readonly kind: "private"; readonly key: SigningKey; readonly path: string }
  /** Only the public part can be read; the agent may hold the rest. */
  | { readonly kind: "public"; readonly blob: Buffer; readonly path: string; readonly reason: string }
  | { readonly kind: "beyond"; readonly path: string; readonly reason: string }
  | { readonly kind: "unusable"; readonly path: string; readonly reason: string }
  | { readonly kind: "missing"; readonly path: string };

/** Reads each key file and asks each agent once per run: 500 hosts share the answers. */
export class KeyRing {
  readonly #files = new Map<string, Promise<FileKey>>();
  readonly #agents = new Map<string, Promise<readonly SigningKey[] | string>>();

  /**
   * The keys for one host: agent keys that an identity file names, other agent keys (unless
   * IdentitiesOnly), then identity files. Never rejects: what cannot be used is in `skipped`.
   * Source: pubkey_prepare in OpenSSH's sshconnect2.c.
   */
  async identities(settings: SshSettings): Promise<Identities> {
    const { agentSocket, identitiesOnly, identityFiles } = settings;
    const files = await Promise.all(identityFiles.map((path) => remembered(this.#files, path, readKeyFile)));
    const agent = agentSocket === undefined ? [] : await remembered(this.#agents, agentSocket, askAgent);
    const held = typeof agent === "string" ? [] : agent;
    const named = [...new Set(files.flatMap((file) => held.filter((key) => isSame(file, key))))];
    const others = identitiesOnly ? [] : held.filter((key) => !named.includes(key));
    const own = files.filter((file) => file.kind === "private" && !named.some((key) => isSame(file, key)));
    return {
      keys: [...named, ...others, ...own.flatMap((file) => (file.kind === "private" ? [file.key] : []))],
      skipped: [
        ...(typeof agent === "string" ? [agent] : []),
        ...files.flatMap((file) => skippedReason(file, named, settings.givenIdentity)),
      ],
      beyondUs: [
        ...files.flatMap((file) => (file.kind === "beyond" ? [`${file.path} (${file.reason})`] : [])),
        ...settings.certificateFiles.map((path) => `${path} (a certificate)`),
      ],
    };
  }
}

/** A private key given as text, for one session. Undefined where the text is no usable private key. */
export function keyFromText(text: string, label: string): SigningKey | undefined {
  const key = parseKey(text);
  return key instanceof Error || !key.isPrivateKey() ? undefined : ownKey(key, labelOf(key, label));
}

function remembered<T>(
  kept: Map<string, Promise<T>>,
  name: string,
  make: (name: string) => Promise<T>,
): Promise<T> {
  const value = kept.get(name) ?? make(name);
  kept.set(name, value);
  return value;
}

async function askAgent(socket: string): Promise<readonly SigningKey[] | string> {
  try {
    return await agentKeys(socket);
  } catch (error) {
    return `the agent at ${socket} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function readKeyFile(path: string): Promise<FileKey> {
  let text: string;
  try {
    const { mode, uid } = await stat(path);
    // ssh ignores such a key too ("UNPROTECTED PRIVATE KEY FILE"); a public key may be read by everybody.
    const exposed = uid === process.getuid?.() && (mode & 0o077) !== 0;
    text = await readFile(path, "utf8");
    if (exposed && /PRIVATE KEY/u.test(text)) {
      return { kind: "unusable", path, reason: "others can read it (chmod 600)" };
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing", path };
    return { kind: "unusable", path, reason: `cannot be read: ${code ?? String(error)}` };
  }
  return parseKeyFile(text, path);
}

async function parseKeyFile(text: string, path: string): Promise<FileKey> {
  const blob = publicBlob(text) ?? (await publicFile(`${path}.pub`));
  const type = blob === undefined ? "" : blobType(blob);
  if (type.includes("-cert-")) return { kind: "beyond", path, reason: "a certificate" };
  if (type.startsWith("sk-")) return { kind: "beyond", path, reason: `a FIDO key, ${type}` };
  const key = parseKey(text);
  if (!(key instanceof Error) && key.isPrivateKey()) {
    return { kind: "private", key: ownKey(key, labelOf(key, path)), path };
  }
  const reason = /PRIVATE KEY/u.test(text)
    ? key instanceof Error && /encrypted/iu.test(key.message)
      ? "it is encrypted, and the agent does not hold it"
      : "it is a kind of key that curfew's SSH library cannot use"
    : "it is a public key, and the agent does not hold its private part";
  return blob === undefined ? { kind: "unusable", path, reason } : { kind: "public", blob, path, reason };
}

async function publicFile(path: string): Promise<Buffer | undefined> {
  return readFile(path, "utf8").then(publicBlob, () => undefined);
}

/**
 * The public part, readable without a passphrase: of an OpenSSH private key (PROTOCOL.key: magic,
 * cipher, KDF, KDF options, number of keys, public key) or of a public key line.
 */
function publicBlob(text: string): Buffer | undefined {
  const line = /^(?:[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/u.exec(text);
  if (line !== null) return Buffer.from(line[1] ?? "", "base64");
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----/u.exec(text);
  if (body === null) return undefined;
  const bytes = Buffer.from(body[1] ?? "", "base64");
  let at = "openssh-key-v1\0".length;
  for (let field = 0; field < 3; field++) {
    if (at + 4 > bytes.length) return undefined;
    at += 4 + bytes.readUInt32BE(at);
  }
  if (at + 8 > bytes.length) return undefined;
  return bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at + 4));
}

function isSame(file: FileKey, held: SigningKey): boolean {
  if (file.kind === "private") return file.key.key.getPublicSSH().equals(held.key.getPublicSSH());
  return file.kind === "public" && file.blob.equals(held.key.getPublicSSH());
}

function skippedReason(file: FileKey, named: readonly SigningKey[], given: string | undefined): string[] {
  if (file.kind === "missing" && file.path === given) return [`${file.path}: there is no such file`];
  if (file.kind === "unusable") return [`${file.path}: ${file.reason}`];
  if (file.kind === "public" && !named.some((key) => isSame(file, key)))
    return [`${file.path}: ${file.reason}`];
  return [];
}

function labelOf(key: ParsedKey, path: string): string {
  return `${fingerprint(key.getPublicSSH())} (${path})`;
}
