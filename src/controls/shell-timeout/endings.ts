/** What the shells of a host end: an idle prompt, and nothing else. Pure. */
import { doubtfulShell } from "../../core/shell/families.ts";
import { othersTimeout } from "../../core/shell/foreign-timeout.ts";
import { isAlone } from "../../core/sshd/match-block.ts";
import type { EndingQuestion, Endings } from "../../model/ending.ts";
import type { Facts, UserClass } from "../../model/facts.ts";
import { SHELL_SCRIPT } from "../../model/host-paths.ts";
import type { Mechanism } from "../../model/timeout.ts";

/** Nobody can ask a shell: TMOUT is never more than configured. */
export function shellEndings({ facts, kind, placed }: EndingQuestion): Endings {
  if (kind !== "idle-shell") return NOTHING;
  const found = placed === undefined ? othersTimeout(facts) : { seconds: placed, source: SHELL_SCRIPT };
  if (found === undefined) return NOTHING;
  const without = doubtfulShell(facts);
  const doubt =
    without === undefined
      ? {}
      : { doubt: `TMOUT means nothing to ${without.path}, which somebody here has as login shell` };
  const base = { control: "shell-timeout", by: "TMOUT", grace: 0, confirmed: undefined } as const;
  return { endings: [{ ...base, ...found, ...doubt }], unread: [] };
}

const NOTHING: Endings = { endings: [], unread: [] };

/** Which shell is whose is not known: where more than one is in use, an account speaks for itself. */
export function shellsAlike(
  _by: Mechanism,
  account: UserClass,
  _endings: unknown,
  { shells }: Facts,
): boolean {
  if (isAlone(account)) return true;
  return new Set(shells.flatMap(({ inUse, kind }) => (inUse ? [kind] : []))).size <= 1;
}
