/** One round: every host becomes its configuration, is judged, and shows what is true. */
import type { LabHost } from "../lab/host.ts";
import {
  compared,
  disagreements,
  isSame,
  isTheirOwn,
  roleOf,
  type Compared,
  type Disagreement,
} from "./compare.ts";
import { peopleOf, type Configuration } from "./configuration.ts";
import { ask, become, type Ground, type Ladders } from "./ground.ts";
import { createRandom } from "./random.ts";
import { measureAll, type HuntedKind, type Measured, type Wanted } from "./sessions.ts";

/** One host in one round. */
export interface Tried {
  readonly host: LabHost;
  readonly configuration: Configuration;
  /** False where sshd itself refused the configuration. */
  readonly valid: boolean;
  readonly cells: readonly Compared[];
  /** Confirmed: the same once more, and sessions that were waited for three times as long. */
  readonly disagreements: readonly Disagreement[];
  /** Seen once and not again: this machine was late. */
  readonly artefacts: readonly Disagreement[];
}

export interface RoundWishes {
  /** The kinds to measure beside `idle-shell`. */
  readonly kinds: readonly HuntedKind[];
  /** Whether `verify` is asked as well, with its own real sessions. */
  readonly verify: boolean;
}

/** Tries one configuration on each host at once, hosts in the order of the configurations. */
export async function playRound(
  ground: Ground,
  configurations: readonly Configuration[],
  wishes: RoundWishes,
): Promise<Tried[]> {
  const hosts = ground.hosts.slice(0, configurations.length);
  const valid = await Promise.all(
    hosts.map((host, index) => become(host, configurations[index] as Configuration)),
  );
  const judged = hosts.filter((_, index) => valid[index]);
  const [audited, measured] = await Promise.all([
    ask(ground, judged, commandOf("audit", wishes.kinds)),
    Promise.all(
      hosts.map((host, index) =>
        valid[index] === true ? sessionsOn(ground, host, configurations[index] as Configuration, wishes) : [],
      ),
    ),
  ]);
  const ladders: [string, Ladders][] = [["audit", audited]];
  if (wishes.verify) ladders.push(["verify", await ask(ground, judged, commandOf("verify", wishes.kinds))]);
  return Promise.all(
    hosts.map(async (host, index): Promise<Tried> => {
      const configuration = configurations[index] as Configuration;
      const cells = ladders.flatMap(([command, of]) =>
        compared(command, of.get(host.name) ?? [], measured[index] ?? []),
      );
      const seen = disagreements(cells).filter((each) => !isTheirOwn(each, configuration));
      const confirmed = await confirm(ground, host, configuration, seen, wishes);
      const artefacts = seen.filter((each) => !confirmed.some((other) => isSame(each, other)));
      return {
        host,
        configuration,
        valid: valid[index] === true,
        cells,
        disagreements: confirmed,
        artefacts,
      };
    }),
  );
}

function commandOf(name: string, kinds: readonly HuntedKind[]): string[] {
  const sessions = ["--sessions", ["idle-shell", ...kinds].join(",")];
  return name === "audit" ? ["audit", "--json", "--no-history", ...sessions] : [name, "--json", ...sessions];
}

/** Each person's session at a prompt after the first one, one of the other kinds, and of some one that is never used. */
function sessionsOn(
  { lab }: Ground,
  host: LabHost,
  configuration: Configuration,
  { kinds }: RoundWishes,
): Promise<Measured[]> {
  const random = createRandom(configuration.seed + 1);
  // oxlint-disable-next-line no-map-spread
  const wanted = peopleOf(configuration).flatMap((person): Wanted[] => [
    { person, kind: "idle-shell" },
    ...(random.chance(0.3) ? [{ person, kind: "idle-shell", fresh: true } as const] : []),
    ...kinds.map((kind) => ({ person, kind })),
  ]);
  return measureAll(wanted, { host: host.name, sshConfig: lab.sshConfigPath, patience: 1 });
}

/** How much longer a session is waited for whose end would contradict a verdict, and how often it is opened again. */
const PATIENCE = 3;
const TIMES = 2;

/** What is the same when both are asked again, twice. A machine with other work ends sessions late, and asks late. */
async function confirm(
  ground: Ground,
  host: LabHost,
  configuration: Configuration,
  seen: readonly Disagreement[],
  { kinds }: RoundWishes,
): Promise<Disagreement[]> {
  let left = [...seen];
  for (let time = 0; time < TIMES && left.length > 0; time++) {
    const wanted = peopleOf(configuration).flatMap((person): Wanted[] =>
      // oxlint-disable-next-line no-map-spread
      [...new Set(left.filter(({ role }) => role === roleOf(person.name)).map(({ kind }) => kind))].flatMap(
        (kind): Wanted[] => [
          { person, kind: kind as HuntedKind },
          ...(kind === "idle-shell" ? [{ person, kind, fresh: true } as const] : []),
        ],
      ),
    );
    const setting = { host: host.name, sshConfig: ground.lab.sshConfigPath, patience: PATIENCE };
    const measured = await measureAll(wanted, setting);
    const again: Disagreement[] = [];
    for (const command of new Set(left.map((each) => each.command))) {
      const ladder = (await ask(ground, [host], commandOf(command, kinds))).get(host.name) ?? [];
      again.push(...disagreements(compared(command, ladder, measured)));
    }
    left = again.filter((each) => left.some((other) => isSame(each, other)));
  }
  return left;
}
