import { visible } from "../../core/text/visible.ts";
import type { TeleportExplanation, WeighedLimit } from "../../core/teleport/explain.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Explanation } from "../../model/verdict/explanation.ts";
import { table } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";
import { signText } from "../layout/signs.ts";

/** Which limit holds behind Teleport, and what was weighed. */
export function teleportExplainText(explanation: TeleportExplanation, paint: Paint): string {
  const { user, roles, limit, weighed, afterStart, certificate } = explanation;
  const head = `${paint.bold(visible(user))}  ${roles.length === 0 ? "no role" : `roles ${roles.map(visible).join(", ")}`}`;
  const unknown = weighed.some(({ known }) => !known);
  const least = unknown ? ", or less: not every value is known" : "";
  const lines = [
    head,
    `  behind Teleport an idle session ends after: ${paint.bold(limitWords(limit))}${least}`,
    ...table(weighed.map((each) => weighedRow(each, paint))).map((line) => `  ${line}`),
  ];
  if (afterStart !== undefined)
    lines.push(`  ${signText("open", paint)} once the auth server starts again: ${limitWords(afterStart)}`);
  const ends = certificate === undefined ? "no place among the files says so" : visible(certificate);
  const sign = signText(certificate === undefined ? "open" : "file", paint);
  lines.push(
    `  ${sign} ended with an expired certificate: ${ends}`,
    paint.dim(
      "  The strictest of the cluster and all roles holds. Sessions that are open keep the value from their start.",
    ),
    paint.dim("  A login past Teleport does not meet any of this: the host's own sshd has to end it."),
  );
  return `${lines.join("\n")}\n`;
}

/** Behind an explanation of a host: the way through the gateway, and the way past it. */
export function gatewayText(
  gateway: TeleportExplanation,
  { idle }: Explanation["limits"],
  paint: Paint,
): string {
  const own =
    idle.seconds === null ? "no limit" : `${formatDuration(idle.seconds)}, role ${visible(idle.from ?? "")}`;
  const past = `  Past Teleport, by a direct login: ${own} of the policy, as far as this host ends it; Teleport's limit does not hold there.`;
  return `\n${paint.bold("Through Teleport")}\n  ${teleportExplainText(gateway, paint).trimEnd()}\n${past}\n`;
}

function limitWords(limit: WeighedLimit | null): string {
  if (limit === null) return "no limit that is known";
  return `${visible(limit.text)}, ${visible(limit.place)}`;
}

function weighedRow({ who, seconds, text, place, known }: WeighedLimit, paint: Paint): string[] {
  const sign = known ? (seconds === null ? "none" : "file") : "unknown";
  return [`${signText(sign, paint)} ${visible(who)}`, visible(text), paint.dim(visible(place))];
}
