/** What one person's limits become in sshd_config, release by release. */
import type { Seconds } from "../../../model/terms/duration.ts";
import { formatDuration } from "../../../model/terms/duration.ts";
import type { Facts, OpenSshVersion } from "../../../model/facts/facts.ts";
import { type AliveShape, clientAlive, clientSilence, type ClientAlive } from "../ending/client-alive.ts";
import { can } from "../../../core/sshd/openssh-version.ts";
import { aliveShape, keepsClientAlive } from "./baseline.ts";
import type { Baseline } from "../../../model/policy/baseline.ts";

export type SshdKeyword =
  | "ClientAliveInterval"
  | "ClientAliveCountMax"
  | "ChannelTimeout"
  | "UnusedConnectionTimeout";

export interface SshdLine {
  readonly keyword: SshdKeyword;
  /** As written into the file. */
  readonly value: string;
  /** As `sshd -T -C` prints it, keyword in lower case; spellings seen on 8.4, 9.2, 10.0, 10.6. */
  readonly shown: string;
}

/** What ends an idle session in this release; see sshd_config(5) ClientAliveCountMax, ChannelTimeout. */
type IdleMechanism = "client-silence" | "none" | "host-wide" | "per-role";

/** Limits of a role, or of a person after the strictest of several roles was taken. */
export interface SshdLimits {
  readonly idle: Seconds | null;
  readonly unresponsive: Seconds | null;
}

/** Settings of one Match block: those of the idle limit and those of the unresponsive limit apart. */
export interface LimitSettings {
  readonly idle: readonly SshdLine[];
  readonly unresponsive: readonly SshdLine[];
}

/** Lines outside Match. */
export interface SshdGlobals {
  /** Repeats what `Match all` says, for scanners of a baseline that look outside Match only. */
  readonly alive: readonly SshdLine[];
  /** 9.2 to 10.4: the one ChannelTimeout that has an effect. */
  readonly channel: SshdLine | null;
}

/** What a release can do, and what a compliance baseline leaves it. */
export interface SshdAbility {
  readonly version: OpenSshVersion;
  readonly idle: IdleMechanism;
  /**
   * The baseline wants a ClientAliveCountMax above 0 and an interval, for everybody: so neither the
   * silence recipe of releases before 8.2 nor an exemption from ClientAlive can be had.
   */
  readonly keepsAlive: boolean;
  /** What the baseline's rules and scanners take of ClientAlive. */
  readonly shape: AliveShape;
}

/** Which mechanism a release has for idle sessions, under a baseline if there is one. */
export function sshdAbility(
  version: OpenSshVersion,
  baseline: Baseline | undefined,
  facts: Pick<Facts, "os">,
): SshdAbility {
  const keepsAlive = keepsClientAlive(baseline);
  const shape = aliveShape(baseline, facts);
  return { version, idle: idleMechanism(version, keepsAlive), keepsAlive, shape };
}

function idleMechanism(version: OpenSshVersion, keepsAlive: boolean): IdleMechanism {
  if (can(version, "client-alive-zero-drops")) return keepsAlive ? "none" : "client-silence";
  if (!can(version, "channel-timeout")) return "none";
  return can(version, "channel-timeout-in-match") ? "per-role" : "host-wide";
}

/** What stands in a Match block for these limits. Empty lists where a limit is null or cannot be had. */
export function limitSettings(ability: SshdAbility, { idle, unresponsive }: SshdLimits): LimitSettings {
  const { version, shape } = ability;
  const alive = unresponsive === null ? [] : aliveSettings(clientAlive(version, unresponsive, shape));
  switch (ability.idle) {
    case "client-silence":
      // One pair of keywords for both limits: the idle limit takes it, silence is silence.
      if (idle === null) return { idle: [], unresponsive: alive };
      return { idle: aliveSettings(clientSilence(idle)), unresponsive: [] };
    case "none":
      return { idle: [], unresponsive: alive };
    case "host-wide":
      return { idle: idle === null ? [] : [unusedConnection(idle)], unresponsive: alive };
    case "per-role":
      return {
        idle: idle === null ? [] : [channelTimeout(idle), unusedConnection(idle)],
        unresponsive: alive,
      };
  }
}

/**
 * What switches each of the used keywords off for exempt people. ChannelTimeout is never `none`
 * here: that kills the login after authentication on every release, while `session:*=0` does not
 * (logins tried on 9.2, 10.0, 10.6).
 */
export function exemptSettings(used: ReadonlySet<SshdKeyword>, { keepsAlive }: SshdAbility): SshdLine[] {
  return EXEMPT.filter(
    ({ keyword }) => used.has(keyword) && !(keepsAlive && keyword === "ClientAliveInterval"),
  );
}

/**
 * One value for every session of the host. `session:*`, since a bare `session` does nothing on
 * 9.2 to 10.5.
 */
export function channelTimeout(limit: Seconds): SshdLine {
  const value = `session:*=${formatDuration(limit)}`;
  return { keyword: "ChannelTimeout", value, shown: `channeltimeout ${value}` };
}

const EXEMPT: readonly SshdLine[] = [
  { keyword: "ClientAliveInterval", value: "0", shown: "clientaliveinterval 0" },
  { keyword: "ChannelTimeout", value: "session:*=0", shown: "channeltimeout session:*=0" },
  { keyword: "UnusedConnectionTimeout", value: "0", shown: "unusedconnectiontimeout none" },
];

function unusedConnection(limit: Seconds): SshdLine {
  return {
    keyword: "UnusedConnectionTimeout",
    value: formatDuration(limit),
    shown: `unusedconnectiontimeout ${limit}`,
  };
}

function aliveSettings({ interval, countMax }: ClientAlive): SshdLine[] {
  return [
    {
      keyword: "ClientAliveInterval",
      value: String(interval),
      shown: `clientaliveinterval ${interval}`,
    },
    {
      keyword: "ClientAliveCountMax",
      value: String(countMax),
      shown: `clientalivecountmax ${countMax}`,
    },
  ];
}
