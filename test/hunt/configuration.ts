/** What a hunted host is made of: pieces, each one thing that people really write into a host's files. */

/** One file of a host, or a line put at the end or at the beginning of one that is there. */
export interface Edit {
  readonly path: string;
  readonly text: string;
  /** `mode`: the file or folder keeps its text and gets another mode. */
  readonly how: "file" | "append" | "prepend" | "mode";
  /** Octal, as for chmod; a file that is new has 0644. */
  readonly mode?: string;
  readonly owner?: string;
}

export interface Piece {
  /** For people: what it is, in a few words. */
  readonly about: string;
  readonly edits: readonly Edit[];
}

export interface Configuration {
  readonly release: "bullseye" | "bookworm" | "trixie" | "sid";
  readonly seed: number;
  /** Whether curfew's own policy is applied to the host before the pieces come. */
  readonly applied: boolean;
  readonly pieces: readonly Piece[];
}

/** The limit that the hunt's policy gives to everybody, in seconds. */
export const LIMIT = 4;

/** Who is on every hunted host. Each group is a role of the policy; `pair` has two members. */
export const PEOPLE = [
  { name: "ann", group: "pair", shell: "/bin/bash" },
  { name: "bob", group: "pair", shell: "/bin/bash" },
  { name: "zoe", group: "zshers", shell: "/usr/bin/zsh" },
  { name: "tim", group: "tcshers", shell: "/usr/bin/tcsh" },
  { name: "kim", group: "kshers", shell: "/usr/bin/ksh" },
  { name: "mia", group: "mkshers", shell: "/usr/bin/mksh" },
  { name: "dan", group: "dashers", shell: "/bin/dash" },
] as const;

export type Person = (typeof PEOPLE)[number];

/** The sh script that brings a host back to its first state and then makes it this configuration. */
export function scriptOf(pieces: readonly Piece[]): string {
  return pieces.flatMap(({ edits }) => edits.map(editScript)).join("\n");
}

function editScript({ path, text, how, mode, owner }: Edit): string {
  const content = `'${text.replaceAll("'", `'\\''`)}'`;
  const write = {
    file: `mkdir -p "$(dirname '${path}')"; printf %s ${content} > '${path}'`,
    append: `printf %s ${content} >> '${path}'`,
    prepend: `{ printf %s ${content}; cat '${path}' 2>/dev/null; } > /run/hunt.new; cat /run/hunt.new > '${path}'`,
    mode: ":",
  }[how];
  return [
    write,
    ...(mode === undefined ? [] : [`chmod ${mode} '${path}'`]),
    ...(owner === undefined ? [] : [`chown ${owner}: '${path}'`]),
  ].join("\n");
}
