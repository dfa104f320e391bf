/** What the shells of a host end: an idle prompt, and nothing else. Pure. */
import { CONDITIONAL, foreignSettings, othersTimeout } from "../../core/shell/foreign-timeout.ts";
import { otherShell, unaskedKeys, unaskedRoot } from "../../core/sshd/other-session.ts";
import { isAlone } from "../../core/sshd/match-block.ts";
import type { Ending, EndingQuestion, Endings } from "../../model/ending.ts";
import type { Facts, UserClass } from "../../model/facts.ts";
import { SHELL_SCRIPT } from "../../model/host-paths.ts";
import type { Mechanism } from "../../model/timeout.ts";
import { saidLimit } from "./answers.ts";
import { ownDoubt, showsOwn } from "./own-files.ts";

/**
 * What the shells said when they were run decides; a file alone promises nothing. One that could not be asked, or
 * nobody asked, is a doubt about what the files say; so is a line in somebody's own files, without which they are asked.
 */
export function shellEndings({ facts, account, kind, placed }: EndingQuestion): Endings {
  if (kind !== "idle-shell") return NOTHING;
  const said = saidLimit(account, facts);
  const file = placed === undefined ? othersTimeout(facts) : { seconds: placed, source: SHELL_SCRIPT };
  const seconds = said.is === "limit" ? said.seconds : file?.seconds;
  const source = file?.source ?? "the shell itself";
  if (seconds === undefined) return said.is === "unknown" ? { endings: [], unread: [said.words] } : NOTHING;
  const base = { control: "shell-timeout", by: "TMOUT", grace: 0, seconds, source } as const;
  const one = (more: Pick<Ending, "confirmed" | "denied" | "doubt">): Endings => ({
    endings: [{ ...base, ...more }],
    unread: [],
  });
  if (said.is === "limit") {
    const doubt =
      otherWay(account, facts) ?? ownDoubt(account) ?? unevenly(account, facts, placed !== undefined);
    return one({ confirmed: said.words, ...(doubt === undefined ? {} : { doubt }) });
  }
  if (said.is === "none") return one({ confirmed: undefined, denied: said.words });
  return one({ confirmed: undefined, doubt: said.is === "unknown" ? said.words : UNASKED });
}

/** Whoever is given another session than the one whose shell was asked: by who they are, their address, or their key. */
function otherWay(account: UserClass, facts: Facts): string | undefined {
  return otherShell(account, facts) ?? unaskedKeys(account) ?? unaskedRoot(account);
}

/**
 * A condition that somebody else wrote may give others of the class another limit than those who were asked, and whoever
 * comes from elsewhere another one than was asked for from here. Where ours is there, only what comes before it and
 * cannot be changed.
 */
function unevenly({ logins = [] }: UserClass, facts: Facts, placed: boolean): string | undefined {
  const settings = foreignSettings(facts).filter(
    ({ conditional, first, readonly }) => conditional && (!placed || (first && readonly)),
  );
  const varying = settings
    .map((each) => ({ each, word: variesWith(each.text) }))
    .find(({ word }) => word !== undefined);
  if (varying !== undefined) {
    const { file, line } = varying.each;
    return `${file}:${line} depends on ${varying.word}, which is not the same for every login; shells were asked from here, in an empty home`;
  }
  if (logins.every(({ size, asked }) => size <= asked.length)) return undefined;
  const [setting] = settings;
  return setting === undefined
    ? undefined
    : `not everybody was asked, and ${setting.file}:${setting.line} ${CONDITIONAL}`;
}

/** What in a condition another login of the same account has otherwise than the shell that was asked. */
function variesWith(text: string): string | undefined {
  const condition = text.replaceAll(WHETHER_SSH, "");
  return VARYING.exec(condition)?.[0].replaceAll(/[^A-Za-z0-9_~]/gu, "");
}

/** Whether somebody comes through SSH at all: all do. */
const WHETHER_SSH = /-[nz]\s+"?\$\{?SSH_(?:CONNECTION|CLIENT)\}?"?/gu;

/** As `templates/remote/facts/timeouts.sh` looks for them. */
const VARYING =
  /SSH_(?:CONNECTION|CLIENT)|REMOTEHOST|HOME|~(?=[/a-z])|DISPLAY|XDG_SESSION\w*|\$\{?(?:TERM|LANG|LC_\w*)|PPID|(?<![\w./-])(?:ps|date|who|w|loginctl)(?=[ \t)])/u;

const UNASKED = "a file says so, and no shell was asked";

const NOTHING: Endings = { endings: [], unread: [] };

/**
 * What one shell does is what the same shell does for others of the class; another shell is another matter, and so are
 * files of their own, and a session that sshd or a key makes another one.
 */
export function shellsAlike(
  _by: Mechanism,
  account: UserClass,
  _endings: unknown,
  facts: Facts,
  user?: string,
): boolean {
  const { shells } = facts;
  if (otherShell(account, facts) !== undefined || unaskedKeys(account) !== undefined) return false;
  if (!showsOwn(account, user)) return false;
  if (isAlone(account)) return true;
  if (account.logins !== undefined) return new Set(account.logins.map(({ path }) => path)).size <= 1;
  return new Set(shells.flatMap(({ inUse, kind }) => (inUse ? [kind] : []))).size <= 1;
}
