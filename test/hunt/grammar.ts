/** Random configurations: what administrators, packages and people leave on hosts, put together at random. */
import type { Configuration } from "./configuration.ts";
import { createRandom } from "./random.ts";
import { shellPieces } from "./shell-grammar.ts";
import { sshdPieces } from "./sshd-grammar.ts";

/** The configuration of a seed for a release; never an empty one. */
export function configurationOf(seed: number, release: Configuration["release"]): Configuration {
  const random = createRandom(seed);
  const applied = random.chance(0.4);
  for (;;) {
    const pieces = [...sshdPieces(random, release), ...shellPieces(random)];
    if (pieces.length > 0) return { release, seed, applied, pieces };
  }
}
