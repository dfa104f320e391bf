/** What Teleport's idle timeout does to each kind of session. Source: its code and issues, read in 2026. */
import type { PlacedFinding, TeleportDocument, TeleportSession } from "../../model/access/teleport.ts";
import { clusterLimits, strictestLimit } from "./effective.ts";
import { placed } from "./placed.ts";

export const TELEPORT_SESSIONS: readonly TeleportSession[] = [
  {
    id: "ssh",
    title: "SSH session at a silent prompt",
    ends: "in-time",
    why: "agentless OpenSSH as well; sessions that are open keep the value from their start",
  },
  {
    id: "ssh-output",
    title: "SSH session whose program prints (top, tail -f)",
    ends: "never",
    why: "what the server writes counts as activity",
  },
  {
    id: "ssh-forward",
    title: "port forward without a session (tsh ssh -L)",
    ends: "in-time",
    why: "its data does not count: it is cut while data flows (#57935)",
  },
  {
    id: "kube-exec",
    title: "kubectl exec and port-forward",
    ends: "unproven",
    why: "15m whatever is set before November 2024 (#49121); reported as not ended (#46310)",
  },
  {
    id: "kube-requests",
    title: "kubectl requests one by one",
    ends: "never",
    why: "Teleport limits them by the certificate only",
  },
  {
    id: "database",
    title: "database session",
    ends: "in-time",
    why: "no message is shown; since v14 (#32720)",
  },
  { id: "desktop", title: "Windows desktop", ends: "in-time", why: "keys and mouse count" },
  { id: "app", title: "web application", ends: "in-time", why: "no message is shown (#18496)" },
  {
    id: "direct",
    title: "login past Teleport",
    ends: "never",
    why: "Teleport does not see it; the host's own sshd has to end it",
  },
];

/**
 * The kinds that were asked for: what Teleport never ends is said whatever the limit, and also where none is known. For
 * the others the cluster's value counts; that there is none is a finding of its own.
 */
export function gatewaySessionFindings(
  documents: readonly TeleportDocument[],
  ids: readonly string[],
): PlacedFinding[] {
  const limit = strictestLimit([clusterLimits(documents).later]);
  const at = limit?.entry?.valueAt ?? documents[0]?.at;
  if (at === undefined) return [];
  const asked = TELEPORT_SESSIONS.filter(({ id }) => ids.includes(id));
  return asked
    .filter(({ ends }) => ends !== "in-time" || limit !== undefined)
    .map(({ id, title, ends, why }) =>
      placed(at, "teleport-session", {
        subject: id,
        expected: `${title}: ended once it is idle`,
        actual: `${{ "in-time": `ended after ${limit?.entry?.text ?? ""}`, never: "never ended", unproven: "not proven" }[ends]}: ${why}`,
        outcome: { "in-time": "pass", never: "fail", unproven: "unknown" }[ends] as
          | "pass"
          | "fail"
          | "unknown",
      }),
    );
}
