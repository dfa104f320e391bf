/** What people's own files leave open, as their shells were asked without them. Pure. */
import { effectiveValue } from "../../../core/sshd/effective.ts";
import type { UserClass } from "../../../model/facts/facts.ts";
import type { LoginShell, OwnKind, OwnLine, ShellAnswer } from "../../../model/facts/login-shell.ts";

type Account = Pick<UserClass, "logins" | "effective">;

/** Why an account's idle shell may stay although its shell, asked in an empty home, said that it goes. */
interface OwnDoubt {
  /** Undefined for accounts that nobody looked at. */
  readonly user: string | undefined;
  readonly words: string;
  /** A session with another key says nothing about it. */
  readonly byKey: boolean;
}

/** Every account of the class whose own files, or keys, may keep its idle shell; the first in words, and how many more. */
export function ownDoubt(account: Account): string | undefined {
  const [first, ...others] = ownDoubts(account);
  if (first === undefined) return undefined;
  const more = new Set(others.map(({ user }) => user));
  more.delete(first.user);
  return more.size === 0 ? first.words : `${first.words} (and ${more.size} more accounts have such lines)`;
}

/** Whether a session of this account leaves nothing open that is somebody else's, or a key's. */
export function showsOwn(account: Account, user: string | undefined): boolean {
  return ownDoubts(account).every((doubt) => !doubt.byKey && doubt.user !== undefined && doubt.user === user);
}

function ownDoubts({ logins = [], effective }: Account): OwnDoubt[] {
  const lines = effective.state === "known" ? effective.value : [];
  const unrun = effectiveValue(lines, "permituserrc") === "no" ? ".ssh/rc" : "";
  return logins.filter(({ size }) => size > 0).flatMap((login) => ofLogin(login, unrun));
}

/** `without`: of which file sshd never makes use. */
function ofLogin({ own, size, asked }: LoginShell, without: string): OwnDoubt[] {
  if (own === undefined) return [];
  const answers = asked.flatMap(({ login }) => (login.state === "known" ? [login.value] : []));
  const fixed = answers.length > 0 && answers.every(({ readonly }) => readonly);
  const family = answers[0]?.family;
  const lines = own.lines
    .filter((line) => line.root !== without && matters(line, family, fixed))
    .map(({ user, kind, at }) => ({
      user,
      words: `${user}'s ${at} ${WORDS[kind]}`,
      byKey: BY_KEY.has(kind),
    }));
  const unread = own.unread.map(({ user, reason }) => ({
    user,
    words: `${user}'s own files may keep the shell: ${reason}`,
    byKey: false,
  }));
  const unseen = size - own.seen - new Set(own.unread.filter(isLate).map(({ user }) => user)).size;
  if (unseen <= 0) return [...lines, ...unread];
  const words = `the own files of ${unseen} of ${size} accounts were not looked into`;
  return [...lines, ...unread, { user: undefined, words, byKey: false }];
}

/** Such an account comes without the word that it was seen. */
function isLate({ reason }: { readonly reason: string }): boolean {
  return reason === "the home did not answer in time";
}

/** An assignment to what is readonly fails, unless the file is read before it becomes so: zsh(1) STARTUP/SHUTDOWN FILES. */
function matters(
  { kind, root }: OwnLine,
  family: ShellAnswer["family"] | undefined,
  fixed: boolean,
): boolean {
  if (kind === "alarm") return family !== "bash" && family !== "tcsh";
  if (kind !== "tmout") return true;
  return !fixed || (family === "zsh" && EARLY.has(root));
}

const EARLY: ReadonlySet<string> = new Set([".zshenv", ".zprofile"]);

const BY_KEY: ReadonlySet<OwnKind> = new Set<OwnKind>([
  "command",
  "certificate",
  "key-environment",
  "no-pty",
]);

const WORDS: Readonly<Record<OwnKind, string>> = {
  tmout: "is about the shell's limit",
  alarm: "does something else on the alarm that ends an idle shell",
  leaving: "does something when the shell ends, which may keep it",
  exec: "puts another program in the shell's place",
  program: "starts another shell, or a command that is not known to come back by itself",
  elsewhere: "makes the shell read other files",
  computed: "runs what only a login shows",
  environment: "sets a variable that decides what the shell reads",
  command: "has a command= for the key: no shell runs",
  certificate: "lets certificates in, which may have a force-command that cannot be asked for",
  "key-environment": "has an environment= for the key",
  "no-pty": "gives the key no terminal",
};
