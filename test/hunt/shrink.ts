import { isSame, type Disagreement } from "./compare.ts";
import { peopleOf, type Configuration, type Piece } from "./configuration.ts";
import type { Ground } from "./ground.ts";
import { playRound, type RoundWishes } from "./round.ts";

type Looked = Pick<Disagreement, "command" | "type" | "role" | "kind">;

/**
 * The smallest configuration that still shows the disagreement: first everybody else and what is theirs go, then each
 * piece in turn, one round a piece, and stays out where it is not needed.
 */
export async function shrink(
  ground: Ground,
  configuration: Configuration,
  wanted: Looked,
  wishes: RoundWishes,
): Promise<Configuration> {
  let smallest = configuration;
  const attempt = async (candidate: Configuration): Promise<void> => {
    if (await shows(ground, candidate, wanted, wishes)) smallest = candidate;
  };
  await attempt(alone(configuration, wanted.role));
  const [first, second] = halves(smallest.pieces);
  for (const half of [first, second]) if (half.length > 1) await attempt({ ...smallest, pieces: half });
  for (const piece of smallest.pieces) {
    await attempt({ ...smallest, pieces: smallest.pieces.filter((each) => each !== piece) });
  }
  if (smallest.applied) await attempt({ ...smallest, applied: false });
  return smallest;
}

function alone(configuration: Configuration, role: string): Configuration {
  const people = new Set(peopleOf({ roles: [role] }).map(({ name }) => name));
  const pieces = configuration.pieces.filter(({ of }) => of === undefined || people.has(of));
  return { ...configuration, roles: [role], pieces };
}

function halves(pieces: readonly Piece[]): [Piece[], Piece[]] {
  const middle = Math.ceil(pieces.length / 2);
  return [pieces.slice(0, middle), pieces.slice(middle)];
}

/** Whether the configuration, tried by itself on a host of its release, shows the same disagreement. */
async function shows(
  ground: Ground,
  configuration: Configuration,
  wanted: Looked,
  wishes: RoundWishes,
): Promise<boolean> {
  const host = ground.hosts.find(({ release }) => release === configuration.release);
  if (host === undefined) return false;
  const [tried] = await playRound({ ...ground, hosts: [host] }, [configuration], wishes);
  return (tried?.disagreements ?? []).some((each) => isSame(each, wanted));
}
