/** Whom a Match block of sshd is about, as far as it can be told without asking sshd (sshd_config(5) Match). Pure. */
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import { globMatches } from "./glob.ts";

/** Whether a block treats everybody of a class, wherever they come from, like the account that was asked about. */
export function answersFor(account: UserClass, match: string, facts: Facts): boolean {
  const criteria = criteriaOf(match);
  if (criteria === undefined) return false;
  return criteria.every(({ criterion, patterns }) =>
    criterion === "user"
      ? sameUser(account, patterns)
      : criterion === "group" && sameGroup(account, patterns, facts),
  );
}

/**
 * Whether a block is certain to match the account that was asked about, wherever it comes from: then what it sets is
 * in force for the account, unless a matching block before it sets the same. False where it may match as well.
 */
export function surelyMatches(account: UserClass, match: string): boolean {
  const criteria = criteriaOf(match);
  if (criteria === undefined) return false;
  return criteria.every(({ criterion, patterns }) => {
    if (criterion === "all") return patterns === "";
    if (criterion === "user") return matchesList(patterns, account.representative);
    return criterion === "group" && isInOneOf(account, patterns);
  });
}

interface Criterion {
  readonly criterion: string;
  readonly patterns: string;
}

/** Undefined where the words before the first criterion, or the lack of one, show that nobody here can read it. */
function criteriaOf(match: string): Criterion[] | undefined {
  const [before = "", ...parts] = match.split(CRITERIA);
  if (before.trim() !== "" || parts.length === 0) return undefined;
  const criteria: Criterion[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    criteria.push({
      criterion: (parts[index] ?? "").toLowerCase(),
      patterns: (parts[index + 1] ?? "").replace(/^\s*=/u, "").trim(),
    });
  }
  return criteria;
}

/** sshd_config(5) Match; sshd takes `User=ann` as well. Quotes are gone here, so a name may have blanks. */
const CRITERIA =
  /(?:^|\s)(all|user|group|host|address|localaddress|localport|rdomain|version|sessiontype|command|tagged|invalid-user|canonical|final)(?=[\s=]|$)/iu;

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

/**
 * A class has the selectors of all its accounts together. Each account has one of them or more, and `user:NAME` of
 * another is not among those. Nobody knows which other groups a negated pattern may exclude.
 */
function isInOneOf(account: UserClass, list: string): boolean {
  const patterns = list.split(",");
  if (patterns.some((pattern) => pattern.startsWith("!"))) return false;
  const own = account.selectors.filter(
    (selector) => !selector.startsWith("user:") || selector === `user:${account.representative}`,
  );
  const isListed = (selector: string): boolean =>
    selector.startsWith("group:") &&
    patterns.some((pattern) => globMatches(pattern, selector.slice("group:".length)));
  return isAlone(account) ? own.some(isListed) : own.length > 0 && own.every(isListed);
}

/** Whether a class is one account, so that what holds for it holds for all whom it stands for. */
export function isAlone({ users, size }: Pick<UserClass, "users" | "size">): boolean {
  return size <= 1 && users.length === 1;
}

/** ssh_config(5) PATTERNS: a negated one that matches decides. */
function matchesList(list: string, name: string): boolean {
  const patterns = list.split(",");
  const excluded = patterns.some((each) => each.startsWith("!") && globMatches(each.slice(1), name));
  return !excluded && patterns.some((each) => !each.startsWith("!") && globMatches(each, name));
}
