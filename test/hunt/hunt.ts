/**
 * `npm run hunt -- --hosts N --minutes M [--seed S]`: random configurations on real hosts; curfew judges each, then the
 * system's own ssh measures. Every verdict that a session contradicts is printed, shrunk to its smallest configuration
 * and written to test/fixtures/hunt. Exit code 0: no false pass; 2: at least one.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { enterLab, prepareLab, say } from "../lab/enter.ts";
import { openLab } from "../lab/lab.ts";
import { machineLacks } from "../lab/packages.ts";
import { configurationOf } from "./grammar.ts";
import { openGround, type Ground } from "./ground.ts";
import { createRandom } from "./random.ts";
import { playRound, type RoundWishes, type Tried } from "./round.ts";
import { HUNTED } from "./sessions.ts";
import { shrink } from "./shrink.ts";

const RELEASES = ["trixie", "bookworm", "sid", "bullseye"] as const;
const FIXTURES = new URL("../fixtures/hunt/", import.meta.url);

interface Options {
  readonly hosts: number;
  readonly minutes: number;
  readonly seed: number;
  readonly shrink: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "4" },
      minutes: { type: "string", default: "5" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      "no-shrink": { type: "boolean", default: false },
    },
  });
  const number = (text: string): number => {
    if (/^\d+(?:\.\d+)?$/u.test(text)) return Number(text);
    throw new Error(`hunt: ${text} is not a number`);
  };
  return {
    hosts: Math.max(1, number(values.hosts)),
    minutes: number(values.minutes),
    seed: number(values.seed),
    shrink: !values["no-shrink"],
  };
}

/** Rounds until the time is over. Returns how many configurations were tried and what was found. */
async function hunt(ground: Ground, options: Options): Promise<{ tried: number; found: Tried[] }> {
  const until = performance.now() + options.minutes * 60_000;
  const found: Tried[] = [];
  let tried = 0;
  for (let seed = options.seed; performance.now() < until; seed += ground.hosts.length) {
    const wishes = wishesOf(seed);
    const configurations = ground.hosts.map(({ release }, index) => configurationOf(seed + index, release));
    const round = await playRound(ground, configurations, wishes);
    tried += round.filter(({ valid }) => valid).length;
    for (const each of round.filter(({ disagreements }) => disagreements.length > 0)) {
      found.push(each);
      await report(ground, each, wishes, options.shrink);
    }
    say(`hunt: ${tried} configurations tried, ${found.length} with a disagreement`);
  }
  return { tried, found };
}

/** Beside idle shells one more kind in turn; in one round of four verify opens its own sessions. */
function wishesOf(seed: number): RoundWishes {
  const random = createRandom(seed);
  return { kinds: [random.pick(HUNTED.slice(1))], verify: random.chance(0.25) };
}

async function report(ground: Ground, found: Tried, wishes: RoundWishes, small: boolean): Promise<void> {
  for (const { command, type, role, kind, said, measured } of found.disagreements) {
    const seen = measured.map(({ person, seconds }) => `${person} ${seconds?.toFixed(1) ?? "stayed"}`);
    say(
      `hunt: ${type} of ${command}: ${found.host.name} ${role} ${kind}; said ${said}; saw ${seen.join(", ")}`,
    );
  }
  const smallest = small ? await shrink(ground, found, wishes) : found.configuration;
  const [{ command, type, role, kind } = { command: "", type: "", role: "", kind: "" }] = found.disagreements;
  await mkdir(FIXTURES, { recursive: true });
  const name = `${found.configuration.release}-${found.configuration.seed}.json`;
  const fixture = { wanted: { command, type, role, kind }, kinds: wishes.kinds, configuration: smallest };
  await writeFile(new URL(name, FIXTURES), `${JSON.stringify(fixture, null, 2)}\n`);
  say(`hunt: ${name}: ${JSON.stringify(smallest)}`);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (process.env["CURFEW_LAB_RUN"] === undefined) {
    const lacks = machineLacks();
    if (lacks !== null) {
      say(`hunt: not possible here, needs ${lacks}`);
      return 1;
    }
    await prepareLab();
    return enterLab([process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  }
  const lab = await openLab();
  try {
    const releases = Array.from({ length: options.hosts }, (_, index) => RELEASES[index % 4] ?? "trixie");
    const { tried, found } = await hunt(await openGround(lab, releases), options);
    const of = (type: string): number =>
      found.flatMap(({ disagreements }) => disagreements).filter((each) => each.type === type).length;
    say(`hunt: ${tried} configurations, ${of("false pass")} false passes, ${of("false fail")} false fails`);
    return of("false pass") > 0 ? 2 : 0;
  } finally {
    await lab.close();
  }
}

process.exitCode = await main();
