/** A host for tests of the wizard: surveys as the script prints them. */
import { CONTROLS } from "../../../src/controls/index.ts";
import { peopleOf } from "../../../src/core/wizard/people.ts";
import type { WizardSubject } from "../../../src/core/wizard/draft.ts";
import { parseWizardSurvey, type WizardSurvey } from "../../../src/core/wizard/survey.ts";

/** `process` lines are `PID PPID UID TTY AGE COMMAND | WORDS`, for readable tables. */
export function surveyOf(
  accounts: readonly string[],
  processes: readonly string[],
  more: readonly string[] = [],
): WizardSurvey {
  const rows = processes.flatMap((line) => {
    const [head = "", words] = line.split(" | ");
    const [pid, ppid, uid, tty, age, ...command] = head.split(" ");
    const row = ["process", pid, ppid, uid, tty, (100_000 - Number(age)) * 100, command.join(" ")].join("\t");
    return words === undefined ? [row] : [row, `words\t${pid}\t${words}`];
  });
  const people = accounts.map((entry) => `account\t${entry.replace(":", "\t")}\t/bin/bash`);
  const lines = [
    ...people,
    ...more.map((line) => line.replaceAll(" ", "\t")),
    "clock\t100000\t100",
    "self\t1",
    ...rows,
    "end",
  ];
  return parseWizardSurvey(`${lines.join("\n")}\n`, "web1");
}

/** The ordinary processes of a login: a listener, and one session of `uid`. */
export function sessionOf(user: string, uid: number, pid: number): string[] {
  return [
    `${pid} 50 0 0 900 sshd-session | sshd-session: ${user} [priv]`,
    `${pid + 1} ${pid} ${uid} 0 900 sshd-session | sshd-session: ${user}@notty`,
  ];
}

export function subjectOf(survey: WizardSurvey, more: Partial<WizardSubject> = {}): WizardSubject {
  return {
    host: "web1",
    owner: "alice@desk",
    today: "2026-11-22",
    people: peopleOf(survey),
    baselines: [
      { id: "cis", title: "CIS Benchmarks", idle: 900, unresponsive: 900 },
      { id: "stig-ubuntu2404", title: "STIG", idle: 600, unresponsive: 600 },
    ],
    version: { major: 10, minor: 0 },
    controls: CONTROLS,
    ...more,
  };
}
