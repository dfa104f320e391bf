/** What the hunt once found stays mended, and some configurations that are tried each time bring no false pass. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { isSame } from "./compare.ts";
import { merged, readFixtures, together, type Fixture } from "./fixture.ts";
import { configurationOf } from "./grammar.ts";
import { openGround, type Ground } from "./ground.ts";
import { playRound } from "./round.ts";

const lacks = labUnavailable();
const RELEASES = ["trixie", "bookworm", "sid", "bullseye"] as const;
const FIXTURES = new URL("../fixtures/hunt/", import.meta.url);
const SEED = 1000;

const groups = together(readFixtures(FIXTURES)) as [Fixture, ...Fixture[]][];

describe.skipIf(lacks !== null)(`the hunt${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let ground: Ground;
  beforeAll(async () => {
    lab = await openLab();
    ground = await openGround(lab, RELEASES, "shells");
  }, patient(180_000));
  afterAll(() => lab?.close());

  /** What of a group is still there. */
  async function left(group: readonly [Fixture, ...Fixture[]]): Promise<unknown[]> {
    const configuration = merged(group);
    const hosts = ground.hosts.filter(({ release }) => release === configuration.release);
    const wishes = {
      kinds: [...new Set(group.flatMap(({ kinds }) => kinds))],
      verify: group[0].wanted.command === "verify",
    };
    const round = await playRound({ ...ground, hosts }, [configuration], wishes);
    expect(round.every(({ valid, cells }) => valid && cells.length > 0)).toBe(true);
    const found = round.flatMap(({ disagreements }) => disagreements);
    return found.filter((each) => group.some(({ wanted }) => isSame(wanted, each)));
  }

  test("nothing that was found comes back", { timeout: patient(240_000) }, async () => {
    const chains = RELEASES.map(async (release) => {
      const still: unknown[] = [];
      for (const group of groups) {
        if (group[0].configuration.release === release) still.push(...(await left(group)));
      }
      return still;
    });
    expect((await Promise.all(chains)).flat()).toEqual([]);
  });

  test("no verdict is a pass where a session stayed", { timeout: patient(240_000) }, async () => {
    const configurations = RELEASES.map((release, index) => configurationOf(SEED + index, release));
    const round = await playRound(ground, configurations, { kinds: ["nested-shell"], verify: false });
    expect(round.some(({ valid, cells }) => valid && cells.length > 0)).toBe(true);
    const found = round.flatMap(({ disagreements }) => disagreements);
    expect(found.filter(({ type }) => type === "false pass")).toEqual([]);
  });
});
