import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/** A key pair for one session. The private half exists in memory only. */
export interface ProbeKey {
  /** OpenSSH private key text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, for authorized_keys. */
  readonly publicLine: string;
  /** `SHA256:…`, as sshd logs it. */
  readonly fingerprint: string;
}

const ED25519_BYTES = 32;
/** The PEM body's cipher block size, without encryption (PROTOCOL.key of OpenSSH). */
const BLOCK = 8;

/** Makes an Ed25519 key pair in OpenSSH's own format (PROTOCOL.key; RFC 8709 for the public blob). */
export function makeProbeKey(): ProbeKey {
  const pair = generateKeyPairSync("ed25519");
  const seed = pair.privateKey.export({ format: "der", type: "pkcs8" }).subarray(-ED25519_BYTES);
  const point = pair.publicKey.export({ format: "der", type: "spki" }).subarray(-ED25519_BYTES);
  const blob = Buffer.concat([sshString("ssh-ed25519"), sshString(point)]);
  const check = randomBytes(4);
  const secret = padded([check, check, blob, sshString(Buffer.concat([seed, point])), sshString("")]);
  const count = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    sshString("none"),
    sshString("none"),
    sshString(""),
    count,
    sshString(blob),
    sshString(secret),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/gu) ?? [];
  const digest = createHash("sha256").update(blob).digest("base64").replace(/=+$/u, "");
  return {
    privateKey: [
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      ...lines,
      "-----END OPENSSH PRIVATE KEY-----",
      "",
    ].join("\n"),
    publicLine: `ssh-ed25519 ${blob.toString("base64")}`,
    fingerprint: `SHA256:${digest}`,
  };
}

/** RFC 4251, 5: a length of four bytes, then the bytes. */
function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function padded(parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const padding = Array.from({ length: (BLOCK - (body.length % BLOCK)) % BLOCK }, (_, index) => index + 1);
  return Buffer.concat([body, Buffer.from(padding)]);
}
