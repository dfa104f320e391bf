import { formatDuration } from "../../model/terms/duration.ts";
import type { KubeLimits } from "../../model/access/kube.ts";

/** `ends 15m after its last use, 8h after a login`. */
export function limitsText({ idle, max }: KubeLimits): string {
  const parts = [
    ...(idle === null ? [] : [`${formatDuration(idle)} after its last use`]),
    ...(max === null ? [] : [`${formatDuration(max)} after a login`]),
  ];
  return parts.length === 0 ? "no limit" : `ends ${parts.join(" and ")} at the latest`;
}
