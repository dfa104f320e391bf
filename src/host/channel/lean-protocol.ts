/** What ssh2 1.17.0 does at every login or for every packet and need not. What counts on the wire stays. */
import { createSecretKey } from "node:crypto";
import type { EventEmitter } from "node:events";

type Fields = Record<string, unknown>;

/**
 * Takes two needless costs out of an ssh2 client, each time keys were exchanged (RFC 4253, 7.3 and 9). A test sees
 * that the library still has the fields named here; where it has not, nothing is saved and nothing breaks.
 */
export function makeLean(client: EventEmitter): void {
  client.on("handshake", () => {
    const { _cipher: cipher, _decipher: decipher } = fieldsIn(client, "_protocol");
    for (const name of ["_encKey", "_macKey"]) useKeyObject(cipher as Fields, name);
    for (const name of ["_decipherKey", "_macKey"]) useKeyObject(decipher as Fields, name);
    ignoreHostKeyRotation(decipher as Fields);
  });
}

/**
 * The library sets a cipher (AES-GCM) or a MAC up for each packet. A key given as bytes is then looked at anew,
 * which since Node 24 costs 15 to 60 µs, most of what a packet costs at all; a KeyObject costs 4.
 */
function useKeyObject(fields: Fields, name: string): void {
  const { [name]: key } = fields;
  if (Buffer.isBuffer(key)) fields[name] = createSecretKey(key);
}

/** SSH_MSG_GLOBAL_REQUEST (RFC 4254, 4), the request's name, and that no reply is wanted. */
const ROTATION = Buffer.from("\x50\0\0\0\x17hostkeys-00@openssh.com\0", "latin1");

/**
 * An OpenSSH server names its host keys after every login (OpenSSH PROTOCOL, 2.5). The library takes them all
 * apart and makes the server sign with each, for an event that nobody here listens to.
 */
function ignoreHostKeyRotation(fields: Fields): void {
  const { _onPayload: onPayload } = fields;
  if (typeof onPayload !== "function") return;
  fields["_onPayload"] = (payload: Buffer): unknown =>
    payload.subarray(0, ROTATION.length).equals(ROTATION) ? undefined : onPayload(payload);
}

function fieldsIn(owner: object, name: string): Fields {
  const { [name]: found } = owner as Fields;
  return (found ?? {}) as Fields;
}
