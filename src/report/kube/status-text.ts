import { visible } from "../../core/text/visible.ts";
import { limitsText } from "../../core/kube/limits-text.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { KubeSession } from "../../model/access/kube.ts";
import { table } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";
import { type SignName, signText } from "../layout/signs.ts";

/** One line per context. */
export function kubeStatusText(sessions: readonly KubeSession[], paint: Paint): string {
  if (sessions.length === 0) return "the kubeconfig has no context\n";
  const rows = sessions.map((each) => [
    `${signText(SIGN[each.state], paint)} ${paint.bold(visible(each.context))}`,
    visible(each.user),
    stateText(each),
    each.idle === null && each.max === null ? "" : limitsText(each),
  ]);
  return `${table(rows).join("\n")}\n`;
}

const SIGN: Readonly<Record<KubeSession["state"], SignName>> = {
  open: "holds",
  ended: "none",
  "no-login": "none",
  "no-gate": "open",
  "no-user": "unknown",
};

function stateText({ state, context, sinceSeconds, leftSeconds }: KubeSession): string {
  const login = `curfew kube login ${visible(context)}`;
  if (state === "no-gate") return "no gate: kubectl asks for no login";
  if (state === "no-user") return "its user is not in the kubeconfig";
  if (state === "no-login") return `no login: ${login}`;
  if (state === "ended") return `ended: ${login}`;
  const since = sinceSeconds === null ? "" : `, logged in ${formatDuration(sinceSeconds)} ago`;
  return `${formatDuration(leftSeconds ?? 0)} left${since}`;
}
