import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import type { Owner } from "../../flow/kube/audit.ts";
import type { Kubeconfig } from "../../model/access/kube.ts";

/** Whose a kubeconfig is, as `id` says it; null where it does not know the number. */
export function ownerOf({ file }: Kubeconfig): Owner | null {
  if (file.uid === null) return null;
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  };
  try {
    const ask = (what: string) => execFileSync("id", [what, "--", String(file.uid)], options).trim();
    // Names of groups may have spaces: `id -z` separates them by NUL.
    const groups = execFileSync("id", ["-Gnz", "--", String(file.uid)], options).split("\0");
    return { user: ask("-nu"), groups: groups.filter((group) => group !== "") };
  } catch {
    return null;
  }
}
