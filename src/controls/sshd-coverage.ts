import type { Coverage } from "../model/finding.ts";
import type { OpenSshVersion } from "../model/facts.ts";
import type { Seconds } from "../model/duration.ts";
import type { HostLimits, RoleLimits } from "../model/limits.ts";
import type { SessionKind } from "../model/session-kind.ts";
import { clientAlive } from "../core/client-alive.ts";
import { can } from "../core/openssh-version.ts";
import { idleMechanism } from "./sshd-settings.ts";

/** Measured on 8.1: silence of the client is all that counts, whatever the session does. */
const BY_SILENCE: readonly SessionKind[] = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "output-loop",
  "tmux",
  "idle-command",
  "idle-sftp",
  "unused-connection",
  "idle-forward",
];

/** Measured on 9.2, 10.0 and 10.6: output resets the clock, so no `output-loop` and no `tmux`. */
const BY_CHANNEL_TIMEOUT: readonly SessionKind[] = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "idle-command",
  "idle-sftp",
];

/** Which kinds of session sshd ends for each role. `hostWide` is the backstop of 9.2 to 10.4. */
export function sshdCoverage(
  version: OpenSshVersion,
  limits: HostLimits,
  hostWide: Seconds | null,
): Coverage[] {
  return [...limits.roles, limits.defaults].flatMap((role) =>
    idleCoverage(version, role, hostWide).concat(unresponsiveCoverage(version, role)),
  );
}

function idleCoverage(version: OpenSshVersion, role: RoleLimits, hostWide: Seconds | null): Coverage[] {
  const { idle } = role;
  const mechanism = idleMechanism(version);
  if (idle === null || mechanism === "none") return [];
  if (mechanism === "client-silence") return BY_SILENCE.map((kind) => entry(role, kind, idle));
  const channel = mechanism === "per-role" ? idle : hostWide;
  const channels = channel === null ? [] : BY_CHANNEL_TIMEOUT.map((kind) => entry(role, kind, channel));
  return [...channels, entry(role, "unused-connection", idle)];
}

/** Of a quiet session only: from 9.2 sshd does not ask while the session prints. */
function unresponsiveCoverage(version: OpenSshVersion, role: RoleLimits): Coverage[] {
  const { unresponsive, idle } = role;
  const taken = can(version, "client-alive-zero-drops") && idle !== null;
  if (unresponsive === null || taken) return [];
  return [entry(role, "frozen-client", clientAlive(version, unresponsive).within)];
}

function entry(role: RoleLimits, kind: SessionKind, within: Seconds): Coverage {
  return { control: "sshd", role: role.role, kind, within };
}
