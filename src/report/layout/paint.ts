/**
 * floor 2: data to text, pure. Colour and width come in as arguments; nothing here prints, and
 * every word that came from a host or a file goes through `visible` first.
 */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Colours text, or leaves it alone. Colour never stands alone: a symbol always says the same. */
export type Paint = Readonly<Record<Style, (text: string) => string>>;

/** The painter for a stream that shows colour, or for one that does not. */
export function createPaint(colour: boolean): Paint {
  return {
    bold: styler("bold", colour),
    dim: styler("dim", colour),
    red: styler("red", colour),
    green: styler("green", colour),
    yellow: styler("yellow", colour),
    cyan: styler("cyan", colour),
  };
}

function styler(style: Style, colour: boolean): (text: string) => string {
  // The caller knows its stream; styleText would ask process.stdout.
  return colour ? (text) => styleText(style, text, { validateStream: false }) : (text) => text;
}
