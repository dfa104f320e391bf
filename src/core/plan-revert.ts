/** What it takes to leave a host as it was before curfew. */
import { createHash } from "node:crypto";
import { CurfewError } from "../model/error.ts";
import type { Facts, FileFact, KeptOriginal } from "../model/facts.ts";
import { WATCHDOG_FILES } from "../model/host-paths.ts";
import type { Activation } from "../model/plan.ts";
import type { GuardChange } from "./guard.ts";
import { removeBlocks } from "./managed-block.ts";

/** The changes that take curfew off a host, and what a person should know about them. */
export interface RevertPlan {
  readonly changes: readonly GuardChange[];
  readonly activations: readonly Activation[];
  readonly notes: readonly string[];
}

/**
 * Every file curfew has touched: its kept original where nobody else edited it since (byte for
 * byte, owner and mode included); curfew's blocks cut out where somebody did; own files removed.
 * Errors: CurfewError `remote` where a file or curfew's record cannot be read, because guessing
 * would lose somebody's work.
 */
export function planRevert(facts: Facts): RevertPlan {
  const notes: string[] = [];
  const changes = facts.curfew.originals
    .filter(({ kind }) => kind !== "directory")
    .flatMap((original) => revertFile(original, facts, notes));
  const paths = changes.map(({ path }) => path);
  const activations: Activation[] = [];
  if (paths.some((path) => path.includes("/ssh/") || path === facts.sshd.mainFile.realPath))
    activations.push("reload-sshd");
  if (paths.some((path) => path.includes("/logind.conf.d/"))) activations.push("restart-logind");
  if (paths.some((path) => WATCHDOG_PATHS.includes(path))) activations.push("restart-watchdog");
  return { changes, activations, notes };
}

const WATCHDOG_PATHS: readonly string[] = Object.values(WATCHDOG_FILES);

function revertFile(original: KeptOriginal, facts: Facts, notes: string[]): GuardChange[] {
  const { path, kind, copy } = original;
  const fact = findFile(path, facts);
  const state = fact?.state;
  if (state === undefined || state.state === "unreadable") {
    const reason = state?.reason ?? "it was not among the facts";
    throw new CurfewError("remote", `${path} cannot be reverted: ${reason}`);
  }
  if (state.state === "absent") {
    if (kind === "absent") return [];
    notes.push(`${path} was removed since curfew changed it; it stays removed`);
    return [];
  }
  const { content, mode, uid, gid } = state.value;
  const common = { path, mode, uid, gid, before: content };
  const edited = facts.curfew.written[path] !== createHash("sha256").update(content).digest("hex");
  if (kind === "absent") {
    if (edited) notes.push(`${path} was edited since curfew wrote it; it is removed all the same`);
    return [{ ...common, action: "remove", after: "" }];
  }
  if (!edited) return [{ ...common, action: "restore", after: copy }];
  notes.push(`${path} was edited since curfew changed it; those edits stay, only curfew's part goes`);
  const after = removeBlocks(content);
  return after === content ? [] : [{ ...common, action: "update", after }];
}

function findFile(path: string, facts: Facts): FileFact | undefined {
  const all = [facts.sshd.mainFile, ...facts.sshd.dropIns, ...facts.files];
  return all.find((file) => file.realPath === path || file.path === path);
}
