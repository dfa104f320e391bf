/** The timeouts that shells' files set, and the same files with every timeout multiplied. Pure. */
import { scaleSeconds } from "../../core/probe/scale.ts";
import { TMOUT_VALUE } from "../../core/shell/tmout-values.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { MINUTES_SCRIPT } from "../../model/inventory/host-paths.ts";
import type { ReplacedFile, TimeoutFile } from "../../model/control/timeout.ts";

/** One timeout found in a file. For autologout: whole minutes, as seconds, which nothing scales. */
interface FoundTimeout {
  readonly real: Seconds;
  readonly scaled: Seconds;
  readonly line: number;
  readonly csh: boolean;
}

export interface ScaledShell {
  readonly text: string;
  readonly found: readonly FoundTimeout[];
  /** Lines (1-based) whose TMOUT is computed: it could be anything. */
  readonly computed: readonly number[];
}

/** The shells' files for an instance of a scaled run. */
export function scaledShells(_facts: Facts, files: readonly TimeoutFile[], factor: number): ReplacedFile[] {
  return files.map(({ path, realPath, text }) => ({
    path: realPath,
    text: scaleShellFile(path, text, factor).text,
  }));
}

/**
 * A shell's or pam_env's file with every number that TMOUT is set to scaled. `autologout` counts whole
 * minutes and stays as it is. `path` as configured.
 */
export function scaleShellFile(path: string, text: string, factor: number): ScaledShell {
  const autologout = path === MINUTES_SCRIPT ? /\becho (\d+)/gu : /\bautologout\s*=\s*["']?(\d+)/gu;
  const found: FoundTimeout[] = [];
  const computed: number[] = [];
  const lines = text.split("\n").map((line, index) => {
    if (/^\s*#/u.test(line)) return line;
    const at = { line: index + 1 };
    for (const [, minutes] of line.matchAll(autologout)) {
      const real = Number(minutes) * 60;
      if (real > 0) found.push({ real, scaled: real, csh: true, ...at });
    }
    return line.replaceAll(TMOUT_VALUE, (all: string, before: string, quote: string, value: string) => {
      if (/^\d+$/u.test(value)) {
        const real = Number(value);
        const scaled = scaleSeconds(real, factor);
        if (real > 0) found.push({ real, scaled, csh: false, ...at });
        return `${before}${quote}${scaled}`;
      }
      if (value !== "") computed.push(at.line);
      return all;
    });
  });
  return { text: lines.join("\n"), found, computed };
}
