/** Real sessions of the system's own `ssh`, left idle: what a person sees, with no code of curfew's in between. */
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { LIMIT, type Person } from "./configuration.ts";

/** The kinds that the hunt measures. */
export const HUNTED = ["idle-shell", "idle-command", "unused-connection", "foreground-program"] as const;
export type HuntedKind = (typeof HUNTED)[number];

export interface Measured {
  readonly person: string;
  readonly kind: HuntedKind;
  /** Seconds until it ended; null: it was still there. */
  readonly seconds: number | null;
  /** False where the session never began: what is measured then says nothing. */
  readonly began: boolean;
  readonly saw: string;
}

/** Seconds in which a session has to end to count as ended in time: the tolerance of verify. */
export const IN_TIME = LIMIT * 1.1 + 2;
/** Seconds after which a session that is there is one that stays, also on a busy machine. */
const STAYS = IN_TIME + 6;

/** How each kind is opened: arguments after the destination, and what is typed once a shell has asked. */
const OPENING: Readonly<Record<HuntedKind, { before: string[]; after: string[]; types?: string }>> = {
  "idle-shell": { before: ["-tt"], after: [] },
  "idle-command": { before: ["-T"], after: ["sleep 600"] },
  "unused-connection": { before: ["-N"], after: [] },
  "foreground-program": { before: ["-tt"], after: [], types: "sleep 600\r" },
};
/** Seconds that a shell has to ask for a command; measured times begin after it. */
const SETTLE = 2;

/** Opens one session, leaves it alone, and says when it ended. The client is ended in the end in any case. */
export async function measure(
  kind: HuntedKind,
  { name: person }: Pick<Person, "name">,
  host: string,
  sshConfig: string,
): Promise<Measured> {
  const { before, after, types } = OPENING[kind];
  const args = ["-F", sshConfig, "-o", "ServerAliveInterval=0", ...before, `${person}@${host}`, ...after];
  const child = spawn("ssh", args, { env: { ...process.env, TERM: "xterm-256color", LANG: "C.UTF-8" } });
  let saw = "";
  let heard = performance.now();
  const hear = (chunk: Buffer): void => {
    if (saw.length < 4000) saw += chunk.toString("latin1");
    heard = performance.now();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const gone = new Promise<number>((resolve) => child.once("close", () => resolve(performance.now())));
  await ready(kind, child, gone, () => saw);
  if (types !== undefined) child.stdin.write(types);
  const since = performance.now();
  const at = await Promise.race([gone, pause(STAYS * 1000).then(() => null)]);
  child.kill("SIGKILL");
  const began = at === null || at - since > 1000 || /timed out|auto-logout/u.test(saw);
  const from = Math.max(since - SETTLE * 1000, Math.min(heard, since));
  return { person, kind, seconds: at === null ? null : (at - from) / 1000, began, saw };
}

/** A session with a terminal begins with its prompt; of the others nothing is heard. */
async function ready(
  kind: HuntedKind,
  child: ChildProcess,
  gone: Promise<number>,
  saw: () => string,
): Promise<void> {
  const until = OPENING[kind].before.includes("-tt") ? performance.now() + 15_000 : 0;
  while (saw() === "" && child.exitCode === null && performance.now() < until) await pause(100);
  await Promise.race([gone, pause(SETTLE * 1000)]);
}
