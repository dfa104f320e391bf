/** Which files the shadow instance has to see with another text, and what cannot be scaled. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { ReplacedFile, TimeoutFile } from "../../model/control/timeout.ts";
import { sshdTexts } from "../sshd/effective.ts";
import { withoutListenAddress } from "./scale.ts";

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
