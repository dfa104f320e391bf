/** For whom, beside the account itself, a session that passed speaks. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Ending } from "../../model/control/ending.ts";
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { ProbeResult } from "../../model/change/run.ts";

/**
 * Whether what ended a session ends it for every account of a class: the account is of that class, and what ended it
 * is the same for all of them. Where nobody knows what ended it, each mechanism has to be. `endings`: what is set for
 * the class.
 */
export function speaksFor(
  { user, by }: Pick<ProbeResult, "user" | "by">,
  account: UserClass,
  endings: readonly Ending[],
  { facts, controls }: { readonly facts: Facts; readonly controls: readonly Control[] },
): boolean {
  if (classOf(user, facts) !== account) return false;
  return controls.every(({ mechanisms, alike }) =>
    mechanisms
      .filter((mechanism) => by === "unattributed" || mechanism === by)
      .every((mechanism) => alike?.(mechanism, account, endings, facts, user) ?? true),
  );
}

/** A class names some of its accounts only: somebody unnamed is of the one class that has such accounts. */
function classOf(user: string, { sshd }: Facts): UserClass | undefined {
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  const named = classes.find(({ representative, users }) => representative === user || users.includes(user));
  if (named !== undefined) return named;
  const [large, ...others] = classes.filter(({ size, users }) => size > users.length);
  return others.length === 0 ? large : undefined;
}
