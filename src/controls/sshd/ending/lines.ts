/** Lines of sshd's files that set when sessions end. */
import type { LocatedDirective } from "../../../core/sshd/directives.ts";
import type { InertLine } from "../../../model/control/ending.ts";
import type { SessionKind } from "../../../model/terms/session-kind.ts";

/** What ends sessions by sshd's own settings, each with the keywords that set it. */
export const KEYWORDS = {
  ClientAlive: ["clientaliveinterval", "clientalivecountmax"],
  ChannelTimeout: ["channeltimeout"],
  UnusedConnectionTimeout: ["unusedconnectiontimeout"],
} as const;
export type SshdMechanism = keyof typeof KEYWORDS;
export const MECHANISMS = Object.keys(KEYWORDS) as SshdMechanism[];

/** Whether lines under it are read when sshd starts, before anybody logs in. */
export function holdsForAll(match: string | null): boolean {
  return match === null || /^all$/iu.test(match.trim());
}

/** A line of an sshd file that does nothing, and why. */
export function inertLine(
  line: LocatedDirective,
  why: string,
  kinds: readonly SessionKind[],
  check: InertLine["check"] = "mechanism-works",
): InertLine {
  const text = shownLine(line);
  return {
    check,
    control: "sshd",
    text,
    source: `${line.file}:${line.line}`,
    subject: `${text} in ${line.file}`,
    why,
    kinds,
  };
}

/** As it stands in the file, on one line. */
export function shownLine({ keyword, args, match }: LocatedDirective): string {
  const under = match === null ? "" : ` under Match ${match}`;
  return `${NAMES[keyword] ?? keyword} ${args.join(" ")}${under}`;
}

const NAMES: Readonly<Record<string, string>> = {
  channeltimeout: "ChannelTimeout",
  clientaliveinterval: "ClientAliveInterval",
  clientalivecountmax: "ClientAliveCountMax",
  unusedconnectiontimeout: "UnusedConnectionTimeout",
};
