/**
 * Timeouts multiplied for a scaled run. Pure. Values are rounded up, never down: a session that ends in time although
 * its timeout was made a little too long would really end in time as well.
 */
import type { Control } from "../../model/control/control.ts";
import type { ConfiguredTimeout, ReplacedFile, TimeoutFile } from "../../model/control/timeout.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { sshdTexts } from "../sshd/effective.ts";

/** Multiplies a timeout; 0 and less stay what they are: off. */
export function scaleSeconds(seconds: Seconds, factor: number): Seconds {
  if (seconds <= 0) return seconds;
  // Rounding errors of the factor must not add a second: 900 x (10 / 900) is 10.
  return Math.max(1, Math.ceil(seconds * factor - 1e-9));
}

/** The text with its ListenAddress lines commented out; the same text where there are none. */
export function withoutListenAddress(text: string): string {
  const lines = text.split("\n");
  return lines.map((line) => (LISTEN_ADDRESS.test(line) ? `#${line}` : line)).join("\n");
}

// sshd skips a quote in front of a keyword, and ends the keyword at a blank, an equals sign or a quote.
const LISTEN_ADDRESS = /^[\s\0]*"?ListenAddress(?![A-Za-z0-9])/iu;

/**
 * Why a timeout that would have been in time could not be scaled; undefined where each could. One that would have
 * ended the session within its limit all the same is no excuse, however roughly it was scaled: the TMOUT=1 that our
 * own file has for ksh93.
 */
export function coarsest(
  configured: readonly ConfiguredTimeout[],
  {
    limit,
    scaledLimit,
    factor,
  }: { readonly limit: Seconds; readonly scaledLimit: Seconds; readonly factor: number },
): string | undefined {
  const inTime = configured.filter(({ real }) => real <= limit);
  const coarse = inTime.find(
    ({ real, fires, stretch = 1 }) => fires * stretch > real * factor * 1.25 && fires * stretch > scaledLimit,
  );
  if (coarse === undefined) return undefined;
  const { source, real, fires, stretch = 1 } = coarse;
  return `${source}: ${real} s could only be scaled to ${fires * stretch} s, not ${(real * factor).toFixed(1)} s; give a longer --scaled`;
}

/** The files that differ for the instance: without ListenAddress, and scaled where the factor is not 1. */
export function replacedFiles(
  facts: Facts,
  files: readonly TimeoutFile[],
  factor: number,
  controls: readonly Control[],
): ReplacedFile[] {
  const sshd = sshdTexts(facts).map(({ realPath, text }) => ({ path: realPath, text: bytes(text) }));
  const before = new Map([
    ...sshd.map(({ path, text }) => [path, text] as const),
    ...files.map(({ realPath, text }) => [realPath, text] as const),
  ]);
  const wanted =
    factor === 1
      ? sshd.map(({ path, text }) => ({ path, text: withoutListenAddress(text) }))
      : controls.flatMap((control) => control.scaled?.(facts, files, factor) ?? []);
  return wanted.filter(({ path, text }) => before.get(path) !== text);
}

/** Why this host's configuration cannot be scaled as a whole; undefined where it can. */
export function unscalable(facts: Facts): string | undefined {
  const { mainFile, dropIns } = facts.sshd;
  const file = [mainFile, ...dropIns].find(({ state }) => state.state === "unreadable");
  return file === undefined ? undefined : `${file.path} cannot be read, so its timeouts cannot be scaled`;
}

function bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
