/** Why a scanner reports a failure where everybody's TMOUT meets the rule: the form in which it looks for the line. */
import type { Facts } from "../../model/facts/facts.ts";
import { SHELL_SCRIPT } from "../../model/inventory/host-paths.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";
import { holds, relationText, scannerDisagrees, scannerRelation } from "../../core/policy/baseline-rules.ts";
import { tmoutForm } from "./render/tmout-form.ts";

/** accounts_tmout in ComplianceAsCode/content 0.1.82 reads these files, and no others. */
const SCANNED = /^\/etc\/(?:profile|profile\.d\/[^/]*\.sh)$/u;
const TYPESET = /^[\s]*(?:typeset|declare)[\s]+-xr[\s]+TMOUT=([\w$]+).*$/gmu;
const LINES = /^[\s]*TMOUT=([\w$]+)[\s]*readonly TMOUT[\s]*export TMOUT$/gmu;

/**
 * At most one judgement, where the check would fail by what stands in the files. The rule is kept, so the finding
 * passes; the administrator is told why two tools disagree. Pure.
 */
export function tmoutScannerSays({ baseline, relation, setting }: Demand, facts: Facts): Judgement[] {
  const form = tmoutForm(facts, baseline);
  if (facts.os.state !== "known" || form === "plain") return [];
  const [pattern, wanted] =
    form === "lines"
      ? ([LINES, "the three lines TMOUT=, readonly TMOUT, export TMOUT"] as const)
      : ([TYPESET, "a line that begins with typeset -xr TMOUT="] as const);
  const texts = scannedTexts(facts);
  if (texts === undefined) return [];
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(pattern)].map(([, value = ""]) => ({ file, value })),
  );
  const theirs = scannerRelation(baseline, setting, facts) ?? relation;
  const other = found.find(({ value }) => !/^[1-9]\d*$/u.test(value) || !holds(theirs, Number(value)));
  if (other !== undefined) {
    const actual = `${other.file} sets ${other.value}; the check of ComplianceAsCode wants ${relationText(theirs)} in every line and reports a failure`;
    return [told(actual, other.file)];
  }
  if (found.length > 0) return [];
  const actual = `the check of ComplianceAsCode looks for ${wanted} in /etc/profile and /etc/profile.d, finds nothing and reports a failure`;
  return [told(actual, "/etc/profile, /etc/profile.d")];
}

/** The lines about TMOUT in each file, those that stand together kept together; undefined where ours is unreadable. */
function scannedTexts({ foreignTimeouts, files }: Facts): Map<string, string> | undefined {
  const texts = new Map<string, string>();
  let last = 0;
  for (const { file, line, text } of foreignTimeouts.filter((each) => SCANNED.test(each.file))) {
    const before = texts.get(file);
    const gap = before !== undefined && line !== last + 1 ? "\n#" : "";
    texts.set(file, before === undefined ? text : `${before}${gap}\n${text}`);
    last = line;
  }
  const own = files.find(({ path }) => path === SHELL_SCRIPT)?.state;
  if (own?.state === "unreadable") return undefined;
  if (own?.state === "known") texts.set(SHELL_SCRIPT, own.value.content);
  return texts;
}

function told(actual: string, source: string): Judgement {
  const expected = "everybody's shell has the TMOUT that the rule asks for";
  return scannerDisagrees({ expected, actual, source });
}
