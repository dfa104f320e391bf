/** What is true of a host after a fault, against what it has to be and what curfew said of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, canLogIn, etcDifferences, outcomes } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { editOf } from "./faults.ts";
import type { Trial } from "./trial.ts";

export type Wrong = "lock-out" | "false statement" | "leftover" | "lost edit" | "between";

/** The two states that there are. */
export interface States {
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
}

export interface Complaint {
  readonly wrong: Wrong;
  readonly words: string;
}

type State = "before" | "after" | "between";

/** Until nothing is armed and nothing of a change runs, or for as long as that may take. */
export async function settled(host: LabHost, seconds: number): Promise<void> {
  const until = Date.now() + patient(seconds * 1000);
  const busy =
    "ls /var/lib/curfew/guard/*/armed /var/lib/curfew/guard/*/reverting 2>/dev/null; pgrep -f 'curfew/guard/.*/undo.sh'";
  while (Date.now() < until) {
    if ((await host.exec(busy)).stdout.trim() === "") return;
    await sleep(300);
  }
}

export async function lockOut(lab: Lab, host: LabHost): Promise<Complaint[]> {
  const until = Date.now() + patient(20_000);
  let open = await canLogIn(lab, host);
  while (!open && Date.now() < until) {
    await sleep(500);
    open = await canLogIn(lab, host);
  }
  const valid = await host.exec("mkdir -p /run/sshd; sshd -t");
  return [
    ...(open ? [] : [{ wrong: "lock-out" as const, words: "no login works" }]),
    ...(valid.exitCode === 0
      ? []
      : [{ wrong: "lock-out" as const, words: `sshd -t: ${valid.stderr.trim()}` }]),
  ];
}

/** Somebody's line is where it was written, or in what was kept beside that file; it is taken out again. */
export async function takeEdit(host: LabHost, trial: Trial, written: boolean): Promise<Complaint[]> {
  const { stdout } = await host.exec(`grep -rlF '${editOf(trial)}' /etc; true`);
  const found = stdout
    .trim()
    .split("\n")
    .filter((path) => path !== "");
  for (const path of found) {
    if (path.includes(".curfew-kept-")) await host.exec(`rm -f '${path}'; rm -f /var/lib/curfew/kept`);
    else
      await host.exec(
        `grep -vF '${editOf(trial)}' '${path}' >/root/taken; cat /root/taken >'${path}'; rm /root/taken`,
      );
  }
  if (found.length > 0 || !written) return [];
  return [{ wrong: "lost edit", words: `the line of somebody in ${trial.file} is gone` }];
}

/** Whether /etc is in one of the two states. */
export async function stateOf(host: LabHost, { before, after }: States): Promise<[State, string[]]> {
  const now = await host.etcDigest();
  const fromBefore = etcDifferences(before, now);
  if (fromBefore.length === 0) return ["before", []];
  const fromAfter = etcDifferences(after, now);
  return fromAfter.length === 0
    ? ["after", []]
    : ["between", fromAfter.length < fromBefore.length ? fromAfter : fromBefore];
}

/** What curfew said, where it lived to say it, against the state. */
export function falseStatement(
  call: Call,
  host: LabHost,
  command: Trial["command"],
  state: State,
): Complaint[] {
  if (call.signal !== undefined || call.stdout === "") return [];
  const said = outcomes(call)[host.name] ?? "nothing";
  const target = command === "apply" ? "after" : "before";
  const complain = (words: string): Complaint[] => [
    { wrong: "false statement", words: `${command} said ${said} (exit ${call.exitCode}); ${words}` },
  ];
  if ((said === "confirmed" || said === "unchanged") !== (call.exitCode === 0))
    return complain("the exit code does not fit");
  if ((said === "confirmed" || said === "unchanged") && state !== target)
    return complain(`the host is ${state}`);
  if ((said === "rolled-back" || said === "failed") && state === target)
    return complain(`the host is ${state}`);
  return [];
}

/** What of curfew is on a host that is as before, besides nothing. */
export async function leftovers(host: LabHost): Promise<Complaint[]> {
  const { stdout } = await host.exec(`
    find /etc /var/lib/curfew /run/curfew-guard /run/systemd/system -name '*curfew*' 2>/dev/null | grep -v '^/var/lib/curfew$'
    [ ! -d /run/systemd/system ] || systemctl list-units --all --no-legend --plain 'curfew*' | cut -d ' ' -f 1
    pgrep -af 'undo[.]sh|curfew-shadow'; true`);
  const left = stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "");
  return left.length === 0 ? [] : [{ wrong: "leftover", words: left.join(", ") }];
}
