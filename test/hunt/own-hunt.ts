/**
 * A hunt for people's own files alone: a hundred accounts on one host, each with files of its own, for one reading of
 * all of them. curfew's limit is in force for everybody; whoever's session stays must have been doubted.
 */
import { readFile } from "node:fs/promises";
import { ownDoubt } from "../../src/controls/shell-timeout/ending/own-files.ts";
import { parseOwnFiles } from "../../src/core/people/own-files.ts";
import { parseSections } from "../../src/core/answer/sections.ts";
import { known } from "../../src/model/terms/reading.ts";
import type { LoginShell } from "../../src/model/facts/login-shell.ts";
import type { LabHost } from "../lab/host.ts";
import { truthOf, type Compared } from "./compare.ts";
import { scriptOf, type Piece } from "./configuration.ts";
import { keyPieces } from "./key-grammar.ts";
import { ownPiece } from "./own-grammar.ts";
import type { Person } from "./people.ts";
import { createRandom } from "./random.ts";
import { measureAll, type Measured, type Wanted } from "./sessions.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const READER = new URL("../../templates/remote/own-files.sh", import.meta.url);

/** Who is there: bash for half of them, as in life. */
export const OWNERS: readonly Person[] = Array.from({ length: 96 }, (_, index) => {
  const shell = ["/bin/bash", "/usr/bin/zsh", "/bin/bash", "/usr/bin/mksh", "/bin/bash", "/opt/shells/sh"][
    index % 6
  ];
  const number = String(index + 100);
  return { name: `o${number}`, group: "owners", shell: shell ?? "/bin/bash" };
});

export interface OwnTried {
  readonly person: Person;
  readonly pieces: readonly Piece[];
  readonly doubt: string | undefined;
  readonly measured: readonly Measured[];
  readonly truth: Compared["truth"];
}

/** What everybody gets in a round. */
export function ownPieces(seed: number): Map<Person, Piece[]> {
  const random = createRandom(seed);
  return new Map(
    OWNERS.map((person) => [
      person,
      random.chance(0.12)
        ? keyPieces(random, person)
        : random.some([1, 2], 0.7).map(() => ownPiece(random, person)),
    ]),
  );
}

/** Writes the pieces, reads everybody's files once, and opens everybody's session. The host is as curfew's apply left it. */
export async function playOwn(
  host: LabHost,
  sshConfig: string,
  given: ReadonlyMap<Person, readonly Piece[]>,
): Promise<OwnTried[]> {
  await host.exec(scriptOf([...given.values()].flat()), { timeoutSeconds: 300 });
  const people = [...given.keys()];
  const logins = await lookInto(host, people);
  const random = createRandom(people.length);
  const wanted = people.flatMap((person): Wanted[] => [
    { person, kind: "idle-shell" },
    ...(random.chance(0.2) ? [{ person, kind: "idle-shell", fresh: true } as const] : []),
  ]);
  const setting = { host: host.name, sshConfig, patience: 1 };
  let measured = await measureAll(wanted, setting);
  const doubts = people.map((_, index) =>
    ownDoubt({ logins: [logins[index] as LoginShell], effective: known([]) }),
  );
  // What looks like a false pass is looked at again, twice, and longer.
  for (let time = 0; time < 2; time++) {
    const suspects = people.filter(
      (person, index) =>
        doubts[index] === undefined && truthOf(sessionsOf(person, measured)) === "one stayed",
    );
    const again = await measureAll(
      suspects.flatMap((person): Wanted[] => [
        { person, kind: "idle-shell" },
        { person, kind: "idle-shell", fresh: true },
      ]),
      { ...setting, patience: 2.5 },
    );
    measured = [...measured.filter(({ person }) => !suspects.some(({ name }) => name === person)), ...again];
  }
  return people.map((person, index) => ({
    person,
    pieces: given.get(person) ?? [],
    doubt: doubts[index],
    measured: sessionsOf(person, measured),
    truth: truthOf(sessionsOf(person, measured)),
  }));
}

function sessionsOf({ name }: Person, measured: readonly Measured[]): Measured[] {
  return measured.filter(({ person }) => person === name);
}

/** Everybody's files, as curfew reads them; the shells are taken to have said that the limit is readonly. */
async function lookInto(host: LabHost, people: readonly Person[]): Promise<LoginShell[]> {
  const script = await readFile(READER, "utf8");
  const input = people
    .map(
      ({ name, shell }, index) =>
        `home\t${index + 1}\t${name}\t${name}\t${index + 1100}\t${shell}\t/home/${name}\n`,
    )
    .join("");
  const { stdout } = await host.exec(script, { input, timeoutSeconds: 120 });
  const text = [`own-files\n${stdout.trimEnd()}`, "end\n"].map((part) => `\n@${TOKEN}\t${part}`).join("\n");
  const own = parseOwnFiles(parseSections(Buffer.from(text), TOKEN, host.name));
  return people.map(({ name, shell }, index): LoginShell => {
    const family = /zsh/u.test(shell) ? "zsh" : /mksh/u.test(shell) ? "mksh" : "bash";
    const answer = { family, version: "5", limit: 4, readonly: true, exported: false } as const;
    return {
      path: shell,
      size: 1,
      users: [name],
      asked: [{ user: name, login: known(answer) }],
      ...own(index + 1),
    };
  });
}
