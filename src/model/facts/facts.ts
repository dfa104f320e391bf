/** What a host said of itself in one round trip. Each answer is known, absent or unreadable. */
import type { HostKubeconfigs } from "../access/host-kubeconfig.ts";
import type { CurfewState } from "./curfew-state.ts";
import type { LimitLine } from "./limit-line.ts";
import type { LoginEnds } from "./login-ends.ts";
import type { LoginLog } from "./login-log.ts";
import type { LoginShell } from "./login-shell.ts";
import type { PlainData } from "./facts-part.ts";
import type { Reading } from "../terms/reading.ts";
import type { LoginSession } from "./session.ts";
import type { WatchdogRun, WatchdogWord } from "./watchdog-run.ts";

/** One file or directory entry of a host that curfew may write, or has to understand. */
export interface FileState {
  /** Text; a file that is not UTF-8 is an unreadable Reading instead. */
  readonly content: string;
  /** Octal permission string of four digits, `0644`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

/** A file as found: where it really is when the path is a symbolic link, and its state. */
export interface FileFact {
  /** The path as configured. */
  readonly path: string;
  /** The path after all symbolic links; where a change would be written. */
  readonly realPath: string;
  readonly state: Reading<FileState>;
}

/** `major.minor` of an OpenSSH release; patch levels never matter to us. */
export interface OpenSshVersion {
  readonly major: number;
  readonly minor: number;
}

/** What answers on the host's SSH port. */
export type SshServer =
  | { readonly product: "openssh"; readonly version: OpenSshVersion; readonly text: string }
  | { readonly product: "other"; readonly text: string };

/**
 * People of the same roles and exemptions, with one real account to ask sshd about. It speaks for what
 * curfew writes; where a host's own `Match User` singles out another of them, the files say so.
 */
export interface UserClass {
  /** Role and exemption selectors that match one of them or more: `user:NAME`, `group:NAME`; sorted. */
  readonly selectors: readonly string[];
  /** A real account of this class. */
  readonly representative: string;
  /** How many accounts with a login shell are in the class. */
  readonly size: number;
  /** Some of the accounts, at most 20, sorted. */
  readonly users: readonly string[];
  /** `sshd -T -C user=…` for the representative: lower-case `keyword value` lines. */
  readonly effective: Reading<readonly string[]>;
  /** Its login shells, which were run and asked; left out where nobody did. Not part of the digest. */
  readonly logins?: readonly LoginShell[];
}

export const SERVICE_MANAGERS = ["systemd", "openrc", "sysv", "runit", "none"] as const;
export const BOOT_HOOKS = ["systemd", "cron", "openrc", "rc", "runit", "none"] as const;

/** How the host starts and reloads its sshd. */
export interface SshService {
  readonly manager: (typeof SERVICE_MANAGERS)[number];
  /** `ssh.service`, `sshd`; for runit the directory of the service; empty for manager `none`. */
  readonly unit: string;
  /** Process id of the listening daemon, where there is one. */
  readonly pid: number | null;
  /** True where a socket unit listens and starts one sshd per connection: nothing to reload. */
  readonly perConnection: boolean;
  /** What can run the guard's check at the next boot: a unit, a line of cron, or a script of the init's. */
  readonly bootHook: (typeof BOOT_HOOKS)[number];
}

/** The running logind; its Reading is absent where none runs. */
export interface LogindState {
  readonly version: number;
  /** StopIdleSessionSec in force: whole seconds, `infinity`, or `unsupported` before the key existed. */
  readonly idleStop: string;
  /** Whether this systemd was built with utmp; without it logind never sees an idle SSH session. */
  readonly utmp: "yes" | "no" | "unknown";
}

/** A shell in /etc/shells, or the login shell of an account, that exists. */
export interface ShellFact {
  readonly path: string;
  /** `bash`, `zsh`, `ksh93`, `mksh`, `tcsh`, `csh`, `dash`, `fish`, … by the real file's name. */
  readonly kind: string;
  /** True where an account that may log in has it as its login shell. */
  readonly inUse: boolean;
}

/** An assignment of TMOUT or autologout that is not curfew's. */
export interface ForeignTimeout {
  readonly file: string;
  readonly line: number;
  /** With the blanks in front of it. */
  readonly text: string;
}

/** When a file last changed, by the host's clock: ISO time, UTC. */
export interface FileTimes {
  /** Content, owner, mode or name: nothing sets this back. */
  readonly changed: string;
  /** Content, as far as whoever wrote it left the time alone. */
  readonly modified: string;
}

/** One host's frozen snapshot. */
export interface Facts {
  /** ISO time, UTC, of the controller's clock. */
  readonly takenAt: string;
  /** sha256 (hex) over everything below except what changes by itself. */
  readonly digest: string;
  readonly server: SshServer;
  readonly os: Reading<{
    readonly id: string;
    /** Systems that it is made from, the closest first; left out where os-release names none. */
    readonly like?: readonly string[];
    readonly versionId: string;
    readonly name: string;
  }>;
  /** `uname -srm`. */
  readonly kernel: string;
  /** Random per boot, not in the digest; empty where the kernel has none. */
  readonly bootId: string;
  readonly sshd: {
    /** Absolute path of the daemon's binary. */
    readonly path: Reading<string>;
    /**
     * Of that binary. Newer than the server's where an upgrade was never followed by a restart: a reload
     * makes the daemon execute it (sshd(8), SIGHUP), so it is the one that what is written must suit.
     */
    readonly version: Reading<OpenSshVersion>;
    readonly mainFile: FileFact;
    /** Include arguments of the main file, in order; `beforeMatch` and `line` as found. */
    readonly includes: readonly {
      readonly pattern: string;
      readonly line: number;
      readonly inMatch: boolean;
    }[];
    /** Files that the Include lines reach, in the order sshd reads them. */
    readonly dropIns: readonly FileFact[];
    /** `-o` options on the running daemon's command line: they win over every file. */
    readonly options: readonly string[];
    /** `sshd -T` without -C. */
    readonly effective: Reading<readonly string[]>;
    readonly classes: Reading<readonly UserClass[]>;
    /** Users and groups of the policy that this host does not know, as selectors; sorted. */
    readonly missingSelectors: readonly string[];
  };
  readonly service: Reading<SshService>;
  readonly systemdVersion: Reading<number>;
  readonly logind: Reading<LogindState>;
  /** Whether the login that read this is a session of logind's; left out where it does not say. Not part of the digest. */
  readonly logindSees?: boolean;
  /** A line of PAM's files by which it may see some people's sessions and not others'. Not part of the digest. */
  readonly logindChooses?: string;
  /** Whether the timer of curfew's watchdog runs; absent where systemd has none. Not part of the digest. */
  readonly watchdogTimer: Reading<boolean>;
  /** How systemd runs the watchdog; left out where it does not. Not part of the digest. */
  readonly watchdogRun?: WatchdogRun;
  /** Left out where there is none. Not part of the digest. */
  readonly watchdogWord?: WatchdogWord;
  readonly shells: readonly ShellFact[];
  /** Shell and logind files that a control may change, curfew's own, those it has changed; not found is `absent`. */
  readonly files: readonly FileFact[];
  /** Parent directories of the above that do not exist; sorted. */
  readonly missingDirectories: readonly string[];
  readonly foreignTimeouts: readonly ForeignTimeout[];
  /** Lines of such files at which another login may go on as no asked shell did. Left out: none. Not part of the digest. */
  readonly leavingLines?: readonly ForeignTimeout[];
  /** The same for what goes by who logs in; line 0 is a file that not everybody may read. Not part of the digest. */
  readonly personalLines?: readonly ForeignTimeout[];
  /** Lines of anybody that fail once the limit is readonly; left out where that was not asked. Not part of the digest. */
  readonly limitLines?: Reading<readonly LimitLine[]>;
  /** What controls asked for themselves, by their id; left out where none did. */
  readonly parts?: Readonly<Record<string, Reading<PlainData>>>;
  readonly curfew: CurfewState;
  /** All but this very login; left out where it was not asked. Not part of the digest. */
  readonly sessions?: Reading<readonly LoginSession[]>;
  /** What its log says of logins and timeouts; left out where it was not asked. Not part of the digest, and kept nowhere. */
  readonly loginLog?: Reading<LoginLog>;
  /** Of accounts and of the host itself; left out where it was not asked. Not part of the digest, and kept nowhere. */
  readonly kubeconfigs?: Reading<HostKubeconfigs>;
  /** The two ends of the login that read this, as the host sees them; left out where it does not tell. Not part of the digest. */
  readonly login?: LoginEnds;
  /** Other servers of SSH that people may come in by, which were not read; left out: none. Not part of the digest. */
  readonly otherWays?: readonly string[];
  /** Name services such as `sss` and `ldap` that may know more accounts than they list. Not part of the digest. */
  readonly remoteAccounts?: readonly string[];
  /** By the host's clock; not part of the digest. */
  readonly times: {
    /** When the listening sshd started or was last reloaded; absent where it reads anew per connection. */
    readonly sshdLoaded: Reading<string>;
    /** By real path, for the files above; directories of Include lines end with a slash. Empty: the host cannot tell. */
    readonly files: Readonly<Record<string, FileTimes>>;
  };
}
