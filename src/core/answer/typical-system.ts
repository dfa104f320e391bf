/** Facts of a host as its distribution installs it, where no host is asked. A real host may differ in every point. */
import type { Control } from "../../model/control/control.ts";
import type { Facts, FileFact, OpenSshVersion } from "../../model/facts/facts.ts";
import { absent, known } from "../../model/terms/reading.ts";
import { parseSshdConfig } from "../sshd/config-text.ts";
import { factFiles } from "./script.ts";

/** What tells one distribution's release from another, as far as limits for idle sessions go. */
export interface TypicalSystem {
  readonly openssh: OpenSshVersion;
  readonly systemd: number;
  /** Whether systemd sees who is idle: from Debian 13 on it is built without utmp. */
  readonly utmp: "yes" | "no";
  /** Whether the main file of sshd has an Include line; that of RHEL 8 has none. */
  readonly include: boolean;
  readonly bashrc: string;
  /** StopIdleSessionSec as logind says it: Red Hat brought the key to 239. */
  readonly idleStop?: "infinity" | "unsupported";
  readonly os?: { readonly id: string; readonly versionId: string; readonly name: string };
  readonly unit?: string;
  /** Names of shells that are installed; bash if left out. */
  readonly shells?: readonly string[];
  /** Content of further files, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

export const BASHRC = { debian: "/etc/bash.bashrc", redHat: "/etc/bashrc" } as const;

export function typicalFacts(system: TypicalSystem, controls: readonly Control[]): Facts {
  const {
    openssh,
    systemd,
    utmp,
    os,
    unit = "ssh.service",
    shells = ["bash"],
    idleStop = "infinity",
  } = system;
  const files: Readonly<Record<string, string>> = {
    ...system.files,
    "/etc/profile": "for i in /etc/profile.d/*.sh; do . $i; done\n",
    [system.bashrc]: '[ -z "${PS1-}" ] && return\n',
  };
  return {
    takenAt: "",
    digest: "",
    server: {
      product: "openssh",
      version: openssh,
      text: `SSH-2.0-OpenSSH_${openssh.major}.${openssh.minor}`,
    },
    os: os === undefined ? absent() : known(os),
    // As uname prints it: what is told by its first word is told by the blank after it as well.
    kernel: "Linux 0",
    bootId: "",
    sshd: sshdFacts(system),
    service: known({ manager: "systemd", unit, pid: 1, perConnection: false, bootHook: "systemd" }),
    systemdVersion: known(systemd),
    logind: known({ version: systemd, idleStop, utmp }),
    shells: shells.map((kind) => ({ path: `/usr/bin/${kind}`, kind, inUse: true })),
    missingDirectories: [],
    files: factFiles(controls).map((path) => typicalFile(path, files[path])),
    foreignTimeouts: [],
    curfew: { armed: "", lock: "", originals: [], written: {} },
    watchdogTimer: absent(),
    times: { sshdLoaded: known(""), files: {} },
  };
}

function sshdFacts({ include, openssh }: TypicalSystem): Facts["sshd"] {
  const main = `${include ? "Include /etc/ssh/sshd_config.d/*.conf\n" : ""}UsePAM yes\n`;
  const includes = parseSshdConfig(main).filter(({ keyword }) => keyword === "include");
  return {
    path: known("/usr/sbin/sshd"),
    version: known(openssh),
    mainFile: typicalFile("/etc/ssh/sshd_config", main),
    includes: includes.flatMap(({ line, args }) =>
      args.map((pattern) => ({ pattern, line, inMatch: false })),
    ),
    dropIns: [],
    options: [],
    effective: known(["usepam yes"]),
    missingSelectors: [],
    classes: known([]),
  };
}

/** Of root, for everyone to read; absent without content. */
export function typicalFile(path: string, content: string | undefined): FileFact {
  const state = content === undefined ? absent<never>() : known({ content, mode: "0644", uid: 0, gid: 0 });
  return { path, realPath: path, state };
}
