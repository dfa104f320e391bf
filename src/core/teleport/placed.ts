import type { CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import type { PlacedFinding } from "../../model/access/teleport.ts";
import type { Limit } from "./effective.ts";

interface Said extends Pick<Finding, "expected" | "actual" | "outcome"> {
  readonly subject?: string | undefined;
  readonly role?: string;
}

/** A finding at a place of a file, which is its source: `FILE:LINE:COLUMN`. */
export function placed(
  at: SourcePosition,
  check: CheckId,
  { subject, expected, actual, outcome, role = "*" }: Said,
): PlacedFinding {
  const source = [at.file, at.line, at.column].filter((part) => part !== undefined).join(":");
  const about = subject === undefined ? {} : { subject };
  const finding: Finding = {
    check,
    control: "host",
    role,
    ...about,
    expected,
    actual,
    source,
    evidence: "configured",
    outcome,
  };
  return { at, finding };
}

/** `auth_service (teleport.yaml:7)`, `role admin (roles.yaml:3)`. */
export function placeText({ document, entry }: Limit): string {
  const { file, line } = entry?.valueAt ?? document.at;
  const what =
    document.kind === "teleport.yaml" ? "auth_service" : `${document.kind} ${document.name}`.trim();
  return `${what} (${file}:${line ?? 1})`;
}
