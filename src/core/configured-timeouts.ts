import type { Seconds } from "../model/duration.ts";
import type { Facts } from "../model/facts.ts";
import { can, type Capability } from "./openssh-version.ts";
import type { ConfiguredTimeout } from "./judge-probe.ts";
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

/** The value of a lower-case keyword in lines as sshd prints them; keywords are compared without case (10.4). */
export function effectiveValue(lines: readonly string[], keyword: string): string | undefined {
  const known = indexed.get(lines);
  const index = known?.size === lines.length ? known : { size: lines.length, values: indexOf(lines) };
  indexed.set(lines, index);
  return index.values.get(keyword);
}

/** An account's lines are asked about for every kind of session; those of a shadow instance may still grow. */
const indexed = new WeakMap<
  readonly string[],
  { readonly size: number; readonly values: ReadonlyMap<string, string> }
>();

/** The first line of a keyword counts. */
function indexOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const blank = line.indexOf(" ");
    const keyword = line.slice(0, Math.max(0, blank)).toLowerCase();
    if (keyword !== "" && !values.has(keyword)) values.set(keyword, line.slice(blank + 1).trim());
  }
  return values;
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

/** The files that make up the configuration, as far as they are known. */
export function sshdTexts(facts: Facts): { path: string; realPath: string; text: string }[] {
  return [facts.sshd.mainFile, ...facts.sshd.dropIns].flatMap(({ path, realPath, state }) =>
    state.state === "known" ? [{ path, realPath, text: state.value.content }] : [],
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
