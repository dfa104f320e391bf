/** What administrators write meanwhile, and what has to become of it. */
import type { LabHost } from "../lab/host.ts";
import { RELOAD } from "./daemon-faults.ts";
import { done, type Fault, type Ground } from "./scene.ts";
import type { Trial } from "./trial.ts";

/** The line that somebody writes in a trial. */
function editOf({ seed }: Pick<Trial, "seed">): string {
  return `# written by somebody in trial ${seed}`;
}

/** Says so on the host, where it is found afterwards: whether somebody's work was there to be lost. */
const WRITTEN = "/root/written-by-somebody";

/** A line more at the end, or the whole file anew as editors do it. */
const append = ({ trial, path }: Ground): string =>
  `[ -e ${path} ] && echo '${editOf(trial)}' >>${path} && touch ${WRITTEN}`;
const replace = ({ trial, path }: Ground): string =>
  `[ -e ${path} ] && cp -p ${path} /root/swap && echo '${editOf(trial)}' >>/root/swap && cp -p /root/swap ${path}.swap &&
    mv ${path}.swap ${path} && touch ${WRITTEN}; status=$?; rm -f ${path}.swap /root/swap; (exit $status)`;

function edit(how: (ground: Ground) => string, and = ""): Fault {
  return { strike: (scene) => done(scene.host, `${how(scene)}${and}`) };
}

const NONSENSE = "NoSuchKeyword yes";

export const EDITS = {
  "somebody edits a file": edit(append),
  "somebody edits a file and reloads sshd": edit(append, ` && ${RELOAD}`),
  "somebody replaces a file": edit(replace),
  "somebody replaces a file and reloads sshd": edit(replace, ` && ${RELOAD}`),
  "somebody removes a file": { strike: ({ host, path }) => done(host, `rm ${path}`) },
  "somebody breaks sshd_config for a while": {
    strike: ({ host, trial }) =>
      done(
        host,
        `[ -e /etc/ssh/sshd_config ] && echo '${NONSENSE}' >>/etc/ssh/sshd_config || exit 1
        sleep ${trial.seconds}; ${mended()}`,
      ),
    mend: ({ host }) => host.exec(mended()),
  },
} satisfies Record<string, Fault>;

/** In the file, and in what was kept of it. */
function mended(): string {
  return `for file in $(grep -lF '${NONSENSE}' /etc/ssh/* 2>/dev/null); do
    case $file in
      *.curfew-kept-*) rm -f $file ;;
      *) grep -vxF '${NONSENSE}' $file >/root/mended; cat /root/mended >$file; rm /root/mended ;;
    esac
  done; true`;
}

export interface Edit {
  /** Whether somebody's work reached a file at all. */
  readonly written: boolean;
  /** Where it is now: in files, and in copies that were kept beside them. */
  readonly files: readonly string[];
  readonly copies: readonly string[];
}

/** Finds somebody's line and takes it out again. */
export async function takeEdit(host: LabHost, trial: Trial): Promise<Edit> {
  const line = editOf(trial);
  const { stdout } = await host.exec(
    `[ ! -e ${WRITTEN} ] || echo written; rm -f ${WRITTEN}; grep -rlF '${line}' /etc; true`,
  );
  const words = stdout.split("\n").filter((word) => word !== "");
  const found = words.filter((word) => word.startsWith("/"));
  const copies = found.filter((path) => path.includes(".curfew-kept-"));
  const files = found.filter((path) => !copies.includes(path));
  for (const path of copies) await host.exec(`rm -f '${path}'`);
  for (const path of files) {
    await host.exec(`grep -vF '${line}' '${path}' >/root/taken; cat /root/taken >'${path}'; rm /root/taken`);
  }
  return { written: words.includes("written"), files, copies };
}
