/** Where a host's accounts come from: the second half of the part `people`. */
import { lines, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

/** Name services whose accounts need not all be listed by getent(1). */
export function parseSources(sections: Sections): string[] {
  const section = sections.maybe("name-sources");
  const [sss = ""] = section?.arguments ?? [];
  const words = lines(section).flatMap((line) =>
    line
      .slice(0, 1000)
      .replace(/#.*/u, "")
      .replaceAll(/\[[^\]]*\]/gu, " ")
      .split(/\s+/u),
  );
  const remote = words.filter(
    (word) => word !== "" && !LOCAL_SOURCES.has(word) && (word !== "sss" || sss !== ""),
  );
  return [...new Set(remote.map((word) => visible(word).slice(0, 40)))].slice(0, 10);
}

const LOCAL_SOURCES = new Set([
  "files",
  "compat",
  "systemd",
  "mymachines",
  "altfiles",
  "extrausers",
  "db",
  "cache",
]);
