/** Which OpenSSH answers, and what that release can do. Decided by release, never by distribution. */
import type { Facts, OpenSshVersion, SshServer } from "../../model/facts/facts.ts";

// RFC 4253 section 4.2; 1.99 also speaks the obsolete protocol 1. "OpenSSH_for_Windows" is another program.
const IDENT = /^SSH-(?:2\.0|1\.99)-OpenSSH_(\d{1,3})\.(\d{1,3})(?!\d)/u;
const TEXT = /^OpenSSH_(\d{1,3})\.(\d{1,3})(?!\d)/mu;

/**
 * What an SSH identification string says about the server. Anything that is not an OpenSSH for
 * Unix is `other`, whatever files lie on the host.
 */
export function serverOf(ident: string): SshServer {
  const text = ident.trim();
  const version = versionIn(IDENT.exec(text));
  return version === undefined ? { product: "other", text } : { product: "openssh", version, text };
}

/** The version in what `ssh -V`, `sshd -V`, or the usage message of an older `sshd -V` prints. */
export function parseVersion(output: string): OpenSshVersion | undefined {
  return versionIn(TEXT.exec(output));
}

/** Whether a release is `MAJOR.MINOR` or newer. */
export function atLeast(version: OpenSshVersion, minimum: `${number}.${number}`): boolean {
  const dot = minimum.indexOf(".");
  const [major, minor] = [Number(minimum.slice(0, dot)), Number(minimum.slice(dot + 1))];
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** Whether a release can do something, or has a certain defect; see CAPABILITIES. */
export function can(version: OpenSshVersion, capability: Capability): boolean {
  const { since, before }: Span = CAPABILITIES[capability];
  return (
    (since === undefined || atLeast(version, since)) && (before === undefined || !atLeast(version, before))
  );
}

interface Span {
  readonly since?: `${number}.${number}`;
  readonly before?: `${number}.${number}`;
  /** Man page, release note, or the releases on which it was measured. */
  readonly source: string;
}

/** What differs between releases and matters to an idle session. */
export const CAPABILITIES = {
  /** ClientAliveCountMax 0 ends a session after one interval without data, even a responsive one. */
  "client-alive-zero-drops": {
    before: "8.2",
    source:
      "OpenSSH 8.2 release notes (ClientAliveCountMax=0 now disables); measured on 8.0, 8.1, 8.4 to 10.6",
  },
  /** Whether a count of 0 drops or disables depends on the build: nothing that it says of itself tells which. */
  "client-alive-zero-unsure": {
    since: "8.0",
    before: "8.1",
    source: "Red Hat Enterprise Linux 8 has shipped both as 8.0p1; upstream's drops, measured",
  },
  /** ClientAliveInterval and ClientAliveCountMax are allowed in Match. */
  "client-alive-in-match": { since: "7.4", source: "OpenSSH 7.4 release notes" },
  /** CountMax 1 could end sessions early. */
  "client-alive-one-is-early": { before: "8.0", source: "OpenSSH 8.0 release notes" },
  /** A frozen client is dropped only after about twice Interval x (CountMax + 1). */
  "client-alive-takes-twice": {
    since: "9.2",
    before: "9.5",
    source: "measured: 19 to 20 s on 9.2 where 8.4, 10.0 and 10.6 take 10; the source of 9.2 to 9.4",
  },
  /** A dead client is not asked while its session prints output more often than the interval. */
  "client-alive-only-when-quiet": { since: "9.2", source: "measured on 9.2, 10.0, 10.6" },
  /** The Include keyword. Whether the main file uses it is another question: look at it. */
  include: { since: "8.2", source: "OpenSSH 8.2 release notes" },
  /** Match blocks in included files work (8.2 and 8.3 ignore them unless patched). */
  "match-in-include": { since: "8.4", source: "OpenSSH 8.4 release notes" },
  /** ChannelTimeout with `session:*`, for the whole host. */
  "channel-timeout": {
    since: "9.2",
    source: "OpenSSH 9.2 release notes; measured on 9.2, 9.7, 10.0, 10.4 to 10.6",
  },
  /** ChannelTimeout takes effect inside Match User, Group and Address. */
  "channel-timeout-in-match": {
    since: "10.5",
    source: "measured: without effect on 9.2, 9.7, 10.0, 10.4; works on 10.5, 10.6",
  },
  /** `sshd -T` prints the channeltimeout line. */
  "channel-timeout-shown": { since: "9.3", source: "measured: omitted on 9.2, printed from 9.3" },
  /** A bare `session=` entry covers every session. */
  "channel-timeout-bare-session": {
    since: "10.6",
    source: "measured: without effect on 9.2 to 10.5, works on 10.6",
  },
  /** The `global` entry of ChannelTimeout. */
  "channel-timeout-global": { since: "9.7", source: "OpenSSH 9.7 release notes" },
  /** UnusedConnectionTimeout, in Match too. */
  "unused-connection-timeout": {
    since: "9.2",
    source: "OpenSSH 9.2 release notes; measured on 9.2, 10.0, 10.6",
  },
  /** The server penalises addresses for failed logins. */
  "per-source-penalties": { since: "9.8", source: "OpenSSH 9.8 release notes" },
} as const satisfies Record<string, Span>;

export type Capability = keyof typeof CAPABILITIES;

function versionIn(match: RegExpExecArray | null): OpenSshVersion | undefined {
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/**
 * The release that a reload starts: that of the binary on disk, which also validates. The banner
 * shows the old one where an upgrade was never followed by a restart. Null where it is not OpenSSH.
 */
export function sshdVersion({ server, sshd }: Facts): OpenSshVersion | null {
  if (server.product !== "openssh") return null;
  return sshd.version.state === "known" ? sshd.version.value : server.version;
}
