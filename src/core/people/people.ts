/** Who may log in to a host, in classes, and what its sshd would do with each. */
import type { UserClass } from "../../model/facts/facts.ts";
import { known, unreadable, type Reading } from "../../model/terms/reading.ts";
import type { LoginShell } from "../../model/facts/login-shell.ts";
import { parseLogin, parseShellAnswers } from "./logins.ts";
import { ownLimitLines, parseLimitLines } from "./lost-lines.ts";
import { parseOwnFiles } from "./own-files.ts";
import { lines, malformed, type Section, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

/** `sshd -T` output, lines with lower-case keywords. */
export type Effective = Reading<readonly string[]>;

export interface ParsedPeople {
  readonly effective: Effective;
  readonly classes: Reading<readonly UserClass[]>;
  readonly missingSelectors: readonly string[];
}

/** The script names no more, and says so where there are more. */
const MOST_CLASSES = 41;
const MOST_USERS = 20;
/** Login shells of classes, root's apart. */
const MOST_LOGINS = 200;
/** Characters of one line of sshd's answer: lists of people may be long, and nothing is as long as this. */
const LONGEST_LINE = 65_536;

const NOT_ASKED = "sshd was not asked";

/**
 * `selectors` as they were given to the script: the answer names them by position, from 1.
 * Errors: CurfewError `remote` for lines that the script cannot have written.
 */
export function parsePeople(sections: Sections, selectors: readonly string[]): ParsedPeople {
  const answers = parseAnswers(sections);
  const effective = answers.get("-") ?? unreadable(NOT_ASKED);
  const shells = parseShellAnswers(sections);
  const own = parseOwnFiles(sections);
  const limitLines = parseLimitLines(sections);
  const classes: UserClass[] = [];
  const missing: string[] = [];
  let failure: string | undefined;
  let logins: LoginShell[] = [];
  let number = 0;
  let also: readonly string[] = [];
  for (const line of lines(sections.one("people"))) {
    const [tag, ...fields] = line.split("\t", MOST_USERS + 5);
    if (classes.length >= MOST_CLASSES || number >= MOST_LOGINS)
      throw malformed(sections.host, "people", "it has too many classes");
    if (tag === "class") {
      logins = [];
      classes.push({ ...parseClass(fields, sections, selectors, answers), logins });
    } else if (tag === "login") {
      number += 1;
      const asked = parseLogin(fields, number, shells, sections, also);
      also = [];
      logins.push({ ...asked, ...own(number), ...ownLimitLines(limitLines, number) });
    } else if (tag === "also") also = fields;
    else if (tag === "missing") missing.push(...parseSelectors(fields[0] ?? "", sections, selectors));
    else if (tag === "failed") failure = visible(fields.join(" ").slice(0, 500));
    else if (tag !== "shell")
      throw malformed(sections.host, "people", `the line begins with ${visible((tag ?? "").slice(0, 100))}`);
  }
  // No two share a selector list: classes of the same owners are one.
  const order = new Map(classes.map((one) => [one, one.selectors.join("\n")]));
  classes.sort((a, b) => ((order.get(a) ?? "") < (order.get(b) ?? "") ? -1 : 1));
  return {
    effective,
    classes: failure === undefined ? known(classes) : unreadable(failure),
    missingSelectors: missing.toSorted(),
  };
}

/** Answers of sshd by the account it was asked about; `-` is the one without -C. */
function parseAnswers(sections: Sections): Map<string, Effective> {
  const answers = new Map<string, Effective>();
  for (const section of sections.all("effective")) {
    const [id, status] = section.arguments;
    if (id === undefined || status === undefined || answers.has(id)) {
      throw malformed(sections.host, "effective", "its header is incomplete or came twice");
    }
    answers.set(id, answer(section, status, answers.get("-")));
  }
  return answers;
}

function answer(section: Section, status: string, base: Effective | undefined): Effective {
  if (status === "same") return base ?? unreadable(NOT_ASKED);
  const said = lines(section);
  if (status === "0" && said.some((line) => line.length > LONGEST_LINE))
    return unreadable("sshd -T printed a line of more than 64 KiB");
  if (status === "0")
    return said.length > 0 ? known(said.map(lowerKeyword)) : unreadable("sshd -T printed nothing");
  const why =
    status === "124"
      ? "no answer in time"
      : visible(said.slice(-3).join("; ").slice(-2000).replaceAll("\r", "")).slice(0, 500);
  return unreadable(`sshd -T ended with status ${visible(status.slice(0, 20))}: ${why}`);
}

// OpenSSH prints keywords in mixed case from 10.4, in lower case before.
function lowerKeyword(line: string): string {
  const blank = line.indexOf(" ");
  return blank < 0 ? line.toLowerCase() : line.slice(0, blank).toLowerCase() + line.slice(blank);
}

function parseClass(
  fields: readonly string[],
  sections: Sections,
  selectors: readonly string[],
  answers: ReadonlyMap<string, Effective>,
): UserClass {
  const [positions, size, representative, ...users] = fields;
  if (
    positions === undefined ||
    representative === undefined ||
    users.length === 0 ||
    users.length > MOST_USERS ||
    !/^\d+$/u.test(size ?? "")
  ) {
    throw malformed(sections.host, "people", "a class is incomplete");
  }
  return {
    selectors: parseSelectors(positions, sections, selectors),
    representative,
    size: Number(size),
    users,
    effective: answers.get(representative) ?? unreadable(unasked(representative, answers)),
  };
}

function unasked(representative: string, answers: ReadonlyMap<string, Effective>): string {
  if (representative === "") return "no account of this class has a name that sshd -T -C accepts";
  const base = answers.get("-");
  if (base?.state === "unreadable") return base.reason;
  return "the addresses of this login, which sshd -T -C needs, are not known";
}

function parseSelectors(positions: string, sections: Sections, selectors: readonly string[]): string[] {
  if (positions === "") return [];
  return positions
    .split(",", selectors.length + 1)
    .map((position) => {
      const selector = /^\d{1,6}$/u.test(position) ? selectors[Number(position) - 1] : undefined;
      if (selector === undefined)
        throw malformed(sections.host, "people", "it names a selector that was not asked for");
      return selector;
    })
    .toSorted();
}
