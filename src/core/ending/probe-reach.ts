/** For whom, beside the account itself, a session that passed speaks. Pure. */
import type { Facts, UserClass } from "../../model/facts.ts";
import type { ProbeResult } from "../../model/run.ts";
import type { Pledge } from "./ladder-pledges.ts";
import { isAlone } from "../sshd/match-block.ts";
import { sshdDoubt } from "./sshd-doubt.ts";
import type { SshdPledge } from "./sshd-pledges.ts";

/**
 * Whether what ended a session ends it for every account of a class: the account is of that class, and what ended it
 * is the same for all of them. sshd's own settings are not where a Match block may decide otherwise for some, nor
 * is TMOUT where another shell is in use: which shell is whose is not known. `pledges`: what is set for the class.
 */
export function speaksFor(
  { user, by }: Pick<ProbeResult, "user" | "by">,
  account: UserClass,
  pledges: readonly Pledge[],
  facts: Facts,
): boolean {
  if (classOf(user, facts) !== account) return false;
  const mechanisms = by === "unattributed" ? UNEQUAL : [by];
  return mechanisms.every((mechanism) => {
    if (mechanism === "TMOUT") return isAlone(account) || shellsInUse(facts) <= 1;
    return !isOfSshd(mechanism) || doubtOf(mechanism, account, pledges, facts) === undefined;
  });
}

const OF_SSHD: readonly SshdPledge["by"][] = ["ChannelTimeout", "ClientAlive", "UnusedConnectionTimeout"];

/** Mechanisms that may treat accounts of one class differently: one of them, where nobody knows what ended a session. */
const UNEQUAL: readonly ProbeResult["by"][] = ["TMOUT", ...OF_SSHD];

function isOfSshd(by: ProbeResult["by"]): by is SshdPledge["by"] {
  return OF_SSHD.some((each) => each === by);
}

/** A class names some of its accounts only: somebody unnamed is of the one class that has such accounts. */
function classOf(user: string, { sshd }: Facts): UserClass | undefined {
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  const named = classes.find(({ representative, users }) => representative === user || users.includes(user));
  if (named !== undefined) return named;
  const [large, ...others] = classes.filter(({ size, users }) => size > users.length);
  return others.length === 0 ? large : undefined;
}

/** No pledge: sshd was not asked, or did not say so; any block of others that sets the keyword is a doubt then. */
function doubtOf(
  by: SshdPledge["by"],
  account: UserClass,
  pledges: readonly Pledge[],
  facts: Facts,
): string | undefined {
  const pledge = pledges.find((each) => each.by === by);
  return pledge === undefined ? sshdDoubt(facts, account, { by, seconds: 0, line: undefined }) : pledge.doubt;
}

function shellsInUse({ shells }: Facts): number {
  return new Set(shells.flatMap(({ inUse, kind }) => (inUse ? [kind] : []))).size;
}
