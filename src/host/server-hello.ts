/**
 * What a server says before encryption begins, read from the raw bytes beside the SSH library:
 * its identification, lines sent before it ("Exceeded MaxStartups"), and the algorithms it offers.
 * The library keeps these to itself, and an error without them could not say what the host demands.
 */
import type { Readable } from "node:stream";

/** The server's name-lists, in its order (RFC 4253, 7.1); only the server-to-client half of pairs. */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
}

export interface ServerHello {
  /** `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6`; empty until it came. */
  readonly identification: string;
  /** Lines before the identification, at most 1,000 characters; all there is when none came. */
  readonly greeting: string;
  readonly offer: ServerOffer | undefined;
}

const MOST = 64 * 1024;
const EMPTY: ServerHello = { identification: "", greeting: "", offer: undefined };

/**
 * Listens on a stream until the offer is complete. The stream must be paused explicitly (ssh2 does),
 * or the listener would start the flow before the library listens. Returns a function for what came so far.
 */
export function listenForHello(stream: Readable): () => ServerHello {
  let received = Buffer.alloc(0);
  let hello = EMPTY;
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    hello = parseHello(received);
    if (hello.offer === undefined && received.length < MOST) return;
    stream.off("data", onData);
    received = Buffer.alloc(0);
  };
  stream.on("data", onData);
  return () => hello;
}

/** Reads the beginning of a server's byte stream, as far as it goes. Never throws. */
export function parseHello(bytes: Buffer): ServerHello {
  const text = bytes.toString("latin1");
  const start = text.startsWith("SSH-") ? 0 : text.indexOf("\nSSH-") + 1;
  if (start === 0 && !text.startsWith("SSH-")) return { ...EMPTY, greeting: text.slice(0, 1000).trim() };
  const greeting = text.slice(0, Math.min(start, 1000)).trim();
  const end = text.indexOf("\n", start);
  if (end < 0) return { ...EMPTY, greeting };
  const identification = text.slice(start, end).replace(/\r$/u, "").slice(0, 255);
  return { identification, greeting, offer: parseOffer(bytes.subarray(end + 1)) };
}

/** One unencrypted packet (RFC 4253, 6) with SSH_MSG_KEXINIT (20): cookie of 16 bytes, ten name-lists. */
function parseOffer(packet: Buffer): ServerOffer | undefined {
  if (packet.length < 5 || packet.length < 4 + packet.readUInt32BE(0) || packet[5] !== 20) return undefined;
  const lists: string[][] = [];
  for (let at = 22; lists.length < 10;) {
    if (at + 4 > packet.length) return undefined;
    const next = at + 4 + packet.readUInt32BE(at);
    if (next > packet.length) return undefined;
    lists.push(
      packet
        .toString("latin1", at + 4, next)
        .split(",")
        .filter((name) => name !== ""),
    );
    at = next;
  }
  const [kex = [], hostKey = [], , cipher = [], , mac = []] = lists;
  return { kex, hostKey, cipher, mac };
}
