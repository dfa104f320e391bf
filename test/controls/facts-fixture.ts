/** Facts and limits for tests of the controls: an ordinary Debian host, changed where a test says so. */
import type { Facts, FileFact, OpenSshVersion, UserClass } from "../../src/model/facts/facts.ts";
import { CONTROLS } from "../../src/controls/index.ts";
import { factFiles } from "../../src/core/answer/script.ts";
import type { ActiveExemption, HostLimits, RoleLimits } from "../../src/model/policy/limits.ts";
import { CONTROL_IDS } from "../../src/controls/registry.ts";
import type { ControlId } from "../../src/model/terms/control-id.ts";
import { absent, known } from "../../src/model/terms/reading.ts";
import { parseSshdConfig } from "../../src/core/sshd/config-text.ts";

export const DROP_IN = "/etc/ssh/sshd_config.d/00-00-curfew.conf";
export const WITH_INCLUDE =
  "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nSubsystem sftp internal-sftp\n";
export const WITHOUT_INCLUDE = "UsePAM yes\nSubsystem sftp internal-sftp\n";

export interface HostSpec {
  readonly version?: OpenSshVersion;
  readonly main?: string;
  readonly dropIns?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly classes?: readonly UserClass[];
  readonly shells?: readonly string[];
  readonly logind?: Facts["logind"];
}

export function version(text: string): OpenSshVersion {
  const [major = 0, minor = 0] = text.split(".").map(Number);
  return { major, minor };
}

export function fileFact(path: string, content: string | null, mode = "0644"): FileFact {
  const state = content === null ? absent<never>() : known({ content, mode, uid: 0, gid: 0 });
  return { path, realPath: path, state };
}

export function person(user: string, ...selectors: string[]): UserClass {
  return {
    selectors: selectors.toSorted(),
    representative: user,
    size: 1,
    users: [user],
    effective: known([]),
  };
}

export function host(spec: HostSpec = {}): Facts {
  const release = spec.version ?? version("10.0");
  const main = spec.main ?? WITH_INCLUDE;
  const files = { ...DEBIAN_FILES, ...spec.files };
  const includes = parseSshdConfig(main).filter(({ keyword }) => keyword === "include");
  return {
    takenAt: "2026-11-22T00:00:00Z",
    digest: "0".repeat(64),
    server: {
      product: "openssh",
      version: release,
      text: `SSH-2.0-OpenSSH_${release.major}.${release.minor}`,
    },
    os: known({ id: "debian", versionId: "12", name: "Debian GNU/Linux 12 (bookworm)" }),
    kernel: "Linux 6.1.0 x86_64",
    bootId: "",
    sshd: {
      path: known("/usr/sbin/sshd"),
      version: known(release),
      mainFile: fileFact("/etc/ssh/sshd_config", main),
      includes: includes.flatMap(({ line, args, match }) =>
        args.map((pattern) => ({ pattern, line, inMatch: match !== null })),
      ),
      dropIns: Object.entries(spec.dropIns ?? {}).map(([path, content]) => fileFact(path, content)),
      options: [],
      effective: known([]),
      missingSelectors: [],
      classes: known(spec.classes ?? [person("nobody")]),
    },
    service: known({
      manager: "systemd",
      unit: "ssh.service",
      pid: 1,
      perConnection: false,
      bootHook: "systemd",
    }),
    systemdVersion: known(252),
    logind: spec.logind ?? known({ version: 252, idleStop: "infinity", utmp: "yes" }),
    shells: (spec.shells ?? ["bash", "dash"]).map((kind) => ({
      path: `/usr/bin/${kind}`,
      kind,
      inUse: kind !== "dash",
    })),
    missingDirectories: [],
    files: factFiles(CONTROLS).map((path) => fileFact(path, files[path] ?? null)),
    foreignTimeouts: [],
    curfew: { armed: "", lock: "", originals: [], written: {} },
    watchdogTimer: absent(),
    times: { sshdLoaded: known("2026-11-22T00:00:00Z"), files: {} },
  } satisfies Facts;
}

export function role(
  name: string,
  idle: number | null,
  unresponsive: number | null,
  people: { readonly users?: readonly string[]; readonly groups?: readonly string[] } = {},
): RoleLimits {
  return {
    role: name,
    users: people.users ?? [],
    groups: people.groups ?? [],
    idle,
    unresponsive,
    warnBefore: null,
  };
}

export function limits(
  defaults: RoleLimits,
  roles: readonly RoleLimits[] = [],
  exempt: readonly ActiveExemption[] = [],
): HostLimits {
  return { policy: "production", defaults, roles, exemptions: exempt, expired: [] };
}

export function exemption(
  users: string[],
  groups: string[] = [],
  controls: readonly ControlId[] = CONTROL_IDS,
): ActiveExemption {
  return {
    exemption: {
      name: "nightly backup",
      users,
      groups,
      controls: [...controls],
      justification: "rsync runs for hours",
      owner: "ops@example.com",
      expires: "2027-01-31",
    },
    controls,
  };
}

const DEBIAN_FILES: Readonly<Record<string, string>> = {
  "/etc/profile": "for i in /etc/profile.d/*.sh; do . $i; done\n",
  "/etc/bash.bashrc": '[ -z "${PS1-}" ] && return\n',
};
