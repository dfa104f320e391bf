import type { Coverage } from "../../../model/verdict/finding.ts";
import type { Seconds } from "../../../model/terms/duration.ts";
import type { HostLimits, RoleLimits } from "../../../model/policy/limits.ts";
import type { SessionKind } from "../../../model/terms/session-kind.ts";
import { clientAlive } from "../ending/client-alive.ts";
import type { SshdAbility } from "./settings.ts";

/**
 * Measured on 8.0 and 8.1: silence of the client is all that counts. It is not silent where a program prints: about
 * every 48 KB it tells the server to go on.
 */
const BY_SILENCE: readonly SessionKind[] = [
  "idle-shell",
  "frozen-client",
  "nested-shell",
  "escaped-shell",
  "foreground-program",
  "tmux",
  "idle-command",
  "idle-sftp",
  "unused-connection",
  "idle-forward",
];

/**
 * Measured on 9.2, 10.0 and 10.6: output resets the clock, so no `output-loop` and no `tmux`. A `nested-shell` ends
 * only where no shell says before it that its own time is over; endings.ts knows that, no plan does.
 */
const BY_CHANNEL_TIMEOUT: readonly SessionKind[] = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "idle-command",
  "idle-sftp",
];

/** Which kinds of session sshd ends for each role. `hostWide` is the backstop of 9.2 to 10.4. */
export function sshdCoverage(ability: SshdAbility, limits: HostLimits, hostWide: Seconds | null): Coverage[] {
  return [...limits.roles, limits.defaults].flatMap((role) =>
    idleCoverage(ability, role, hostWide).concat(unresponsiveCoverage(ability, role)),
  );
}

function idleCoverage(ability: SshdAbility, role: RoleLimits, hostWide: Seconds | null): Coverage[] {
  const { idle } = role;
  const mechanism = ability.idle;
  if (idle === null || mechanism === "none") return [];
  if (mechanism === "client-silence") return BY_SILENCE.map((kind) => entry(role, kind, idle));
  const channel = mechanism === "per-role" ? idle : hostWide;
  const channels = channel === null ? [] : BY_CHANNEL_TIMEOUT.map((kind) => entry(role, kind, channel));
  return [...channels, entry(role, "unused-connection", idle)];
}

/** Of a quiet session only: from 9.2 sshd does not ask while the session prints. */
function unresponsiveCoverage(ability: SshdAbility, role: RoleLimits): Coverage[] {
  const { unresponsive, idle } = role;
  const taken = ability.idle === "client-silence" && idle !== null;
  if (unresponsive === null || taken) return [];
  return [entry(role, "frozen-client", clientAlive(ability.version, unresponsive, ability.shape).within)];
}

function entry(role: RoleLimits, kind: SessionKind, within: Seconds): Coverage {
  return { control: "sshd", role: role.role, kind, within };
}
