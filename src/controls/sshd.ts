/**
 * sshd's own limits: ClientAlive, ChannelTimeout, UnusedConnectionTimeout. What each release does
 * with them is decided in sshd-settings.ts, and nowhere else.
 */
import { CurfewError } from "../model/error.ts";
import type { Facts, OpenSshVersion } from "../model/facts.ts";
import type { Control, Rendered } from "../model/control.ts";
import type { HostLimits } from "../model/limits.ts";
import type { DesiredFile, Expectation } from "../model/plan.ts";
import { can } from "../core/openssh-version.ts";
import { backstop } from "./backstop.ts";
import { isExempt, resolvedClasses } from "../core/present-people.ts";
import { matchBlocks, type MatchBlock } from "./sshd-blocks.ts";
import { sshdCoverage } from "./sshd-coverage.ts";
import { sshdFiles } from "./sshd-files.ts";
import { tooOld, versionFindings } from "./sshd-findings.ts";
import { writableNames } from "./sshd-names.ts";
import { sshdPlace, sshdVersion } from "./sshd-place.ts";
import { sshdRivals } from "./sshd-rivals.ts";
import {
  channelTimeout,
  exemptSettings,
  idleMechanism,
  limitSettings,
  type Setting,
  type SshdKeyword,
} from "./sshd-settings.ts";

export const sshd: Control = { id: "sshd", render };

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const version = sshdVersion(facts);
  if (version === null) {
    throw new CurfewError("unsupported", `the SSH server is not OpenSSH: ${facts.server.text}`);
  }
  const place = sshdPlace(facts);
  if (!selected) return nothing(sshdFiles(facts, place, [], null, limits));
  if (!can(version, "client-alive-in-match")) {
    return { ...nothing(sshdFiles(facts, place, [], null, limits)), findings: [tooOld(version)] };
  }
  const stop = backstop(facts, limits, "sshd");
  const hostWide = idleMechanism(version) === "host-wide" && stop.state === "limit" ? stop.limit : null;
  const global = hostWide === null ? null : channelTimeout(hostWide);
  const blocks = matchBlocks(version, writableNames(facts, version, limits));
  const rivals = sshdRivals(facts.sshd.options, place, blocks, global);
  return {
    files: sshdFiles(facts, place, blocks, global, limits),
    expectations: expectations(facts, version, limits, blocks, global, rivals.contested),
    findings: [...versionFindings(facts, version, limits, stop), ...rivals.findings],
    coverage: sshdCoverage(version, limits, hostWide),
  };
}

function nothing(files: readonly DesiredFile[]): Rendered {
  return { files, expectations: [], findings: [], coverage: [] };
}

/** What sshd must say for a real account of every class, except where a block of others comes first. */
function expectations(
  facts: Facts,
  version: OpenSshVersion,
  limits: HostLimits,
  blocks: readonly MatchBlock[],
  global: Setting | null,
  contested: ReadonlySet<string>,
): Expectation[] {
  const used = new Set<SshdKeyword>(blocks.flatMap(({ settings }) => settings.map(({ keyword }) => keyword)));
  return (resolvedClasses(facts, limits) ?? []).map(({ user, person }) => {
    const own = limitSettings(version, person);
    const settings = isExempt(person, "sshd") ? exemptSettings(used) : [...own.idle, ...own.unresponsive];
    const lines = [...(global === null ? [] : [global]), ...settings]
      .filter(({ keyword }) => !contested.has(keyword.toLowerCase()))
      .map(({ shown }) => shown);
    return { role: person.role, user, lines };
  });
}
