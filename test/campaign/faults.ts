/** How each fault is done to a real host, and how it is taken away again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Desk, Running } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import type { FaultKind, Trial } from "./trial.ts";

/** Where a fault happens: the host, the command that goes on, and the desk of a second controller. */
export interface Scene {
  readonly host: LabHost;
  readonly run: Running;
  readonly other: Desk;
  readonly trial: Trial;
}

interface Fault {
  strike(scene: Scene): Promise<unknown>;
  /** Takes it away; may be called where nothing was done. */
  mend?(scene: Pick<Scene, "host" | "trial">): Promise<unknown>;
}

/** The line that somebody writes in a trial. */
export function editOf({ seed }: Pick<Trial, "seed">): string {
  return `# written by somebody in trial ${seed}`;
}

/** Everything but sshd itself that a login on the host runs. */
const SCRIPTS = `for p in /proc/[0-9]*; do
  read -r comm <$p/comm; case $comm in sh|dash|sleep|ssh|mv|cp|dd) ;; *) continue ;; esac
  parent=$p; while parent=/proc/$(sed 's/.*) . \\([0-9]*\\) .*/\\1/' $parent/stat) && [ -d $parent ]; do
    read -r comm <$parent/comm; case $comm in sshd*) echo \${p#/proc/}; break ;; esac
  done
done 2>/dev/null`;
const LISTENER = 'pid=$(pgrep -o -x sshd) && [ -n "$pid" ]';
const SESSIONS = "pgrep -x 'sshd|sshd-session|sshd-auth' | grep -vxF \"$(pgrep -o -x sshd)\"";
const RELOAD = `{ [ -d /run/systemd/system ] && systemctl reload ssh.service 2>/dev/null; } || { ${LISTENER} && kill -HUP $pid; }`;

/** Through a mount of its own: nothing of the host's files is changed by it. */
function readOnly(path: string): Fault {
  return {
    strike: ({ host, trial }) =>
      host.exec(`mkdir -p ${path}; mount --bind ${path} ${path} && mount -o remount,ro,bind ${path}; sleep ${trial.seconds}
        mount -o remount,rw,bind ${path}; umount -l ${path}; true`),
    mend: ({ host }) => host.exec(`umount -l ${path} 2>/dev/null; rmdir ${path} 2>/dev/null; true`),
  };
}

/** A program in sshd's place that takes its time for -t. */
function slowTest(seconds: number): Fault {
  return {
    strike: ({ host }) =>
      host.exec(`[ -e /root/sshd ] || cp -p /usr/sbin/sshd /root/sshd
        printf '#!/bin/bash\\ncase " $* " in *" -t "*) sleep ${seconds} ;; esac\\nexec -a /usr/sbin/sshd /root/sshd "$@"\\n' >/root/slow
        chmod 755 /root/slow; mount --bind /root/slow /usr/sbin/sshd`),
    mend: ({ host }) => host.exec("umount -l /usr/sbin/sshd 2>/dev/null; pkill -x sleep; true"),
  };
}

/** The command's controller dies, so that the host is on its own. */
const die = async ({ run }: Scene): Promise<void> => run.kill("SIGKILL");

const DOINGS: Readonly<Record<FaultKind, Fault>> = {
  "the controller is killed": { strike: die },
  "the controller is stopped for a while": {
    strike: async ({ run, trial }) => {
      run.kill("SIGSTOP");
      await sleep(trial.seconds * 1000);
      run.kill("SIGCONT");
    },
  },
  "the scripts on the host are killed": { strike: ({ host }) => host.exec(`kill -9 $(${SCRIPTS}); true`) },
  "the scripts on the host are stopped for a while": {
    strike: ({ host, trial }) =>
      host.exec(`all=$(${SCRIPTS}); kill -STOP $all; sleep ${trial.seconds}; kill -CONT $all; true`),
  },
  "the undo is killed": {
    strike: async (scene) => {
      await die(scene);
      await scene.host.exec(
        "for i in $(seq 150); do ls /var/lib/curfew/guard/*/reverting >/dev/null 2>&1 && break; sleep 0.1; done; pkill -9 -f 'undo.sh (timer|now)'; true",
      );
    },
  },
  "the login is cut off": { strike: ({ host }) => host.exec(`kill -9 $(${SESSIONS}); true`) },
  "the host loses power": {
    strike: async ({ host }) => {
      await host.powerOff();
      await host.boot();
    },
  },
  "the network is gone for a while": {
    strike: async ({ host, trial }) => {
      await host.linkDown();
      await sleep(trial.seconds * 1000);
      await host.linkUp();
    },
    mend: ({ host }) => host.linkUp(),
  },
  "new connections are dropped for a while": {
    strike: async ({ host, trial }) => {
      await host.blockPort(22, { newOnly: true });
      await sleep(trial.seconds * 1000);
      await host.unblockPort(22);
    },
    mend: ({ host }) => host.unblockPort(22),
  },
  "/etc/ssh is read-only for a while": readOnly("/etc/ssh"),
  "/etc/profile.d is read-only for a while": readOnly("/etc/profile.d"),
  "/var/lib/curfew is read-only for a while": readOnly("/var/lib/curfew"),
  "/etc/ssh is full": {
    strike: ({ host }) =>
      host.exec(`rm -rf /root/ssh; cp -a /etc/ssh /root/ssh; mount -t tmpfs -o size=1m,mode=755 tmpfs /etc/ssh
        cp -a /root/ssh/. /etc/ssh/; head -c 2000000 /dev/zero >/etc/ssh/filler; true`),
    mend: ({ host }) => host.exec("rm -f /etc/ssh/filler; umount -l /etc/ssh 2>/dev/null; true"),
  },
  "a file is immutable": {
    strike: ({ host, trial }) => host.exec(`chattr +i ${trial.file} 2>&1; true`),
    mend: ({ host, trial }) => host.exec(`chattr -i ${trial.file} 2>/dev/null; true`),
  },
  "a file is a mount": {
    strike: ({ host, trial }) => host.exec(`mount --bind ${trial.file} ${trial.file}; true`),
    mend: ({ host, trial }) => host.exec(`umount -l ${trial.file} 2>/dev/null; true`),
  },
  "sshd -t is slow": slowTest(3),
  "sshd -t hangs": slowTest(1000),
  "PAM is broken for a while": {
    strike: ({ host, trial }) =>
      host.exec(
        `mv /etc/pam.d/sshd /root/pam; echo 'auth required pam_deny.so' >/etc/pam.d/sshd; sleep ${trial.seconds}; mv /root/pam /etc/pam.d/sshd`,
      ),
    mend: ({ host }) => host.exec("[ ! -e /root/pam ] || mv /root/pam /etc/pam.d/sshd"),
  },
  "sshd's unit is masked": {
    strike: ({ host, trial }) =>
      host.exec(`command -v systemctl >/dev/null && [ -d /run/systemd/system ] || exit 0
        systemctl mask ssh.service sshd.service 2>/dev/null; systemctl daemon-reload; sleep ${trial.seconds}
        systemctl unmask ssh.service sshd.service; systemctl daemon-reload`),
    mend: ({ host }) =>
      host.exec(
        "[ ! -d /run/systemd/system ] || systemctl unmask ssh.service sshd.service 2>/dev/null; true",
      ),
  },
  "sshd is killed": { strike: ({ host }) => host.exec(`${LISTENER} && kill -9 $pid; true`) },
  "sshd is reloaded": { strike: ({ host }) => host.exec(`${RELOAD}; true`) },
  "somebody edits a file": { strike: ({ host, trial }) => host.exec(edit(trial)) },
  "somebody edits a file and reloads sshd": {
    strike: ({ host, trial }) => host.exec(`${edit(trial)}; ${RELOAD}; true`),
  },
  "a second controller changes the host": {
    strike: ({ other, trial }) => other.run([trial.seed % 2 === 0 ? "apply" : "revert", "--yes", "--json"]),
  },
  "verify is killed": { strike: die },
};

/** In the way editors do it: the whole file anew, or a line at its end. */
function edit({ file, seed, after }: Trial): string {
  const line = editOf({ seed });
  return after % 2 === 0
    ? `[ ! -e ${file} ] || echo '${line}' >>${file}`
    : `[ ! -e ${file} ] || { cp -p ${file} ${file}.swap; echo '${line}' >>${file}.swap; mv ${file}.swap ${file}; }`;
}

export async function strike(scene: Scene): Promise<void> {
  await sleep(scene.trial.after);
  const struck = DOINGS[scene.trial.fault].strike(scene);
  if (scene.trial.alone) scene.run.kill("SIGKILL");
  await struck;
}

export async function mend(scene: Pick<Scene, "host" | "trial">): Promise<void> {
  await DOINGS[scene.trial.fault].mend?.(scene);
}
