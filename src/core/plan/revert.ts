/** What it takes to leave a host as it was before curfew. */
import type { Control } from "../../model/control/control.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { KeptOriginal } from "../../model/facts/curfew-state.ts";
import type { Activation } from "../../model/change/plan.ts";
import { everyFile, findFile } from "../answer/find-file.ts";
import { activationsOf } from "./activation.ts";
import { type GuardChange, writtenDigest } from "./guard.ts";
import { removeBlocks } from "./managed-block.ts";

/** The changes that take curfew off a host, and what a person should know about them. */
export interface RevertPlan {
  readonly changes: readonly GuardChange[];
  readonly activations: readonly Activation[];
  readonly notes: readonly string[];
}

/**
 * Every file curfew has touched: its kept original where nobody else edited it since (byte for
 * byte, owner and mode included) or where curfew itself removed it; curfew's blocks cut out where somebody did; own files removed.
 * Files and blocks of curfew of which the host has no record (any more) go as well.
 * Errors: CurfewError `remote` where a file or curfew's record cannot be read, because guessing
 * would lose somebody's work.
 */
export function planRevert(facts: Facts, controls: readonly Control[]): RevertPlan {
  const notes: string[] = [];
  const kept = facts.curfew.originals.filter(({ kind }) => kind !== "directory");
  const changes = [
    ...kept.flatMap((original) => revertFile(original, facts, controls, notes)),
    ...unrecorded(facts, controls, new Set(kept.map(({ path }) => path)), notes),
  ];
  const paths = changes.map(({ path }) => path);
  const activations = activationsOf(controls, (_, control) =>
    paths.some((path) => isOwn(path, [control]) || isShared(path, control, facts)),
  );
  return { changes, activations, notes };
}

function revertFile(
  original: KeptOriginal,
  facts: Facts,
  controls: readonly Control[],
  notes: string[],
): GuardChange[] {
  const { path, kind, copy } = original;
  const fact = findFile(path, facts);
  const state = fact?.state;
  if (state === undefined || state.state === "unreadable") {
    const reason = state?.reason ?? "it was not among the facts";
    throw new CurfewError("remote", `${path} cannot be reverted: ${reason}`);
  }
  if (state.state === "absent") {
    if (kind === "absent") return [];
    // What curfew removed itself is not among what it wrote any more.
    if (isOwn(path, controls) && facts.curfew.written[path] === undefined)
      return [{ path, mode: "0644", uid: 0, gid: 0, before: "", action: "return", after: copy }];
    notes.push(`${path} was removed since curfew changed it; it stays removed`);
    return [];
  }
  const { content, mode, uid, gid } = state.value;
  const common = { path, mode, uid, gid, before: content };
  const edited = facts.curfew.written[path] !== writtenDigest(content);
  if (kind === "absent") {
    const rest = removeBlocks(content, path);
    if (edited && rest !== content && rest.trim() !== "") {
      notes.push(`${path} was edited since curfew made it; those edits stay, only curfew's part goes`);
      return [{ ...common, action: "update", after: rest }];
    }
    if (edited && rest === content && !isOwn(path, controls)) {
      notes.push(`${path} is somebody else's by now: nothing of curfew is in it, so it stays`);
      return [];
    }
    if (!edited || content.trim() === "") return [{ ...common, action: "remove", after: "" }];
    const beside = keptBeside(path, facts);
    notes.push(`${path} was edited since curfew wrote it; it is removed, and kept as ${beside}`);
    return [
      { ...common, action: "remove", after: "" },
      { ...common, path: beside, action: "create", before: "", after: content },
    ];
  }
  // Of a file that was there before, curfew never changed mode and owner: what they are now stays.
  if (!edited)
    return [{ ...common, ...(isOwn(path, controls) ? { mode: "" } : {}), action: "restore", after: copy }];
  notes.push(`${path} was edited since curfew changed it; those edits stay, only curfew's part goes`);
  const after = removeBlocks(content);
  return after === content ? [] : [{ ...common, action: "update", after }];
}

/** A name that nothing reads, of its own for each revert. */
function keptBeside(path: string, { takenAt }: Pick<Facts, "takenAt">): string {
  return `${path}.curfew-kept-${takenAt.replaceAll(/\D/gu, "").slice(0, 14)}`;
}

/** What curfew wrote and the host has no record of: somebody removed /var/lib/curfew. */
function unrecorded(
  facts: Facts,
  controls: readonly Control[],
  recorded: ReadonlySet<string>,
  notes: string[],
): GuardChange[] {
  return everyFile(facts).flatMap(({ path, realPath, state }): GuardChange[] => {
    if (state.state !== "known" || recorded.has(path) || recorded.has(realPath)) return [];
    const { content, mode, uid, gid } = state.value;
    const common = { path: realPath, mode, uid, gid, before: content };
    const rest = removeBlocks(content, path);
    const own = isOwn(path, controls) && content.includes("Managed by curfew");
    if (!own && rest === content) return [];
    notes.push(`${path} is not in the host's record; ${own ? "it is removed" : "only curfew's part goes"}`);
    return own
      ? [{ ...common, action: "remove", after: "" }]
      : [{ ...common, action: "update", after: rest }];
  });
}

function isOwn(path: string, controls: readonly Control[]): boolean {
  return controls.some((control) => control.own.includes(path) || control.isOwn?.(path) === true);
}

function isShared(path: string, { shared, concerns }: Control, facts: Facts): boolean {
  return shared.includes(path) || concerns?.(path, facts) === true;
}
