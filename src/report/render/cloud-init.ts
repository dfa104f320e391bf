/** User data for cloud-init: the files beside their script in /run, which puts them in place once sshd accepts them. */
import { stringify } from "yaml";
import type { Control } from "../../model/control/control.ts";
import type { RenderedFile, Rendering } from "../../model/change/render.ts";
import { headerComment } from "./header.ts";
import { installScript } from "./script.ts";

/** cloud-init's own advice: not /tmp, which is cleaned while it works. */
const FOLDER = "/run/curfew-render";

export function cloudConfig(rendering: Rendering, controls: readonly Control[]): string {
  const install = installScript(rendering, controls, { source: FOLDER, tidy: FOLDER });
  const script = `${FOLDER}/install.sh`;
  const config = {
    write_files: [
      ...rendering.files.map(staged),
      { path: script, owner: "root:root", permissions: "0700", content: install },
    ],
    runcmd: [["sh", script]],
  };
  const text = stringify(config, { lineWidth: 0, defaultStringType: "PLAIN", blockQuote: "literal" });
  return `#cloud-config\n${headerComment(rendering)}#\n${ABOUT}${text}`;
}

/** Not yet where they belong: an sshd that starts before they were judged must not read them. */
function staged({ path, content, mode, uid, gid }: RenderedFile): object {
  const owner = uid === 0 && gid === 0 ? "root:root" : `${uid}:${gid}`;
  return { path: `${FOLDER}${path}`, owner, permissions: mode, content };
}

const ABOUT = `# The files are written below ${FOLDER} with their modes and owners; install.sh puts them in place at
# the end of the first boot, when sshd -t accepts them, and takes them back when it does not.
`;
