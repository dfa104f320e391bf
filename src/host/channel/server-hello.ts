/**
 * What a server says before encryption begins, read from the raw bytes beside the SSH library:
 * its identification, lines sent before it ("Exceeded MaxStartups"), and the algorithms it offers.
 * The library keeps these to itself, and an error without them could not say what the host demands.
 */
import type { Readable } from "node:stream";
import { ByteBuffer } from "./byte-buffer.ts";

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

const SSH = Buffer.from("SSH-");

/** Far more than any server says before encryption. */
const MOST = 64 * 1024;

/**
 * Listens on a stream until the offer is complete. The stream must be paused explicitly (ssh2 does),
 * or the listener would start the flow before the library listens. Returns a function that reads
 * what came so far; nothing is taken apart before somebody asks.
 */
export function listenForHello(stream: Readable): () => ServerHello {
  const received = new ByteBuffer();
  const onData = (chunk: Buffer): void => {
    received.append(chunk.subarray(0, MOST));
    if (received.length > MOST || isComplete(received.view())) stream.off("data", onData);
  };
  stream.on("data", onData);
  return () => parseHello(received.view());
}

/** Reads the beginning of a server's byte stream, as far as it goes. Never throws. */
export function parseHello(bytes: Buffer): ServerHello {
  const start = startOfIdentification(bytes);
  const end = start < 0 ? -1 : bytes.indexOf("\n", start);
  const greeting = bytes.toString("latin1", 0, start < 0 ? 1000 : Math.min(start, 1000)).trim();
  if (end < 0) return { identification: "", greeting, offer: undefined };
  const identification = bytes.toString("latin1", start, Math.min(end, start + 255)).trimEnd();
  return { identification, greeting, offer: parseOffer(bytes.subarray(end + 1)) };
}

function startOfIdentification(bytes: Buffer): number {
  if (bytes.subarray(0, 4).equals(SSH)) return 0;
  const before = bytes.indexOf("\nSSH-");
  return before < 0 ? -1 : before + 1;
}

/** The packet after the identification says its own length. */
function isComplete(bytes: Buffer): boolean {
  const start = startOfIdentification(bytes);
  const packet = start < 0 ? 0 : bytes.indexOf("\n", start) + 1;
  return packet > 0 && bytes.length >= packet + 4 && bytes.length >= packet + 4 + bytes.readUInt32BE(packet);
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
