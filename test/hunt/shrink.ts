import type { Disagreement } from "./compare.ts";
import type { Configuration } from "./configuration.ts";
import { playRound, type RoundWishes, type Tried } from "./round.ts";
import type { Ground } from "./ground.ts";

/**
 * The smallest configuration that still shows the disagreement: each piece is left out in turn, one round a piece,
 * and stays out where it is not needed.
 */
export async function shrink(
  ground: Ground,
  { configuration, disagreements: [wanted] }: Tried,
  wishes: RoundWishes,
): Promise<Configuration> {
  if (wanted === undefined) return configuration;
  let smallest = configuration;
  for (const piece of configuration.pieces) {
    const candidate = { ...smallest, pieces: smallest.pieces.filter((each) => each !== piece) };
    if (await shows(ground, candidate, wanted, wishes)) smallest = candidate;
  }
  const bare = { ...smallest, applied: false };
  return smallest.applied && (await shows(ground, bare, wanted, wishes)) ? bare : smallest;
}

/** Whether the configuration, tried by itself on a host of its release, shows the same disagreement. */
export async function shows(
  ground: Ground,
  configuration: Configuration,
  wanted: Pick<Disagreement, "command" | "type" | "role" | "kind">,
  wishes: RoundWishes,
): Promise<boolean> {
  const host = ground.hosts.find(({ release }) => release === configuration.release);
  if (host === undefined) return false;
  const [tried] = await playRound({ ...ground, hosts: [host] }, [configuration], wishes);
  return (tried?.disagreements ?? []).some(
    ({ command, type, role, kind }) =>
      command === wanted.command && type === wanted.type && role === wanted.role && kind === wanted.kind,
  );
}
