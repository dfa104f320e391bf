/** Whether ChannelTimeout ends a shell within another, or that one's own last words begin its time anew. Pure. */
import { formatDuration, type Seconds } from "../../../model/terms/duration.ts";
import type { Ending } from "../../../model/control/ending.ts";
import type { UserClass } from "../../../model/facts/facts.ts";
import type { LoginShell, ShellAnswer } from "../../../model/facts/login-shell.ts";
import type { Reading } from "../../../model/terms/reading.ts";
import type { SshdMechanism } from "./lines.ts";

/** By how much sshd may be later than a shell with the same limit, whole seconds on either side. */
const LEAD: Seconds = 2;

/**
 * A shell that ends by its own limit says so, which is output (measured: each level lasts for the whole time again).
 * Only where no shell does before sshd is ChannelTimeout in time; a session that showed otherwise was a race.
 */
export function begunAnew(
  { by, seconds }: { readonly by: SshdMechanism; readonly seconds: Seconds },
  account: UserClass,
): Pick<Ending, "denied" | "doubt"> {
  if (by !== "ChannelTimeout") return {};
  const limits = (account.logins ?? []).flatMap(limitsOf);
  const early = limits.find((limit) => typeof limit === "number" && limit <= seconds + LEAD);
  if (typeof early === "number") {
    const denied = `a shell within another ends after its own ${formatDuration(early)} and says so, which begins ChannelTimeout anew`;
    return { denied, doubt: denied };
  }
  return limits.length > 0 && !limits.includes("unknown") ? {} : { doubt: UNASKED };
}

const UNASKED = "whether a shell within another says anything before ChannelTimeout is over was not asked";

/** Of one login shell: at login, and as started within another. */
function limitsOf({ size, asked }: LoginShell): (Seconds | null | "unknown")[] {
  if (size === 0) return [];
  const nested = asked.flatMap((each) => (each.nested === undefined ? [] : [each.nested]));
  const within = nested.length > 0 ? nested.map(limitOf) : (["unknown"] as const);
  return [...asked.map(({ login }) => limitOf(login)), ...within];
}

function limitOf(answer: Reading<ShellAnswer>): Seconds | null | "unknown" {
  return answer.state === "known" ? answer.value.limit : "unknown";
}
