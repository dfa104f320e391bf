/** What curfew said of a host against what sessions showed there. */
import type { LadderCell } from "../../src/model/verdict/finding.ts";
import { LIMIT, type Configuration } from "./configuration.ts";
import { PEOPLE } from "./people.ts";
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

/** A cell of which a verdict and sessions are both known. */
export interface Compared {
  readonly command: string;
  readonly cell: LadderCell;
  readonly measured: readonly Measured[];
  /** `unclear`: one ended late, or never began. */
  readonly truth: "all ended" | "one stayed" | "unclear";
}

/** Every cell with a limit that sessions were opened for. */
export function compared(
  command: string,
  ladder: readonly LadderCell[],
  measured: readonly Measured[],
): Compared[] {
  return ladder.flatMap((cell): Compared[] => {
    const own = measured.filter(({ person, kind }) => kind === cell.kind && roleOf(person) === cell.role);
    if (own.length === 0 || cell.expect !== "dropped" || cell.limit !== LIMIT) return [];
    return [{ command, cell, measured: own, truth: truthOf(own) }];
  });
}

/** What ended late, between the limit's tolerance and the end of the measurement, decides nothing: the machine is busy. */
export function truthOf(own: readonly Measured[]): Compared["truth"] {
  if (own.some(({ seconds, began }) => began && seconds === null)) return "one stayed";
  const ended = own.every(({ seconds, began }) => began && seconds !== null && seconds < IN_TIME);
  return ended ? "all ended" : "unclear";
}

/** A pass with a session that stayed is false, and so is a fail where everybody in the role was ended in time. */
export function disagreements(cells: readonly Compared[]): Disagreement[] {
  return cells.flatMap(({ command, cell, measured, truth }): Disagreement[] => {
    const type =
      cell.outcome === "pass" && truth === "one stayed"
        ? "false pass"
        : cell.outcome === "fail" && truth === "all ended"
          ? "false fail"
          : undefined;
    if (type === undefined) return [];
    const said = `${cell.outcome}, ${cell.evidence ?? "no evidence"}: ${JSON.stringify(cell.demonstrated ?? cell.effective ?? cell.configured)} ${cell.reason ?? ""}`;
    return [{ command, type, role: cell.role, kind: cell.kind, said, measured }];
  });
}

/**
 * A fail of files whose people have a limit of their own: nothing of the host ends them, as it says, and what they wrote
 * they can take back.
 */
export function isTheirOwn(
  { type, command, role }: Disagreement,
  { pieces }: Pick<Configuration, "pieces">,
): boolean {
  if (type !== "false fail" || command !== "audit") return false;
  const own = pieces.filter(({ of }) => of !== undefined && roleOf(of) === role);
  return own.some(({ edits }) => edits.some(({ text }) => /TM.*OUT|autologout/u.test(text)));
}

export function isSame(
  left: Pick<Disagreement, "command" | "type" | "role" | "kind">,
  right: Pick<Disagreement, "command" | "type" | "role" | "kind">,
): boolean {
  return (["command", "type", "role", "kind"] as const).every((key) => left[key] === right[key]);
}

export function roleOf(person: string): string | undefined {
  return PEOPLE.find(({ name }) => name === person)?.group;
}
