/** What an audit says about the files of a host: as the policy renders them, as they were applied, as sshd has read them. */
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Change, HostPlan } from "../../model/change/plan.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { configuredFindings } from "../verdict/configured-finding.ts";
import { daemonFinding, utcText, otherDaemons } from "../ending/daemon-current.ts";
import { findFile } from "../answer/find-file.ts";
import { writtenDigest } from "../plan/guard.ts";
import { unifiedDiff } from "../text/unified-diff.ts";

const finding = configuredFindings("host");

/** Findings on files, whichever control they belong to. Pure. */
export function fileFindings(
  facts: Facts,
  plan: Pick<HostPlan, "changes">,
  selected: readonly ControlId[],
): Finding[] {
  return [
    ...renderedFindings(plan.changes, selected),
    ...appliedFindings(facts, plan.changes),
    daemonFinding(facts),
    ...otherDaemons(facts),
  ];
}

/** Longer diffs are cut: a report has room for what differs, not for a whole foreign file. */
const DIFF_CHARACTERS = 16_000;

/** Files that the policy would change, as unified diffs. */
export function driftOf({
  changes,
}: Pick<HostPlan, "changes">): { readonly path: string; readonly diff: string }[] {
  return changes.map((change) => {
    const diff = unifiedDiff(change);
    const cut =
      diff.length > DIFF_CHARACTERS ? `${diff.slice(0, DIFF_CHARACTERS - 20)}\n… (cut here)\n` : diff;
    return { path: change.path, diff: cut };
  });
}

/** One per control, so that it keeps its name over time, whatever files it is about. */
function renderedFindings(changes: readonly Change[], selected: readonly ControlId[]): Finding[] {
  const controls = new Set([...selected, ...changes.map(({ control }) => control)]);
  return [...controls].map((control) => {
    const own = changes.filter((change) => change.control === control);
    const wants = selected.includes(control) ? "files are as the policy renders them" : "no files are left";
    const differ = own.map(({ action, path }) => `${path} (${WORDS[action]})`).join(", ");
    return configuredFindings(control)(
      "files-as-rendered",
      "*",
      wants,
      own.length === 0 ? "they are" : `would change: ${differ}`,
      "curfew plan",
      own.length === 0 ? "pass" : "fail",
    );
  });
}

const WORDS = { create: "missing", update: "differs", remove: "should not be there" } as const;

/** One per file that curfew has written: whether it still is what was written. */
function appliedFindings(facts: Facts, changes: readonly Change[]): Finding[] {
  return Object.entries(facts.curfew.written).map(([path, digest]) => {
    const [outcome, actual] = applied(path, digest, facts, changes);
    return finding(
      "files-as-applied",
      "*",
      "as curfew wrote it",
      actual,
      "/var/lib/curfew/written",
      outcome,
      path,
    );
  });
}

function applied(
  path: string,
  digest: string,
  facts: Facts,
  changes: readonly Change[],
): [Finding["outcome"], string] {
  const state = findFile(path, facts)?.state;
  if (state === undefined) return ["unknown", "it is not among the files that were read"];
  if (state.state === "unreadable") return ["unknown", state.reason];
  if (state.state === "absent") return ["fail", "it was removed"];
  if (writtenDigest(state.value.content) === digest) return ["pass", "unchanged since"];
  const when = facts.times.files[path]?.changed;
  const since = when === undefined ? "changed since" : `changed on ${utcText(when)} by the host's clock`;
  // The rest of a shared file is other people's; curfew answers for its own block.
  return changes.some((change) => change.path === path)
    ? ["fail", since]
    : ["pass", `${since}, outside what curfew put there`];
}
