/** Why a session was kept, as far as the configuration tells. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";
import { whatWouldEnd } from "../ending/uncaught.ts";

/** Why a session that had to be dropped may still be there, as far as the configuration tells; or empty. */
export function explainKept(
  probed: ProbedSession,
  configured: readonly ConfiguredTimeout[],
  controls: readonly Control[],
): string {
  const { server } = probed.facts;
  if (server.product !== "openssh") return "";
  const reasons = controls.flatMap(
    ({ mechanisms, whyKept }) =>
      whyKept?.(
        probed,
        configured.filter(({ by }) => mechanisms.includes(by)),
      ) ?? [],
  );
  if (["idle-shell", "frozen-client", "typing"].includes(probed.session)) return reasons.join("; ");
  const { major, minor } = server.version;
  const nothing = `nothing on OpenSSH ${major}.${minor} ended it: ${whatWouldEnd(probed.session)}`;
  return [...reasons, nothing].join("; ");
}
