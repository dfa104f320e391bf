/** Why a scanner reports a failure where the rule itself is met: what it reads in sshd's files, and compares with. */
import { posix } from "node:path";
import type { Facts } from "../../model/facts/facts.ts";
import type { Relation } from "../../model/policy/baseline.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";
import { holds, relationText, scannerDisagrees, scannerRelation } from "../../core/policy/baseline-rules.ts";
import { type LocatedDirective, sshdDirectives, unreadFiles } from "../../core/sshd/directives.ts";

/**
 * At most one judgement, where the published check of a baseline's scanner fails. The rule is kept, so the finding
 * passes; the administrator is told why two tools disagree. Pure.
 */
export function scannerSays({ baseline, setting }: Demand, facts: Facts): Judgement[] {
  const { scanner } = baseline;
  const relation = scannerRelation(baseline, setting, facts);
  if (scanner === undefined || relation === undefined || facts.os.state !== "known") return [];
  const mainOnly = scanner.main_file_only.includes(facts.os.value.id);
  const main = facts.sshd.mainFile.path;
  const lines = sshdDirectives(facts).filter(({ keyword }) => keyword === setting.toLowerCase());
  const seen = lines.filter(({ file }) => isSeen(file, main, mainOnly));
  // A file that could not be read may have the line; that it could not is a finding of its own.
  if (seen.length === 0 && unreadFiles(facts).length > 0) return [];
  const said = failureOf({ setting, relation, source: scanner.source, main, mainOnly }, lines, seen);
  return said === undefined ? [] : [said];
}

interface Check {
  readonly setting: string;
  readonly relation: Relation;
  readonly source: string;
  readonly main: string;
  readonly mainOnly: boolean;
}

/** The patterns of its checks: the main file, and `*.conf` right in its folder. */
function isSeen(file: string, main: string, mainOnly: boolean): boolean {
  if (file === main) return true;
  return !mainOnly && posix.dirname(file) === "/etc/ssh/sshd_config.d" && file.endsWith(".conf");
}

function failureOf(
  check: Check,
  lines: readonly LocatedDirective[],
  seen: readonly LocatedDirective[],
): Judgement | undefined {
  const { setting, source } = check;
  const other = seen.find(({ args }) => !accepts(check.relation, args));
  if (other !== undefined) {
    const value = `${other.file} sets ${other.args.join(" ")}; the check of ${source} wants ${wanted(check.relation)} in every line and reports a failure`;
    return told(check, value, `${setting} is in force as the rule asks`, other);
  }
  if (seen.length > 0) return undefined;
  const [elsewhere] = lines;
  if (elsewhere === undefined) {
    const value = `no line sets it, so sshd's default is in force; the check of ${source} looks for a line and reports a failure`;
    return told(check, value, `${setting} is in force as the rule asks`);
  }
  const offer = check.mainOnly ? "; `sshd_file: main` in the policy writes it there" : "";
  const where = check.mainOnly ? check.main : `${check.main} and /etc/ssh/sshd_config.d`;
  const value = `${elsewhere.file} sets it; the check of ${source} reads ${where} only and reports a failure${offer}`;
  return told(check, value, `${setting} is in force; sshd reads drop-ins as well`, elsewhere);
}

function accepts(relation: Relation, args: readonly string[]): boolean {
  const value = args.join(" ");
  return /^\d+$/u.test(value) && Number(value) > 0 && holds(relation, Number(value));
}

/** `more than 0 and at most 600`: a line with 0 switches the setting off, so no check accepts it. */
function wanted(relation: Relation): string {
  return relationText(relation.equals === undefined ? { "more-than": 0, ...relation } : relation);
}

function told(check: Check, actual: string, expected: string, line?: LocatedDirective): Judgement {
  const source = line === undefined ? check.main : `${line.file}:${line.line}`;
  return scannerDisagrees({ expected, actual, source });
}
