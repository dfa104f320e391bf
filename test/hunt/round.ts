/** One round: every host becomes its configuration, is judged, and then shows what is true. */
import type { LabHost } from "../lab/host.ts";
import { disagreements, type Disagreement } from "./compare.ts";
import { PEOPLE, type Configuration } from "./configuration.ts";
import { ask, become, reset, type Ground, type Ladders } from "./ground.ts";
import { measure, type HuntedKind, type Measured } from "./sessions.ts";

/** One host in one round. */
export interface Tried {
  readonly host: LabHost;
  readonly configuration: Configuration;
  readonly disagreements: readonly Disagreement[];
  /** False where sshd itself refused the configuration. */
  readonly valid: boolean;
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
  { kinds, verify }: RoundWishes,
): Promise<Tried[]> {
  const hosts = ground.hosts.slice(0, configurations.length);
  await Promise.all(hosts.map(reset));
  await ask(
    ground,
    hosts.filter((_, index) => configurations[index]?.applied),
    ["apply", "--yes", "--quiet"],
  );
  const valid = await Promise.all(
    hosts.map((host, index) => become(host, configurations[index] as Configuration)),
  );
  const judged = hosts.filter((_, index) => valid[index]);
  const all = ["--sessions", ["idle-shell", ...kinds].join(",")];
  const commands = [
    ["audit", "--json", "--no-history", ...all],
    ...(verify ? [["verify", "--json", ...all]] : []),
  ];
  const ladders: [readonly string[], Ladders][] = [];
  for (const command of commands) ladders.push([command, await ask(ground, judged, command)]);
  const measured = await Promise.all(
    hosts.map((host, index) => (valid[index] === true ? sessionsOn(ground, host, kinds) : [])),
  );
  return hosts.map((host, index) => ({
    host,
    configuration: configurations[index] as Configuration,
    valid: valid[index] === true,
    disagreements: ladders.flatMap(([[name = ""], ladder]) =>
      disagreements(name, ladder.get(host.name) ?? [], measured[index] ?? []),
    ),
  }));
}

async function sessionsOn({ lab }: Ground, host: LabHost, kinds: readonly HuntedKind[]): Promise<Measured[]> {
  const wanted = PEOPLE.flatMap((person) =>
    ["idle-shell" as const, ...kinds].map((kind) => ({ person, kind })),
  );
  return Promise.all(wanted.map(({ person, kind }) => measure(kind, person, host.name, lab.sshConfigPath)));
}
