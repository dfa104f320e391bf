/** What is tried: one command on one host, one fault at one step of it. All of it comes from a number. */
import { createRandom } from "../hunt/random.ts";

/** What may happen to a host, a controller or the way between them while a change goes on. */
const CHANGE_FAULTS = [
  "the controller is killed",
  "the controller is stopped for a while",
  "the scripts on the host are killed",
  "the scripts on the host are stopped for a while",
  "the confirmation is killed",
  "the undo is killed",
  "the undo is stopped for a while",
  "the login is cut off",
  "the host loses power",
  "the host loses power when it is decided",
  "the host loses power in the undo",
  "the network is gone for a while",
  "new connections are dropped for a while",
  "all packets to sshd are dropped for a while",
  "/etc is read-only for a while",
  "/etc/ssh is read-only for a while",
  "/etc/profile.d is read-only for a while",
  "/var/lib/curfew is read-only for a while",
  "/etc/ssh is full for a while",
  "/etc/ssh has no inodes for a while",
  "/var/lib/curfew is full for a while",
  "/var/lib/curfew has no inodes for a while",
  "a file is immutable for a while",
  "a file is a mount for a while",
  "sshd -t is slow",
  "sshd -t hangs",
  "sshd -t fails for a while",
  "PAM is broken for a while",
  "sshd's unit is masked for a while",
  "sshd is killed",
  "sshd is stopped for a while",
  "sshd is reloaded",
  "sshd is restarted",
  "sshd's directory is removed",
  "somebody edits a file",
  "somebody edits a file and reloads sshd",
  "somebody replaces a file",
  "somebody replaces a file and reloads sshd",
  "somebody removes a file",
  "somebody breaks sshd_config for a while",
  "a second controller changes the host",
] as const;

/** What may happen while real sessions are watched. */
const VERIFY_FAULTS = ["verify is killed", "the shadow is killed", "the shadow's script is killed"] as const;

export const FAULTS = [...CHANGE_FAULTS, ...VERIFY_FAULTS] as const;
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
type FaultStep = (typeof STEPS)[number] | "probing";

const ARMED: readonly FaultStep[] = ["armed", "applied", "reloaded", "confirming"];

/** Faults that there is only one moment for, or some. */
const STEPS_OF: Partial<Readonly<Record<FaultKind, readonly FaultStep[]>>> = {
  "the confirmation is killed": ["confirming"],
  "the undo is killed": ARMED,
  "the undo is stopped for a while": ARMED,
  "the host loses power in the undo": ARMED,
  "the host loses power when it is decided": ["reloaded"],
  "verify is killed": ["probing"],
  "the shadow is killed": ["probing"],
  "the shadow's script is killed": ["probing"],
};

/** Faults that need the controller. */
const TOGETHER: ReadonlySet<FaultKind> = new Set([
  "the controller is stopped for a while",
  "the confirmation is killed",
  "the host loses power when it is decided",
]);

export interface Trial {
  readonly seed: number;
  readonly command: "apply" | "revert" | "verify";
  readonly fault: FaultKind;
  readonly step: FaultStep;
  /** How long what passes by itself lasts, in seconds. */
  readonly seconds: number;
  /** Milliseconds from the step to the fault. */
  readonly after: number;
  /** From 0 to 1: which of the files that matter there. */
  readonly file: number;
  /** Whether the controller dies as well. */
  readonly alone: boolean;
  /** Who comes next, where something is left. */
  readonly next: "apply" | "revert";
}

export function trialOf(seed: number): Trial {
  const random = createRandom(Math.imul(seed, 2_654_435_761));
  const fault = random.pick(FAULTS);
  const change = random.chance(0.6) ? "apply" : "revert";
  const step = random.pick(STEPS_OF[fault] ?? STEPS);
  const moments = [0, 0, random.whole(400), random.whole(400), random.whole(9000)];
  return {
    seed,
    command: (VERIFY_FAULTS as readonly string[]).includes(fault) ? "verify" : change,
    fault,
    step,
    // Few outlast the undo, which tries for a minute.
    seconds: random.chance(0.03) ? 75 : 1 + random.whole(12),
    after: random.pick(moments),
    file: random.whole(1000) / 1000,
    alone: random.chance(0.35) && !TOGETHER.has(fault),
    next: random.chance(0.5) ? "apply" : "revert",
  };
}
