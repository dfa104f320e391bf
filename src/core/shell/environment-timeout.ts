/** TMOUT that is in a session's environment before any shell starts, as sshd puts it there. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import { sshdTexts } from "../sshd/effective.ts";
import type { ForeignSetting } from "./foreign-timeout.ts";
import { parseSshdConfig, type SshdDirective } from "../sshd/config-text.ts";

/** One per line of sshd's files that sets TMOUT (SetEnv) or lets a client set it (AcceptEnv); sshd_config(5). */
export function environmentTimeouts(facts: Facts): ForeignSetting[] {
  return sshdTexts(facts).flatMap(({ path, text }) =>
    parseSshdConfig(text).flatMap((directive) => settingsOf(directive, path)),
  );
}

/**
 * Whether a shell inherits it instead of reading it. bash and zsh import it before they read any file, and
 * what is assigned to it afterwards stays exported (measured): `read` in bash scripts times out after it.
 */
export function isInherited({ file, text }: Pick<ForeignSetting, "file" | "text">): boolean {
  return (
    /^(?:SetEnv|AcceptEnv) /u.test(text) ||
    /^\/etc\/(?:environment$|environment\.d\/|security\/pam_env\.conf$|default\/login$)/u.test(file)
  );
}

function settingsOf({ keyword, args, line }: SshdDirective, file: string): ForeignSetting[] {
  const setting = (text: string, seconds?: number): ForeignSetting => {
    const base = { file, line, variable: "TMOUT", text, seconds } as const;
    return { ...base, readonly: false, conditional: false, first: true };
  };
  if (keyword === "acceptenv") return args.filter(takesTmout).map((arg) => setting(`AcceptEnv ${arg}`));
  if (keyword !== "setenv") return [];
  const set = args.filter((arg) => arg.startsWith("TMOUT="));
  return set.map((arg) => setting(`SetEnv ${arg}`, secondsOf(arg)));
}

function secondsOf(arg: string): number | undefined {
  const digits = /^TMOUT=(\d{1,9})$/u.exec(arg)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `*` and `?` as in ssh_config(5), PATTERNS. More characters than the name has never match: no pattern costs time. */
function takesTmout(pattern: string): boolean {
  const short = pattern.replace(/\*+/gu, "*");
  if (short.length > 11 || !/^[A-Za-z0-9_*?]+$/u.test(short)) return false;
  return new RegExp(`^${short.replaceAll("*", ".*").replaceAll("?", ".")}$`, "u").test("TMOUT");
}
