import { visible, visibleLines } from "../../core/text/visible.ts";

const MARK = " … (cut)";

/** One line of visible text of at most so many UTF-16 units; what is longer ends in `… (cut)`. */
export function clipLine(text: string, longest: number): string {
  return clip(text, longest, visible);
}

/** The same for several lines. */
export function clipLines(text: string, longest: number): string {
  return clip(text, longest, visibleLines);
}

/** Cut before and after: making text visible can lengthen it, and there may be megabytes of it. */
function clip(text: string, longest: number, show: (text: string) => string): string {
  const shown = show(cut(text, longest));
  if (text.length <= longest && shown.length <= longest) return shown;
  return `${cut(shown, longest - MARK.length)}${MARK}`;
}

/** The beginning of a text, without half a surrogate pair at its end. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
