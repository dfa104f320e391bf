/**
 * What a shell skips after a line that fails, as the limit is readonly. Pure. Measured on bash 5.1 to 5.3, zsh 5.8 and
 * 5.9, ksh93u+ and u+m, mksh 59, tcsh 6.21: test/controls/shell-timeout/lost-lines.lab.test.ts does so again.
 */
import type { LimitForm, LimitLine } from "../../model/facts/limit-line.ts";
import type { ShellFamily } from "./families.ts";

/** A shell as far as it skips lines; `posix` is bash under the name sh. */
export type Skipper = Extract<ShellFamily, "bash" | "zsh" | "ksh93" | "mksh" | "tcsh"> | "posix";

/** Skipped: nothing, the rest of the command around the line, the rest of the file, or the shell ends. */
export type Skip = "nothing" | "command" | "file" | "shell";

const SKIPS: Readonly<Record<Skipper, Readonly<Partial<Record<LimitForm, Skip>>>>> = {
  bash: { assign: "command", arith: "command" },
  posix: {
    assign: "command",
    arith: "command",
    builtin: "command",
    prefix: "command",
    exported: "shell",
    unset: "shell",
  },
  zsh: all(
    "assign",
    "arith",
    "exported",
    "declared",
    "unset",
    "loop",
    "getopts",
    "read",
    "printf",
    "builtin",
  ),
  ksh93: all("assign", "arith", "dparen", "exported", "declared", "integer", "loop", "getopts", "builtin"),
  mksh: all("assign", "arith", "exported", "loop", "builtin", "prefix"),
  tcsh: all("autologout"),
};

function all(...forms: readonly LimitForm[]): Partial<Record<LimitForm, Skip>> {
  return Object.fromEntries(forms.map((form) => [form, "file"]));
}

/** How far the shell skips after the line, whatever stands there. */
export function skipsAfter(form: LimitForm, shell: Skipper): Skip {
  return SKIPS[shell][form] ?? "nothing";
}

/** What is lost, for people; undefined where nothing is that does anything. */
export function lostText({ form, command, rest }: LimitLine, shell: Skipper): string | undefined {
  const skip = skipsAfter(form, shell);
  const name = shell === "posix" ? "bash as sh" : shell;
  if (skip === "shell") return `${name} ends there, so that such a login is not possible any more`;
  const { end, lost } = skip === "command" ? command : rest;
  if (skip === "nothing" || lost === "") return undefined;
  const around = skip === "command" ? "the command around it" : "the file";
  return `${name} skips the rest of ${around}, to line ${end}: ${lost}`;
}
