/** Which system-wide files the login shells of a host read. What nobody here knows of a system, no shell reads. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import { familiesInUse, type ShellFamily } from "./families.ts";

/** A family of somebody's login shells that is not known to read any of these files, or does not heed TMOUT there; undefined where there is none. */
export function unread(
  files: readonly string[],
  { os, shells }: Pick<Facts, "os" | "shells">,
): ShellFamily | undefined {
  const system = systemOf(os);
  return [...familiesInUse({ shells })].find((family) => {
    const everywhere = EVERYWHERE[family];
    if (everywhere === undefined) return false;
    const own = system === undefined ? undefined : SYSTEMS[system][family];
    return !files.some((file) => everywhere.test(file) || own?.test(file) === true);
  });
}

type System = "debian" | "red-hat" | "suse" | "arch" | "alpine";

/** os-release(5): ID, and for systems made from others ID_LIKE. */
function systemOf(os: Facts["os"]): System | undefined {
  if (os.state !== "known") return undefined;
  const names = [os.value.id, ...(os.value.like ?? [])];
  return names.map((name) => SYSTEM_OF.get(name)).find((system) => system !== undefined);
}

const SYSTEM_OF: ReadonlyMap<string, System> = new Map(
  (
    [
      ["debian", ["debian", "ubuntu", "raspbian"]],
      ["red-hat", ["rhel", "centos", "fedora", "ol", "almalinux", "rocky", "amzn"]],
      ["suse", ["suse", "opensuse", "opensuse-leap", "opensuse-tumbleweed", "sles", "sles_sap"]],
      ["arch", ["arch"]],
      ["alpine", ["alpine", "gentoo"]],
    ] as const
  ).flatMap(([system, ids]) => ids.map((id) => [id, system] as const)),
);

/** pam_env(8) puts these into every session. `environment.d` is for systemd's user services, and no sshd here reads `default/login`. */
const ENVIRONMENT = String.raw`^/etc/(?:environment|security/pam_env\.conf)$`;

const PROFILE = String.raw`${ENVIRONMENT}|^/etc/profile(?:$|\.d/[^/]*\.sh$)`;

/** INVOCATION of bash(1), STARTUP/SHUTDOWN FILES of zsh(1), ksh(1), mksh(1). Debian's zsh reads no profile. */
const EVERYWHERE: Readonly<Partial<Record<ShellFamily, RegExp>>> = {
  bash: new RegExp(PROFILE, "u"),
  zsh: new RegExp(ENVIRONMENT, "u"),
  ksh93: new RegExp(String.raw`${PROFILE}|^/etc/ksh\.kshrc$`, "u"),
  mksh: new RegExp(String.raw`${PROFILE}|^/etc/mkshrc$`, "u"),
  // autologout is its own.
  tcsh: /^$/u,
};

const SUSE_PROFILE = String.raw`/etc/profile\.local|/usr/etc/profile|/usr/etc/profile\.d/[^/]*\.sh`;
const IN_ETC = /^\/etc\/(?:zshenv|zprofile|zshrc|zlogin)$/u;
const IN_ZSH = /^\/etc\/zsh\/(?:zshenv|zprofile|zshrc|zlogin)$/u;
const SH_LOCAL = /^\/etc\/profile\.d\/sh\.local$/u;

/** What distributions build into their shells, or have their profiles read. */
const SYSTEMS: Readonly<Record<System, Readonly<Partial<Record<ShellFamily, RegExp>>>>> = {
  debian: { bash: /^\/etc\/bash\.bashrc$/u, zsh: IN_ZSH },
  "red-hat": {
    bash: /^\/etc\/(?:bashrc|profile\.d\/sh\.local)$/u,
    zsh: IN_ETC,
    ksh93: SH_LOCAL,
    mksh: SH_LOCAL,
  },
  suse: {
    bash: new RegExp(
      String.raw`^(?:${SUSE_PROFILE}|(?:/usr)?/etc/bash\.bashrc|/etc/bash\.bashrc\.local)$`,
      "u",
    ),
    zsh: IN_ETC,
    ksh93: new RegExp(`^(?:${SUSE_PROFILE})$`, "u"),
    mksh: new RegExp(`^(?:${SUSE_PROFILE})$`, "u"),
  },
  arch: { bash: /^\/etc\/bash\.bashrc$/u, zsh: IN_ZSH },
  alpine: { bash: /^\/etc\/bash\/(?:bashrc|bashrc\.d\/[^/]+)$/u, zsh: IN_ZSH },
};
