/**
 * What in an ssh_config makes ssh run a program on this machine: a list of hosts that somebody sent must not be one of
 * commands. Read more widely than ssh does, so that no spelling escapes; a refused line can still be allowed.
 */

/** ssh_config(5): keywords whose value is run, or loaded into ssh. */
const PROGRAMS: ReadonlyMap<string, string> = new Map(
  [
    "ProxyCommand",
    "KnownHostsCommand",
    "LocalCommand",
    "PKCS11Provider",
    "SecurityKeyProvider",
    "XAuthLocation",
  ].map((keyword) => [keyword.toLowerCase(), keyword]),
);

/** The keyword, or `Match exec`; undefined where the line runs nothing. */
export function programIn(line: string): string | undefined {
  // ssh takes quotes around words, and newer releases also within them.
  return programOf(line.replaceAll('"', " ")) ?? programOf(line.replaceAll('"', ""));
}

function programOf(line: string): string | undefined {
  const [keyword = "", ...values] = line.split(/[\s\0=]+/u).filter((word) => word !== "");
  const name = keyword.toLowerCase();
  if (name === "match") {
    return values.some((word) => /(?<![\w.-])exec(?![\w.-])/iu.test(word)) ? "Match exec" : undefined;
  }
  return values[0]?.toLowerCase() === "none" && values.length === 1 ? undefined : PROGRAMS.get(name);
}
