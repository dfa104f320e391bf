/** Addresses as /proc/net/tcp and tcp6 have them (proc(5)): 32-bit words in hexadecimal, in the host's order of bytes. */

/** `0100007F:0016` on a little-endian host is 127.0.0.1; null for what cannot be one. */
export function remoteAddress(text: string, little: boolean): string | null {
  const [, hex] = /^((?:[0-9A-F]{8}){1,4}):[0-9A-F]{4}$/u.exec(text) ?? [];
  if (hex === undefined || (hex.length !== 8 && hex.length !== 32)) return null;
  const words = hex.match(/.{8}/gu) ?? [];
  const bytes = words.flatMap((word) => {
    const four = (word.match(/../gu) ?? []).map((byte) => Number.parseInt(byte, 16));
    return little ? four.toReversed() : four;
  });
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return shortest(groups);
}

/** RFC 5952: the longest run of zeros, the first of equals, is left out. */
function shortest(groups: readonly string[]): string {
  const runs = [...groups.join(":").matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/gu)].map(([run]) => run);
  const [longest] = runs.toSorted((left, right) => right.length - left.length);
  if (longest === undefined) return groups.join(":");
  const text = groups.join(":");
  const at = text.search(new RegExp(`(?<![0-9a-f])${longest}(?![0-9a-f])`, "u"));
  return `${text.slice(0, at).replace(/:$/u, "")}::${text.slice(at + longest.length).replace(/^:/u, "")}`;
}
