/**
 * Whether another client, or another account of the same class, gets another answer than the one that
 * `sshd -T -C` gave for one account coming from where this login came from. Pure.
 */
import type { Facts, UserClass } from "../../model/facts.ts";
import { isOwn } from "./inert-overridden.ts";
import { answersFor, surelyMatches } from "../sshd/match-block.ts";
import { can } from "../sshd/openssh-version.ts";
import { parseSshdTime } from "../sshd/time.ts";
import { type LocatedDirective, sshdDirectives } from "../sshd/directives.ts";
import { holdsForAll, type SshdPledge } from "./sshd-pledges.ts";

/**
 * Why what sshd says for an account may not hold for all whom the account stands for: a Match block of
 * others that it does not answer for sets the keyword and is read before the block that decides for the account,
 * or is that block (sshd_config(5) Match: the first value wins, and a matching block beats what is global).
 * Undefined where no block does, or only to something at least as strict.
 */
export function sshdDoubt(
  facts: Facts,
  account: UserClass,
  { by, seconds, line: inForce }: Pick<SshdPledge, "by" | "seconds" | "line">,
): string | undefined {
  const { server } = facts;
  if (server.product !== "openssh") return undefined;
  if (by === "ChannelTimeout" && !can(server.version, "channel-timeout-in-match")) return undefined;
  const other = KEYWORDS[by]
    .flatMap((keyword) => upToDecisive(facts, account, keyword))
    .find(
      (line) =>
        line.match !== null &&
        !holdsForAll(line.match) &&
        !isOwn(line, facts) &&
        !answersFor(account, line.match, facts) &&
        (line === inForce || !isStrict(line, inForce, seconds)),
    );
  if (other === undefined) return undefined;
  return `Match ${other.match} in ${other.file}:${other.line} may decide for other clients or accounts than ${account.representative} as asked about`;
}

/**
 * Of the lines that set a keyword, those after the first one under a block that is certain to match have no effect.
 * A block that has the value in force may be about others all the same, and hides nothing.
 */
function upToDecisive(facts: Facts, account: UserClass, keyword: string): readonly LocatedDirective[] {
  const lines = sshdDirectives(facts).filter((line) => line.keyword === keyword);
  const decisive = lines.findIndex(({ match }) => match !== null && surelyMatches(account, match));
  return decisive === -1 ? lines : lines.slice(0, decisive + 1);
}

const KEYWORDS: Readonly<Record<SshdPledge["by"], readonly string[]>> = {
  ClientAlive: ["clientaliveinterval", "clientalivecountmax"],
  ChannelTimeout: ["channeltimeout"],
  UnusedConnectionTimeout: ["unusedconnectiontimeout"],
};

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
