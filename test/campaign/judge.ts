/** What is true of a host after a fault, against what it has to be and what curfew said of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, canLogIn, documentOf, etcDifferences } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { LISTENER } from "./daemon-faults.ts";
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

export type State = "before" | "after" | "between";

/** Limits are for a host that hangs: what is waited for comes earlier, however busy this machine is. */
const PATIENCE = 90_000;

/** Until nothing is armed and nothing of a change runs. False where that does not come by itself. */
export async function settled(host: LabHost, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1000 + PATIENCE;
  // A change script outlives its controller until it has something to say: it holds the lock.
  const busy = `ls /var/lib/curfew/guard/*/armed /var/lib/curfew/guard/*/reverting 2>/dev/null
    pgrep -f 'curfew/guard/.*/undo.sh|curfew-shadow-'
    { read -r _ holder _ </var/lib/curfew/lock && kill -0 "$holder" && echo "$holder"; } 2>/dev/null`;
  while (Date.now() < until) {
    if ((await host.exec(busy)).stdout.trim() === "") return true;
    await sleep(500);
  }
  return false;
}

export async function lockOut(lab: Lab, host: LabHost): Promise<Complaint[]> {
  const until = Date.now() + PATIENCE;
  let open = await canLogIn(lab, host);
  while (!open && Date.now() < until) {
    await sleep(1000);
    open = await canLogIn(lab, host);
  }
  const main = "[ -e /etc/ssh/sshd_config ] || set -- -f /usr/etc/ssh/sshd_config";
  const valid = await host.exec(`mkdir -p /run/sshd; ${main}; sshd -t "$@"`);
  return [
    ...(open ? [] : [{ wrong: "lock-out" as const, words: "no login works" }]),
    ...(valid.exitCode === 0
      ? []
      : [{ wrong: "lock-out" as const, words: `sshd -t: ${valid.stderr.trim()}` }]),
  ];
}

/** Names that the guard has for its work: which of the two states it is does not depend on them. */
const GUARDS_OWN = /\/\.curfew-(?:old|new)-|\/curfew-guard(?:\.service)?$|\/sysinit\.target\.wants$/u;

/** Whether /etc is in one of the two states; with `whole`, to the last name. */
export async function stateOf(host: LabHost, states: States, whole: boolean): Promise<[State, string[]]> {
  const now = await host.etcDigest();
  const differing = (from: States["before"]): string[] =>
    etcDifferences(from, now).filter((path) => whole || !GUARDS_OWN.test(path));
  const fromBefore = differing(states.before);
  if (fromBefore.length === 0) return ["before", []];
  const fromAfter = differing(states.after);
  return fromAfter.length === 0
    ? ["after", []]
    : ["between", fromAfter.length < fromBefore.length ? fromAfter : fromBefore];
}

/** The files of which sshd has read: it keeps their text. Nothing where none listens. */
export async function daemonHas(host: LabHost): Promise<"before" | "after" | "none"> {
  const { stdout } = await host.exec(`${LISTENER} || exit 0
    set -- $(sed -n 's/^\\([0-9a-f]*\\)-\\([0-9a-f]*\\) .*\\[heap\\]$/\\1 \\2/p' /proc/$pid/maps)
    [ -n "\${2:-}" ] || exit 0
    dd if=/proc/$pid/mem bs=4096 skip=$((0x$1 / 4096)) count=$(((0x$2 - 0x$1) / 4096)) 2>/dev/null >/root/heap
    if grep -aq 'ClientAliveInterval [1-9]' /root/heap; then echo after; elif [ -s /root/heap ]; then echo before; fi
    rm -f /root/heap`);
  const said = stdout.trim();
  return said === "after" || said === "before" ? said : "none";
}

/** One host of what a command said. */
export interface Said {
  readonly outcome: string;
  readonly message?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Nothing where it did not live to say anything. */
export function saidOf(call: Call): Said | undefined {
  if (call.signal !== undefined || call.stdout === "") return undefined;
  return documentOf(call).hosts[0];
}

const GOOD: ReadonlySet<string> = new Set(["confirmed", "unchanged"]);

/** What curfew said of a host, where it lived to say it, against the state that it came to by itself. */
export function falseStatement(call: Call, command: "apply" | "revert", state: State): Complaint[] {
  const said = saidOf(call);
  const target = command === "apply" ? "after" : "before";
  if (said === undefined) {
    if (call.stderr.includes('"confirming"') || state !== target) return [];
    return [
      { wrong: "between", words: `nobody can have confirmed the ${command}, and the host is ${state}` },
    ];
  }
  const { outcome, message = "" } = said;
  const complain = (words: string): Complaint[] => [
    {
      wrong: "false statement",
      words: `${command} said ${outcome} (exit ${call.exitCode}): ${message}; ${words}`,
    },
  ];
  if (GOOD.has(outcome) !== (call.exitCode === 0)) return complain("the exit code does not fit");
  if (GOOD.has(outcome) && state !== target) return complain(`the host is ${state}`);
  if (["rolled-back", "failed", "skipped"].includes(outcome) && state === target)
    return complain(`the host is ${state}`);
  const undone = /reverts by itself|have reverted by itself|as they were/u.test(message);
  if (outcome === "unknown" && undone && !message.includes("unless") && state === target)
    return complain(`the host is ${state}`);
  return [];
}

/** No session of verify can have ended by its limit in so short a time. */
export function falsePass(call: Call, trial: Trial): Complaint[] {
  if (call.signal !== undefined || call.stdout === "") return [];
  const probes: { outcome: string; kind?: string }[] = documentOf(call).hosts[0]?.probes ?? [];
  const passed = probes.filter(({ outcome }) => outcome === "pass").length;
  if (passed === 0 && call.exitCode !== 0) return [];
  const words = `verify said exit ${call.exitCode} with ${passed} sessions passed although ${trial.fault}`;
  return [{ wrong: "false statement", words }];
}

/**
 * What of a change is left: nothing but the files themselves and, while they are there, what revert needs. How a change
 * ended stays in /run for a controller that asks, systemd remembers the check at boot until it reads its units, and an
 * sshd that was started by hand, since its unit did not start, keeps the unit that it was given.
 */
export async function leftovers(host: LabHost, state: State): Promise<string[]> {
  const { stdout } = await host.exec(`
    find /etc /run/systemd /tmp /var/tmp /run/curfew-shadow-* \\( -name '.curfew-*' -o -name '*curfew-guard*' -o -name '*curfew-shadow*' -o -name '*.curfew-kept-*' \\) 2>/dev/null
    find /var/lib/curfew -mindepth 1 2>/dev/null | grep -v -x -e '/var/lib/curfew/\\(written\\|ended\\|original\\)' -e '/var/lib/curfew/original/.*'
    [ ! -d /run/systemd/system ] || systemctl list-units --all --no-legend --plain 'curfew-guard-*' 'curfew-shadow*' | cut -d ' ' -f 1
    [ ! -d /run/systemd/system ] || systemctl list-units --failed --no-legend --plain 'curfew*' | cut -d ' ' -f 1
    [ ${state} = after ] || find /etc /var/lib /run /tmp /var/tmp -name '*curfew*' ! -path /var/lib/curfew ! -path /run/curfew-guard ! -name '*curfew-sshd-*' 2>/dev/null; rmdir /var/lib/curfew 2>/dev/null
    pgrep -af '[u]ndo[.]sh|[c]urfew-shadow|[c]urfew-guard'; true`);
  return [...new Set(stdout.split("\n").filter((line) => line !== ""))];
}
