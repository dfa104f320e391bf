/** What stands at the head of everything that is rendered: what it is, for what, and what was assumed. */
import type { Rendering } from "../../model/change/render.ts";
import { visible } from "../../core/text/visible.ts";
import { wrap } from "../layout/wrap.ts";

/** By this a later run tells what curfew wrote from what somebody else did. */
export const RENDERED_MARK = "Rendered by curfew";

/** Lines of at most 96 columns, without a comment's sign. */
export function headerLines(rendering: Rendering): string[] {
  const { policy, system, assumed, uncaught } = rendering;
  const named = policy === "" ? "a policy" : `the policy ${visible(policy)}`;
  const roles = new Set(uncaught.map(({ role }) => role));
  return [
    `${RENDERED_MARK} from ${named}, for ${visible(system.label)} with OpenSSH ${opensshText(rendering)}.`,
    "Do not edit; render again instead. No host was asked. Assumed:",
    ...assumed.flatMap((text) => bullet(visible(text))),
    ...(uncaught.length === 0
      ? []
      : [`Not ended by these files (${[...roles].map(visible).join(", ")}):`, ...uncaughtLines(rendering)]),
    "These files prove nothing: curfew audit judges the host, curfew verify opens real sessions there.",
  ];
}

/** `9.2 to 10.4` would not be exact between minor releases: the first that differs is named. */
function opensshText({ system: { openssh } }: Rendering): string {
  const { from, before } = openssh;
  const first = `${from.major}.${from.minor}`;
  return before === null ? `${first} or newer` : `${first} or newer, before ${before.major}.${before.minor}`;
}

function uncaughtLines({ uncaught }: Rendering): string[] {
  const kinds = [...new Set(uncaught.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const { reason = "" } = uncaught.find((each) => each.kind === kind) ?? {};
    return bullet(`${kind}: ${reason}`);
  });
}

function bullet(text: string): string[] {
  return wrap(text, 90).map((line, index) => `${index === 0 ? "- " : "  "}${line}`);
}

/** The header as a comment of a shell script, YAML or a configuration. */
export function headerComment(rendering: Rendering): string {
  return headerLines(rendering)
    .map((line) => `# ${line}\n`)
    .join("");
}
