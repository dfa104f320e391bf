/** Proof that a host's /etc is byte for byte as it was. */

const script = `cd /etc
find . -printf '%p\\t%y %m %U %G %l\\0'
printf '\\0'
find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z --
`;

/**
 * Every path under /etc → "type mode uid gid", then a regular file's SHA-256 or a symlink's target.
 * Times are left out: a file put back has a new one. `run` executes sh inside the host and throws on failure.
 */
export async function digestEtc(run: (script: string) => Promise<string>): Promise<Record<string, string>> {
  const [entries = "", sums = ""] = (await run(script)).split("\0\0");
  const hashes = new Map(
    sums
      .split("\0")
      .filter((line) => line !== "")
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  const digest: Record<string, string> = {};
  for (const entry of entries.split("\0").toSorted()) {
    const tab = entry.indexOf("\t");
    const path = entry.slice(0, tab);
    const facts = entry.slice(tab + 1).trimEnd();
    digest[`/etc${path.slice(1)}`] = hashes.has(path) ? `${facts} ${hashes.get(path)}` : facts;
  }
  return digest;
}
