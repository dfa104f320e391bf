/** What sshd itself says is in force, and the files that it says it from. Pure. */
import type { Facts } from "../../model/facts/facts.ts";

/** The value of a lower-case keyword in lines as sshd prints them; keywords are compared without case (10.4). */
export function effectiveValue(lines: readonly string[], keyword: string): string | undefined {
  const known = indexed.get(lines);
  const index = known?.size === lines.length ? known : { size: lines.length, values: indexOf(lines) };
  indexed.set(lines, index);
  return index.values.get(keyword);
}

/** An account's lines are asked about for every kind of session; those of a shadow instance may still grow. */
const indexed = new WeakMap<
  readonly string[],
  { readonly size: number; readonly values: ReadonlyMap<string, string> }
>();

/** The first line of a keyword counts. */
function indexOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const blank = line.indexOf(" ");
    const keyword = line.slice(0, Math.max(0, blank)).toLowerCase();
    if (keyword !== "" && !values.has(keyword)) values.set(keyword, line.slice(blank + 1).trim());
  }
  return values;
}

/** The files that make up the configuration, as far as they are known. */
export function sshdTexts(facts: Facts): { path: string; realPath: string; text: string }[] {
  return [facts.sshd.mainFile, ...facts.sshd.dropIns].flatMap(({ path, realPath, state }) =>
    state.state === "known" ? [{ path, realPath, text: state.value.content }] : [],
  );
}

/** What `sshd -T -C` is told beside the account: the ends of the login that read the facts. Undefined where unknown. */
export function loginSpecification({ login }: Pick<Facts, "login">): string | undefined {
  if (login === undefined) return undefined;
  const { from, to, port } = login;
  return `host=${from},addr=${from},laddr=${to},lport=${port}`;
}
