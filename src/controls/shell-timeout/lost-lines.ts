/** Lines of others that fail once TMOUT is readonly, with what stands below them: nobody's umask goes without a yes. */
import { configuredFindings } from "../../core/verdict/configured-finding.ts";
import { isExempt, resolvedClasses } from "../../core/policy/present-people.ts";
import { familiesInUse } from "../../core/shell/families.ts";
import { readBeforeOurs } from "../../core/shell/foreign-timeout.ts";
import { lostText, type Skipper } from "../../core/shell/lost-lines.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { LimitLine } from "../../model/facts/limit-line.ts";
import type { LoginShell } from "../../model/facts/login-shell.ts";

const finding = configuredFindings("shell-timeout");
const EXPECTED = "no line of somebody's file is lost";

/** One for each line after which a shell in use skips something; `placed`: curfew's own file is there. */
export function lostFindings(facts: Facts, limits: HostLimits, placed: boolean): Finding[] {
  const { limitLines } = facts;
  if (limitLines === undefined) return [];
  if (limitLines.state !== "known") {
    const reason = limitLines.state === "unreadable" ? limitLines.reason : "it was not looked for";
    return [finding("lines-kept", "*", EXPECTED, reason, "files that shells read", "unknown", "files")];
  }
  const after = limitLines.value.filter((line) => !readBeforeOurs(facts)(line));
  const system = after.map((line) => lostFinding(line, skippersOf(line.file, facts), placed));
  return [...system, ...ownFindings(facts, limits, placed)].filter((each) => each !== undefined);
}

function lostFinding(line: LimitLine, shells: readonly Skipper[], placed: boolean): Finding | undefined {
  const texts = shells.map((shell) => lostText(line, shell)).filter((text) => text !== undefined);
  if (texts.length === 0) return undefined;
  const variable = line.form === "autologout" ? "autologout" : "TMOUT";
  const fails = `the line fails ${placed ? "as" : "once"} curfew's ${variable} is readonly`;
  const whose = line.user === "" ? "" : ` of ${line.user}`;
  const actual = `${fails}, and ${texts.join("; ")}; remove the line${whose}, or accept that with curfew apply --accept-lost-lines`;
  const at = `${line.file}:${line.line}`;
  return finding(
    "lines-kept",
    "*",
    EXPECTED,
    actual,
    at,
    "fail",
    line.user === "" ? at : `${line.user} ${at}`,
  );
}

/** Lines of those who get a limit; a file that several accounts share is named once. */
function ownFindings(facts: Facts, limits: HostLimits, placed: boolean): (Finding | undefined)[] {
  const found = (resolvedClasses(facts, limits) ?? []).flatMap(({ account, person }) => {
    if (person.idle === null || isExempt(person, "shell-timeout")) return [];
    return (account.logins ?? []).flatMap((login) => {
      const shell = skipperOf(login, facts);
      if (shell === undefined) return [];
      const late = (login.limitLines ?? []).filter(({ file }) => !isEarly(file, shell, facts));
      return late.map((line) => lostFinding(line, [shell], placed));
    });
  });
  return [...new Map(found.map((each) => [each?.subject, each])).values()];
}

/** What it said when it was run, else by its name. */
function skipperOf({ path, asked }: LoginShell, facts: Facts): Skipper | undefined {
  const said = asked.flatMap(({ login }) => (login.state === "known" ? [login.value.family] : []))[0];
  const [named] = familiesInUse({ shells: facts.shells.filter((shell) => shell.path === path) });
  const family = said === undefined || said === "other" ? named : said;
  if (family === "bash" && path.endsWith("/sh")) return "posix";
  return family === "none" || family === "other" ? undefined : family;
}

/** Read before curfew's. zsh(1), STARTUP/SHUTDOWN FILES: before /etc/zsh/zshrc; where /etc/zprofile reads the profile, only .zshenv is. */
function isEarly(file: string, shell: Skipper, facts: Facts): boolean {
  // sshd runs rc, and reads environment, before any shell that has a limit.
  if (file.includes("/.ssh/")) return true;
  if (shell !== "zsh") return false;
  return file.endsWith("/.zshenv") || (file.endsWith("/.zprofile") && isDebian(facts));
}

function isDebian({ os }: Facts): boolean {
  return os.state === "known" && [os.value.id, ...(os.value.like ?? [])].includes("debian");
}

/** The shells in use that read a file of the system; zsh reads no profile on Debian. */
function skippersOf(file: string, facts: Facts): Skipper[] {
  const inUse = familiesInUse(facts);
  const own = READERS.find(([names]) => names.test(file))?.[1];
  const readers: readonly Skipper[] = own === undefined ? ["bash", "ksh93", "mksh", "zsh"] : [own];
  return readers.filter((shell) => {
    if (shell === "zsh" && own === undefined && isDebian(facts)) return false;
    return shell !== "posix" && inUse.has(shell);
  });
}

const READERS: readonly (readonly [RegExp, Skipper])[] = [
  [/csh/u, "tcsh"],
  [/\/z(?:shenv|profile|shrc|login)$|^\/etc\/zsh\/|\.zsh$/u, "zsh"],
  [/\/k(?:sh\.k)?shrc$/u, "ksh93"],
  [/\/mkshrc$/u, "mksh"],
  [/bash/u, "bash"],
];
