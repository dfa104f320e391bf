/** The digests of what lies in a folder, in the form of sha256sum(1). */

export const SUMS = "SHA256SUMS";
/** Where the signature of `SHA256SUMS` lies, armored or not. */
export const SIGNATURE = "SHA256SUMS.sig";

/** SHA-256 in hexadecimal digits, by path relative to the folder. */
export type Sums = Map<string, string>;

/** One line per file, sorted; a name that would break its line is escaped as sha256sum reads it. */
export function sumsText(sums: Readonly<Sums>): string {
  return [...sums]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, digest]) => lineOf(name, digest))
    .join("");
}

/** coreutils, "md5sum invocation": a leading backslash says that `\\`, `\n` and `\r` in the name are escapes. */
function lineOf(name: string, digest: string): string {
  const escaped = name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${escaped === name ? "" : "\\"}${digest}  ${escaped}\n`;
}
