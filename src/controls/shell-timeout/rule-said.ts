/** A rule about TMOUT, by what the shells of a role's members said when they were run. Pure. */
import { holds } from "../../core/policy/baseline-rules.ts";
import type { ResolvedClass } from "../../core/policy/present-people.ts";
import type { AskedAccount } from "../../model/facts/login-shell.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";

type Verdict = Pick<Judgement, "actual" | "outcome">;

/**
 * The worst of all who were asked; undefined where nobody was. Shells that do not know TMOUT are no business of the
 * rule, as long as somebody's does. `doubt`: why other logins may have another one.
 */
export function judgeSaid(
  relation: Demand["relation"],
  role: string,
  classes: readonly ResolvedClass[],
  doubt?: string,
): Judgement | undefined {
  const logins = classes.flatMap(({ account }) => account.logins ?? []).filter(({ size }) => size > 0);
  if (logins.length === 0 || classes.some(({ account }) => account.logins === undefined)) return undefined;
  const verdicts = logins.flatMap(({ path, users, asked }): Verdict[] =>
    asked.length === 0
      ? [{ actual: `${users[0] ?? ""}'s ${path} was not asked, there are too many`, outcome: "unknown" }]
      : asked.flatMap((account) => verdictOf(relation, path, account)),
  );
  const worst =
    verdicts.find(({ outcome }) => outcome === "fail") ??
    verdicts.find(({ outcome }) => outcome === "unknown") ??
    verdicts[0] ??
    NONE;
  if (worst.outcome === "pass" && doubt !== undefined) {
    const actual = `${worst.actual}; ${doubt}`;
    return { role, actual, outcome: "unknown", source: "the login shells, asked", evidence: "effective" };
  }
  return { role, ...worst, source: "the login shells, asked", evidence: "effective" };
}

const NONE: Verdict = { actual: "no login shell of the role knows TMOUT", outcome: "fail" };

function verdictOf(relation: Demand["relation"], path: string, { user, login }: AskedAccount): Verdict[] {
  const whose = `${user}'s ${path}`;
  if (login.state !== "known") {
    const why = login.state === "unreadable" ? login.reason : "it was not asked";
    return [{ actual: `${whose} did not say: ${why}`, outcome: "unknown" }];
  }
  const { family, limit, readonly } = login.value;
  // tcsh has autologout, which the rule does not name; what it does to idle shells is judged as a session.
  if (family === "other" || family === "tcsh") return [];
  if (limit === null) return [{ actual: `not set in ${whose}`, outcome: "fail" }];
  if (!holds(relation, limit)) return [{ actual: `${limit} in ${whose}`, outcome: "fail" }];
  if (!readonly)
    return [{ actual: `${limit} in ${whose}, not readonly: anybody may unset it`, outcome: "fail" }];
  return [{ actual: `${limit} in ${whose}, readonly${PROMPT_ONLY}`, outcome: "pass" }];
}

const PROMPT_ONLY =
  ", at an idle prompt only: no program in front of it, no shell that was started without it";
