/** What the shells of a host end: an idle prompt, and nothing else. Pure. */
import { CONDITIONAL, foreignSettings, othersTimeout } from "../../../core/shell/foreign-timeout.ts";
import { otherShell, unaskedKeys, unaskedRoot } from "../../../core/sshd/other-session.ts";
import { isAlone } from "../../../core/sshd/match-block.ts";
import type { Ending, EndingQuestion, Endings } from "../../../model/control/ending.ts";
import type { Facts, UserClass } from "../../../model/facts/facts.ts";
import { SHELL_SCRIPT } from "../../../model/inventory/host-paths.ts";
import type { Mechanism } from "../../../model/control/timeout.ts";
import { saidLimit } from "./answers.ts";
import { variation } from "./other-logins.ts";
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
  const varying = variation(facts, placed);
  if (varying !== undefined) return varying.words;
  return unaskedMembers(logins, facts, placed);
}

/** Why those of a class who were not asked may have another limit than those who were; all were asked where there is room. */
function unaskedMembers(
  logins: NonNullable<UserClass["logins"]>,
  facts: Facts,
  placed: boolean,
): string | undefined {
  if (logins.every(({ size, asked }) => size <= asked.length)) return undefined;
  const setting = foreignSettings(facts).find(
    ({ conditional, first, readonly }) => conditional && (!placed || (first && readonly)),
  );
  if (setting !== undefined)
    return `not everybody was asked, and ${setting.file}:${setting.line} ${CONDITIONAL}`;
  const [line] = facts.personalLines ?? [];
  if (line === undefined) return undefined;
  const at = line.line === 0 ? `${line.file} (${line.text})` : `${line.file}:${line.line}`;
  return `not everybody was asked, and ${at} is not the same for everybody`;
}

/**
 * Whether members with the same shell said different things, or one said nothing where another did: then none of them
 * speaks for the others.
 */
function differently({ logins = [] }: UserClass): boolean {
  return logins.some(({ asked }) => {
    const said = asked.map(({ login }) => (login.state === "known" ? login.value.limit : login.state));
    return new Set(said).size > 1;
  });
}

const UNASKED = "a file says so, and no shell was asked";

const NOTHING: Endings = { endings: [], unread: [] };

/**
 * What one shell does is what the same shell does for others of the class; another shell is another matter, and so are
 * files of their own, and a session that sshd or a key makes another one.
 */
export function shellsAlike(
  _by: Mechanism,
  account: UserClass,
  endings: readonly Pick<Ending, "source">[],
  facts: Facts,
  user?: string,
): boolean {
  const { shells } = facts;
  if (otherShell(account, facts) !== undefined || unaskedKeys(account) !== undefined) return false;
  const placed = endings.some(({ source }) => source === SHELL_SCRIPT);
  if (!showsOwn(account, user) || variation(facts, placed)?.shown === false) return false;
  if (isAlone(account)) return true;
  if (differently(account)) return false;
  if (unaskedMembers(account.logins ?? [], facts, placed) !== undefined) return false;
  if (account.logins !== undefined) return new Set(account.logins.map(({ path }) => path)).size <= 1;
  return new Set(shells.flatMap(({ inUse, kind }) => (inUse ? [kind] : []))).size <= 1;
}
