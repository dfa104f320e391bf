/** What is tried: one command on one host, one fault at one step of it. All of it comes from a number. */
import { createRandom } from "../hunt/random.ts";

/** What may happen to a host, a controller or the way between them. */
const FAULTS = [
  "the controller is killed",
  "the controller is stopped for a while",
  "the scripts on the host are killed",
  "the scripts on the host are stopped for a while",
  "the undo is killed",
  "the login is cut off",
  "the host loses power",
  "the network is gone for a while",
  "new connections are dropped for a while",
  "/etc/ssh is read-only for a while",
  "/etc/profile.d is read-only for a while",
  "/var/lib/curfew is read-only for a while",
  "/etc/ssh is full",
  "a file is immutable",
  "a file is a mount",
  "sshd -t is slow",
  "sshd -t hangs",
  "PAM is broken for a while",
  "sshd's unit is masked",
  "sshd is killed",
  "sshd is reloaded",
  "somebody edits a file",
  "somebody edits a file and reloads sshd",
  "a second controller changes the host",
  "verify is killed",
] as const;
export type FaultKind = (typeof FAULTS)[number];

const STEPS = [
  "reading-facts",
  "locked",
  "staged",
  "validated",
  "armed",
  "applied",
  "reloaded",
  "confirming",
] as const;

/** Files that the change updates, or that sshd or a shell reads beside it. */
const FILES = [
  "/etc/ssh/sshd_config",
  "/etc/bash.bashrc",
  "/etc/ssh/sshd_config.d/00-00-curfew.conf",
] as const;

export interface Trial {
  readonly seed: number;
  readonly command: "apply" | "revert";
  readonly fault: FaultKind;
  readonly step: (typeof STEPS)[number];
  /** How long what passes by itself lasts, in seconds of a quiet machine. */
  readonly seconds: number;
  /** Milliseconds from the step to the fault. */
  readonly after: number;
  readonly file: (typeof FILES)[number];
  /** Whether the controller dies as well. */
  readonly alone: boolean;
}

export function trialOf(seed: number): Trial {
  const random = createRandom(Math.imul(seed, 2_654_435_761));
  return {
    seed,
    command: random.chance(0.65) ? "apply" : "revert",
    // In turn, so that every kind has its share of few trials as well.
    fault: FAULTS[seed % FAULTS.length] as FaultKind,
    step: random.pick(STEPS),
    seconds: 1 + random.whole(12),
    after: random.chance(0.5) ? 0 : random.whole(400),
    file: random.pick(FILES),
    alone: random.chance(0.4),
  };
}
