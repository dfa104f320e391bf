/** Which files the shadow instance has to see with another text, and what cannot be scaled. Pure. */
import type { Facts } from "../../model/facts.ts";
import type { ConfiguredTimeout } from "../../model/timeout.ts";
import { sshdTexts } from "../sshd/effective.ts";
import type { TimeoutFile } from "./parse-survey.ts";
import type { PlannedProbe } from "./plan.ts";
import { scaleShellFile, scaleSshdConfig, withoutListenAddress } from "./scale-config.ts";

export interface ReplacedFile {
  /** Without symbolic links: it is mounted over. */
  readonly path: string;
  /** As latin1: one character for each byte. */
  readonly text: string;
}

/** The files that differ for the instance: without ListenAddress, and scaled where the factor is not 1. */
export function replacedFiles(facts: Facts, files: readonly TimeoutFile[], factor: number): ReplacedFile[] {
  const sshd = sshdTexts(facts).map(({ realPath, text }) => {
    const wanted = factor === 1 ? withoutListenAddress(text) : scaleSshdConfig(text, factor).text;
    return { path: realPath, before: bytes(text), text: bytes(wanted) };
  });
  const shells = files.map(({ path, realPath, text }) => ({
    path: realPath,
    before: text,
    text: factor === 1 ? text : scaleShellFile(path, text, factor).text,
  }));
  return [...sshd, ...shells]
    .filter(({ before, text }) => before !== text)
    .map(({ path, text }) => ({ path, text }));
}

/** Why this host's configuration cannot be scaled as a whole; undefined where it can. */
export function unscalable(facts: Facts): string | undefined {
  const { mainFile, dropIns } = facts.sshd;
  const file = [mainFile, ...dropIns].find(({ state }) => state.state === "unreadable");
  return file === undefined ? undefined : `${file.path} cannot be read, so its timeouts cannot be scaled`;
}

/**
 * Why a scaled session that was not dropped says nothing about the real one: a mechanism that scaling
 * cannot reach, or a value that whole seconds cannot express. Undefined where it does say something.
 */
export function unjudgeable(
  probe: PlannedProbe,
  shellKind: string,
  files: readonly TimeoutFile[],
  configured: readonly ConfiguredTimeout[],
  factor: number,
): string | undefined {
  if (factor === 1) return undefined;
  const idle = probe.session !== "frozen-client";
  if (!["idle-shell", "frozen-client", "typing"].includes(probe.session)) {
    return coarsest(
      probe,
      configured.filter(({ by }) => by !== "TMOUT" && by !== "ClientAlive"),
      factor,
    );
  }
  if (/^t?csh$/u.test(shellKind)) return "autologout counts whole minutes and cannot be scaled";
  if (shellKind === "ksh93") return "ksh93 ends a shell 60 s after TMOUT, which cannot be scaled";
  const computed = files.flatMap(({ path, text }) =>
    scaleShellFile(path, text, factor)
      .problems.filter(({ csh }) => !csh)
      .map(({ line }) => `${path}:${line}`),
  );
  if (computed.length > 0) return `TMOUT is computed in ${computed[0]} and cannot be scaled`;
  return coarsest(
    probe,
    configured.filter(({ by }) => !idle || by !== "ClientAlive"),
    factor,
  );
}

/**
 * Why a mechanism that would have been in time could not be scaled; undefined where each could. One that would have
 * ended the session within its limit all the same is no excuse, however roughly it was scaled: the TMOUT=1 that our
 * own file has for ksh93.
 */
function coarsest(
  probe: PlannedProbe,
  configured: readonly ConfiguredTimeout[],
  factor: number,
): string | undefined {
  const inTime = configured.filter(({ real }) => real <= probe.limit);
  const logind = inTime.find(({ by }) => by === "logind");
  if (logind !== undefined) return "logind's StopIdleSessionSec cannot be scaled";
  const coarse = inTime.find(
    ({ real, fires, stretch = 1 }) =>
      fires * stretch > real * factor * 1.25 && fires * stretch > probe.within,
  );
  if (coarse === undefined) return undefined;
  const { source, real, fires, stretch = 1 } = coarse;
  return `${source}: ${real} s could only be scaled to ${fires * stretch} s, not ${(real * factor).toFixed(1)} s; give a longer --scaled`;
}

function bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
