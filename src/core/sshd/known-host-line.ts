import { createHmac } from "node:crypto";

/** A key that a host presented, under the name it has in known_hosts. */
export interface PresentedKey {
  /** As `knownHostName` makes it: `web1`, `[web1]:2222`. */
  readonly name: string;
  /** `ssh-ed25519` */
  readonly type: string;
  /** Base64 of the public key blob. */
  readonly key: string;
}

/**
 * The line that ssh would add for this key, without its line feed. With a salt (20 bytes) the name is
 * hashed, as ssh does for `HashKnownHosts yes` (host_hash in OpenSSH's hostfile.c:
 * `|1|salt|HMAC-SHA1(salt, name)`). Pure.
 */
export function knownHostLine({ name, type, key }: PresentedKey, salt?: Buffer): string {
  return `${salt === undefined ? name : hashed(name, salt)} ${type} ${key}`;
}

function hashed(name: string, salt: Buffer): string {
  const digest = createHmac("sha1", salt).update(name).digest("base64");
  return `|1|${salt.toString("base64")}|${digest}`;
}
