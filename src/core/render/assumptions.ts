/** What is taken for granted where no host is asked, for the header of what is rendered. Pure. */
import type { DesiredFile } from "../../model/plan.ts";
import type { RenderQuestion } from "./rendering.ts";

/** Complete sentences without a full stop. */
export function assumptions(question: RenderQuestion, own: readonly DesiredFile[]): string[] {
  const { facts, system, limits, elsewhere, today } = question;
  const dated = limits.exemptions.length > 0 || limits.expired.length > 0;
  return [
    system === undefined
      ? "the system is as the host was when its facts were saved"
      : `the system is ${system.label} as it is installed, started by systemd`,
    `these shells are installed: ${[...new Set(facts.shells.map(({ kind }) => kind))].toSorted().join(", ")}`,
    "sshd reads no line of others before the lines of curfew",
    ...(dated ? [`exemptions are those of ${today}`] : []),
    ...(limits.exemptions.length > 0 ? ["everybody whom an exemption names has an account"] : []),
    ...elsewhere.map((name) => `${name} is for other hosts and left out`),
    ...(own.every(({ content }) => content === null) ? ["curfew needs no file of its own here"] : []),
  ];
}
