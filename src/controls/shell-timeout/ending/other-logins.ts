/**
 * What in system-wide files goes by something that another login of the same account has otherwise than the shell that
 * was asked: from where it comes, its home, its terminal, its session, and which processes are above it. Pure.
 */
import { foreignSettings } from "../../../core/shell/foreign-timeout.ts";
import type { Facts } from "../../../model/facts/facts.ts";

interface Variation {
  /** For people: which line goes by what. */
  readonly words: string;
  /** Whether a real session of the account shows what becomes of it, as its sshd is above it. */
  readonly shown: boolean;
}

/**
 * The first of such lines; undefined where there is none. `placed`: curfew's own limit is there, and then only what is
 * read before it and cannot be changed counts, and what leaves the files.
 */
export function variation(facts: Facts, placed: boolean): Variation | undefined {
  const settings = foreignSettings(facts)
    .filter(({ conditional, first, readonly }) => conditional && (!placed || (first && readonly)))
    .flatMap(({ file, line, text }) => {
      const word = variesWith(text);
      return word === undefined ? [] : [{ at: `${file}:${line}`, word }];
    });
  const leaving = (facts.leavingLines ?? []).map(({ file, line, text }) => ({
    at: `${file}:${line}`,
    word: variesWith(text) ?? "what only a login shows",
  }));
  const all = [...settings, ...leaving];
  const found = all.find(({ word }) => !isShown(word)) ?? all[0];
  if (found === undefined) return undefined;
  return {
    words: `${found.at} depends on ${found.word}, which is not the same for every login; shells were asked from here, in an empty home, and no sshd started them`,
    shown: isShown(found.word),
  };
}

/** Whatever stands above the shell is the same for every login through the same sshd. */
function isShown(word: string): boolean {
  return /^(?:PPID|ps|pstree|pgrep|pidof|\/proc)$/u.test(word);
}

/** What in a condition another login of the same account has otherwise than the shell that was asked. */
function variesWith(text: string): string | undefined {
  const condition = text.replaceAll(WHETHER_SSH, "");
  const [client] = CLIENT.exec(condition) ?? SHOWN.exec(condition) ?? [];
  return client
    ?.replaceAll(/[^A-Za-z0-9_~/]/gu, "")
    .replace(/^\/(?:usr\/)?s?bin\//u, "")
    .replace(/^\/proc\/.*/u, "/proc");
}

/** Whether somebody comes through SSH at all: all do. */
const WHETHER_SSH = /-[nz]\s+"?\$\{?SSH_(?:CONNECTION|CLIENT)\}?"?/gu;

/** As `templates/remote/facts/timeouts.sh` looks for them: what differs between logins, then what all have alike. */
const COMMAND = String.raw`(?<![\w./-])(?:(?:/usr)?/s?bin/)?`;
const CLIENT = new RegExp(
  [
    String.raw`SSH_(?:CONNECTION|CLIENT|AUTH_SOCK|USER_AUTH)|REMOTEHOST|HOME|~(?=[/a-z])|DISPLAY`,
    String.raw`XDG_(?:SESSION|RUNTIME|VTNR|SEAT)\w*|DBUS_\w+|pts/(?=\d)|cgroup|utmp|wtmp`,
    String.raw`\$\{?(?:TERM|LANG|LC_\w*|RANDOM|SECONDS|EPOCH\w*|COLUMNS|LINES)|(?<=\$\()(?:umask|ulimit)`,
    String.raw`(?:/tmp|/dev/shm|/run/(?:user|screen|tmux))(?=[/\s"]|$)`,
    String.raw`${COMMAND}(?:date|who|w|last|lastlog|users|pinky|loginctl|logname|lsof|ss|netstat|uptime)(?=[ \t)|;\x60]|$)`,
  ].join("|"),
  "u",
);
const SHOWN = new RegExp(
  String.raw`PPID|/proc/(?:[0-9*]|\$[A-Za-z{])|${COMMAND}(?:ps|pstree|pgrep|pidof)(?=[ \t)|;\x60]|$)`,
  "u",
);
