/** Real sessions of the system's own `ssh`, left idle: what a person sees, with no code of curfew's in between. */
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import PQueue from "p-queue";
import { LIMIT } from "./configuration.ts";
import type { Person } from "./people.ts";

/** The kinds that the hunt measures. */
export const HUNTED = [
  "idle-shell",
  "idle-command",
  "unused-connection",
  "foreground-program",
  "nested-shell",
  "escaped-shell",
  "output-loop",
  "idle-sftp",
  "tmux",
] as const;
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

/** One session to be opened. `fresh`: nothing is ever typed at its prompt. */
export interface Wanted {
  readonly person: Pick<Person, "name">;
  readonly kind: HuntedKind;
  readonly fresh?: boolean;
}

export interface Setting {
  readonly host: string;
  readonly sshConfig: string;
  /** How much longer than usual one is waited for. */
  readonly patience: number;
}

/** Seconds in which a session has to end to count as ended in time: the tolerance of verify. */
export const IN_TIME = LIMIT * 1.1 + 2;
/** Seconds after which a session that is there is one that stays, also on a busy machine. */
const STAYS = IN_TIME + 5;
/** Seconds until a prompt has to be there. */
const PROMPT = 25;
/** Milliseconds without output after which a prompt waits. */
const QUIET = 1000;

/** Arguments before and after the destination, and what is typed, each line once the one before has come to rest. */
interface Opening {
  readonly before: readonly string[];
  readonly after?: readonly string[];
  readonly types?: readonly (string | Buffer)[];
  /** What it prints once it is what its kind says; what is typed does not say it. */
  readonly shows?: RegExp;
  /** It prints for as long as it runs, so there is no quiet moment to wait for. */
  readonly noisy?: true;
}

/** The login of one without a terminal is complete when ssh(1) says so; then its clock begins. */
const BARE = ["-T", "-v"];
const LOGGED_IN = /Entering interactive session|Sending (?:command|subsystem)/u;
/** Says that a program runs, in words that its command line does not have. */
const SAY = 'printf "r\\165ns\\n"';
const RUNS = /runs\r?\n/u;
/** SSH_FXP_INIT, version 3: what every client says first. */
const SFTP_INIT = Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]);

const OPENING: Readonly<Record<HuntedKind, Opening>> = {
  "idle-shell": { before: ["-tt"], types: ["\r"] },
  "idle-command": { before: BARE, after: ["sleep 600"] },
  "unused-connection": { before: ["-N", ...BARE] },
  "foreground-program": { before: ["-tt"], types: [`sh -c '${SAY}; exec sleep 600'\r`], shows: RUNS },
  "nested-shell": { before: ["-tt"], types: [`sh -c '${SAY}; exec "$SHELL"'\r`, "\r"], shows: RUNS },
  "escaped-shell": {
    before: ["-tt"],
    types: [`exec env -u TMOUT sh -c '${SAY}; exec bash --norc --noprofile'\r`, "\r"],
    shows: RUNS,
  },
  "output-loop": {
    before: ["-tt"],
    types: [`sh -c '${SAY}; while :; do echo; sleep 1; done'\r`],
    shows: RUNS,
    noisy: true,
  },
  "idle-sftp": { before: ["-s", ...BARE], after: ["sftp"], types: [SFTP_INIT] },
  tmux: {
    before: ["-tt"],
    types: [
      "env TERM=xterm tmux -f /dev/null -L hunt new-session 'sleep 600' \\; set -g status-interval 1 \\; set -g status-right %H:%M:%S\r",
    ],
    shows: /\[\?1049h/u,
    noisy: true,
  },
};

/** A client that is idle says nothing; and its keys are the cheap ones, as most of what a login costs is in them. */
const OPTIONS = [
  "ServerAliveInterval=0",
  "KexAlgorithms=curve25519-sha256",
  "HostKeyAlgorithms=ssh-ed25519",
].flatMap((option) => ["-o", option]);

/** Logins at the same time, on all hosts together: a login is nearly all of what a session costs. */
const logins = new PQueue({ concurrency: 6 });

/** Opens sessions, leaves them alone, and says when each ended. Their clients are ended in the end in any case. */
export function measureAll(wanted: readonly Wanted[], setting: Setting): Promise<Measured[]> {
  return Promise.all(wanted.map((each) => measure(each, setting)));
}

async function measure(wanted: Wanted, setting: Setting): Promise<Measured> {
  const session = await logins.add(() => open(wanted, setting));
  const { since, gone, client } = session;
  const at = await Promise.race([gone, pause(STAYS * setting.patience * 1000).then(() => null)]);
  client.kill("SIGKILL");
  return {
    person: wanted.person.name,
    kind: wanted.kind,
    seconds: at === null ? null : (at - since) / 1000,
    began: session.began && (at === null || at - since > 500 || /timed out|auto-logout/u.test(session.saw())),
    saw: session.saw(),
  };
}

interface Open {
  readonly client: ChildProcess;
  readonly gone: Promise<number>;
  /** `performance.now()` of the last activity. */
  readonly since: number;
  readonly began: boolean;
  readonly saw: () => string;
}

/** Opens one session and types what its kind asks for; comes back when it is left alone. */
async function open({ person, kind, fresh = false }: Wanted, setting: Setting): Promise<Open> {
  const { before, after = [], types = [], shows, noisy = false } = OPENING[kind];
  const { client, ears, gone } = start(
    ["-F", setting.sshConfig, ...OPTIONS, ...before, `${person.name}@${setting.host}`],
    after,
    before.includes("-tt"),
  );
  const ready = before.includes("-T")
    ? (): boolean => LOGGED_IN.test(ears.saw)
    : (): boolean => ears.isQuiet();
  let began = await until(ready, client);
  for (const line of fresh ? [] : types) {
    if (client.exitCode !== null) break;
    client.stdin?.write(line);
    ears.heard = performance.now();
    began &&= await until(() => (noisy ? shows?.test(ears.saw) === true : ears.isQuiet()), client);
  }
  began &&= shows === undefined || shows.test(ears.saw);
  return { client, gone, since: noisy ? performance.now() : ears.heard, began, saw: () => ears.saw };
}

/** What a session printed, and when it printed last. */
class Ears {
  saw = "";
  heard = performance.now();

  hear(chunk: Buffer): void {
    if (this.saw.length < 6000) this.saw += chunk.toString("latin1");
    this.heard = performance.now();
  }

  isQuiet(): boolean {
    return this.saw !== "" && performance.now() - this.heard >= QUIET;
  }
}

/** Where the session has a terminal its client has one too, of an ordinary size: it is told to the server. */
function start(
  options: readonly string[],
  after: readonly string[],
  terminal: boolean,
): { client: ChildProcess; ears: Ears; gone: Promise<number> } {
  const ssh = ["ssh", ...options, ...after];
  const words = ssh.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const inTerminal = ["script", "-q", "-e", "-c", `stty rows 24 cols 80; exec ${words}`, "/dev/null"];
  const [file = "", ...args] = terminal ? inTerminal : ssh;
  const env = { ...process.env, TERM: "xterm-256color", LANG: "C.UTF-8" };
  const client = spawn(file, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const ears = new Ears();
  client.stdout.on("data", (chunk: Buffer) => ears.hear(chunk));
  client.stderr.on("data", (chunk: Buffer) => ears.hear(chunk));
  client.stdin.on("error", () => undefined);
  const gone = new Promise<number>((resolve) => client.once("exit", () => resolve(performance.now())));
  return { client, ears, gone };
}

async function until(ready: () => boolean, client: ChildProcess): Promise<boolean> {
  const end = performance.now() + PROMPT * 1000;
  while (!ready() && client.exitCode === null && performance.now() < end) await pause(50);
  return client.exitCode === null && ready();
}
