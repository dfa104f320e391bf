/** What may happen to sshd, its unit, its directory and what it asks. */
import { SSHD_SOCKETS } from "../lab/reload-sshd.ts";
import { done, type Fault } from "./scene.ts";

export const LISTENER = 'pid=$(pgrep -o -x sshd) && [ -n "$pid" ]';
export const RELOAD = `{ [ -d /run/systemd/system ] && { systemctl reload ssh.service || systemctl reload sshd.service; } 2>/dev/null; } || { ${LISTENER} && kill -HUP $pid; }`;
const UNITS = "ssh.service sshd.service";

/** A program in sshd's place that does something first when it is asked to look at the files. */
function testing(first: string, seconds = ""): Fault {
  const program = `#!/bin/bash
case " $* " in *" -t "*) ${first} ;; esac
exec -a /usr/sbin/sshd /root/sshd "$@"
`;
  return {
    strike: async ({ host, trial }) => {
      await host.writeFile("/root/slow", program, 0o755);
      // A sleep of its own name, to be ended by it.
      return done(
        host,
        `cp -p /usr/sbin/sshd /root/sshd && cp "$(command -v sleep)" /root/sleep-slow && mount --bind /root/slow /usr/sbin/sshd || exit 1
        ${seconds === "" ? "" : `sleep ${trial.seconds}; umount -l /usr/sbin/sshd`}`,
      );
    },
    mend: ({ host }) => host.exec("umount -l /usr/sbin/sshd 2>/dev/null; pkill -x sleep-slow; true"),
    // A daemon that was reloaded meanwhile is that program: it becomes its own again.
    clear: ({ host }) =>
      host.exec(
        `${LISTENER} && case $(readlink /proc/$pid/exe) in /root/*) kill -HUP $pid ;; esac; rm -f /root/slow; true`,
      ),
  };
}

export const DAEMON_FAULTS = {
  "sshd -t is slow": testing("/root/sleep-slow 3"),
  "sshd -t hangs": testing("/root/sleep-slow 1000"),
  "sshd -t fails for a while": testing("echo 'no memory' >&2; exit 255", "yes"),
  "PAM is broken for a while": {
    strike: ({ host, trial }) =>
      done(
        host,
        `cp -p /etc/pam.d/sshd /root/pam && printf 'auth required pam_deny.so\\naccount required pam_deny.so\\n' >/etc/pam.d/sshd || exit 1
        sleep ${trial.seconds}; cat /root/pam >/etc/pam.d/sshd; rm /root/pam`,
      ),
    mend: ({ host }) => host.exec("[ ! -e /root/pam ] || { cat /root/pam >/etc/pam.d/sshd; rm /root/pam; }"),
  },
  "sshd's unit is masked for a while": {
    strike: ({ host, trial }) =>
      done(
        host,
        `[ -d /run/systemd/system ] || exit 1
        for unit in ${UNITS}; do [ -e /etc/systemd/system/$unit ] || systemctl mask $unit; done 2>/dev/null
        sleep ${trial.seconds}; systemctl unmask ${UNITS} 2>/dev/null`,
      ),
    mend: ({ host }) =>
      host.exec(`[ ! -d /run/systemd/system ] || systemctl unmask ${UNITS} 2>/dev/null; true`),
  },
  "sshd is killed": { strike: ({ host }) => done(host, `${LISTENER} && kill -9 $pid`) },
  "sshd is stopped for a while": {
    strike: ({ host, trial }) =>
      done(host, `${LISTENER} && kill -STOP $pid && { sleep ${trial.seconds}; kill -CONT $pid; true; }`),
    mend: ({ host }) => host.exec(`${LISTENER} && kill -CONT $pid; true`),
  },
  "sshd is reloaded": { strike: ({ host }) => done(host, RELOAD) },
  "sshd is restarted": {
    strike: ({ host }) =>
      done(
        host,
        `if [ -d /run/systemd/system ]; then systemctl restart ssh.service || systemctl restart sshd.service
        elif [ -e /run/openrc/softlevel ]; then rc-service sshd restart
        elif [ -d /etc/service/ssh ]; then sv restart ssh
        else service ssh restart; fi >/dev/null 2>&1`,
      ),
  },
  "sshd's directory is removed": {
    strike: ({ host }) => done(host, `echo "${SSHD_SOCKETS}" >/run/campaign-sockets; rm -r /run/sshd`),
    // Where sshd was not reloaded after it, the fault alone keeps everybody out.
    clear: ({ host }) =>
      host.exec(
        `[ "$(cat /run/campaign-sockets)" != "${SSHD_SOCKETS}" ] || mkdir -p /run/sshd; rm -f /run/campaign-sockets`,
      ),
  },
} satisfies Record<string, Fault>;
