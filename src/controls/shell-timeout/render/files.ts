/** The snippets and lines that give every shell its readonly TMOUT, and where on a host they go. Pure. */
import { CurfewError } from "../../../model/terms/error.ts";
import type { Facts, FileFact } from "../../../model/facts/facts.ts";
import {
  MINUTES_SCRIPT,
  SHELL_HOOKS,
  SHELL_RC_FILES,
  SHELL_SCRIPT,
} from "../../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../../model/policy/limits.ts";
import type { DesiredFile } from "../../../model/change/plan.ts";
import { readsDropIns } from "../../../core/shell/foreign-timeout.ts";
import { setBlock } from "../../../core/plan/managed-block.ts";
import { renderTemplate } from "../../../template/template.ts";
import { shellBranches, type Branches } from "./branches.ts";
import { minutesOf } from "./limits.ts";
import { shellHook } from "../../../core/shell/hooks.ts";
import { familiesOf } from "../../../core/shell/families.ts";
import { type TmoutForm, tmoutForm, tmoutLines } from "./tmout-form.ts";

const BLOCK = "shell-timeout";

/**
 * The shell logic in one file, and a block of one command in each file that an interactive shell
 * reads. The block comes first in its file: others return early there, and whoever sets a readonly
 * TMOUT first wins. Not selected, or no idle limit: files and blocks away.
 * Errors: CurfewError `remote` where such a file could not be read, `invalid-config` for damaged blocks.
 */
export function shellFiles(facts: Facts, limits: HostLimits, selected: boolean): DesiredFile[] {
  const branches = shellBranches(limits);
  const wanted = selected && (branches.otherwise !== null || branches.branches.length > 0);
  const families = familiesOf(facts);
  const tcsh = wanted && families.has("tcsh");
  const script = wanted
    ? shellScript(branches, limits, tmoutForm(facts, limits.baseline), families.has("ksh93"))
    : null;
  const minutes = tcsh && branches.branches.length > 0 ? minutesScript(branches, limits) : null;
  return [
    ownFile(SHELL_SCRIPT, script),
    ownFile(MINUTES_SCRIPT, minutes),
    ...sourcingBlocks(facts, wanted ? sourceBody() : null),
    ...blocksAt(facts, "/etc/csh.cshrc", tcsh ? cshBody(branches) : null, tcsh),
  ];
}

/** Sourced by the shells of everybody, so everybody may read it. */
function ownFile(path: string, content: string | null): DesiredFile {
  const reason = content === null ? "no shell has a limit from here" : "the shells' idle timeout";
  return { control: "shell-timeout", path, content, mode: "0644", reason, risk: "shell", activation: null };
}

function shellScript(
  { branches, otherwise }: Branches,
  limits: HostLimits,
  form: TmoutForm,
  ksh93: boolean,
): string {
  return renderTemplate("shell-timeout", {
    policy: limits.policy ?? "",
    exported: form === "plain" ? "" : (limits.baseline?.id ?? ""),
    ask: branches.length > 0,
    ksh93,
    branches: branches.map(({ comment, patterns, idle }) => ({
      comment,
      patterns,
      set: tmoutLines(form, idle, ksh93),
    })),
    otherwise: tmoutLines(form, otherwise, ksh93),
  });
}

function minutesScript({ branches, otherwise }: Branches, limits: HostLimits): string {
  return renderTemplate("shell-minutes", {
    policy: limits.policy ?? "",
    branches: branches.map(({ comment, patterns, idle }) => ({ comment, patterns, minutes: spell(idle) })),
    otherwise: spell(otherwise),
  });
}

/** Empty: no limit. */
function spell(idle: number | null): string {
  return idle === null ? "" : String(minutesOf(idle));
}

function sourceBody(): string[] {
  return lines(renderTemplate("shell-source", { script: SHELL_SCRIPT }));
}

function cshBody({ branches, otherwise }: Branches): string[] {
  const values = { script: MINUTES_SCRIPT, ask: branches.length > 0, minutes: spell(otherwise) };
  return lines(renderTemplate("shell-csh", values));
}

function lines(text: string): string[] {
  return text.trimEnd().split("\n");
}

/** /etc/profile needs a block only where it does not source profile.d itself. */
function sourcingBlocks(facts: Facts, body: readonly string[] | null): DesiredFile[] {
  const { profile, bash, zsh, ksh93, mksh } = SHELL_RC_FILES;
  return [...profile, ...bash, ...zsh, ...ksh93, ...mksh].flatMap((path) => {
    const state = factOf(facts, path)?.state;
    const covered =
      path === "/etc/profile" &&
      state?.state === "known" &&
      state.value.content.split("\n").some(readsDropIns);
    return blocksAt(facts, path, covered ? null : body, false);
  });
}

/** In the file, or in the hook that it sources; the block of an earlier version goes from the other one. */
function blocksAt(
  facts: Facts,
  path: string,
  body: readonly string[] | null,
  create: boolean,
): DesiredFile[] {
  const hook = SHELL_HOOKS[path];
  if (hook === undefined) return blockIn(facts, path, body, create);
  const hooked = shellHook(path, facts) !== undefined;
  return [
    ...blockIn(facts, path, hooked ? null : body, create && !hooked),
    ...blockIn(facts, hook, hooked ? body : null, hooked && body !== null),
  ];
}

function blockIn(facts: Facts, path: string, body: readonly string[] | null, create: boolean): DesiredFile[] {
  const fact = factOf(facts, path);
  if (fact === undefined) return [];
  const { state } = fact;
  if (state.state === "unreadable") {
    throw new CurfewError("remote", `${path} cannot be read: ${state.reason}`, {
      hint: "make the file readable as UTF-8 text for root",
    });
  }
  if (state.state === "absent" && !create) return [];
  const before = state.state === "known" ? state.value : { content: "", mode: "0644", uid: 0, gid: 0 };
  const text = setBlock(before.content, BLOCK, body, "top", path);
  // A file that held nothing but our block was ours, unless it was there before, empty.
  const was = facts.curfew.originals.some((original) => original.path === path && original.kind === "file");
  const ours = text === "" && before.content !== "" && !was;
  return [
    {
      control: "shell-timeout",
      path,
      content: ours ? null : text,
      mode: before.mode,
      owner: { uid: before.uid, gid: before.gid },
      reason: "interactive shells read the idle timeout from here",
      risk: "shell",
      activation: null,
    },
  ];
}

function factOf(facts: Facts, path: string): FileFact | undefined {
  return facts.files.find((file) => file.path === path);
}
