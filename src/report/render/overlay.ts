/** The files as they lie on a host, below one folder, with a script that finishes and a page that says what they are. */
import type { Control } from "../../model/control/control.ts";
import type { OutputFile, Rendering } from "../../model/change/render.ts";
import { headerLines } from "./header.ts";
import { installScript } from "./script.ts";

const FOLDER = "var/lib/curfew/render";

/** First the page, so that it is seen first; then in the order of the paths. */
export function overlay(rendering: Rendering, controls: readonly Control[]): OutputFile[] {
  const script = installScript(rendering, controls, { source: "here", tidy: "" });
  const files = rendering.files.map(({ path, content, mode }) => ({ path: path.slice(1), content, mode }));
  return [
    { path: `${FOLDER}/README`, content: pageText(rendering), mode: "0600" },
    ...[...files, { path: `${FOLDER}/install.sh`, content: script, mode: "0700" }].toSorted((a, b) =>
      a.path < b.path ? -1 : 1,
    ),
  ];
}

/** For people who find the folder. */
function pageText(rendering: Rendering): string {
  const rows = rendering.files.map(
    ({ path, mode, uid, gid }) => `  ${mode}  ${`${uid}:${gid}`.padEnd(7)}  ${path}`,
  );
  const blocks = rendering.blocks.map(
    ({ path, name, create }) =>
      `  ${path}: block "${name}"${create === null ? ", where the file is there" : ""}`,
  );
  return [
    ...headerLines(rendering),
    "",
    "Files, with mode and owner:",
    ...rows,
    ...(blocks.length === 0
      ? []
      : ["", "Put into files of others by install.sh, and not in this folder:", ...blocks]),
    "",
    "On a host or in an image, as root:",
    `  sh ${FOLDER}/install.sh            puts everything there, wherever this folder is unpacked; in / it finishes`,
    `  sh ${FOLDER}/install.sh --check    only says what would change`,
    "",
  ].join("\n");
}
