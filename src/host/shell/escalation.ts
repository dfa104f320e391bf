/**
 * Becoming root. The login shell, which may be tcsh, fish or anything else, is given fixed words
 * only; what follows travels on standard input to a `sh` that reports first.
 */
import { randomUUID } from "node:crypto";
import { visible } from "../../core/text/visible.ts";
import { command } from "../../template/shell-quote.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Escalation } from "../../model/inventory/host.ts";
import type { Secret } from "../../model/terms/secret.ts";

/** How to get a root shell that reads its script from standard input. */
export interface Launch {
  /** For the login shell. */
  readonly command: string;
  /** The line on standard output by which the shell reports; what comes before it is other people's noise. */
  readonly marker: string;
  /**
   * What to write at once. Empty where a password may be asked for: then nothing but the password
   * may be sent before the marker, or sudo would take the script for it.
   */
  readonly opening: string;
  /** Written once, and only when this very prompt was seen: with NOPASSWD it never comes. */
  readonly password: { readonly prompt: string; readonly secret: Secret } | undefined;
}

/** What a shell that never reported left behind. */
export interface FailedLaunch {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  /** How often sudo asked for the password. */
  readonly prompts: number;
}

/**
 * The launch for a login user: plain for root and where the inventory says so, else sudo.
 * With a password: `-S` reads it from standard input, `-k` keeps an old ticket from letting the
 * password through to `sh`, `-p` sets a prompt nothing else prints (sudo(8)).
 */
export function planLaunch(user: string, become: Escalation | undefined, secret: Secret | undefined): Launch {
  const marker = `curfew-${randomUUID()}`;
  const opening = `echo ${marker}\n`;
  // sudo's messages are told apart below, so they must not be translated.
  const sudo = "env LC_ALL=C sudo";
  if (user === "root" || become?.method === "none") {
    return { command: "env LC_ALL=C sh -s", marker, opening, password: undefined };
  }
  if (secret === undefined) return { command: `${sudo} -n -- sh -s`, marker, opening, password: undefined };
  const prompt = `${marker}-password:`;
  const shell = command(["sh", "-c", `echo ${marker}; exec sh -s`]);
  return {
    command: `${sudo} -S -k -p ${prompt} -- ${shell}`,
    marker,
    opening: "",
    password: { prompt, secret },
  };
}

/** Why the root shell never reported. Errors are returned, not thrown: `escalation`, `auth`, `remote`. */
export function explainLaunch(launch: Launch, failed: FailedLaunch, user: string, host: string): CurfewError {
  const { stderr, stdout, exitCode, prompts } = failed;
  const all = `${stderr}\n${stdout}`;
  const said = lastWords(withoutPrompts(all, launch));
  const heard = said === "" ? "" : ` (it said: ${said})`;
  if (/password (?:has|had) expired|password change required/iu.test(all)) {
    return new CurfewError(
      "auth",
      `the password of ${user} has expired and the host wants a new one${heard}`,
      {
        host,
        hint: `log in as ${user} by hand and change it`,
      },
    );
  }
  // nologin(8) runs nothing, so sudo was never asked.
  if (!launch.command.includes("sudo") || /account is currently not available/iu.test(all)) {
    const code = exitCode === null ? "without an exit code" : `with exit code ${exitCode}`;
    return new CurfewError("remote", `the login shell of ${user} did not run sh: it ended ${code}${heard}`, {
      host,
      hint: `check ${user}'s login shell and any ForceCommand`,
    });
  }
  const [words, hint] = sudoTrouble(all, user, prompts, exitCode);
  return new CurfewError("escalation", `${words}${heard}`, { host, hint });
}

/** sudo-rs puts ours into a prompt of its own. */
function withoutPrompts(text: string, { password }: Launch): string {
  if (password === undefined) return text;
  return text.replaceAll(`[sudo: ${password.prompt}] Password: `, "").replaceAll(password.prompt, "");
}

/**
 * sudo's own messages, in the C locale (sudo 1.8 and 1.9, plugins/sudoers and src/tgetpass.c), and those of sudo-rs
 * (0.2, src/common/error.rs and src/pam), which has no translations.
 */
function sudoTrouble(
  text: string,
  user: string,
  prompts: number,
  exitCode: number | null,
): readonly [string, string] {
  const nopasswd = `give ${user} NOPASSWD for sh in sudoers, or let curfew ask for the sudo password: -K`;
  if (/must have a tty|no tty present and no askpass/iu.test(text)) {
    return ["sudo demands a terminal (requiretty)", `add "Defaults:${user} !requiretty" to sudoers`];
  }
  if (
    /not in the sudoers file|not allowed to (?:execute|run)|may not run sudo|afraid I can['’]t do that/iu.test(
      text,
    )
  ) {
    return [`sudo does not allow ${user} to become root`, `allow ${user} to run sh as root in sudoers`];
  }
  if (
    /password is required|a terminal is required|interactive authentication is required/iu.test(text) &&
    prompts === 0
  ) {
    return [`sudo wants a password from ${user}, and none was given`, nopasswd];
  }
  if (
    prompts > 0 &&
    /sorry, try again|incorrect password|no password was provided|password is required|authentication failed|incorrect authentication/iu.test(
      text,
    )
  ) {
    return [`the sudo password is wrong for ${user}; it was tried once`, "give the password of this account"];
  }
  if (/account validation failure|account (?:has )?expired/iu.test(text)) {
    return [`sudo refuses ${user}: the account has expired`, "renew the account"];
  }
  if (exitCode === 127 || /sudo['’]?: (?:command )?not found|sudo['’]?: no such file/iu.test(text)) {
    return ["there is no sudo on the host", "log in as root, or install sudo"];
  }
  return [`sudo did not give ${user} a root shell`, nopasswd];
}

/** The end of what was said, as one line that cannot disturb a terminal. */
function lastWords(text: string): string {
  const lines = text.split("\n").map((line) => visible(line.trim()));
  return lines
    .filter((line) => line !== "")
    .slice(-3)
    .join("; ")
    .slice(-400);
}
