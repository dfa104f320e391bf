import type { Seconds } from "../../model/duration.ts";
import type { Facts } from "../../model/facts.ts";
import { effectiveValue, sshdTexts } from "../sshd/effective.ts";
import { can, type Capability } from "../sshd/openssh-version.ts";
import type { ConfiguredTimeout } from "../../model/timeout.ts";
import type { TimeoutFile } from "./parse-survey.ts";
import { scaleSeconds, scaleShellFile, scaleSshdConfig } from "./scale-config.ts";

/**
 * Every timeout that may end a session of one account: what sshd says for it (`effective`, lower-case
 * `keyword value` lines as really configured), ChannelTimeout lines of the files (9.2 does not print
 * them), whatever a shell's files set, and logind's. What the files set for other people is in the
 * list too: it explains a moment, it proves nothing.
 */
export function configuredTimeouts(
  facts: Facts,
  files: readonly TimeoutFile[],
  effective: readonly string[],
  factor: number,
): ConfiguredTimeout[] {
  return [
    ...clientAlive(facts, effective, factor),
    ...channelTimeouts(facts, effective, factor),
    ...unusedConnection(effective, factor),
    ...shellTimeouts(files, factor),
    ...logind(facts),
  ];
}

function clientAlive(facts: Facts, effective: readonly string[], factor: number): ConfiguredTimeout[] {
  const interval = Number(effectiveValue(effective, "clientaliveinterval") ?? 0);
  const countMax = Number(effectiveValue(effective, "clientalivecountmax") ?? 0);
  const { server } = facts;
  const knows = (capability: Capability): boolean =>
    server.product === "openssh" && can(server.version, capability);
  if (!(interval > 0) || !(countMax > 0 || knows("client-alive-zero-drops"))) return [];
  const times = countMax + 1;
  const fires = scaleSeconds(interval, factor) * times;
  const stretch = countMax > 0 && knows("client-alive-takes-twice") ? 2 : 1;
  const real = interval * times * stretch;
  return [{ by: "ClientAlive", fires, real, stretch, source: `ClientAliveInterval ${interval}` }];
}

function channelTimeouts(facts: Facts, effective: readonly string[], factor: number): ConfiguredTimeout[] {
  const line = effectiveValue(effective, "channeltimeout");
  const texts = line === undefined ? sshdTexts(facts) : [{ path: "sshd -T", text: `channeltimeout ${line}` }];
  return texts.flatMap(({ path, text }) =>
    scaleSshdConfig(text, factor)
      .found.filter(({ by }) => by === "ChannelTimeout")
      .map(({ real, scaled, line: at, channel }) =>
        Object.assign(
          timeout("ChannelTimeout", real, scaled, `${path}:${at}`),
          channel === undefined ? {} : { channel },
        ),
      ),
  );
}

function unusedConnection(effective: readonly string[], factor: number): ConfiguredTimeout[] {
  const line = `unusedconnectiontimeout ${effectiveValue(effective, "unusedconnectiontimeout") ?? "none"}`;
  return scaleSshdConfig(line, factor).found.map(({ real, scaled }) =>
    timeout("UnusedConnectionTimeout", real, scaled, "UnusedConnectionTimeout"),
  );
}

function shellTimeouts(files: readonly TimeoutFile[], factor: number): ConfiguredTimeout[] {
  return files.flatMap(({ path, text }) =>
    scaleShellFile(path, text, factor).found.map(({ real, scaled, line }) =>
      timeout("TMOUT", real, scaled, `${path}:${line}`),
    ),
  );
}

/** Never scaled: logind runs outside the shadow instance. */
function logind(facts: Facts): ConfiguredTimeout[] {
  const seconds = facts.logind.state === "known" ? Number(facts.logind.value.idleStop) : 0;
  return seconds > 0 ? [timeout("logind", seconds, seconds, "StopIdleSessionSec")] : [];
}

function timeout(
  by: ConfiguredTimeout["by"],
  real: Seconds,
  fires: Seconds,
  source: string,
): ConfiguredTimeout {
  return { by, real, fires, source };
}
