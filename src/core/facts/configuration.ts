/** The files that sshd reads. */
import type { Facts, FileFact } from "../../model/facts/facts.ts";
import type { ParsedFiles } from "../answer/files.ts";
import { malformed, type Sections } from "../answer/sections.ts";

/**
 * Errors: CurfewError `remote` where sshd's main file did not come, or where it reaches more files than the script
 * follows.
 */
export function parseConfiguration(
  sections: Sections,
  files: ParsedFiles,
): Pick<Facts["sshd"], "mainFile" | "includes" | "dropIns"> {
  if (sections.maybe("too-many-files") !== undefined) {
    throw malformed(sections.host, "drop-in", "sshd's configuration reaches more than 200 files");
  }
  const mainFile = files.of("main")[0];
  if (mainFile === undefined) throw malformed(sections.host, "file", "sshd's main file did not come");
  return { mainFile, includes: parseIncludes(sections, mainFile), dropIns: files.of("drop-in") };
}

function parseIncludes(sections: Sections, mainFile: FileFact): Facts["sshd"]["includes"] {
  return sections
    .all("include")
    .filter((section) => section.arguments[0] === mainFile.path)
    .map((section) => {
      const [, line = "", inMatch, pattern] = section.arguments;
      if (!/^\d{1,9}$/u.test(line) || (inMatch !== "yes" && inMatch !== "no") || pattern === undefined) {
        throw malformed(sections.host, "include", "its header is incomplete");
      }
      return { pattern, line: Number(line), inMatch: inMatch === "yes" };
    });
}
