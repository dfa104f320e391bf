import type { Facts } from "../../../model/facts/facts.ts";
import type { Finding } from "../../../model/verdict/finding.ts";
import { hardeningFindings } from "./hardening.ts";
import type { MatchBlock } from "./blocks.ts";
import type { ForeignDirective, SshdPlace } from "./place.ts";
import type { SshdLine } from "./settings.ts";

/** What other people's lines mean for ours. */
export interface Rivalry {
  readonly findings: readonly Finding[];
  /** Lower-case keywords whose value nobody can promise, as a Match block of others comes first. */
  readonly contested: ReadonlySet<string>;
}

/**
 * Lines of others that set our keywords. A Match block read before ours wins for whom it matches:
 * a failure. Global lines, and Match blocks read after ours where ours end with a value for
 * everybody, are overridden: said, so that nobody wonders why they do nothing. `hostWide` is our one
 * global line.
 */
export function sshdRivals(
  facts: Facts,
  place: SshdPlace,
  blocks: readonly MatchBlock[],
  hostWide: SshdLine | null,
): Rivalry {
  const set = keywordsOf(blocks);
  const forEverybody = keywordsOf(blocks.filter(({ criteria }) => criteria === "all"));
  if (hostWide !== null) for (const keywords of [set, forEverybody]) keywords.add("channeltimeout");
  const rivals = place.foreign.filter(({ keyword }) => set.has(keyword));
  const winning = rivals.filter(({ match, before }) => match !== null && before);
  const losing = rivals.filter((rival) => !winning.includes(rival) && forEverybody.has(rival.keyword));
  return {
    findings: [
      ...winning.map(wins),
      ...losing.map(loses),
      ...(hostWide === null ? [] : commandLine(facts.sshd.options)),
      ...hardeningFindings(facts, place, set),
    ],
    contested: new Set(winning.map(({ keyword }) => keyword)),
  };
}

/** `-o` on the daemon's command line beats a global line of any file, but no Match block (seen on all releases). */
function commandLine(options: readonly string[]): Finding[] {
  return options
    .filter((option) => /^channeltimeout\b/iu.test(option.trim()))
    .map((option) => ({
      check: "foreign-setting",
      subject: "channeltimeout in -o",
      control: "sshd",
      role: "*",
      expected: "curfew's channeltimeout holds for everybody",
      actual: `"-o ${option}" on the daemon's command line wins over every file; remove it there`,
      source: "sshd(8) -o",
      evidence: "effective",
      outcome: "fail",
    }));
}

function keywordsOf(blocks: readonly MatchBlock[]): Set<string> {
  return new Set(blocks.flatMap(({ settings }) => settings.map(({ keyword }) => keyword.toLowerCase())));
}

function wins(rival: ForeignDirective): Finding {
  return finding(
    rival,
    "fail",
    `Match ${rival.match ?? ""} stands before curfew's blocks and wins for whom it matches`,
  );
}

function loses(rival: ForeignDirective): Finding {
  const whole =
    rival.keyword === "channeltimeout" ? "; ChannelTimeout wins as a whole, entries are not merged" : "";
  return finding(rival, "pass", `overridden by curfew's value${whole}`);
}

function finding(rival: ForeignDirective, outcome: Finding["outcome"], what: string): Finding {
  const { file, line, keyword, args } = rival;
  return {
    check: "foreign-setting",
    subject: `${keyword} in ${file}`,
    control: "sshd",
    role: "*",
    expected: `curfew's ${keyword} holds for everybody`,
    actual: `"${keyword} ${args.join(" ")}": ${what}`,
    source: `${file}:${line}`,
    evidence: "configured",
    outcome,
  };
}
