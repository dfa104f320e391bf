import type { Facts } from "../../../model/facts/facts.ts";
import type { HostLimits } from "../../../model/policy/limits.ts";
import type { DesiredFile } from "../../../model/change/plan.ts";
import { setBlock } from "../../../core/plan/managed-block.ts";
import { renderTemplate } from "../../../template/template.ts";
import type { MatchBlock } from "./blocks.ts";
import type { SshdPlace } from "./place.ts";
import type { SshdLine, SshdGlobals } from "./settings.ts";

/**
 * The drop-in and the main file as they have to be. Match blocks go into the drop-in, which is
 * read first; where there is none, into the main file before its first Match, closed by a
 * `Match all` so that lines somebody appends later mean what they say. The one global line (9.2 to
 * 10.4) goes to the top of the main file where another one would be read before the drop-in. Lines that only
 * repeat `Match all` for a baseline's scanners stay in the drop-in: one of them wants them there.
 */
export function sshdFiles(
  facts: Facts,
  place: SshdPlace,
  blocks: readonly MatchBlock[],
  globals: SshdGlobals,
  limits: HostLimits,
): DesiredFile[] {
  const outbid = place.foreign.some(
    (line) => line.keyword === "channeltimeout" && line.match === null && line.before,
  );
  const moved = { alive: [], channel: globals.channel };
  const [inMain, inDropIn] =
    place.dropIn === null
      ? [globals, NONE]
      : outbid
        ? [moved, { ...globals, channel: null }]
        : [NONE, globals];
  const dropIn = dropInText(place, blocks, inDropIn, limits);
  const files = place.dropIn === null ? [] : [ownFile(place.dropIn, dropIn)];
  const main = withBlocks(facts, place, inMain, place.dropIn === null ? blocks : [], limits);
  return [...files, ...place.stale.map((path) => ownFile(path, null)), mainFile(facts, place, main)];
}

const NONE: SshdGlobals = { alive: [], channel: null };

/** Readable for root only, as sshd_config is under the CIS benchmarks; only root can run `sshd -T` anyway. */
function ownFile(path: string, content: string | null): DesiredFile {
  const reason = content === null ? "sshd has nothing to enforce from here" : "limits that sshd enforces";
  return { control: "sshd", path, content, mode: "0600", reason, risk: "login", activation: "reload-sshd" };
}

function dropInText(
  place: SshdPlace,
  blocks: readonly MatchBlock[],
  globals: SshdGlobals,
  limits: HostLimits,
): string | null {
  if (place.dropIn === null || (blocks.length === 0 && isEmpty(globals))) return null;
  return renderTemplate("sshd-drop-in", {
    policy: limits.policy ?? "",
    ...globalLines(globals, limits),
    blocks: lines(blocks),
  });
}

function withBlocks(
  facts: Facts,
  place: SshdPlace,
  globals: SshdGlobals,
  blocks: readonly MatchBlock[],
  limits: HostLimits,
): string {
  const { path } = facts.sshd.mainFile;
  const where = place.beforeLine === null ? "end" : ({ beforeLine: place.beforeLine } as const);
  const matches =
    blocks.length === 0 ? null : body("sshd-matches", { blocks: lines(blocks), open: !endsForAll(blocks) });
  const text = setBlock(place.mainText, "sshd-match", matches, where, path);
  const top = isEmpty(globals) ? null : body("sshd-global", globalLines(globals, limits));
  return setBlock(text, "sshd-global", top, "top", path);
}

function mainFile(facts: Facts, { main }: SshdPlace, content: string): DesiredFile {
  return {
    control: "sshd",
    path: facts.sshd.mainFile.path,
    content,
    mode: main.mode,
    owner: { uid: main.uid, gid: main.gid },
    reason: "limits that sshd enforces, where no Include line can bring them in first",
    risk: "login",
    activation: "reload-sshd",
  };
}

function endsForAll(blocks: readonly MatchBlock[]): boolean {
  return blocks.at(-1)?.criteria === "all";
}

function isEmpty({ alive, channel }: SshdGlobals): boolean {
  return alive.length === 0 && channel === null;
}

function globalLines(
  { alive, channel }: SshdGlobals,
  { baseline }: HostLimits,
): { profile: string; alive: string[]; global: string } {
  return {
    profile: baseline?.id ?? "",
    alive: alive.map(lineOf),
    global: channel === null ? "" : lineOf(channel),
  };
}

function lineOf({ keyword, value }: SshdLine): string {
  return `${keyword} ${value}`;
}

function lines(blocks: readonly MatchBlock[]): { comment: string; criteria: string; settings: string[] }[] {
  return blocks.map(({ comment, criteria, settings }) => ({
    comment,
    criteria,
    settings: settings.map(lineOf),
  }));
}

function body(template: string, values: Parameters<typeof renderTemplate>[1]): string[] {
  return renderTemplate(template, values).trimEnd().split("\n");
}
