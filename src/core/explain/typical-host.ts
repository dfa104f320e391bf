/**
 * What ends whose sessions where no host is asked: hosts as their distributions install them, by what their versions
 * can do. A real host may differ in every point, so this is a promise about none; `-i` and USER@HOST ask.
 */
import type { Control } from "../../model/control.ts";
import type { Explanation, TypicalHost } from "../../model/explanation.ts";
import type { Facts, FileFact, OpenSshVersion } from "../../model/facts.ts";
import type { HostLimits } from "../../model/limits.ts";
import type { ControlId } from "../../model/control-id.ts";
import { factFiles } from "../facts/script.ts";
import { absent, known } from "../../model/reading.ts";
import { parseSshdConfig } from "../sshd/config-text.ts";
import { explainSessions } from "./sessions.ts";

interface Typical {
  readonly systems: readonly string[];
  readonly openssh: OpenSshVersion;
  readonly systemd: number;
  /** Whether systemd sees who is idle: from Debian 13 on it is built without utmp. */
  readonly utmp: "yes" | "no";
  /** RHEL 8 ships none. */
  readonly include: boolean;
  readonly bashrc: string;
}

const BASHRC = { debian: "/etc/bash.bashrc", redHat: "/etc/bashrc" } as const;

const TYPICAL: readonly Typical[] = [
  typical("RHEL 8", 8, 0, { systemd: 239, include: false, bashrc: BASHRC.redHat }),
  typical("Debian 11, Ubuntu 22.04", 8, 4, { systemd: 247 }),
  typical("RHEL 9", 8, 7, { systemd: 252, bashrc: BASHRC.redHat }),
  typical("Debian 12, Ubuntu 24.04", 9, 2, {}),
  typical("Debian 13", 10, 0, { systemd: 257, utmp: "no" }),
  typical("OpenSSH 10.5 and later", 10, 6, { systemd: 258, utmp: "no" }),
];

/** Of each the sessions of the person, as the selected controls would leave them; hosts that say the same are one. */
export function explainTypical(
  explanation: Explanation,
  limits: HostLimits,
  selected: readonly ControlId[],
  controls: readonly Control[],
): TypicalHost[] {
  const found = new Map<string, TypicalHost>();
  for (const each of TYPICAL) {
    const { sessions } = explainSessions(explanation, factsOf(each, controls), limits, selected, controls);
    const key = JSON.stringify(sessions);
    const systems = [...(found.get(key)?.systems ?? []), ...each.systems];
    found.set(key, { systems, sessions });
  }
  return [...found.values()];
}

function typical(systems: string, major: number, minor: number, other: Partial<Typical>): Typical {
  const usual = { systemd: 252, utmp: "yes", include: true, bashrc: BASHRC.debian } as const;
  return { systems: systems.split(", "), openssh: { major, minor }, ...usual, ...other };
}

function factsOf({ openssh, systemd, utmp, include, bashrc }: Typical, controls: readonly Control[]): Facts {
  const main = `${include ? "Include /etc/ssh/sshd_config.d/*.conf\n" : ""}UsePAM yes\n`;
  const includes = parseSshdConfig(main).filter(({ keyword }) => keyword === "include");
  const files: Readonly<Record<string, string>> = {
    "/etc/profile": "for i in /etc/profile.d/*.sh; do . $i; done\n",
    [bashrc]: '[ -z "${PS1-}" ] && return\n',
  };
  return {
    takenAt: "",
    digest: "",
    server: {
      product: "openssh",
      version: openssh,
      text: `SSH-2.0-OpenSSH_${openssh.major}.${openssh.minor}`,
    },
    os: absent(),
    kernel: "Linux",
    bootId: "",
    sshd: {
      path: known("/usr/sbin/sshd"),
      version: known(openssh),
      mainFile: fileOf("/etc/ssh/sshd_config", main),
      includes: includes.flatMap(({ line, args }) =>
        args.map((pattern) => ({ pattern, line, inMatch: false })),
      ),
      dropIns: [],
      options: [],
      effective: known(["usepam yes"]),
      missingSelectors: [],
      classes: known([]),
    },
    service: known({
      manager: "systemd",
      unit: "ssh.service",
      pid: 1,
      perConnection: false,
      bootHook: "systemd",
    }),
    systemdVersion: known(systemd),
    logind: known({ version: systemd, idleStop: "infinity", utmp }),
    shells: [{ path: "/usr/bin/bash", kind: "bash", inUse: true }],
    missingDirectories: [],
    files: factFiles(controls).map((path) => fileOf(path, files[path])),
    foreignTimeouts: [],
    curfew: { armed: "", lock: "", originals: [], written: {} },
    watchdogTimer: absent(),
    times: { sshdLoaded: known(""), files: {} },
  };
}

function fileOf(path: string, content: string | undefined): FileFact {
  const state = content === undefined ? absent<never>() : known({ content, mode: "0644", uid: 0, gid: 0 });
  return { path, realPath: path, state };
}
