/** The gate put before the exec plugin of a kubeconfig's user, and taken away again. */
import { dirname, resolve } from "node:path";
import { execPlace, takenOut } from "../../config/kube/exec-place.ts";
import type { ChosenContext } from "../../config/kube/merged.ts";
import { gateArguments, gateOf } from "../../core/kube/gate/words.ts";
import { gateEdits, type TextEdit, undoEdits, withEdits } from "../../core/kube/gate/edit.ts";
import { newGateState } from "../../core/kube/gate/state.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KubeLimits } from "../../model/access/kube.ts";
import { withGateLock } from "../../store/kube/gate-lock.ts";
import { readGateState, writeGateState } from "../../store/kube/gate-store.ts";
import {
  forgetGate,
  type InstallRecord,
  readInstallRecord,
  writeInstallRecord,
} from "../../store/kube/install-record.ts";
import { replaceKubeconfig } from "../../store/kube/kubeconfig-file.ts";

export interface GateWork {
  /** Where gates keep their state on this machine. */
  readonly directory: string;
  readonly limits: KubeLimits;
  readonly endStreams: boolean;
  /** curfew's own program, which kubectl is to run. */
  readonly program: string;
  /** Makes 16 random hexadecimal digits. */
  readonly newId: () => string;
}

/** `again`: one stood there already and has the limits now; the kubeconfig is as it was. */
export interface InstalledGate {
  readonly again: boolean;
  /** What the gate stands before. */
  readonly command: string;
  /** Contexts of the same user, which it stands before as well. */
  readonly others: readonly string[];
}

/** Puts the gate there. Errors: CurfewError `input` for a user without a plugin, or with a way past it. */
export async function installGate(chosen: ChosenContext, work: GateWork): Promise<InstalledGate> {
  const { context, loaded, user, index } = chosen;
  refuseBypass(chosen);
  const { exec } = user;
  if (!exec) throw noPlugin(chosen);
  const installed = { command: exec.command, others: othersOf(chosen) };
  const known = gateOf(user);
  if (known !== undefined) {
    setLimits(known.id, chosen, work);
    return { ...installed, again: true };
  }
  const { directory, limits, newId, endStreams, program: own } = work;
  const id = newId();
  const place = execPlace(loaded.yaml, loaded.text, index);
  const file = loaded.kubeconfig.file.path;
  const program = exec.command.includes("/") ? resolve(dirname(file), exec.command) : exec.command;
  const edits = gateEdits(loaded.text, place, own, gateArguments(id, endStreams), program);
  writeInstallRecord(directory, id, record(context.name, file, limits, edits));
  writeGateState(directory, id, newGateState(context.name, limits, null));
  try {
    await replaceKubeconfig(file, loaded.text, withEdits(loaded.text, edits));
  } catch (error) {
    forgetGate(directory, id);
    throw error;
  }
  return { ...installed, again: false };
}

/** `none`: no gate stood there. `plugin`: the file was rewritten since, so only the plugin is as it was. */
export type RemovedGate = "none" | "whole" | "plugin";

/** Takes the gate away; the file is as it was before, byte for byte, where nobody has rewritten it since. */
export async function removeGate(
  { loaded, user, index }: ChosenContext,
  directory: string,
): Promise<RemovedGate> {
  const words = gateOf(user);
  if (words === undefined) return "none";
  const done = readInstallRecord(directory, words.id);
  const place = execPlace(loaded.yaml, loaded.text, index);
  const edits = done === undefined ? undefined : undoEdits(loaded.text, place.command, done.edits);
  const program = user.exec?.args?.[words.own] ?? "";
  const anew = { command: done?.edits[0]?.removed ?? JSON.stringify(program), count: words.own + 1 };
  // kubectl config writes the whole file anew, and what was inserted then looks different.
  const wanted = edits ?? takenOut(loaded.yaml, loaded.text, index, anew);
  await replaceKubeconfig(loaded.kubeconfig.file.path, loaded.text, withEdits(loaded.text, wanted));
  forgetGate(directory, words.id);
  return edits === undefined ? "plugin" : "whole";
}

/** Whoever is logged in has to log in again only for shorter limits that have passed. */
function setLimits(id: string, { context }: ChosenContext, { directory, limits }: GateWork): void {
  const before = readInstallRecord(directory, id);
  if (before !== undefined) writeInstallRecord(directory, id, { ...before, ...limits });
  withGateLock(directory, id, () => {
    const state = readGateState(directory, id) ?? newGateState(context.name, limits, null);
    writeGateState(directory, id, { ...state, ...limits });
  });
}

function record(
  context: string,
  file: string,
  limits: KubeLimits,
  edits: readonly TextEdit[],
): InstallRecord {
  return { schema: "curfew/kube-install/1", context, file, ...limits, edits: [...edits] };
}

function refuseBypass({ context, loaded, index }: ChosenContext): void {
  const user = loaded.kubeconfig.users[index];
  const plugin = user?.credentials.some(({ kind }) => kind === "exec") === true;
  const statics = user?.credentials.filter(({ kind }) => kind !== "exec") ?? [];
  const [first] = statics;
  if (!plugin || first === undefined) return;
  const { file, line, column } = first.at;
  throw new CurfewError(
    "input",
    `${visible(file)}:${line}:${column}: ${first.key} of user ${visible(context.user)} bypasses any gate: kubectl does not run an exec plugin beside it`,
    { hint: `remove ${statics.map(({ key }) => key).join(", ")} from the user, then install again` },
  );
}

function noPlugin({ context, loaded, index }: ChosenContext): CurfewError {
  const user = loaded.kubeconfig.users[index];
  const [first] = user?.credentials ?? [];
  const how = first === undefined ? "no credential at all" : `a static credential, ${first.key}`;
  const { file, line, column } = first?.at ?? user?.at ?? { file: loaded.kubeconfig.file.path };
  return new CurfewError(
    "input",
    `${visible(file)}:${line}:${column}: user ${visible(context.user)} has ${how}; a gate stands before an exec plugin`,
    {
      hint: "let the user log in with an exec plugin (kubelogin, aws eks get-token, gke-gcloud-auth-plugin), then install again",
    },
  );
}

function othersOf({ context, loaded }: ChosenContext): string[] {
  return loaded.kubeconfig.contexts
    .filter(({ user, name }) => user === context.user && name !== context.name)
    .map(({ name }) => name);
}
