import type { Credential, KubeFile } from "../../model/access/kube.ts";
import type { KubeStatement } from "./finding.ts";

/**
 * Of a certificate that names a part of the cluster, a node or the scheduler: no person's session, so no limit of people's
 * is held against it. Undefined for every other credential, and where the file is a person's: then he has it.
 */
export function machineStatement(credential: Credential, { path, uid }: KubeFile): KubeStatement | undefined {
  const { machine, at, life } = credential;
  if (machine === undefined || uid !== 0 || /(?:^|\/)\.kube\//u.test(path)) return undefined;
  const until = life?.until?.slice(0, 10) ?? "an end that is unknown";
  return {
    expected: "people's limits are for people",
    actual: `client certificate of ${machine}, a part of the cluster, until ${until}; no person's session`,
    at,
    outcome: "not-applicable",
  };
}
