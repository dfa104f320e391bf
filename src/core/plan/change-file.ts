import { CurfewError } from "../../model/terms/error.ts";
import type { Facts, FileFact, FileState } from "../../model/facts/facts.ts";
import type { Change, DesiredFile } from "../../model/change/plan.ts";

/**
 * The difference between a file as a control wants it and as the host has it; undefined where
 * there is none. A symbolic link stays, the file behind it changes. A path that no fact mentions
 * is not there: facts name every file that curfew ever writes, and every file sshd includes.
 * Errors: CurfewError `remote` where the present state could not be read, `invalid-config` where
 * a file that should go is a symbolic link: the dangling link would stop sshd.
 */
export function changeOf(desired: DesiredFile, facts: Facts): Change | undefined {
  const fact = findFact(desired.path, facts);
  const before = presentState(desired.path, fact);
  const after = wantedState(desired);
  if (sameState(before, after)) return undefined;
  const path = fact?.realPath ?? desired.path;
  if (after === null && path !== desired.path) {
    throw new CurfewError("invalid-config", `${desired.path} should go, but is a symbolic link to ${path}`, {
      hint: `remove ${desired.path} by hand`,
    });
  }
  const { control, reason, risk, activation } = desired;
  return { control, path, action: actionOf(before, after), before, after, reason, risk, activation };
}

function findFact(path: string, facts: Facts): FileFact | undefined {
  const { mainFile, dropIns } = facts.sshd;
  return [mainFile, ...dropIns, ...facts.files].find((file) => file.path === path);
}

function presentState(path: string, fact: FileFact | undefined): FileState | null {
  if (fact === undefined || fact.state.state === "absent") return null;
  if (fact.state.state === "known") return fact.state.value;
  throw new CurfewError("remote", `${path} cannot be read: ${fact.state.reason}`);
}

function wantedState({ content, mode, owner }: DesiredFile): FileState | null {
  if (content === null) return null;
  return { content, mode, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0 };
}

function sameState(before: FileState | null, after: FileState | null): boolean {
  if (before === null || after === null) return before === after;
  return (
    before.content === after.content &&
    before.mode === after.mode &&
    before.uid === after.uid &&
    before.gid === after.gid
  );
}

function actionOf(before: FileState | null, after: FileState | null): Change["action"] {
  if (before === null) return "create";
  return after === null ? "remove" : "update";
}
