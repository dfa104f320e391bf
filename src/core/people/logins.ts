/** What login shells said when they were run: the sections `logins`, and the `login` lines of `people`. */
import type { AskedAccount, LoginShell, ShellAnswer } from "../../model/facts/login-shell.ts";
import { known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

/** What one shell said, by the words of `templates/remote/ask-shells.sh`. */
type Said = ReadonlyMap<string, string>;

/** Every answer of a host, and why none is to be believed, where that is so. */
export interface ShellAnswers {
  /** By `NUMBER.ACCOUNT MODE`: the login line's position from 1, the account's from 1. */
  readonly said: ReadonlyMap<string, Said>;
  readonly doubt: string | undefined;
}

/** The section `logins`: `ID TAB MODE TAB WORD TAB VALUE`. Left out by a script that asks no shells. */
export function parseShellAnswers(sections: Sections): ShellAnswers {
  const said = new Map<string, Map<string, string>>();
  const unsure: string[] = [];
  let doubt: string | undefined;
  for (const line of lines(sections.maybe("logins"))) {
    const [id = "", mode = "", word = "", value = ""] = line.split("\t");
    if (word === "cannot") doubt = `login shells cannot be run here: ${visible(value).slice(0, 200)}`;
    else if (word === "environment") unsure.push(visible(value).slice(0, 40));
    else if (/^\d+\.\d{1,2}$/u.test(id) && (mode === "login" || mode === "nested")) {
      const key = `${id} ${mode}`;
      const words = said.get(key) ?? new Map<string, string>();
      said.set(key, words.set(word, value));
    } else throw malformed(sections.host, "logins", `a line begins with ${visible(line).slice(0, 40)}`);
  }
  if (unsure.length > 0)
    doubt ??= `sshd gave this login another ${unsure.join(", ")} than PAM's files say; what others get is unknown`;
  return { said, doubt };
}

/**
 * A `login` line: shell, how many accounts, two of them as `NAME:UID:GID` or nothing, their names. `also`: more of them.
 * Errors: CurfewError `remote` for a line that the script cannot have written.
 */
export function parseLogin(
  fields: readonly string[],
  number: number,
  { said, doubt }: ShellAnswers,
  sections: Sections,
  also: readonly string[] = [],
): LoginShell {
  const [path = "", size = "", first = "", last = "", ...users] = fields;
  if (!/^\d+$/u.test(size) || users.length === 0)
    throw malformed(sections.host, "people", "a login shell is incomplete");
  const accounts = [...new Set([first, last].filter((account) => account !== "")), ...also];
  const asked = accounts.flatMap((account, index): AskedAccount[] => {
    const [user = ""] = account.split(":");
    const id = `${number}.${index + 1}`;
    const login = said.get(`${id} login`);
    if (login === undefined && doubt === undefined) return [];
    const nested = said.get(`${id} nested`);
    const read = (words: Said | undefined): Reading<ShellAnswer> =>
      doubt === undefined ? answerOf(words ?? new Map()) : unreadable(doubt);
    return [{ user, login: read(login), ...(nested === undefined ? {} : { nested: read(nested) }) }];
  });
  return { path: visible(path), size: Number(size), users, asked };
}

/** Only the process that was started counts: a program on top of it has limits of its own, and takes the prompt. */
function answerOf(said: Said): Reading<ShellAnswer> {
  if (said.has("missing")) return unreadable("it does not exist, or cannot be executed");
  if (said.get("pid") === "other" || said.get("cpid") === "other")
    return unreadable("the system's files start another program, which takes the prompt");
  if (said.get("pid") === "same" && said.has("value")) return wholly(said, posixAnswer(said));
  if (said.get("cpid") === "same" && said.has("version")) return wholly(said, cshAnswer(said));
  if (said.get("fpid") === "same") return known(WITHOUT_LIMIT);
  return unreadable(
    said.get("status") === "137"
      ? "it gave no answer at its prompt within 5 s"
      : "it ended before it came to its prompt, or is not a shell",
  );
}

/**
 * One that hangs before it has said everything may do so when its time is over as well. One that ended before its last
 * words, as its limit is shorter than the time that it is given to answer, has not said whether anything keeps it.
 */
function wholly(said: Said, answer: Reading<ShellAnswer>): Reading<ShellAnswer> {
  const value = Number(said.get("value"));
  const whole = said.get("pid") !== "same" || (said.has("end") && (!said.get("zsh") || said.has("leavers")));
  const limited = answer.state === "known" && answer.value.limit !== null;
  if (!whole && value > 0 && value <= ASKED_SECONDS)
    return unreadable(`its TMOUT of ${value} s ended it before it had answered everything`);
  if (limited && said.get("status") === "137") return unreadable("it hung before it had answered everything");
  return limited && !whole ? unreadable("it ended before it had answered everything") : answer;
}

/** How long `templates/remote/ask-shells.sh` waits for a shell. */
const ASKED_SECONDS = 5;

const WITHOUT_LIMIT: ShellAnswer = {
  family: "other",
  version: "",
  limit: null,
  readonly: false,
  exported: null,
};

function posixAnswer(said: Said): Reading<ShellAnswer> {
  const of = (word: string): string => visible(said.get(word) ?? "");
  const [family, version] = posixFamily(of);
  const seconds = secondsOf(of("value"), family);
  if (seconds === undefined)
    return unreadable(`its TMOUT is ${JSON.stringify(of("value"))}, which is not a number`);
  const traps = said.has("alarm") || !["", "0"].includes(of("trapalrm"));
  if (traps && family !== "zsh" && family !== "bash")
    return unreadable("something is to be done on its alarm");
  if (said.has("leaving") || !["", "000"].includes(of("leavers")))
    return unreadable("something is to be done when it ends, which may keep it");
  const refused = of("unset") === "refused" && (family === "ksh93" || of("assign") === "refused");
  // zshparam(1) TMOUT: with a trap on ALRM it runs that and stays.
  const heeded = family !== "other" && !(family === "zsh" && traps);
  return known({
    family,
    version,
    limit: heeded && seconds > 0 ? seconds : null,
    readonly: refused,
    exported: said.has("exported") ? of("exported") === "yes" : null,
  });
}

/**
 * What a shell makes of its TMOUT. bash takes the number at its beginning, as atoi(3) does, and has no limit where there is
 * none: measured for 5.1 to 5.3. ksh93 and mksh have made it a number before they say it. Undefined for what is not known.
 */
function secondsOf(value: string, family: ShellAnswer["family"]): number | undefined {
  if (/^(?:0|[1-9]\d{0,8})?$/u.test(value)) return Number(value);
  if (family !== "bash" || value.startsWith("?")) return undefined;
  const [, digits = "0"] = /^\s*([+-]?\d+)/u.exec(value) ?? [];
  return digits.length > 9 ? undefined : Number(digits);
}

function posixFamily(of: (word: string) => string): [ShellAnswer["family"], string] {
  if (of("bash") !== "") return ["bash", of("bash")];
  if (of("zsh") !== "") return ["zsh", of("zsh")];
  const ksh = of("ksh");
  if (/^Version .*(?:93|20\d\d)/u.test(ksh)) return ["ksh93", ksh];
  if (/(?:MIRBSD|LEGACY|PD) KSH/u.test(ksh)) return ["mksh", ksh];
  return ["other", ""];
}

/** tcsh(1) autologout: minutes, then those of a lock. */
function cshAnswer(said: Said): Reading<ShellAnswer> {
  const version = visible(said.get("version") ?? "");
  const set = said.get("minutes-set") === "1";
  const value = visible(said.get("minutes") ?? "");
  const minutes = set ? /^(\d{1,6})(?: \d+)?$/u.exec(value)?.[1] : "0";
  if (!version.startsWith("tcsh ")) return known(WITHOUT_LIMIT);
  if (minutes === undefined)
    return unreadable(`its autologout is ${JSON.stringify(value)}, which is not a number`);
  return known({
    family: "tcsh",
    version: version.replace(/ \(.*$/u, ""),
    limit: Number(minutes) > 0 ? Number(minutes) * 60 : null,
    readonly: said.get("minutes-unset") === "refused",
    exported: null,
  });
}
