/** Random configurations: what administrators, packages and people leave on hosts, put together at random. */
import { peopleOf, type Configuration, type Piece } from "./configuration.ts";
import { keyPieces } from "./key-grammar.ts";
import { latePieces } from "./late-grammar.ts";
import { loginPieces } from "./login-grammar.ts";
import { ownPiece } from "./own-grammar.ts";
import { PEOPLE, type Person } from "./people.ts";
import { createRandom, type Random } from "./random.ts";
import { shellPieces } from "./shell-grammar.ts";
import { sshdPieces } from "./sshd-grammar.ts";

/** So many roles have somebody in them: curfew asks no more than two dozen login shells of a host. */
const ROLES = 9;

/**
 * The configuration of a seed for a release. What is everybody's comes seldom, as it hides what is somebody's own: every
 * person is a configuration of their own.
 */
export function configurationOf(seed: number, release: Configuration["release"]): Configuration {
  const random = createRandom(seed);
  const applied = random.chance(0.65);
  const roles = rolesOf(random);
  const people = peopleOf({ roles });
  const common = random.chance(0.7)
    ? [
        ...sshdPieces(random, people, release),
        ...loginPieces(random, people),
        ...shellPieces(random),
        ...(applied && random.chance(0.3) ? latePieces(random) : []),
      ]
    : [];
  // oxlint-disable-next-line no-map-spread
  const own = people.flatMap((person): Piece[] => [
    ...random.some([0.6, 0.25], 0.75).map(() => ownPiece(random, person)),
    ...(random.chance(0.15) ? keyPieces(random, person) : []),
  ]);
  return { release, seed, applied, roles, pieces: [...common, ...own] };
}

function rolesOf(random: Random): string[] {
  const all = [...new Set(PEOPLE.map(({ group }: Person) => group))];
  const roles: string[] = [];
  while (roles.length < ROLES) {
    const role = random.pick(all);
    if (!roles.includes(role)) roles.push(role);
  }
  return all.filter((role) => roles.includes(role));
}
