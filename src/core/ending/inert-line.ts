/** A line that looks as if it ended idle sessions and does nothing. */
import type { SessionKind } from "../../model/session-kind.ts";
import type { LocatedDirective } from "../sshd/directives.ts";

/** A line that does nothing. */
export interface InertLine {
  readonly check: "mechanism-works" | "foreign-setting";
  readonly control: "sshd" | "logind" | "watchdog";
  /** The line as it stands there, with what it stands under. */
  readonly text: string;
  /** `FILE:LINE`. */
  readonly source: string;
  /** What it is about over time: keyword and file. */
  readonly subject: string;
  /** Why it does nothing, with the rule's versions, and what would. */
  readonly why: string;
  /** The kinds of session that it looks as if it ended. */
  readonly kinds: readonly SessionKind[];
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
