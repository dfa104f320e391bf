/**
 * sshd's own limits: ClientAlive, ChannelTimeout, UnusedConnectionTimeout. What each release does
 * with them is decided in render/settings.ts, and nowhere else.
 */
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Control, Rendered } from "../../model/control/control.ts";
import { isSshdDropIn } from "../../model/inventory/host-paths.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { type DesiredFile, type Expectation, RELOAD_SSHD } from "../../model/change/plan.ts";
import { can } from "../../core/sshd/openssh-version.ts";
import { backstop } from "../../core/policy/backstop.ts";
import { isExempt, resolvedClasses } from "../../core/policy/present-people.ts";
import { reachesExempt } from "./render/baseline.ts";
import { matchBlocks, type MatchBlock } from "./render/blocks.ts";
import { sshdCoverage } from "./render/coverage.ts";
import { sshdAlike } from "./ending/doubt.ts";
import { sshdEndings } from "./ending/endings.ts";
import { sshdFiles } from "./render/files.ts";
import { tooOld, versionFindings } from "./findings.ts";
import { sshdInForce } from "./ending/in-force.ts";
import { sshdInert } from "./ending/inert.ts";
import { MECHANISMS } from "./ending/lines.ts";
import { writableNames } from "./render/names.ts";
import { sshdPlace } from "./render/place.ts";
import { sshdVersion } from "../../core/sshd/openssh-version.ts";
import { demandsOf } from "../../core/policy/baseline-rules.ts";
import { baselineFindings, uniformLimits } from "./render/uniform.ts";
import { sshdKept, sshdTimeouts, sshdUnscalable } from "./probe.ts";
import { scaledSshd } from "./scale.ts";
import { sshdRivals } from "./render/rivals.ts";
import { judgeSshdRule } from "./rule.ts";
import {
  channelTimeout,
  exemptSettings,
  limitSettings,
  sshdAbility,
  type SshdAbility,
  type SshdGlobals,
  type SshdKeyword,
} from "./render/settings.ts";

export const sshd: Control = {
  id: "sshd",
  words:
    "catches clients that are gone, and from OpenSSH 9.2 every quiet session, sftp and idle vim too; breaks long silent commands, sshfs mounts",
  mechanisms: MECHANISMS,
  own: [],
  shared: [],
  isOwn: isSshdDropIn,
  concerns: (path, { sshd: { mainFile, dropIns } }) =>
    [mainFile, ...dropIns].some(({ realPath }) => realPath === path),
  activation: { name: RELOAD_SSHD, failed: "sshd did not reload" },
  settings: [
    { name: "ClientAliveInterval", judge: judgeSshdRule },
    { name: "ClientAliveCountMax", judge: judgeSshdRule },
  ],
  render,
  endings: sshdEndings,
  inert: sshdInert,
  inForce: sshdInForce,
  timeouts: sshdTimeouts,
  scaled: (facts, _files, factor) => scaledSshd(facts, factor),
  unscalable: sshdUnscalable,
  whyKept: sshdKept,
  alike: sshdAlike,
  reachesExempt,
};

function render(facts: Facts, given: HostLimits, selected: boolean): Rendered {
  const version = sshdVersion(facts);
  if (version === null) {
    throw new CurfewError("unsupported", `the SSH server is not OpenSSH: ${facts.server.text}`);
  }
  const place = sshdPlace(facts, given);
  if (!selected) return nothing(sshdFiles(facts, place, [], NO_GLOBALS, given));
  if (!can(version, "client-alive-in-match")) {
    return { ...nothing(sshdFiles(facts, place, [], NO_GLOBALS, given)), findings: [tooOld(version)] };
  }
  const limits = uniformLimits(given);
  const ability = sshdAbility(version, limits.baseline, facts);
  const stop = backstop(facts, limits, "sshd");
  const hostWide = ability.idle === "host-wide" && stop.state === "limit" ? stop.limit : null;
  const globals = globalsOf(ability, limits, hostWide);
  const blocks = matchBlocks(ability, writableNames(facts, version, limits));
  const rivals = sshdRivals(facts, place, blocks, globals.channel);
  return {
    get files() {
      return sshdFiles(facts, place, blocks, globals, limits);
    },
    expectations: expectations(facts, ability, limits, blocks, globals, rivals.contested),
    findings: [
      ...versionFindings(facts, ability, limits, stop),
      ...baselineFindings(given, limits),
      ...rivals.findings,
    ],
    coverage: sshdCoverage(ability, limits, hostWide),
  };
}

const NO_GLOBALS: SshdGlobals = { alive: [], channel: null };

function globalsOf(ability: SshdAbility, limits: HostLimits, hostWide: number | null): SshdGlobals {
  const scanned = demandsOf(limits.baseline).has("ClientAliveInterval");
  return {
    alive: scanned ? limitSettings(ability, limits.defaults).unresponsive : [],
    channel: hostWide === null ? null : channelTimeout(hostWide),
  };
}

function nothing(files: readonly DesiredFile[]): Rendered {
  return { files, expectations: [], findings: [], coverage: [] };
}

/** What sshd must say for a real account of every class, except where a block of others comes first. */
function expectations(
  facts: Facts,
  ability: SshdAbility,
  limits: HostLimits,
  blocks: readonly MatchBlock[],
  { channel }: SshdGlobals,
  contested: ReadonlySet<string>,
): Expectation[] {
  const used = new Set<SshdKeyword>(blocks.flatMap(({ settings }) => settings.map(({ keyword }) => keyword)));
  return (resolvedClasses(facts, limits) ?? []).map(({ account: { representative: user }, person }) => {
    const own = limitSettings(ability, person);
    const exempt = [...exemptSettings(used, ability), ...(ability.keepsAlive ? own.unresponsive : [])];
    const settings = isExempt(person, "sshd") ? exempt : [...own.idle, ...own.unresponsive];
    const lines = [...(channel === null ? [] : [channel]), ...settings]
      .filter(({ keyword }) => !contested.has(keyword.toLowerCase()))
      .map(({ shown }) => shown);
    return { role: person.role, user, lines };
  });
}
