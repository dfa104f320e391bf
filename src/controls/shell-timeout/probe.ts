/** What a shell may end a session by that is to be opened, and why it did not. Pure. */
import { coarsest } from "../../core/probe/scale.ts";
import { hasTerminal, type SessionKind } from "../../model/terms/session-kind.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";
import { scaleShellFile } from "./scale.ts";

/** Whatever the files set, for whom ever: it explains a moment, it proves nothing. */
export function shellTimeouts({ files, session, factor }: ProbedSession): ConfiguredTimeout[] {
  if (!hasTerminal(session)) return [];
  return files.flatMap(({ path, text }) =>
    scaleShellFile(path, text, factor).found.map(({ real, scaled: fires, line }) => ({
      by: "TMOUT",
      real,
      fires,
      source: `${path}:${line}`,
    })),
  );
}

/** Kinds of session that stand at a prompt. */
const AT_PROMPT: ReadonlySet<SessionKind> = new Set(["idle-shell", "frozen-client", "typing"]);

/** What does not scale says something only where it is set, and for those whose shell heeds it. */
export function shellUnscalable(probed: ProbedSession): string | undefined {
  const { files, session, shellKind, factor } = probed;
  if (!AT_PROMPT.has(session)) return undefined;
  const texts = files.map(({ path, text }) => ({ path, scaled: scaleShellFile(path, text, factor) }));
  const found = texts.flatMap(({ scaled }) => scaled.found);
  const [computed] = texts.flatMap(({ path, scaled }) => scaled.computed.map((line) => `${path}:${line}`));
  if (shellKind === "csh") return undefined;
  if (shellKind === "tcsh") {
    return found.some(({ csh }) => csh) ? "autologout counts whole minutes and cannot be scaled" : undefined;
  }
  if (shellKind === "ksh93" && (computed !== undefined || found.some(({ csh }) => !csh))) {
    return "ksh93 ends a shell 60 s after TMOUT, which cannot be scaled";
  }
  if (computed !== undefined) return `TMOUT is computed in ${computed} and cannot be scaled`;
  return coarsest(shellTimeouts(probed), probed);
}

/** Why the shell did not end a session that had to end. */
export function shellKept(
  { session, shell: path, limit, user }: ProbedSession,
  configured: readonly ConfiguredTimeout[],
): string[] {
  if (session !== "idle-shell" && session !== "typing") return [];
  const shell = path.split("/").at(-1) ?? "";
  if (/^(?:dash|sh|fish|ash)$/u.test(shell)) return [`${shell} has no timeout of its own`];
  const [first] = configured;
  if (first === undefined) return [`nothing sets ${shell.endsWith("csh") ? "autologout" : "TMOUT"}`];
  if (configured.every(({ real }) => real > limit)) {
    return [`the TMOUT that is set is over the limit (${first.real} s in ${first.source})`];
  }
  return [`TMOUT is set, but not for ${user}'s ${shell}`];
}
