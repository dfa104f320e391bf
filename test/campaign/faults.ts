/** How each fault is done to a real host, and how it is taken away again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "../lab/host.ts";
import { EDITS } from "./edits.ts";
import { FILE_FAULTS } from "./file-faults.ts";
import { DAEMON_FAULTS } from "./daemon-faults.ts";
import { done, type Fault, type Ground, type Scene } from "./scene.ts";
import type { FaultKind } from "./trial.ts";

/** Numbers of all processes but sshd itself that a login on the host runs. */
const SCRIPTS = `ps -eo pid=,ppid=,comm= | awk '
  { parent[$1] = $2; name[$1] = $3 }
  END {
    for (pid in name) if (name[pid] ~ /^(sh|dash|bash|sleep|ssh|mv|cp|dd|timeout)$/)
      for (up = parent[pid]; up > 1; up = parent[up]) if (name[up] ~ /^sshd/) { print pid; break }
  }'`;
const SESSIONS = `ps -eo pid=,comm= | awk '$2 ~ /^sshd(-session|-auth)?$/ { print $1 }' | grep -vxF "$(pgrep -o -x sshd)"`;
const UNDO = `pgrep -f 'undo[.]sh (timer|now|boot)'`;

/** As soon as a script on the host says so, or after a minute. */
function until(condition: string, then: string): string {
  return `for i in $(seq 600); do ${condition} && break; sleep 0.1; done 2>/dev/null; ${then}`;
}

/** Every kind of change that is decided, or begins to be taken back. */
const DECIDED = "ls /var/lib/curfew/guard/*/confirmed /var/lib/curfew/guard/*/reverted >/dev/null 2>&1";

const UNDOING = "ls /var/lib/curfew/guard/*/reverting >/dev/null 2>&1";

/** The command's controller dies, so that the host is on its own. */
const die = async ({ run }: Scene): Promise<boolean> => {
  run.kill("SIGKILL");
  return true;
};

async function losePower(host: LabHost): Promise<boolean> {
  await host.powerOff();
  await host.boot();
  return true;
}

/** Something of the network is gone for as long as the trial says. */
function outage(begin: (host: LabHost) => Promise<void>, end: (host: LabHost) => Promise<void>): Fault {
  return {
    strike: async ({ host, trial }) => {
      await begin(host);
      await sleep(trial.seconds * 1000);
      await end(host);
      return true;
    },
    mend: ({ host }) => end(host),
  };
}

const open = (host: LabHost): Promise<void> => host.unblockPort(22);

/** Processes are gone, or stand still for a while; some of them may have ended by themselves at that moment. */
const kill = (which: string): string => signal(which, "-9");
const stop = (which: string, seconds: number): string =>
  `${signal(which, "-STOP")} && { sleep ${seconds}; kill -CONT $all; true; }`;
const signal = (which: string, name: string): string =>
  `all=$(${which}) && struck=1 && for each in $all; do kill ${name} $each && struck=0; done 2>/dev/null; [ "$struck" = 0 ]`;

const DOINGS: Readonly<Record<FaultKind, Fault>> = {
  "the controller is killed": { strike: die },
  "the controller is stopped for a while": {
    strike: async ({ run, trial }) => {
      run.kill("SIGSTOP");
      await sleep(trial.seconds * 1000);
      run.kill("SIGCONT");
      return true;
    },
  },
  "the scripts on the host are killed": { strike: ({ host }) => done(host, kill(SCRIPTS)) },
  "the scripts on the host are stopped for a while": {
    strike: ({ host, trial }) => done(host, stop(SCRIPTS, trial.seconds)),
  },
  "the confirmation is killed": {
    strike: ({ host }) => done(host, until(`[ -n "$(${SCRIPTS})" ]`, kill(SCRIPTS))),
  },
  "the undo is killed": {
    strike: async (scene) => (await die(scene)) && done(scene.host, until(UNDOING, kill(UNDO))),
  },
  "the undo is stopped for a while": {
    strike: async (scene) =>
      (await die(scene)) && done(scene.host, until(UNDOING, stop(UNDO, scene.trial.seconds))),
  },
  "the login is cut off": { strike: ({ host }) => done(host, kill(SESSIONS)) },
  "the host loses power": { strike: ({ host }) => losePower(host) },
  "the host loses power when it is decided": {
    strike: async ({ host }) => (await done(host, until(DECIDED, DECIDED))) && losePower(host),
  },
  "the host loses power in the undo": {
    strike: async (scene) =>
      (await die(scene)) && (await done(scene.host, until(UNDOING, UNDOING))) && losePower(scene.host),
  },
  "the network is gone for a while": outage(
    (host) => host.linkDown(),
    (host) => host.linkUp(),
  ),
  "new connections are dropped for a while": outage((host) => host.blockPort(22, { newOnly: true }), open),
  "all packets to sshd are dropped for a while": outage((host) => host.blockPort(22), open),
  ...FILE_FAULTS,
  ...DAEMON_FAULTS,
  ...EDITS,
  "a second controller changes the host": {
    strike: async ({ other, trial, others }) => {
      others.push(await other.run([trial.next, "--yes", "--json"]));
      return true;
    },
  },
  "verify is killed": { strike: die },
  "the shadow is killed": { strike: ({ host }) => done(host, kill("pgrep -f 'sshd.*curfew-shadow'")) },
  "the shadow's script is killed": {
    // Once its instance listens: other scripts of a verify may end without any loss.
    strike: ({ host }) =>
      done(host, until("[ -s /run/curfew-shadow-*/pid ]", kill("cat /run/curfew-shadow-*/supervisor"))),
  },
};

export async function strike(scene: Scene): Promise<boolean> {
  await sleep(scene.trial.after);
  const struck = DOINGS[scene.trial.fault].strike(scene);
  if (scene.trial.alone) scene.run.kill("SIGKILL");
  return struck;
}

export async function prepare(ground: Ground): Promise<void> {
  await DOINGS[ground.trial.fault].prepare?.(ground);
}

export async function mend(ground: Ground): Promise<void> {
  await DOINGS[ground.trial.fault].mend?.(ground);
}

export async function clear(ground: Ground): Promise<void> {
  await DOINGS[ground.trial.fault].clear?.(ground);
}
