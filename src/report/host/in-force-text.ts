import { visible } from "../../core/text/visible.ts";
import type { InForce } from "../../model/control/ending.ts";
import type { Paint } from "../layout/paint.ts";
import { signText } from "../layout/signs.ts";
import { wrap } from "../layout/wrap.ts";

/** Read, not tried: no session has shown any of it. */
const SIGNS = { ends: "file", partly: "file", nothing: "open" } as const;

/** One setting that is in force on a host: where it stands and what it does there. */
export function inForceLines(
  { setting, source, effect, verdict }: InForce,
  paint: Paint,
  columns: number,
): string[] {
  const text = `  ${signText(SIGNS[verdict], paint)} ${visible(setting)} (${visible(source)}): ${visible(effect)}`;
  return wrap(text, columns, 4);
}
