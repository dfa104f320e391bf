/** Where on a host our lines go, and which lines of others sshd reads before them. */
import { posix } from "node:path";
import { CurfewError } from "../../../model/terms/error.ts";
import type { Facts, FileFact, FileState } from "../../../model/facts/facts.ts";
import type { HostLimits } from "../../../model/policy/limits.ts";
import { isSshdDropIn, SSHD_DROP_IN } from "../../../model/inventory/host-paths.ts";
import { removeBlocks } from "../../../core/plan/managed-block.ts";
import { can, sshdVersion } from "../../../core/sshd/openssh-version.ts";
import { firstMatchLine } from "../../../core/sshd/config-text.ts";
import {
  includeMatches,
  includePath,
  inReadingOrder,
  type LocatedDirective,
} from "../../../core/sshd/directives.ts";
import { known } from "../../../model/terms/reading.ts";

/** A line that is not curfew's, and whether sshd reads it before our Match blocks. */
export interface ForeignDirective extends LocatedDirective {
  readonly before: boolean;
}

export interface SshdPlace {
  /** Path of the drop-in where the Include directory works and the policy wants one, else null: blocks in the main file. */
  readonly dropIn: string | null;
  /** Our drop-ins in other directories, from before the Include lines were changed. */
  readonly stale: readonly string[];
  /** The main file as it is, and without our blocks. */
  readonly main: FileState;
  readonly mainText: string;
  /** Line of `mainText` before which our Match blocks go where there is no drop-in. */
  readonly beforeLine: number | null;
  /** In the order in which sshd reads them. */
  readonly foreign: readonly ForeignDirective[];
}

/**
 * Reads the configuration as the host has it. The drop-in is used where an Include line outside
 * Match reaches it and the release follows Match in included files (8.4; 8.2 and 8.3 do not).
 * Errors: CurfewError `remote` for a file nobody could read, `invalid-config` for damaged blocks.
 */
export function sshdPlace(facts: Facts, { sshdFile }: Pick<HostLimits, "sshdFile">): SshdPlace {
  const main = stateOf(facts.sshd.mainFile);
  const mainText = removeBlocks(main.content, facts.sshd.mainFile.path);
  const dropIn = sshdFile === "main" ? null : dropInPath(facts);
  const own = facts.sshd.dropIns.filter(isOwn).map(({ path }) => path);
  const firstMatch = firstMatchLine(mainText) ?? null;
  return {
    dropIn,
    stale: own.filter((path) => path !== dropIn),
    main,
    mainText,
    beforeLine: firstMatch,
    foreign: readingOrder(facts, mainText, dropIn, firstMatch),
  };
}

function dropInPath(facts: Facts): string | null {
  const { sshd } = facts;
  const version = sshdVersion(facts);
  if (version === null || !can(version, "match-in-include")) return null;
  for (const { pattern, inMatch } of sshd.includes) {
    const candidate = posix.join(posix.dirname(includePath(pattern)), SSHD_DROP_IN);
    if (!inMatch && !/[*?[]/u.test(posix.dirname(pattern)) && includeMatches(pattern, candidate)) {
      return candidate;
    }
  }
  return null;
}

/** Ours is read where its drop-in is first reached outside Match; where no place of it is found, after all others. */
function readingOrder(
  facts: Facts,
  mainText: string,
  dropIn: string | null,
  firstMatch: number | null,
): ForeignDirective[] {
  const { mainFile, dropIns } = facts.sshd;
  const others = dropIns.filter((file) => !isOwn(file));
  // Errors for one that could not be read: what it has before ours is not known.
  for (const file of others) stateOf(file);
  const ours = dropIn === null ? [] : [withText(mainFile, "Here", dropIn)];
  const lines = inReadingOrder(withText(mainFile, mainText), [...others, ...ours]);
  const place = lines.findIndex(({ file, line, match }) =>
    dropIn === null ? file === mainFile.path && line === firstMatch : file === dropIn && match === null,
  );
  return lines.flatMap((directive, index) =>
    directive.file === dropIn ? [] : [{ ...directive, before: place === -1 || index < place }],
  );
}

function withText({ path, state }: FileFact, content: string, at = path): FileFact {
  const before = state.state === "known" ? state.value : { mode: "0600", uid: 0, gid: 0 };
  return { path: at, realPath: at, state: known({ ...before, content }) };
}

function stateOf(file: FileFact): FileState {
  if (file.state.state === "known") return file.state.value;
  const why = file.state.state === "absent" ? "it is not there" : file.state.reason;
  throw new CurfewError("remote", `${file.path} cannot be read: ${why}`, {
    hint: "make the file readable as UTF-8 text for root",
  });
}

function isOwn({ path }: FileFact): boolean {
  return isSshdDropIn(path);
}
