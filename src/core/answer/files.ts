/** Files as the facts script found them: what they hold, whose they are, where they really lie. */
import { isUtf8 } from "node:buffer";
import type { FileFact, FileState } from "../../model/facts/facts.ts";
import { absent, known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { lines, malformed, type Section, type Sections } from "./sections.ts";
import { visible } from "../text/visible.ts";

/** The files of an answer, by what they were read for. */
export interface ParsedFiles {
  /** Each path once, in the order of reading. */
  of(...kinds: readonly string[]): FileFact[];
  /** Directories that would hold a file but do not exist; sorted. */
  readonly missingDirectories: readonly string[];
}

/** The script stops reading here; nothing that curfew edits is anywhere near. */
const MAX_BYTES = 256 * 1024;

/** Errors: CurfewError `remote` for a file section that the script cannot have written. */
export function parseFiles(sections: Sections): ParsedFiles {
  const attributes = parseAttributes(sections);
  const parsed = sections.all("file").map((section) => {
    const [kind, path, realPath, status] = section.arguments;
    if (kind === undefined || path === undefined || realPath === undefined || status === undefined) {
      throw malformed(sections.host, "file", "its header is incomplete");
    }
    const state = stateOf(section, status, attributes.get(realPath));
    if (state === undefined)
      throw malformed(sections.host, "file", `it has the unknown state ${visible(status.slice(0, 40))}`);
    // A name that is not UTF-8 cannot be given back to the host as it was.
    const named = path.includes("\ufffd") || realPath.includes("\ufffd");
    const fact = {
      path,
      realPath,
      state: named ? unreadable<FileState>("its name is not UTF-8 text") : state,
    };
    return { kind, status, fact };
  });
  const orphans = parsed.filter(({ status }) => status === "no-parent");
  const missing = orphans.map(({ fact }) => fact.path.slice(0, fact.path.lastIndexOf("/")));
  return {
    of: (...kinds) => unique(parsed.filter(({ kind }) => kinds.includes(kind)).map(({ fact }) => fact)),
    missingDirectories: [...new Set(missing)].toSorted(),
  };
}

interface Attributes {
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** `ls -ldn` (POSIX): mode, links, uid, gid, size, three words of date, path. */
function parseAttributes(sections: Sections): Map<string, Attributes> {
  const found = new Map<string, Attributes>();
  for (const line of lines(sections.one("attributes"))) {
    const slash = line.indexOf(" /");
    const [bits = "", , uid, gid, size] = line.slice(0, slash).split(/ +/u);
    const mode = octal(bits);
    const numbers = { uid: Number(uid), gid: Number(gid), size: Number(size) };
    if (slash < 0 || mode === undefined || !Object.values(numbers).every(Number.isSafeInteger)) {
      throw malformed(
        sections.host,
        "attributes",
        `this is not a line of ls: ${visible(line).slice(0, 100)}`,
      );
    }
    found.set(line.slice(slash + 1), { mode, ...numbers });
  }
  return found;
}

/** `-rwsr-xr-t` as `5755`; undefined for what is not a mode. */
function octal(bits: string): string | undefined {
  if (!/^.(?:[r-][w-][xsS-]){2}[r-][w-][xtT-]/u.test(bits)) return undefined;
  let special = 0;
  const digits = [1, 4, 7].map((at, index) => {
    const execute = bits[at + 2] ?? "-";
    if ("sStT".includes(execute)) special += 4 >> index;
    return (bits[at] === "r" ? 4 : 0) + (bits[at + 1] === "w" ? 2 : 0) + ("xst".includes(execute) ? 1 : 0);
  });
  return `${special}${digits.join("")}`;
}

function stateOf(
  section: Section,
  status: string,
  attributes: Attributes | undefined,
): Reading<FileState> | undefined {
  switch (status) {
    case "absent":
    case "no-parent":
      return absent();
    case "dangling":
      return unreadable("a symbolic link to nothing");
    case "special":
      return unreadable("not a regular file");
    case "unresolved":
      return unreadable("a symbolic link whose target cannot be told");
    case "regular":
      return content(section.body, attributes);
    default:
      return undefined;
  }
}

function content(body: Buffer, attributes: Attributes | undefined): Reading<FileState> {
  if (attributes === undefined) return unreadable("its owner and mode cannot be read");
  const { mode, uid, gid, size } = attributes;
  if (size > MAX_BYTES) return unreadable("larger than 256 KiB");
  if (size !== body.length) return unreadable("it could not be read as a whole, or changed meanwhile");
  if (!isUtf8(body)) return unreadable("not UTF-8 text");
  if (body.includes(0)) return unreadable("it contains NUL characters");
  return known({ content: body.toString("utf8"), mode, uid, gid });
}

function unique(files: readonly FileFact[]): FileFact[] {
  const byPath = new Map<string, FileFact>();
  for (const file of files) if (!byPath.has(file.path)) byPath.set(file.path, file);
  return [...byPath.values()];
}
