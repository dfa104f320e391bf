import type { Facts, FileFact } from "../../model/facts/facts.ts";

/** Every file of a host's facts, once each by where it really is, sshd's own first. */
export function everyFile({ sshd, files }: Facts): FileFact[] {
  const all = [sshd.mainFile, ...sshd.dropIns, ...files];
  return [...new Map(all.toReversed().map((file) => [file.realPath, file])).values()].toReversed();
}

/** The file at a path, as configured or after symbolic links; undefined where the facts have none. */
export function findFile(path: string, facts: Facts): FileFact | undefined {
  return everyFile(facts).find((file) => file.realPath === path || file.path === path);
}
