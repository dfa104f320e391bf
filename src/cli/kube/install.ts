import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execPlace, takenOut } from "../../config/kube/exec-place.ts";
import { type ChosenContext, chooseContext, loadAll } from "../../config/kube/merged.ts";
import { gateArguments, gateOf } from "../../core/kube/gate-words.ts";
import { gateEdits, type TextEdit, undoEdits, withEdits } from "../../core/kube/gate-edit.ts";
import { newGateState } from "../../core/kube/gate-state.ts";
import { limitsText } from "../../core/kube/limits-text.ts";
import { wantedLimits } from "../../core/kube/wanted-limits.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/error.ts";
import type { Seconds } from "../../model/duration.ts";
import type { KubeLimits } from "../../model/kube.ts";
import { withGateLock } from "../../store/kube/gate-lock.ts";
import { gateDirectory, readGateState, writeGateState } from "../../store/kube/gate-store.ts";
import {
  forgetGate,
  type InstallRecord,
  readInstallRecord,
  writeInstallRecord,
} from "../../store/kube/install-record.ts";
import { replaceKubeconfig } from "../../store/kube/kubeconfig-file.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { hasSource } from "../options/default-sources.ts";
import { loadPolicyFor } from "../options/inputs.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { kubeconfigPaths } from "./sources.ts";

export interface GateOptions {
  readonly policy?: string;
  readonly kubeconfig?: string;
  readonly idle?: Seconds;
  readonly max?: Seconds;
  readonly endStreams?: true;
  readonly quiet?: true;
}

/** Puts the gate before the exec plugin of a context's user. Errors: CurfewError `usage`, `input`. */
export async function installGate(name: string, options: GateOptions, terminal: Terminal): Promise<void> {
  const limits = await limitsOf(options, terminal);
  const chosen = await contextNamed(name, options.kubeconfig, terminal);
  const { context, loaded, user, index } = chosen;
  refuseBypass(chosen);
  const { exec } = user;
  if (!exec) throw noPlugin(chosen);
  const known = gateOf(user);
  if (known !== undefined) return again(known.id, limits, chosen, terminal);
  const id = randomBytes(8).toString("hex");
  const place = execPlace(loaded.yaml, loaded.text, index);
  const file = loaded.kubeconfig.file.path;
  const program = exec.command.includes("/") ? resolve(dirname(file), exec.command) : exec.command;
  const own = gateArguments(id, options.endStreams === true);
  const edits = gateEdits(loaded.text, place, ownProgram(), own, program);
  const directory = directoryOf(terminal);
  writeInstallRecord(directory, id, record(context.name, file, limits, edits));
  writeGateState(directory, id, newGateState(context.name, limits, null));
  try {
    await replaceKubeconfig(file, loaded.text, withEdits(loaded.text, edits));
  } catch (error) {
    forgetGate(directory, id);
    throw error;
  }
  const also = alsoGated(chosen);
  await terminal.say(
    `${visible(file)}: the gate stands before ${visible(exec.command)} of user ${visible(context.user)}${also}; a session ${limitsText(limits)}\nNext: curfew kube login ${visible(context.name)}\n`,
  );
}

/** Takes the gate away; the file is as it was before, byte for byte, where nobody has rewritten it since. */
export async function removeGate(
  name: string,
  options: Pick<GateOptions, "kubeconfig">,
  terminal: Terminal,
): Promise<void> {
  const chosen = await contextNamed(name, options.kubeconfig, terminal);
  const { loaded, user, index, context } = chosen;
  const file = loaded.kubeconfig.file.path;
  const words = gateOf(user);
  if (words === undefined) {
    await terminal.say(
      `${visible(file)}: no gate stands before user ${visible(context.user)}; nothing to do\n`,
    );
    return;
  }
  const directory = directoryOf(terminal);
  const done = readInstallRecord(directory, words.id);
  const place = execPlace(loaded.yaml, loaded.text, index);
  const edits = done === undefined ? undefined : undoEdits(loaded.text, place.command, done.edits);
  const program = user.exec?.args?.[words.own] ?? "";
  const anew = { command: done?.edits[0]?.removed ?? JSON.stringify(program), count: words.own + 1 };
  // kubectl config writes the whole file anew, and what was inserted then looks different.
  const wanted = edits ?? takenOut(loaded.yaml, loaded.text, index, anew);
  await replaceKubeconfig(file, loaded.text, withEdits(loaded.text, wanted));
  forgetGate(directory, words.id);
  const how = edits === undefined ? "; the file was rewritten since, so only the plugin is as it was" : "";
  await terminal.say(`${visible(file)}: the gate of user ${visible(context.user)} is gone${how}\n`);
}

/** New limits for a gate that stands already; whoever is logged in has to log in again only for shorter ones that have passed. */
async function again(
  id: string,
  limits: KubeLimits,
  { context, loaded }: ChosenContext,
  terminal: Terminal,
): Promise<void> {
  const directory = directoryOf(terminal);
  const before = readInstallRecord(directory, id);
  if (before !== undefined) writeInstallRecord(directory, id, { ...before, ...limits });
  withGateLock(directory, id, () => {
    const state = readGateState(directory, id) ?? newGateState(context.name, limits, null);
    writeGateState(directory, id, { ...state, ...limits });
  });
  await terminal.say(
    `${visible(loaded.kubeconfig.file.path)}: unchanged, a gate stands before user ${visible(context.user)} already; a session ${limitsText(limits)}\n`,
  );
}

function record(
  context: string,
  file: string,
  limits: KubeLimits,
  edits: readonly TextEdit[],
): InstallRecord {
  return { schema: "curfew/kube-install/1", context, file, ...limits, edits: [...edits] };
}

/** Shared by login, status and verify. */
export async function contextNamed(
  name: string | undefined,
  kubeconfig: string | undefined,
  terminal: Terminal,
): Promise<ChosenContext> {
  const paths = kubeconfig === undefined ? kubeconfigPaths(terminal.environment) : [resolve(kubeconfig)];
  return chooseContext(await loadAll(paths), name);
}

export function directoryOf({ environment }: Pick<Terminal, "environment">): string {
  return gateDirectory(stateDirectory(environment, environment["HOME"] ?? homedir()));
}

async function limitsOf(options: GateOptions, terminal: Terminal): Promise<KubeLimits> {
  const given = { idle: options.idle ?? null, max: options.max ?? null };
  const wants = given.idle === null && given.max === null && hasSource("policy", options.policy);
  const quiet = options.quiet === true ? { quiet: true as const } : {};
  const policy = wants
    ? (await loadPolicyFor(options.policy, null, quiet, terminal)).policy.kubernetes
    : undefined;
  const limits = policy === undefined ? given : wantedLimits(policy);
  if (limits.idle !== null || limits.max !== null) return limits;
  throw new CurfewError("usage", "there is no limit for the gate", {
    hint: "give --idle 15m or --max 8h, or a policy with kubernetes: {session_idle_timeout: 15m} by -p",
  });
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

function alsoGated({ context, loaded }: ChosenContext): string {
  const others = loaded.kubeconfig.contexts.filter(
    ({ user, name }) => user === context.user && name !== context.name,
  );
  return others.length === 0 ? "" : `, also for ${others.map(({ name }) => visible(name)).join(", ")}`;
}

/** The program of this package, in a checkout and in an installed package. */
function ownProgram(): string {
  const places = ["../../curfew.js", "../../../../src/curfew.js"].map((path) =>
    join(import.meta.dirname, path),
  );
  return places.find((path) => existsSync(path)) ?? "curfew";
}
