/** A disagreement as it is kept, and how kept ones are tried again: many at once. */
import { readdirSync, readFileSync } from "node:fs";
import type { Disagreement } from "./compare.ts";
import type { Configuration } from "./configuration.ts";
import type { Selected } from "./ground.ts";
import type { HuntedKind } from "./sessions.ts";

export interface Fixture {
  readonly wanted: Pick<Disagreement, "command" | "type" | "role" | "kind">;
  readonly kinds: readonly HuntedKind[];
  readonly selected: Selected;
  readonly configuration: Configuration;
}

export function readFixtures(folder: URL): Fixture[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Fixture);
}

/**
 * Fixtures whose configurations are one: of different roles, on the same release, and with nothing that is everybody's.
 * All others stay by themselves.
 */
export function together(fixtures: readonly Fixture[]): Fixture[][] {
  const groups: Fixture[][] = [];
  for (const fixture of fixtures) {
    const group = groups.find((each) => each.every((other) => fits(fixture, other)));
    if (group === undefined) groups.push([fixture]);
    else group.push(fixture);
  }
  return groups;
}

function fits(left: Fixture, right: Fixture): boolean {
  const [one, other] = [left.configuration, right.configuration];
  return (
    [left, right].every(({ configuration: { pieces } }) => pieces.every(({ of }) => of !== undefined)) &&
    left.selected === right.selected &&
    one.release === other.release &&
    one.applied === other.applied &&
    left.wanted.command === right.wanted.command &&
    one.roles.every((role) => !other.roles.includes(role))
  );
}

/** The one configuration of a group. */
export function merged(group: readonly [Fixture, ...Fixture[]]): Configuration {
  const all = group.map(({ configuration }) => configuration);
  return {
    ...group[0].configuration,
    roles: all.flatMap(({ roles }) => roles),
    pieces: all.flatMap(({ pieces }) => pieces),
  };
}
