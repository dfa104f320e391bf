/**
 * Whether another client, or another account of the same class, gets another answer than the one that
 * `sshd -T -C` gave for one account coming from where this login came from. Pure.
 */
import type { Facts, UserClass } from "../model/facts.ts";
import { isOwn } from "./inert-overridden.ts";
import { can } from "./openssh-version.ts";
import { parseSshdTime } from "./scale-config.ts";
import { globMatches, type LocatedDirective, sshdDirectives } from "./sshd-directives.ts";
import { holdsForAll, type SshdPledge } from "./sshd-pledges.ts";

/**
 * Why what sshd says for an account may not hold for all whom the account stands for: a Match block of
 * others that it does not answer for sets the keyword and is read before the line in force, or that line is
 * itself under such a block (sshd_config(5) Match: the first value wins, and a matching block beats what is
 * global). Undefined where no block does, or only to something at least as strict.
 */
export function sshdDoubt(
  facts: Facts,
  account: UserClass,
  { by, seconds, line: inForce }: Pick<SshdPledge, "by" | "seconds" | "line">,
): string | undefined {
  const { server } = facts;
  if (server.product !== "openssh") return undefined;
  if (by === "ChannelTimeout" && !can(server.version, "channel-timeout-in-match")) return undefined;
  const all = sshdDirectives(facts);
  const before =
    inForce === undefined || inForce.match === null ? all : all.slice(0, all.indexOf(inForce) + 1);
  const other = before.find(
    (line) =>
      KEYWORDS[by].includes(line.keyword) &&
      line.match !== null &&
      !holdsForAll(line.match) &&
      !isOwn(line, facts) &&
      !answersFor(account, line.match, facts) &&
      (line === inForce || !isStrict(line, inForce, seconds)),
  );
  if (other === undefined) return undefined;
  return `Match ${other.match} in ${other.file}:${other.line} may decide for other clients or accounts than ${account.representative} as asked about`;
}

const KEYWORDS: Readonly<Record<SshdPledge["by"], readonly string[]>> = {
  ClientAlive: ["clientaliveinterval", "clientalivecountmax"],
  ChannelTimeout: ["channeltimeout"],
  UnusedConnectionTimeout: ["unusedconnectiontimeout"],
};

/** Whether a block treats everybody of a class, wherever they come from, like the account that was asked about. */
function answersFor(account: UserClass, match: string, facts: Facts): boolean {
  const criteria = match.split(CRITERIA).slice(1);
  if (criteria.length === 0 || !/^\s*(?:user|group)\s/iu.test(match)) return false;
  for (let index = 0; index < criteria.length; index += 2) {
    const [criterion = "", patterns = ""] = [criteria[index]?.toLowerCase(), criteria[index + 1]?.trim()];
    const same =
      criterion === "user"
        ? sameUser(account, patterns)
        : criterion === "group" && sameGroup(account, patterns, facts);
    if (!same) return false;
  }
  return true;
}

/** sshd_config(5) Match. Quotes are gone here, so a name may have blanks. */
const CRITERIA =
  /(?:^|\s)(all|user|group|host|address|localaddress|localport|rdomain|version|sessiontype|command|tagged|invalid-user|canonical|final)(?=\s|$)/iu;

function sameUser({ representative, users, size }: UserClass, patterns: string): boolean {
  if (isAlone({ users, size })) return true;
  const decided = matchesList(patterns, representative);
  return size <= users.length && users.every((user) => matchesList(patterns, user) === decided);
}

/** What groups the accounts of a class are in is known of the policy's groups alone. */
function sameGroup(account: UserClass, name: string, { sshd }: Facts): boolean {
  if (isAlone(account)) return true;
  const selector = `group:${name}`;
  // The only name that makes them a class is one that all of them have.
  if (account.selectors.includes(selector)) return account.selectors.length === 1;
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  return (
    classes.some(({ selectors }) => selectors.includes(selector)) || sshd.missingSelectors.includes(selector)
  );
}

function isAlone({ users, size }: Pick<UserClass, "users" | "size">): boolean {
  return size <= 1 && users.length === 1;
}

/** ssh_config(5) PATTERNS: a negated one that matches decides. */
function matchesList(list: string, name: string): boolean {
  const patterns = list.split(",");
  const excluded = patterns.some((each) => each.startsWith("!") && globMatches(each.slice(1), name));
  return !excluded && patterns.some((each) => !each.startsWith("!") && globMatches(each, name));
}

/** Whether a line ends the same sessions no later than the one in force. */
function isStrict(line: LocatedDirective, inForce: LocatedDirective | undefined, seconds: number): boolean {
  const [value = ""] = line.args;
  if (line.keyword === inForce?.keyword && line.args.join(" ") === inForce.args.join(" ")) return true;
  if (line.keyword === "channeltimeout" || line.keyword === "clientalivecountmax") return false;
  const limit =
    line.keyword === "clientaliveinterval" ? (parseSshdTime(inForce?.args[0] ?? "") ?? 0) : seconds;
  const time = parseSshdTime(value) ?? 0;
  return time > 0 && time <= limit;
}
