import type { Command } from "commander";
import { documentText } from "../../core/verdict/document.ts";
import { FATES } from "../../model/facts/session.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { fatesText, loggedInText } from "../../report/host/sessions-text.ts";
import { visible, visibleLines } from "../../core/text/visible.ts";
import type { Verdict } from "../../core/verdict/outcome.ts";
import * as args from "../options/args.ts";
import { loadHosts, loadPolicyFor } from "../options/inputs.ts";
import { withRun } from "../progress/run-context.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

const EXAMPLE = `
Example:
  curfew sessions -i inventory.yaml
  curfew sessions -i inventory.yaml -p policy.yaml
  curfew apply -p policy.yaml -i inventory.yaml --max-hurt 0

Reads every host, one login each, and changes nothing. Shown is who is logged in over SSH, from where, how long
it is since somebody typed there, and what runs: a prompt, a program, a command, a transfer, tmux or screen, an editor. With -p also
what the policy would do to each of them without a key pressed there: sessions that are older than a change keep the settings
of their shell and of sshd, and the watchdog warns them before it ends them. Sessions with databases are listed as well, where
the policy selects the database's control, for accounts that its roles name; how long they are idle is what the server says.
Idle is the terminal's input time, which the kernel moves in steps of 8 s.

Exit codes: 0 none would end at once, or no policy was given; 2 one would; 3 a host or a session cannot be judged.
`;

/** Limits nobody: with it a host is only described. */
const NO_POLICY: Policy = {
  name: "none",
  controls: ["sshd"],
  tmux: "detach",
  defaults: {},
  roles: {},
  exemptions: [],
};

export function registerSessions(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program
    .command("sessions")
    .summary("show who is logged in, and whom a policy would end")
    .description("Shows who is logged in over SSH, and with a policy what it would end and when.");
  args.addPolicyOption(command);
  args.addHostOptions(command);
  args
    .addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (options: args.PolicyOptions) => setExitCode(await sessions(options, terminal)));
}

async function sessions(options: args.PolicyOptions, terminal: Terminal): Promise<ExitCode> {
  const { hosts, inventory } = await loadHosts(options, terminal);
  const judged = options.policy !== undefined;
  const policy = judged
    ? (await loadPolicyFor(options.policy, inventory, options, terminal)).policy
    : NO_POLICY;
  return withRun({ command: "sessions", hosts, options, terminal }, async (run) => {
    const { planFleet } = await import("../../flow/plan.ts");
    const names = hosts.map(({ name }) => name);
    const plans = await run.phase("sessions", names, () => planFleet({ policy, hosts }, run.context));
    return {
      verdict: verdictOf(plans, judged),
      document: () =>
        documentText(
          headOf(plans, judged),
          plans.map((plan) => hostOf(plan, judged)),
        ),
      text: (view) => textOf(plans, judged, view),
    };
  });
}

function judgedSessions(
  plans: readonly HostPlan[],
): Extract<HostPlan["sessions"], { state: "known" }>["value"] {
  return plans.flatMap(({ sessions: found }) => (found?.state === "known" ? found.value : []));
}

function verdictOf(plans: readonly HostPlan[], judged: boolean): Verdict {
  const found = judgedSessions(plans);
  const unread = plans.some((plan) => plan.sessions?.state !== "known");
  if (unread || (judged && found.some(({ fate }) => fate === "unknown"))) return "unknown";
  return judged && found.some(({ fate }) => fate === "ends") ? "fail" : "pass";
}

function headOf(plans: readonly HostPlan[], judged: boolean): object {
  const found = judgedSessions(plans);
  const fates = FATES.map((fate) => [fate, found.filter((each) => each.fate === fate).length] as const);
  const counts = { hosts: plans.length, sessions: found.length };
  return {
    schema: "curfew/sessions/1",
    summary: judged ? { ...counts, ...Object.fromEntries(fates) } : counts,
  };
}

function hostOf({ host, sessions: found, error }: HostPlan, judged: boolean): object {
  if (found?.state !== "known") {
    const why = found?.state === "unreadable" ? found.reason : "the host was not read";
    return { host, outcome: "unknown", error: error ?? { code: "remote", message: why } };
  }
  const all = found.value.map(({ fate, within, limit, role, by, reason, ...session }) =>
    judged ? { ...session, fate, within, limit, role, by, ...(reason && { reason }) } : session,
  );
  return { host, outcome: "known", sessions: all };
}

function textOf(
  plans: readonly HostPlan[],
  judged: boolean,
  view: Parameters<typeof loggedInText>[1],
): string {
  const hosts = plans.flatMap(({ host, sessions: found }) =>
    found === undefined ? [] : [{ host, sessions: found }],
  );
  const lost = plans.flatMap(({ host, sessions: found, error }) =>
    found === undefined && error !== undefined
      ? [`${view.paint.red("?")} ${visible(host)}: ${visibleLines(error.message)}`]
      : [],
  );
  const lines = judged ? fatesText(hosts, view, true) : loggedInText(hosts, view);
  const all = [...lines, ...lost];
  return `${(all.length === 0 ? ["No SSH session is open there."] : all).join("\n")}\n`;
}
