/**
 * `npm run hunt -- --hosts N --minutes M [--seed S]`: random configurations on real hosts; curfew judges each, then the
 * system's own ssh measures. Every verdict that sessions contradict, again and again, is printed, shrunk to its smallest
 * configuration and written to test/fixtures/hunt. `--replay FILE` tries one of those again. Exit code 0: no false
 * pass; 2: at least one.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enterLab, prepareLab, say } from "../lab/enter.ts";
import type { LabHost } from "../lab/host.ts";
import { openLab, type Lab } from "../lab/lab.ts";
import { machineLacks } from "../lab/packages.ts";
import type { Disagreement } from "./compare.ts";
import type { Configuration } from "./configuration.ts";
import type { Fixture } from "./fixture.ts";
import { configurationOf } from "./grammar.ts";
import { openGround, restore, type Ground } from "./ground.ts";
import { readOptions, type Options } from "./options.ts";
import { OWNERS, ownPieces, playOwn } from "./own-hunt.ts";
import { createRandom } from "./random.ts";
import { playRound, type RoundWishes, type Tried } from "./round.ts";
import { HUNTED } from "./sessions.ts";
import { shrink } from "./shrink.ts";
import { Tally } from "./tally.ts";

const RELEASES = ["trixie", "bookworm", "sid", "bullseye"] as const;

function releasesOf(hosts: number): Configuration["release"][] {
  return Array.from({ length: hosts }, (_, index) => RELEASES[index % 4] ?? "trixie");
}

/** Rounds of every team until the time is over. While one waits for sessions, the other one is judged. */
async function hunt(teams: readonly Ground[], options: Options): Promise<Tally> {
  const until = performance.now() + options.minutes * 60_000;
  const tally = new Tally();
  let next = options.seed;
  const rounds = async (team: Ground): Promise<void> => {
    while (performance.now() < until) {
      const seed = next;
      next += team.hosts.length;
      const wishes = wishesOf(seed);
      const configurations = team.hosts.map(({ release }, index) => configurationOf(seed + index, release));
      const round = await playRound(team, configurations, wishes);
      tally.add(round);
      for (const each of round) await report(team, each, wishes, options);
      say(tally.line());
    }
  };
  await Promise.all(teams.map(rounds));
  return tally;
}

/** Beside idle shells one more kind in turn; in one round of six verify opens its own sessions. */
function wishesOf(seed: number): RoundWishes {
  const random = createRandom(seed);
  return { kinds: [random.pick(HUNTED.slice(1))], verify: random.chance(0.17) };
}

async function report(ground: Ground, tried: Tried, wishes: RoundWishes, options: Options): Promise<void> {
  for (const each of tried.artefacts) say(`hunt: seen once: ${words(each, tried)}`);
  for (const each of tried.disagreements) {
    say(`hunt: ${words(each, tried)}`);
    const configuration = options.shrink
      ? await shrink(ground, tried.configuration, each, wishes)
      : tried.configuration;
    const { command, type, role, kind } = each;
    const name = `${configuration.release}-${configuration.seed}-${role}-${kind}.json`;
    const wanted = { command, type, role, kind };
    const fixture: Fixture = { wanted, kinds: wishes.kinds, selected: ground.selected, configuration };
    await mkdir(options.into, { recursive: true });
    await writeFile(join(options.into, name), `${JSON.stringify(fixture, null, 2)}\n`);
    const own = configuration.pieces.filter(({ of }) => of === undefined || !options.shrink);
    say(`hunt: ${name}: ${JSON.stringify(options.shrink ? configuration.pieces : own)}`);
  }
}

function words({ type, command, role, kind, said, measured }: Disagreement, { host }: Tried): string {
  const seen = measured.map(({ person, seconds }) => `${person} ${seconds?.toFixed(1) ?? "stayed"}`);
  return `${type} of ${command}: ${host.name} ${role} ${kind}; said ${said}; saw ${seen.join(", ")}`;
}

/** One team to which curfew applies everything, and one that gets its shell files alone. */
function openGrounds(lab: Lab, releases: readonly Configuration["release"][]): Promise<Ground[]> {
  return Promise.all([openGround(lab, releases, "shells"), openGround(lab, releases, "everything")]);
}

/** Plays kept disagreements again and prints what is said and seen. Returns how many are still there. */
async function replay(lab: Lab, files: readonly string[]): Promise<number> {
  let left = 0;
  const read = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(file, "utf8")) as Fixture),
  );
  const grounds = await openGrounds(lab, [
    ...new Set(read.map(({ configuration }) => configuration.release)),
  ]);
  for (const [index, file] of files.entries()) {
    const { kinds, wanted, selected, configuration } = read[index] as Fixture;
    const ground = grounds.find((each) => each.selected === selected) as Ground;
    const hosts = ground.hosts.filter(({ release }) => release === configuration.release);
    const wishes = { kinds, verify: wanted.command === "verify" };
    const [tried] = await playRound({ ...ground, hosts }, [configuration], wishes);
    for (const { command, cell, truth, measured } of tried?.cells ?? []) {
      if (cell.role !== wanted.role) continue;
      const seen = measured.map(({ person, seconds, began, saw }) => ({ person, seconds, began, saw }));
      say(`${file}: ${command} ${cell.role} ${cell.kind}: ${truth} ${JSON.stringify({ cell, seen })}`);
    }
    left += tried?.disagreements.length ?? 0;
    say(`${file}: ${tried?.valid ? `${tried.disagreements.length} disagreements` : "sshd refuses it"}`);
  }
  return left;
}

/** Rounds in which only people's own files differ. Returns how many stayed undoubted. */
async function huntOwn(lab: Lab, options: Options): Promise<number> {
  const { hosts } = await openGround(lab, releasesOf(options.hosts), "shells", OWNERS);
  const until = performance.now() + options.minutes * 60_000;
  let [seed, tried, found, needless] = [options.seed, 0, 0, 0];
  const rounds = async (host: LabHost): Promise<void> => {
    while (performance.now() < until) {
      const given = ownPieces(seed++);
      await restore(host);
      for (const { person, pieces, doubt, truth, measured } of await playOwn(
        host,
        lab.sshConfigPath,
        given,
      )) {
        tried += 1;
        const about = `${host.name} ${person.shell} ${JSON.stringify(pieces.flatMap(({ edits }) => edits))}`;
        if (doubt !== undefined && truth === "all ended" && pieces.length > 0) {
          needless += 1;
          say(`hunt: doubted, and ended: ${about}: ${doubt}`);
        }
        if (doubt !== undefined || truth !== "one stayed") continue;
        found += 1;
        const saw = measured.map((each) => `${each.began} ${each.seconds} ${each.saw.slice(-80)}`);
        say(`hunt: stayed, and not doubted: ${about} ${JSON.stringify(saw)}`);
      }
      say(`hunt: ${tried} people's own files, ${found} stayed undoubted, ${needless} doubted and ended`);
    }
  };
  await Promise.all(hosts.map(rounds));
  return found;
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
    if (options.own) return (await huntOwn(lab, options)) > 0 ? 2 : 0;
    if (options.replay.length > 0) return (await replay(lab, options.replay)) > 0 ? 2 : 0;
    const releases = releasesOf(Math.ceil(options.hosts / 2));
    const tally = await hunt(await openGrounds(lab, releases), options);
    say(tally.summary());
    return tally.falsePasses > 0 ? 2 : 0;
  } finally {
    await lab.close();
  }
}

process.exitCode = await main();
