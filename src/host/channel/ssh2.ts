/**
 * The one file that imports the SSH library. `ssh2-sftp-client` brings `ssh2` along and owns the
 * client object; its own `connect` is not used, because it opens an SFTP channel that shell work
 * never needs (measured: 11-14 ms of CPU per host instead of 6-7). No ssh2 type leaves `src/host`.
 */
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import ssh2, { type Client, type ParsedKey } from "ssh2";
import SftpClient from "ssh2-sftp-client";
import { makeLean } from "./lean-protocol.ts";

export type {
  AuthHandlerMiddleware,
  Client,
  ClientChannel,
  ConnectConfig,
  ParsedKey,
  SFTPWrapper as SftpClient,
} from "ssh2";

const ignore = (): void => undefined;

/**
 * A client that never throws from the event loop: ssh2 emits late errors (ECONNRESET after the end),
 * and an `error` event without a listener would end the process.
 */
export function createClient(): Client {
  const owner = new SftpClient("curfew", { error: ignore, end: ignore, close: ignore });
  const { client } = owner as unknown as { readonly client: Client };
  makeLean(client);
  return client;
}

/** A key from OpenSSH or PEM text or a public key blob; an Error where ssh2 cannot use it. */
export function parseKey(data: Buffer | string): ParsedKey | Error {
  // The types say one key; the parser answers with a list for OpenSSH private keys.
  const parsed: ParsedKey | readonly ParsedKey[] | Error = ssh2.utils.parseKey(data);
  if (!Array.isArray(parsed)) return parsed as ParsedKey | Error;
  return (parsed as readonly ParsedKey[])[0] ?? new Error("the file holds no key");
}

/** `SHA256:…` of a public key blob, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/u, "")}`;
}

/** RFC 4251, 6: names are at most 64 characters long. */
const LONGEST_TYPE = 64;

/** The type name inside a public key blob, `ssh-ed25519`; empty where the blob is malformed. */
export function blobType(blob: Buffer): string {
  if (blob.length < 4) return "";
  return blob
    .toString("latin1", 4, 4 + Math.min(blob.readUInt32BE(0), LONGEST_TYPE))
    .replaceAll(/[^\x21-\x7e]/gu, "");
}

/** A key that can be offered to a host, and how to sign with it. */
export interface SigningKey {
  readonly key: ParsedKey;
  /** For messages: fingerprint and where it came from. */
  readonly label: string;
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
}

/** The keys of an agent at a socket path; those that ssh2 cannot read (FIDO, certificates) are left out. */
export async function agentKeys(socket: string): Promise<SigningKey[]> {
  const agent = new ssh2.OpenSSHAgent(socket);
  const keys = await new Promise<readonly ParsedKey[]>((resolve, reject) => {
    agent.getIdentities((error, found) =>
      // The agent class parses the keys; the types allow for agents that do not.
      error == null ? resolve((found ?? []) as readonly ParsedKey[]) : reject(error),
    );
  });
  return keys.map((key) => ({
    key,
    label: `${fingerprint(key.getPublicSSH())} (agent)`,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        const options = hash === undefined ? {} : { hash: hash as "sha256" | "sha512" };
        agent.sign(key, data, options, (error, signature) =>
          error == null && signature !== undefined
            ? resolve(signature)
            : reject(error ?? new Error("no signature")),
        );
      }),
  }));
}

/** A private key of our own as something to sign with. */
export function ownKey(key: ParsedKey, label: string): SigningKey {
  // The library reads the key's text again for every signature. Only this type's signature is what OpenSSL makes.
  let ready: KeyObject | undefined;
  return {
    key,
    label,
    async sign(data, hash) {
      if (key.type === "ssh-ed25519") {
        ready ??= createPrivateKey(key.getPrivatePEM());
        return sign(undefined, data, ready);
      }
      const signature: Buffer | Error = key.sign(data, hash);
      if (signature instanceof Error) throw signature;
      return signature;
    },
  };
}

/**
 * One key as the agent that ssh2's `authHandler` takes. Everything is offered as a query first, so a
 * host that does not want the key never sees a signature; `onSign` hears when one is made.
 */
export class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: SigningKey;
  readonly #onSign: () => void;

  constructor(key: SigningKey, onSign: () => void) {
    super();
    this.#key = key;
    this.#onSign = onSign;
  }

  getIdentities(answer: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    answer(undefined, [this.#key.key]);
  }

  sign(
    _key: ParsedKey,
    data: Buffer,
    options: { readonly hash?: string } | SignAnswer,
    answer?: SignAnswer,
  ): void {
    const reply = typeof options === "function" ? options : answer;
    const hash = typeof options === "function" ? undefined : options.hash;
    this.#key.sign(data, hash).then(
      (signature) => {
        this.#onSign();
        return reply?.(undefined, signature);
      },
      (error: unknown) => reply?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

type SignAnswer = (error?: Error, signature?: Buffer) => void;
