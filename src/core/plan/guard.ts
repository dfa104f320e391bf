/**
 * The guard's side of the controller: which script a change becomes, and what its answers mean.
 * The scripts themselves are templates/remote/guard-*.sh; what they do on the host is described there.
 */
import { createHash } from "node:crypto";
import type { Control } from "../../model/control/control.ts";
import { CurfewError, type ErrorCode } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { KeptEdit } from "../../model/facts/curfew-state.ts";
import type { Activation, Change, Expectation } from "../../model/change/plan.ts";
import { STEPS, type Step } from "../../model/change/run.ts";
import { keptEdits } from "../facts/kept-edits.ts";
import { everyFile } from "../answer/find-file.ts";
import { permissions } from "../answer/permissions.ts";
import { hostActivations } from "./activation.ts";
import { removeBlocks } from "./managed-block.ts";
import { loginSpecification } from "../sshd/effective.ts";
import { candidateDirectories } from "./candidate-directories.ts";
import { remoteScript } from "../../template/remote-script.ts";

/**
 * One file for the guard to put in place. For `restore` and `return`, `after` is the path of the kept copy; what is to
 * `return` is not there now.
 */
export interface GuardChange {
  readonly action: "create" | "update" | "remove" | "restore" | "return";
  readonly path: string;
  /** Empty: mode and owner are those of the kept copy. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** The content that must be there now; empty for `create` and `return`. */
  readonly before: string;
  readonly after: string;
}

/** Everything the guard needs to change one host. */
export interface GuardedChange {
  /** 32 hexadecimal digits, fresh for this change; names all its files and frames its answers. */
  readonly token: string;
  /** Who changes the host and why, for the lock and the host's log. */
  readonly owner: string;
  readonly reason: string;
  readonly confirmWithinSeconds: number;
  readonly changes: readonly GuardChange[];
  readonly activations: readonly Activation[];
  readonly expectations: readonly Expectation[];
  /** What revert compares with later: sha256 of each file curfew has written, by path. */
  readonly written: Readonly<Record<string, string>>;
  /** Revert: once it is confirmed, nothing of curfew stays. */
  readonly leaving: boolean;
}

/**
 * Where a guard stands; `none` when the host does not know the token. `unloaded`: the files are as they were, but
 * sshd could not be made to read them again.
 */
export type GuardState = (typeof STATES)[number];

const STATES = ["armed", "reverting", "reverted", "unloaded", "confirmed", "none"] as const;

/** What a line of a guard script says. */
export type GuardAnswer =
  | { readonly type: "step"; readonly step: Step }
  | { readonly type: "state"; readonly state: GuardState }
  | { readonly type: "fail"; readonly code: ErrorCode; readonly message: string; readonly tookBack: boolean }
  | { readonly type: "note"; readonly message: string }
  | { readonly type: "kept"; readonly edit: KeptEdit };

/** Every file of the script that takes a change back, in its order; it reloads sshd for the change as well. */
export const UNDO_SCRIPTS = ["guard-undo", "guard-undo/sshd", "guard-undo/answers", "guard-end"];

/** The script that locks, stages, validates, arms, applies and reloads. */
export function changeScript(change: GuardedChange, facts: Facts, controls: readonly Control[]): string {
  const service = facts.service.state === "known" ? facts.service.value : undefined;
  if (service === undefined || facts.sshd.path.state !== "known") {
    throw new CurfewError(
      "unsupported",
      "it is not known how this host starts its sshd, so nothing is changed",
    );
  }
  const common = {
    token: change.token,
    owner: change.owner,
    sshd: facts.sshd.path.value,
    main: facts.sshd.mainFile.realPath,
    activations: change.activations.join(" "),
  };
  const activations = hostActivations(change.activations, controls);
  const scripts = activations.flatMap(({ script = [] }) => script);
  const undo = remoteScript(UNDO_SCRIPTS.toSpliced(-1, 0, ...scripts), {
    ...common,
    manager: service.manager,
    unit: service.unit,
    pid: String(service.pid ?? ""),
    perconnection: service.perConnection ? "yes" : "no",
    leaving: change.leaving ? "yes" : "no",
    changes: change.changes.flatMap(({ action, path }) => [action === "return" ? "create" : action, path]),
  });
  return remoteScript(["guard-lock", "guard-place", "guard-change"], {
    ...common,
    // How sshd is reloaded the guard knows by itself.
    activate: activations.flatMap(({ name, script, failed }) => (script === undefined ? [] : [name, failed])),
    reason: change.reason,
    within: String(change.confirmWithinSeconds),
    boothook: service.bootHook,
    includes: candidateDirectories(change.changes, facts),
    changes: change.changes.flatMap((one) => [
      one.action,
      one.path,
      one.mode,
      String(one.uid),
      String(one.gid),
      one.before,
      one.after,
      ...asSeen(one.path, facts),
    ]),
    specification: loginSpecification(facts) ?? "host=127.0.0.1,addr=127.0.0.1,laddr=127.0.0.1,lport=22",
    options: facts.sshd.options,
    expectations: change.expectations.flatMap(({ user, lines }) => lines.flatMap((line) => [user, line])),
    undo,
    written: Object.entries(change.written)
      .map(([path, digest]) => `${digest}\t${path}\n`)
      .join(""),
  });
}

/**
 * What the facts saw at a path, for the host to compare: type, permissions, owner and group as ls(1) prints them, and
 * the symbolic links by which it was found, with blanks between them.
 */
function asSeen(path: string, facts: Facts): [string, string] {
  const found = everyFile(facts).find(({ realPath }) => realPath === path);
  const links = [facts.sshd.mainFile, ...facts.sshd.dropIns, ...facts.files].flatMap((file) =>
    file.realPath === path && file.path !== path && !/\s/u.test(file.path) ? [file.path] : [],
  );
  const state = found?.state.state === "known" ? found.state.value : undefined;
  const is = state === undefined ? "absent" : `-${permissions(state.mode)} ${state.uid} ${state.gid}`;
  return [is, [...new Set(links)].join(" ")];
}

/**
 * The script for the second login: confirm, take back, or only tell. `finish` brings what runs that died have left
 * to its end, `forget` clears away how the change ended once that is known.
 */
export function settleScript(
  token: string,
  action: "confirm" | "undo" | "state" | "finish" | "forget",
): string {
  return remoteScript(["guard-lock", "guard-settle"], { token, action });
}

/** Reads one line of a guard script; undefined for what does not carry the token. */
export function guardAnswer(token: string, line: string): GuardAnswer | undefined {
  const [frame, type, ...words] = line.split(" ");
  if (frame !== `@${token}`) return undefined;
  const [first = "", ...rest] = words;
  if (type === "step") return isStep(first) ? { type, step: first } : undefined;
  if (type === "state") return isState(first) ? { type, state: first } : undefined;
  if (type === "fail") {
    const message = rest.join(" ").trim();
    return first === OVERDUE
      ? { type, code: "stale-plan", message, tookBack: true }
      : { type, code: failCode(first), message, tookBack: false };
  }
  if (type?.startsWith("kept\t") === true) return keptAnswer(line.slice(frame.length + 1));
  return type === "note" ? { type, message: words.join(" ") } : undefined;
}

/** What a guard script said beside its steps, each thing once; bounded, as a host may say anything. */
export function notesIn(answers: readonly (GuardAnswer | undefined)[]): string[] {
  const notes = answers.flatMap((answer) => (answer?.type === "note" ? [answer.message.slice(0, 500)] : []));
  return [...new Set(notes)].slice(0, 10);
}

/** A planned change as the guard takes it. */
export function guardChange(change: Change): GuardChange {
  const state = change.after ?? change.before;
  return {
    action: change.action,
    path: change.path,
    mode: state?.mode ?? "0644",
    uid: state?.uid ?? 0,
    gid: state?.gid ?? 0,
    before: change.before?.content ?? "",
    after: change.after?.content ?? "",
  };
}

/**
 * What will count as "as curfew wrote it" after this change: there revert puts the kept original
 * back as a whole. So never a file that somebody edited between two runs, since its kept original
 * does not have those edits: from such a file revert cuts curfew's blocks.
 */
export function writtenAfter(facts: Facts, changes: readonly GuardChange[]): Record<string, string> {
  const written: Record<string, string> = { ...facts.curfew.written };
  for (const change of changes) {
    const { action, path, after } = change;
    if (GONE.has(action) || editedByOthers(change, facts)) delete written[path];
    else written[path] = writtenDigest(after);
  }
  return written;
}

/** After these nothing of curfew is at the path. */
const GONE: ReadonlySet<GuardChange["action"]> = new Set(["remove", "restore", "return"]);

/** Changed by somebody since curfew first touched it, and only a block of curfew's changes now. */
function editedByOthers({ path, before, after }: GuardChange, { curfew }: Facts): boolean {
  const kept = curfew.originals.some((original) => original.kind === "file" && original.path === path);
  return (
    kept && curfew.written[path] !== writtenDigest(before) && removeBlocks(before) === removeBlocks(after)
  );
}

/** How a file is remembered as curfew wrote it: sha256 in hexadecimal digits. */
export function writtenDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function keptAnswer(line: string): GuardAnswer | undefined {
  const [edit] = keptEdits([line.slice("kept\t".length)]);
  return edit === undefined ? undefined : { type: "kept", edit };
}

function isStep(word: string): word is Step {
  return (STEPS as readonly string[]).includes(word);
}

function isState(word: string): word is GuardState {
  return (STATES as readonly string[]).includes(word);
}

/** What an earlier run left was taken back on the way: the one failure before arming that changed something. */
const OVERDUE = "overdue";

function failCode(word: string): ErrorCode {
  const codes: readonly ErrorCode[] = ["locked", "stale-plan", "invalid-config", "remote"];
  return codes.find((code) => code === word) ?? "remote";
}
