/** What curfew said of a host against what sessions showed there. */
import type { LadderCell } from "../../src/model/finding.ts";
import { LIMIT, PEOPLE } from "./configuration.ts";
import { IN_TIME, type Measured } from "./sessions.ts";

/** A verdict that a session contradicts. */
export interface Disagreement {
  readonly command: string;
  readonly type: "false pass" | "false fail";
  readonly role: string;
  readonly kind: string;
  readonly said: string;
  readonly measured: readonly Measured[];
}

/**
 * A pass with a session that stayed is false, and so is a fail where everybody in the role was ended in time.
 * What ended late, between the limit's tolerance and the end of the measurement, decides nothing: the machine is busy.
 */
export function disagreements(
  command: string,
  ladder: readonly LadderCell[],
  measured: readonly Measured[],
): Disagreement[] {
  return ladder.flatMap((cell): Disagreement[] => {
    const own = measured.filter(({ person, kind }) => kind === cell.kind && roleOf(person) === cell.role);
    if (own.length === 0 || cell.expect !== "dropped" || cell.limit !== LIMIT) return [];
    const type = contradiction(cell, own);
    const said = `${cell.outcome}, ${cell.evidence ?? "no evidence"}: ${JSON.stringify(cell.demonstrated ?? cell.effective ?? cell.configured)} ${cell.reason ?? ""}`;
    return type === undefined
      ? []
      : [{ command, type, role: cell.role, kind: cell.kind, said, measured: own }];
  });
}

function contradiction({ outcome }: LadderCell, own: readonly Measured[]): Disagreement["type"] | undefined {
  if (outcome === "pass" && own.some(({ seconds, began }) => began && seconds === null)) return "false pass";
  const ended = own.every(({ seconds, began }) => began && seconds !== null && seconds < IN_TIME);
  return outcome === "fail" && ended ? "false fail" : undefined;
}

function roleOf(person: string): string | undefined {
  return PEOPLE.find(({ name }) => name === person)?.group;
}
