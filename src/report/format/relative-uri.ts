import { clipLine } from "../layout/clip.ts";

const LONGEST = 2000;

/**
 * A relative URI reference from a path: each segment encoded, so that none is a scheme. What would
 * lead elsewhere, `.` and `..`, is put in brackets: encoded as `%2E%2E` it would still be `..` to a
 * browser (WHATWG URL, double-dot path segment).
 */
export function relativeUri(path: string): string {
  const segments = clipLine(path, LONGEST)
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => (/^\.{1,2}$/u.test(segment) ? `(${segment})` : encodeURIComponent(segment)));
  return segments.join("/") || "(empty)";
}
