/** The systems that `render --for` knows, as they are installed. */
import { BASHRC, type TypicalSystem } from "../answer/typical-system.ts";

export interface KnownSystem extends TypicalSystem {
  readonly label: string;
  /** Values of os-release's ID that are the same system in everything that matters here. */
  readonly ids: readonly string[];
  readonly versions: readonly string[];
}

const RED_HAT = ["rhel", "rocky", "almalinux", "ol", "centos"];
const RED_HAT_FILES = { bashrc: BASHRC.redHat, unit: "sshd.service" } as const;

/** By the name that `--for` takes. Releases of OpenSSH and systemd are those that the system shipped with. */
export const SYSTEMS: Readonly<Record<string, KnownSystem>> = {
  debian11: system("Debian 11", ["debian"], "11", "8.4", 247, { idleStop: "unsupported" }),
  debian12: system("Debian 12", ["debian"], "12", "9.2", 252),
  debian13: system("Debian 13", ["debian"], "13", "10.0", 257, { utmp: "no" }),
  ubuntu2204: system("Ubuntu 22.04", ["ubuntu"], "22.04", "8.9", 249, { idleStop: "unsupported" }),
  ubuntu2404: system("Ubuntu 24.04", ["ubuntu"], "24.04", "9.6", 255),
  rhel8: system("RHEL 8", RED_HAT, "8", "8.0", 239, { ...RED_HAT_FILES, include: false }),
  rhel9: system("RHEL 9", RED_HAT, "9", "8.7", 252, RED_HAT_FILES),
  rhel10: system("RHEL 10", RED_HAT, "10", "9.9", 257, RED_HAT_FILES),
  sles15: system("SLES 15 SP6", ["sles", "sled", "opensuse-leap"], "15", "9.6", 254, {
    unit: "sshd.service",
  }),
  amazon2023: system("Amazon Linux 2023", ["amzn"], "2023", "8.7", 252, RED_HAT_FILES),
  fedora43: system("Fedora 43", ["fedora"], "43", "10.0", 258, RED_HAT_FILES),
};

/** Rebuilds of Red Hat's are called by their own names. */
const ALIASES: Readonly<Record<string, string>> = Object.fromEntries(
  ["rocky", "almalinux", "oracle"].flatMap((name) =>
    ["8", "9", "10"].map((release) => [`${name}${release}`, `rhel${release}`] as const),
  ),
);

export const SYSTEM_NAMES: readonly string[] = [...Object.keys(SYSTEMS), ...Object.keys(ALIASES)];

/** Undefined for a name that is not known; dots and dashes are not looked at: `ubuntu-24.04`. */
export function systemNamed(name: string): KnownSystem | undefined {
  const plain = name.toLowerCase().replaceAll(/[.\-_ ]/gu, "");
  const key = ALIASES[plain] ?? plain;
  return Object.hasOwn(SYSTEMS, key) ? SYSTEMS[key] : undefined;
}

function system(
  label: string,
  ids: readonly string[],
  versionId: string,
  openssh: `${number}.${number}`,
  systemd: number,
  other: Partial<TypicalSystem> = {},
): KnownSystem {
  const [major = 0, minor = 0] = openssh.split(".").map(Number);
  const [id = ""] = ids;
  const usual = { utmp: "yes", include: true, bashrc: BASHRC.debian, unit: "ssh.service" } as const;
  const os = { id, versionId, name: label };
  return { label, ids, versions: [versionId], openssh: { major, minor }, systemd, os, ...usual, ...other };
}
