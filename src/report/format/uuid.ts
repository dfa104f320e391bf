import { hash } from "node:crypto";

/** Namespace of every name that curfew gives in reports; made once at random. */
const NAMESPACE = Buffer.from("6a3f0c0e5d1b4c7e9b0ad2c4e8f71a35", "hex");

/**
 * The same UUID for the same words, on every machine (RFC 9562, 5.5, version 5): tools recognise
 * what they have seen in an earlier copy of a report.
 */
export function stableUuid(...words: readonly string[]): string {
  // As JSON, ["a", "b"] and ["ab"] are different names, and lone surrogates stay apart.
  const digest = hash("sha1", Buffer.concat([NAMESPACE, Buffer.from(JSON.stringify(words))]), "buffer");
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return parts.join("-");
}
