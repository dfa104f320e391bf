/** A host with everything that facts must tell apart, and a connection to it through the system's ssh. */
import { execa } from "execa";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";
import type { Connection, ScriptOptions } from "../../src/model/inventory/connection.ts";
import type { HostSpec, LabHost } from "../lab/host.ts";
import type { Release } from "../lab/image.ts";
import type { Lab } from "../lab/lab.ts";

export const SELECTORS = [
  "group:domain users",
  "group:nobody-has-it",
  "group:operators",
  "group:robots",
  "user:dev",
  "user:gone",
  "user:root",
];

/** The same as a host is asked about them, each of a role of its own. */
export const ASKED = SELECTORS.map((name, owner) => ({ name, owners: [owner] }));

/** People, rivals, nested and dangling includes, foreign timeouts, text that is not UTF-8. */
export function richHost(release: Release): HostSpec {
  return {
    release,
    name: release,
    groups: ["domain users"],
    users: [
      { name: "ops", sudo: "nopasswd", groups: ["operators"] },
      { name: "anna", groups: ["operators"], shell: "zsh" },
      { name: "dev", groups: ["domain users"], shell: "tcsh" },
      { name: "robot", groups: ["robots"], shell: "/usr/sbin/nologin" },
    ],
    files: {
      "/etc/ssh/sshd_config.d/50-cloud-init.conf": "PasswordAuthentication no\nInclude extra/*.conf\n",
      "/etc/ssh/sshd_config.d/9-late.conf": "ClientAliveInterval 30\n",
      "/etc/ssh/sshd_config.d/Z.conf": "# nothing\n",
      "/etc/ssh/extra/b.conf": "MaxSessions 8\n",
      "/etc/ssh/extra/B.conf": 'Match Group operators\n  Include "/etc/ssh/with blank/*.conf"\n',
      "/etc/ssh/with blank/x.conf": "ClientAliveInterval 77\n",
      "/etc/profile.d/tmout.sh": "# TMOUT=1\nif true; then\nreadonly TMOUT=900 # why\nfi\n",
      "/etc/profile.d/00-curfew.sh": "TMOUT=300\n",
      "/etc/csh.cshrc":
        "# BEGIN curfew shell-timeout\nset -r autologout=5\n# END curfew\nset autologout = 30\n",
      "/etc/environment": "TMOUT=60\n# BEGIN curfew never closed\nTMOUT=61\n",
      "/var/lib/curfew/lock": "abc admin@example 1700000000 1 apply\n",
      "/var/lib/curfew/guard/0123abcd/armed": "1\n",
      "/var/lib/curfew/original/aa/manifest":
        "absent\t-\t/etc/profile.d/00-curfew.sh\ndirectory\t-\t/etc/curfew\nfile\t/var/lib/curfew/original/aa/1\t/etc/skel/.profile\nnonsense\n",
      "/var/lib/curfew/written": `${"a".repeat(64)}\t/etc/profile.d/00-curfew.sh\nnonsense\n`,
    },
  };
}

/** What a HostSpec cannot say. */
export const AFTER_BOOT = `
  printf '\\nMatch Group "domain users"\\n  ClientAliveInterval 88\\n' >> /etc/ssh/sshd_config
  printf 'caf\\351\\n' > /etc/mkshrc
  mv /etc/bash.bashrc /etc/bash.real; ln -s bash.real /etc/bash.bashrc; chmod 4751 /etc/bash.real
  ln -s /nowhere /etc/ksh.kshrc
  head -c 300000 /dev/zero | tr '\\000' x > /etc/bashrc
  usermod -p '*' ops
  sshd -t && ${RELOAD_SSHD}`;

/** A Connection by way of the system's ssh client: real login, script on standard input. */
export async function sshConnection(
  lab: Lab,
  host: LabHost,
  user: string,
  shell = "sh",
): Promise<Connection> {
  // A daemon that was just told to reload refuses connections for a moment.
  const to = ["-o", "ConnectionAttempts=20", "-F", lab.sshConfigPath, "-l", user, host.name];
  const greeting = await execa("ssh", ["-v", ...to, "true"]);
  const serverIdent = `SSH-2.0-${/remote software version ([^\r\n]+)/u.exec(greeting.stderr)?.[1] ?? ""}`;
  const sudo = user === "root" ? "" : "sudo -n ";
  const unused = (): never => {
    throw new Error("not part of this connection");
  };
  return {
    host: { name: host.name, address: host.address, groups: ["all"], source: { file: "lab" } },
    user,
    serverIdent,
    runScript: async (script: string, options: ScriptOptions) => {
      const result = await execa("ssh", [...to, `${sudo}${shell} -s`], {
        input: script,
        encoding: "buffer",
        reject: false,
        cancelSignal: options.signal,
        timeout: options.timeoutSeconds * 1000,
        stripFinalNewline: false,
      });
      const stderr = Buffer.from(result.stderr).toString();
      return { stdout: Buffer.from(result.stdout), stderr, exitCode: result.exitCode ?? null };
    },
    startScript: unused,
    openTerminal: unused,
    openCommand: unused,
    openSftp: unused,
    openIdleForward: unused,
    noMoreSessions: unused,
    openLoopback: unused,
    closed: new Promise(() => undefined),
    close: () => undefined,
  };
}
