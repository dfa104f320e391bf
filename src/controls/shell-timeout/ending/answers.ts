/** What the login shells of a class said of their limit, the worst of them first. Pure. */
import { hasNoTimeout } from "../../../core/shell/families.ts";
import type { Seconds } from "../../../model/terms/duration.ts";
import type { Facts, UserClass } from "../../../model/facts/facts.ts";
import type { LoginShell, ShellAnswer } from "../../../model/facts/login-shell.ts";
import { KSH93_GRACE } from "../render/limits.ts";

export type SaidLimit =
  /** Nobody asked. */
  | { readonly is: "unasked" }
  /** Every shell goes, at the latest after this time. */
  | { readonly is: "limit"; readonly seconds: Seconds; readonly words: string }
  /** Somebody's shell never goes. */
  | { readonly is: "none"; readonly words: string }
  | { readonly is: "unknown"; readonly words: string };

/** The worst of all login shells of the class: none, then what nobody knows, then the latest. */
export function saidLimit({ logins }: Pick<UserClass, "logins">, facts: Pick<Facts, "shells">): SaidLimit {
  if (logins === undefined) return { is: "unasked" };
  const said = logins.filter(({ size }) => size > 0).flatMap((login) => saidBy(login, facts));
  const unknown = said.find(({ is }) => is === "unknown");
  const [latest] = said
    .filter((each) => each.is === "limit")
    .toSorted((left, right) => right.seconds - left.seconds);
  return said.find(({ is }) => is === "none") ?? unknown ?? latest ?? { is: "unasked" };
}

/** After how many seconds an idle prompt with this answer is gone; null: never. */
function endsAfter({ family, limit }: Pick<ShellAnswer, "family" | "limit">): Seconds | null {
  return limit !== null && family === "ksh93" ? limit + KSH93_GRACE : limit;
}

function saidBy(login: LoginShell, { shells }: Pick<Facts, "shells">): SaidLimit[] {
  const { path, asked, users, size } = login;
  const [somebody = ""] = users;
  if (asked.length === 0) {
    return [{ is: "unknown", words: `${somebody}'s ${path} was not asked, there are too many` }];
  }
  const all = asked.map(({ user, login: answer }): SaidLimit => {
    const whose = `${user}'s ${path}`;
    if (answer.state !== "known") {
      if (hasNoTimeout(path, { shells })) return { is: "none", words: `${whose} has no idle timeout` };
      const why = answer.state === "unreadable" ? answer.reason : "it was not asked";
      return { is: "unknown", words: `${whose} did not say what its limit is: ${why}` };
    }
    const seconds = endsAfter(answer.value);
    if (seconds === null) return { is: "none", words: `${whose} says that it has no limit` };
    return { is: "limit", seconds, words: `${whose} says ${settingOf(answer.value)}` };
  });
  const limits = new Set(all.map((each) => (each.is === "limit" ? each.seconds : null)));
  if (limits.size > 1 && size > asked.length) {
    all.push({ is: "unknown", words: `${path} has not the same limit for everybody: not all were asked` });
  }
  return all;
}

function settingOf({ family, limit, readonly }: ShellAnswer): string {
  const value = family === "tcsh" ? `autologout ${(limit ?? 0) / 60}` : `TMOUT ${limit}`;
  return `${value}${readonly ? ", readonly" : ""}`;
}
