/** Lines of sshd that another line, or the daemon's command line, keeps from having any effect. Pure. */
import type { Facts } from "../../../model/facts/facts.ts";
import { isSshdDropIn } from "../../../model/inventory/host-paths.ts";
import { SSH_KINDS, type SessionKind } from "../../../model/terms/session-kind.ts";
import type { InertLine } from "../../../model/control/ending.ts";
import { holdsForAll, inertLine, shownLine } from "./lines.ts";
import { can } from "../../../core/sshd/openssh-version.ts";
import { type LocatedDirective, sshdDirectives } from "../../../core/sshd/directives.ts";

/** The keywords that end sessions, and which kinds each is about. */
const KINDS: Readonly<Record<string, readonly SessionKind[]>> = {
  channeltimeout: SSH_KINDS.filter((kind) => kind !== "typing" && kind !== "unused-connection"),
  clientaliveinterval: ["frozen-client"],
  clientalivecountmax: ["frozen-client"],
  unusedconnectiontimeout: ["unused-connection"],
};

/**
 * Lines for everybody that lose to another line for everybody with another value: sshd takes the first
 * one it reads, and one under `Match all` before a global one (sshd_config(5)). What curfew's own lines
 * override is curfew's business, and a line for some people only is `sshd -T -C`'s to judge.
 */
export function overriddenLines(facts: Facts): InertLine[] {
  return Object.keys(KINDS).flatMap((keyword) => {
    const lines = sshdDirectives(facts).filter((line) => line.keyword === keyword && holdsForAll(line.match));
    const winner = winnerOf(lines, facts);
    if (winner === undefined || isOwn(winner, facts)) return [];
    const option = facts.sshd.options.find((each) => each.trim().toLowerCase().startsWith(keyword));
    const losers = lines.filter((line) => !endsNothing(line));
    return losers.flatMap((line) => {
      if (option !== undefined && line.match === null) {
        return [overridden(line, `"-o ${option}" on the daemon's command line wins over every file`)];
      }
      if (line === winner || sameValue(line, winner)) return [];
      return [
        overridden(line, `"${shownLine(winner)}" in ${winner.file}:${winner.line} ${reason(line, winner)}`),
      ];
    });
  });
}

/** Read at sshd's start, before 10.5, ChannelTimeout knows no difference between global and `Match all`. */
function winnerOf(lines: readonly LocatedDirective[], facts: Facts): LocatedDirective | undefined {
  const [first] = lines;
  const { server } = facts;
  const flat =
    first?.keyword === "channeltimeout" &&
    server.product === "openssh" &&
    !can(server.version, "channel-timeout-in-match");
  return flat ? first : (lines.find(({ match }) => match !== null) ?? first);
}

function reason(line: LocatedDirective, winner: LocatedDirective): string {
  return winner.match !== null && line.match === null
    ? "wins: a value under Match beats a global one"
    : "is read first, and the first value wins";
}

function sameValue(left: LocatedDirective, right: LocatedDirective): boolean {
  return left.args.join(" ").toLowerCase() === right.args.join(" ").toLowerCase();
}

/** In curfew's drop-in, or in one of its blocks in the main file. */
export function isOwn({ file, line }: LocatedDirective, { sshd: { mainFile } }: Facts): boolean {
  if (isSshdDropIn(file)) return true;
  if (file !== mainFile.path || mainFile.state.state !== "known") return false;
  const above = mainFile.state.value.content.split("\n").slice(0, line);
  return above.findLast((text) => /^# (?:BEGIN|END) curfew /u.test(text))?.startsWith("# BEGIN") ?? false;
}

/** A value that ends nothing has nothing to lose. */
function endsNothing({ args }: LocatedDirective): boolean {
  return args.every((arg) => /^(?:none|0|.*=0)$/iu.test(arg));
}

function overridden(line: LocatedDirective, why: string): InertLine {
  return inertLine(line, why, KINDS[line.keyword] ?? [], "foreign-setting");
}
