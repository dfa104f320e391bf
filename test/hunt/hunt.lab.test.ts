/** What the hunt once found stays mended, and some configurations that are tried each time bring no false pass. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import type { Disagreement } from "./compare.ts";
import type { Configuration } from "./configuration.ts";
import { configurationOf } from "./grammar.ts";
import { openGround, type Ground } from "./ground.ts";
import { playRound } from "./round.ts";
import type { HuntedKind } from "./sessions.ts";
import { shows } from "./shrink.ts";

const lacks = labUnavailable();
const RELEASES = ["trixie", "bookworm", "sid", "bullseye"] as const;
const FIXTURES = new URL("../fixtures/hunt/", import.meta.url);
const MINUTES = 60_000;

interface Fixture {
  readonly wanted: Pick<Disagreement, "command" | "type" | "role" | "kind">;
  readonly kinds: readonly HuntedKind[];
  readonly configuration: Configuration;
}

const found = (existsSync(FIXTURES) ? readdirSync(FIXTURES) : []).map((name): [string, Fixture] => [
  name,
  JSON.parse(readFileSync(new URL(name, FIXTURES), "utf8")) as Fixture,
]);

describe.skipIf(lacks !== null)(`the hunt${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let ground: Ground;
  beforeAll(async () => {
    lab = await openLab();
    ground = await openGround(lab, RELEASES);
  });
  afterAll(() => lab.close());

  test.each(found)(
    "%s",
    async (_name, { wanted, kinds, configuration }) => {
      const wishes = { kinds, verify: wanted.command === "verify" };
      expect(await shows(ground, configuration, wanted, wishes)).toBe(false);
    },
    5 * MINUTES,
  );

  test.each([1000, 2000])(
    "configurations from %i on: no verdict is a pass where a session stayed",
    async (seed) => {
      const configurations = RELEASES.map((release, index) => configurationOf(seed + index, release));
      const round = await playRound(ground, configurations, { kinds: [], verify: true });
      expect(round.some(({ valid }) => valid)).toBe(true);
      expect(
        round.flatMap(({ disagreements }) => disagreements).filter(({ type }) => type === "false pass"),
      ).toEqual([]);
    },
    5 * MINUTES,
  );
});
