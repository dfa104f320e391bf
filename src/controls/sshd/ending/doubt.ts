/**
 * Whether another client, or another account of the same class, gets another answer than the one that
 * `sshd -T -C` gave for one account coming from where this login came from. Pure.
 */
import type { Ending } from "../../../model/control/ending.ts";
import type { Facts, UserClass } from "../../../model/facts/facts.ts";
import type { Mechanism } from "../../../model/control/timeout.ts";
import { isOwn } from "./overridden.ts";
import { answersFor, surelyMatches } from "../../../core/sshd/match-block.ts";
import { can } from "../../../core/sshd/openssh-version.ts";
import { parseSshdTime } from "../../../core/sshd/time.ts";
import { type LocatedDirective, sshdDirectives } from "../../../core/sshd/directives.ts";
import { holdsForAll, KEYWORDS, MECHANISMS, type SshdMechanism } from "./lines.ts";

/** What is in force for the account, by which line. */
interface Decided {
  readonly by: SshdMechanism;
  readonly seconds: number;
  readonly line: LocatedDirective | undefined;
}

/**
 * Why what sshd says for an account may not hold for all whom the account stands for: a Match block of
 * others that it does not answer for sets the keyword and is read before the block that decides for the account,
 * or is that block (sshd_config(5) Match: the first value wins, and a matching block beats what is global).
 * Undefined where no block does, or only to something at least as strict.
 */
export function sshdDoubt(
  facts: Facts,
  account: UserClass,
  { by, seconds, line: inForce }: Decided,
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
  return `Match ${other.match} in ${other.file}:${other.line} may decide for other clients or accounts than ${account.representative}; sshd was asked only about that one`;
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

/**
 * Whether what ended one account's session ends it for all of its class: not where a Match block may decide otherwise
 * for some. No ending: sshd was not asked, or did not say so; any block of others that sets the keyword is a doubt then.
 */
export function sshdAlike(
  by: Mechanism,
  account: UserClass,
  endings: readonly Ending[],
  facts: Facts,
): boolean {
  const ending = endings.find((each) => each.by === by);
  if (ending !== undefined) return ending.doubt === undefined;
  const mechanism = MECHANISMS.find((each) => each === by);
  return (
    mechanism === undefined ||
    sshdDoubt(facts, account, { by: mechanism, seconds: 0, line: undefined }) === undefined
  );
}
