/** What a hunted host is made of: pieces, each one thing that people really write into a host's files. */
import { PEOPLE, type Person } from "./people.ts";

/** One file of a host, or a line put at the end or at the beginning of one that is there, or a command. */
export interface Edit {
  readonly path: string;
  /** For `run`: a sh script; `path` then says what it is about. */
  readonly text: string;
  /** `mode`: the file or folder keeps its text and gets another mode. */
  readonly how: "file" | "append" | "prepend" | "mode" | "run";
  /** Octal, as for chmod; a file that is new has 0644. */
  readonly mode?: string;
  readonly owner?: string;
  /** Made after sshd has read its files: nobody reloads it. */
  readonly late?: true;
}

export interface Piece {
  /** For people: what it is, in a few words. */
  readonly about: string;
  readonly edits: readonly Edit[];
  /** Whose own it is; left out for what is everybody's. */
  readonly of?: string;
}

export interface Configuration {
  readonly release: "bullseye" | "bookworm" | "trixie" | "sid";
  readonly seed: number;
  /** Whether curfew's own policy is applied to the host before the pieces come. */
  readonly applied: boolean;
  /** The roles that somebody is in; the accounts of all others are gone. */
  readonly roles: readonly string[];
  readonly pieces: readonly Piece[];
}

/**
 * The limit that the hunt's policy gives to everybody, in seconds. tcsh counts minutes and ksh93 adds one, so a hunt for
 * them has a limit of 75.
 */
export const LIMIT = Number(process.env["CURFEW_HUNT_LIMIT"] ?? "4");

/** The people on a host of this configuration. */
export function peopleOf({ roles }: Pick<Configuration, "roles">): readonly Person[] {
  return PEOPLE.filter(({ group }) => roles.includes(group));
}

/** The sh script that takes away everybody who is not meant to be there. */
export function departuresOf(configuration: Pick<Configuration, "roles">): string {
  const there = new Set(peopleOf(configuration));
  const gone = PEOPLE.filter((person) => !there.has(person));
  if (gone.length === 0) return ":";
  const names = [...new Set(gone.flatMap(({ name, group }) => [name, group]))].filter(
    (name) => !configuration.roles.includes(name),
  );
  return `sed -i -E '/^(${names.join("|")}):/d' /etc/passwd /etc/shadow /etc/group /etc/gshadow`;
}

/** The sh script that writes pieces: those before sshd reads its files, or the late ones. */
export function scriptOf(pieces: readonly Piece[], late = false): string {
  const edits = pieces.flatMap((piece) => piece.edits).filter((edit) => (edit.late ?? false) === late);
  return edits.map(editScript).join("\n");
}

function editScript({ path, text, how, mode, owner }: Edit): string {
  const content = `'${text.replaceAll("'", `'\\''`)}'`;
  const write = {
    file: `mkdir -p "$(dirname '${path}')"; printf %s ${content} > '${path}'`,
    append: `mkdir -p "$(dirname '${path}')"; printf %s ${content} >> '${path}'`,
    prepend: `{ printf %s ${content}; cat '${path}' 2>/dev/null; } > /run/hunt.new; cat /run/hunt.new > '${path}'`,
    mode: ":",
    run: text,
  }[how];
  return [
    write,
    ...(mode === undefined ? [] : [`chmod ${mode} '${path}'`]),
    ...(owner === undefined ? [] : [`chown ${owner}: '${path}'`]),
  ].join("\n");
}
