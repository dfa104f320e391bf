/** The real kubectl, as Debian has it; a kubectl that a machine has already may be a vendor's dispatcher. */
import { join } from "node:path";
import { debianPackage } from "../lab/debian-package.ts";

/** By the release of Debian; 1.32 and 1.36 when this was written. */
const KUBECTL_RELEASES = ["trixie", "sid"] as const;

type Kubectl = { readonly path: string } | { readonly reason: string };

/** Where it is, or why it cannot be had, for the name of a skipped test. */
async function findKubectl(release: (typeof KUBECTL_RELEASES)[number]): Promise<Kubectl> {
  try {
    return { path: join(await debianPackage(release, "kubectl"), "usr/bin/kubectl") };
  } catch (error) {
    const [first = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return { reason: `Debian's kubectl of ${release} cannot be had: ${first}` };
  }
}

/** One of each release, with the title of its tests. */
export function everyKubectl() {
  return Promise.all(
    KUBECTL_RELEASES.map(async (release) => {
      const kubectl = await findKubectl(release);
      const title = `kubectl of ${release}${"reason" in kubectl ? `: ${kubectl.reason}` : ""}`;
      return { title, kubectl, release };
    }),
  );
}
