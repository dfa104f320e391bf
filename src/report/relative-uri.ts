import { clipLine } from "./clip.ts";

const LONGEST = 2000;

/** A relative URI reference from a path; each segment encoded, so that none is a scheme or leads upwards. */
export function relativeUri(path: string): string {
  const segments = clipLine(path, LONGEST)
    .split("/")
    .filter((segment) => segment !== "")
    .map(encodeSegment);
  return segments.join("/") || "%2E";
}

function encodeSegment(segment: string): string {
  return segment === "." || segment === ".." ? segment.replaceAll(".", "%2E") : encodeURIComponent(segment);
}
