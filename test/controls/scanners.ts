/**
 * What scanners look for, as published: ComplianceAsCode/content (OVAL of accounts_tmout,
 * sshd_set_idle_timeout, sshd_set_keepalive, logind_session_timeout) and the script of CIS 5.4.3.2.
 * Patterns are theirs, translated to this language's flags; each file is a path and its text.
 */
export type Files = readonly (readonly [path: string, text: string])[];

const PROFILE_D = /^\/etc\/(?:profile|bash\.bashrc|profile\.d\/[^/]*\.sh)$/u;
const SSHD = /^\/etc\/ssh\/(?:sshd_config|sshd_config\.d\/[^/]*\.conf)$/u;
const RED_HAT_TMOUT = /^[\s]*(?:typeset|declare)[\s]+-xr[\s]+TMOUT=([\w$]+).*$/gmu;
const UBUNTU_TMOUT = /^[\s]*TMOUT=([\w$]+)[\s]*readonly TMOUT[\s]*export TMOUT$/gmu;

/** accounts_tmout: there is one, and all that are found are from 1 to `most`. */
export function accountsTmout(files: Files, family: "red-hat" | "ubuntu", most: number): boolean {
  const pattern = family === "red-hat" ? RED_HAT_TMOUT : UBUNTU_TMOUT;
  const values = captures(files, PROFILE_D, pattern).map(Number);
  return values.length > 0 && values.every((value) => value >= 1 && value <= most);
}

/** sshd_set_idle_timeout: every value found, in Match blocks too, is from 1 to `most`. */
export function sshdIdleTimeout(files: Files, most: number): boolean {
  const pattern = /^[\s]*ClientAliveInterval[\s]+(\d+)[\s]*(?:#.*)?$/gimu;
  const values = captures(files, SSHD, pattern).map(Number);
  return values.length > 0 && values.every((value) => value > 0 && value <= most);
}

/** sshd_set_keepalive: every value found is exactly this one. */
export function sshdKeepalive(files: Files, exactly: number): boolean {
  const pattern = /^[\s]*ClientAliveCountMax[\s]+([\d]+)[\s]*(?:#.*)?$/gimu;
  const values = captures(files, SSHD, pattern).map(Number);
  return values.length > 0 && values.every((value) => value === exactly);
}

/** STIG check texts for sshd: `grep -ir KEYWORD /etc/ssh/sshd_config*` must not give conflicting results. */
export function conflicting(files: Files, keyword: string): boolean {
  const lines = captures(files, SSHD, new RegExp(`^\\s*${keyword}\\s+(.*)$`, "gimu"));
  return new Set(lines).size > 1;
}

/** logind_session_timeout: the key in section Login, a plain number. */
export function logindTimeout(files: Files, exactly: number): boolean {
  const pattern =
    /^\s*\[Login\].*(?:\n\s*[^[\s].*)*\n^\s*StopIdleSessionSec[ \t]*=[ \t]*(.+?)[ \t]*(?:$|#)/gmu;
  const values = captures(files, /^\/etc\/systemd\/logind\.conf(?:\.d\/[^/]*\.conf)?$/u, pattern);
  return values.length > 0 && values.every((value) => /^\d+$/u.test(value) && Number(value) === exactly);
}

/** The script of CIS 5.4.3.2: one file has all three, no file a value that is 0 or above 900. */
export function cisTmout(files: Files): boolean {
  const texts = files.filter(([path]) => PROFILE_D.test(path)).map(([, text]) => text);
  const good = [
    /^\s*([^#\n]+\s+)?TMOUT=(900|[1-8][0-9][0-9]|[1-9][0-9]|[1-9])\b/mu,
    /^\s*([^#\n]+;\s*)?readonly\s+TMOUT(\s+|\s*;|\s*$|=(900|[1-8][0-9][0-9]|[1-9][0-9]|[1-9]))\b/mu,
    /^\s*([^#\n]+;\s*)?export\s+TMOUT(\s+|\s*;|\s*$|=(900|[1-8][0-9][0-9]|[1-9][0-9]|[1-9]))\b/mu,
  ];
  const bad = /^\s*([^#\n]+\s+)?TMOUT=(9[0-9][1-9]|9[1-9][0-9]|0+|[1-9]\d{3,})\b/mu;
  return (
    texts.some((text) => good.every((pattern) => pattern.test(text))) && !texts.some((text) => bad.test(text))
  );
}

function captures(files: Files, where: RegExp, pattern: RegExp): string[] {
  return files
    .filter(([path]) => where.test(path))
    .flatMap(([, text]) => [...text.matchAll(pattern)].map(([, value = ""]) => value));
}
