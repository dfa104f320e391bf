/** What a probe types or asks for, so that its session is of its kind. */
import type { SessionKind } from "../../model/terms/session-kind.ts";

export interface ProbeProgram {
  /**
   * The command line for a limit of `within` seconds, in words that every login shell reads alike: no quotes but
   * single ones, no history. What it starts ends by itself after `seconds`.
   */
  line(token: string, seconds: number, within: number): string;
  /** Names of the process that runs once the session is what it should be. */
  readonly runs: RegExp;
  /** Prints for as long as it runs, so that there is no quiet moment to wait for. */
  readonly noisy: boolean;
  /** It is a shell that waits for lines itself. */
  readonly prompts?: true;
}

/**
 * What the output loop prints each second: as much as a busy program does. Before OpenSSH 8.2 it matters how much that
 * is, for the client answers every 48 KB of it; in a limit of seconds it has to do so as well.
 */
function printedBytes(within: number): number {
  return Math.max(10_240, Math.ceil(100_000 / within));
}

/** Seconds between two looks of the status line's clock: in proportion to what tmux does in a real limit. */
const STATUS_SECONDS = 15;

/**
 * Every program carries the token in its environment: that is how it is found on the host, and ended
 * there whatever becomes of its session. None outlives `seconds`, except where somebody reads or writes
 * its terminal.
 */
export const PROBE_PROGRAMS = {
  // The login shell once more, as whoever types its name gets it: what a shell reads then is not what it reads at login.
  "nested-shell": {
    // ksh93 begins a history as soon as it starts, unless its name is empty.
    line: (token) => `env HISTFILE= CURFEW_PROBE=${token} sh -c 'exec "$SHELL"'`,
    runs: /sh$/u,
    noisy: false,
    prompts: true,
  },
  "escaped-shell": {
    line: (token) => `exec env -u TMOUT HISTFILE= CURFEW_PROBE=${token} bash --norc --noprofile`,
    runs: /^bash$/u,
    noisy: false,
    prompts: true,
  },
  "foreground-program": {
    line: (token) => `env CURFEW_PROBE=${token} LESSHISTFILE=- sh -c '${EDITOR_OR_PAGER}'`,
    runs: /^(?:vim?(?:\..*)?|less)$/u,
    noisy: false,
  },
  "output-loop": {
    line: (token, seconds, within) =>
      `env CURFEW_PROBE=${token} sh -c 'n=0; while [ $n -lt ${seconds} ]; do n=$((n+1)); printf "%${printedBytes(within)}s\\n" $n; sleep 1; done'`,
    runs: /^sleep$/u,
    noisy: true,
  },
  tmux: {
    line: (token, seconds) =>
      `env CURFEW_PROBE=${token} TERM=xterm sh -c 'command -v tmux >/dev/null && exec tmux ` +
      `-S /tmp/curfew-probe-${token} -f /dev/null new-session "exec sleep ${seconds}" ` +
      `\\; set -g status-interval ${Math.max(1, Math.min(STATUS_SECONDS, Math.floor(seconds / 60)))} ` +
      `\\; set -g status-right %H:%M:%S; printf "curfew: %s\\n" "tmux is not installed"'`,
    runs: /^tmux: client$/u,
    noisy: true,
  },
  "idle-command": {
    line: (token, seconds) => `env CURFEW_PROBE=${token} sleep ${seconds}`,
    runs: /^sleep$/u,
    noisy: false,
  },
} as const satisfies Partial<Record<SessionKind, ProbeProgram>>;

/** What the shell answers where it has not got the program. Not what the terminal echoes of the line. */
export const MISSING_PROGRAM = /curfew: (neither vim nor less is installed|tmux is not installed)/u;

// Without settings, swap file and memory: nothing of it may stay on the host. Other kinds of vi leave files.
const EDITOR_OR_PAGER = [
  "for vi in vim vi; do",
  'case $("$vi" --version 2>/dev/null </dev/null) in',
  '*"Vi IMproved"*) exec "$vi" -u NONE -i NONE -n -R /etc/passwd ;; esac; done;',
  "command -v less >/dev/null && exec less /etc/passwd;",
  'printf "curfew: %s\\n" "neither vim nor less is installed"',
].join(" ");
