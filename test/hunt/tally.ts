/** What a hunt comes to: how much was tried, and where verdicts stand against sessions. */
import type { Disagreement } from "./compare.ts";
import { peopleOf } from "./configuration.ts";
import type { Tried } from "./round.ts";

/** Reasons of unknown verdicts that are shown. */
const MOST_REASONS = 25;

export class Tally {
  private hosts = 0;
  private refused = 0;
  private logins = 0;
  private artefacts = 0;
  private readonly found: Disagreement[] = [];
  /** `outcome, truth` to how many cells. */
  private readonly cells = new Map<string, number>();
  /** Why verdicts were unknown whose sessions all ended. */
  private readonly reasons = new Map<string, number>();
  private readonly began = performance.now();

  add(round: readonly Tried[]): void {
    for (const { valid, configuration, cells, disagreements, artefacts } of round) {
      if (!valid) {
        this.refused += 1;
        continue;
      }
      this.hosts += 1;
      this.logins += peopleOf(configuration).length;
      this.found.push(...disagreements);
      this.artefacts += artefacts.length;
      for (const { command, cell, truth } of cells) {
        count(this.cells, `${command} ${cell.outcome}, ${truth}`);
        if (cell.outcome === "unknown" && truth === "all ended")
          count(
            this.reasons,
            `${cell.kind}: ${(cell.reason ?? "").replaceAll(/\b[a-z]{3}('s)?\b|\d+/gu, "_")}`,
          );
      }
    }
  }

  get falsePasses(): number {
    return this.found.filter(({ type }) => type === "false pass").length;
  }

  /** One line after each round. */
  line(): string {
    const minutes = (performance.now() - this.began) / 60_000;
    const compared = [...this.cells.values()].reduce((sum, each) => sum + each, 0);
    const falseFails = this.found.length - this.falsePasses;
    return (
      `hunt: ${this.hosts} hosts (${this.refused} refused by sshd) with ${this.logins} logins tried, ` +
      `${(this.logins / minutes).toFixed(1)} a minute; ${compared} cells compared: ` +
      `${this.falsePasses} false passes, ${falseFails} false fails, ${this.artefacts} seen once only`
    );
  }

  summary(): string {
    const sorted = (from: ReadonlyMap<string, number>): string[] =>
      [...from].toSorted((left, right) => right[1] - left[1]).map(([what, many]) => `  ${many}  ${what}`);
    return [
      this.line(),
      ...sorted(this.cells),
      "hunt: unknown although every session ended:",
      ...sorted(this.reasons).slice(0, MOST_REASONS),
    ].join("\n");
  }
}

function count(into: Map<string, number>, what: string): void {
  into.set(what, (into.get(what) ?? 0) + 1);
}
