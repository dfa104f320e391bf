import { clipLine } from "../layout/clip.ts";

const LONGEST = 2000;

/** Text as OSCAL's StringDatatype: one line, not empty, no blank at either end. */
export function plain(text: string): string {
  return clipLine(text, LONGEST).trim() || "(empty)";
}

/**
 * Text from hosts and policies in a field that readers take as Markdown (OSCAL's MarkupLine and
 * MarkupMultiline): what begins a link, a tag, an insertion or emphasis is escaped, so that it
 * shows as it is and a host's name is never somebody's hyperlink.
 */
export function markup(text: string): string {
  return plain(text).replace(/[\\`*_~^[\]<>{}$&"'#|!]/gu, "\\$&");
}
