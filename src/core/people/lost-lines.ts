/** Lines that fail once TMOUT or autologout is readonly: the section `lost-lines`. */
import type { Facts } from "../../model/facts/facts.ts";
import type { LoginShell } from "../../model/facts/login-shell.ts";
import { LIMIT_FORMS, type LimitForm, type LimitLine } from "../../model/facts/limit-line.ts";
import { known, type Reading, unreadable } from "../../model/terms/reading.ts";
import { visible } from "../text/visible.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";

const MOST_LINES = 10_000;

/** By the position of the login line whose account has the file, from 1; 0 for files of the system. */
export type LimitLines = Reading<ReadonlyMap<number, readonly LimitLine[]>>;

/**
 * NUMBER NAME FORM FILE LINE END LOST END LOST, with tabs between, and `read` last. Undefined where the script does not
 * look. Errors: CurfewError `remote` for lines that the script cannot have written.
 */
export function parseLimitLines(sections: Sections): LimitLines | undefined {
  const section = sections.maybe("lost-lines");
  if (section === undefined) return undefined;
  const said = lines(section);
  if (said.at(-1) !== "read") return unreadable("looking into shells' files did not end in time");
  if (said.length > MOST_LINES) throw malformed(sections.host, "lost-lines", "there are too many");
  const found = new Map<number, LimitLine[]>();
  for (const text of said.slice(0, -1)) {
    const [login = "", ...fields] = text.split("\t", 10);
    const line = /^\d{1,3}$/u.test(login) ? lineOf(fields) : undefined;
    if (line === undefined)
      throw malformed(sections.host, "lost-lines", `a line begins with ${visible(text).slice(0, 40)}`);
    const same = found.get(Number(login));
    if (same === undefined) found.set(Number(login), [line]);
    else same.push(line);
  }
  return known(found);
}

/** Those of the system's files. */
export function systemLimitLines(found: LimitLines | undefined): Pick<Facts, "limitLines"> {
  if (found === undefined) return {};
  return { limitLines: found.state === "known" ? known(found.value.get(0) ?? []) : found };
}

/** Those of the people of one login line. */
export function ownLimitLines(found: LimitLines | undefined, login: number): Pick<LoginShell, "limitLines"> {
  const own = found?.state === "known" ? found.value.get(login) : undefined;
  return own === undefined ? {} : { limitLines: own };
}

function lineOf(fields: readonly string[]): LimitLine | undefined {
  const [name = "", form = "", file = "", line = "", end = "", lost = "", last = "", rest = ""] = fields;
  if (![line, end, last].every((number) => /^\d{1,6}$/u.test(number)) || !isForm(form)) return undefined;
  if (name === "" || !file.startsWith("/") || rest === "") return undefined;
  return {
    user: name === "-" ? "" : visible(name).slice(0, 100),
    form,
    file: visible(file).slice(0, 300),
    line: Number(line),
    command: { end: Number(end), lost: shown(lost) },
    rest: { end: Number(last), lost: shown(rest) },
  };
}

function shown(lost: string): string {
  return lost === "-" ? "" : visible(lost).slice(0, 300);
}

function isForm(word: string): word is LimitForm {
  return (LIMIT_FORMS as readonly string[]).includes(word);
}
