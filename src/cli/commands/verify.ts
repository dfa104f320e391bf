import { type Command, Option } from "commander";
import { documentText } from "../../core/verdict/document.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { countBy, countVerified, verifyOutcome, verifyVerdict } from "../../core/verdict/outcome.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { verifiedElsewhere } from "../../flow/shared/elsewhere.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { HostVerification } from "../../model/change/run.ts";
import { DEFAULT_PROBES, type SessionKind, SESSION_KINDS } from "../../model/terms/session-kind.ts";
import { verifyText } from "../../report/host/verify-text.ts";
import * as args from "../options/args.ts";
import { addQueueOption, refuseUnshared, type SharedOptions } from "../options/shared-options.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { loadHosts, loadPolicyFor } from "../options/inputs.ts";
import type { Setting } from "../terminal/setting.ts";
import { withRun } from "../progress/run-context.ts";
import { refuseForWorkers, withWorkers } from "../shared/workers.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface VerifyOptions extends args.PolicyOptions, SharedOptions {
  readonly sessions: readonly SessionKind[];
  readonly role?: readonly string[];
  readonly scaled?: number;
}

const EXAMPLE = `
Example:
  curfew verify -p policy.yaml -i inventory.yaml -l canaries
  curfew verify -p policy.yaml -i inventory.yaml --role admin --scaled 10

Session kinds: ${SESSION_KINDS.slice(0, 6).join(", ")},
${SESSION_KINDS.slice(6).join(", ")}.
No release ends every kind without the watchdog, so only the first two and typing are opened unless
--sessions asks for more.

Real limits are waited out, all of them at once. Exit codes: 0 every session that had to be
dropped was dropped and typing was kept, 2 one was not, 3 a host or session cannot be judged.
`;

export function registerVerify(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("verify").summary("open real sessions that have to be dropped");
  command.description("Opens real sessions on every host and measures when and how each of them ends.");
  args.addPolicyOption(command);
  args.addHostOptions(command);
  command
    .addOption(
      new Option("--sessions <kinds>", "session kinds, commas between, or all")
        .argParser(args.sessionKinds)
        .default(DEFAULT_PROBES, DEFAULT_PROBES.join(",")),
    )
    .option("--role <name>", "only this role; may be repeated", args.collect)
    .option("--scaled <seconds>", "scale every limit down to about this many seconds", args.positive);
  args
    .addOutputOptions(addQueueOption(command))
    .addHelpText("after", EXAMPLE)
    .action(async (options: VerifyOptions) => {
      refuseUnshared(options, command, true);
      setExitCode(await verify(options, terminal));
    });
}

async function verify(options: VerifyOptions, terminal: Terminal): Promise<ExitCode> {
  const chosen = await loadHosts(options, terminal);
  const { hosts, inventory } = chosen;
  const loaded = await loadPolicyFor(options.policy, inventory, options, terminal);
  const { policy } = loaded;
  refuseUnknownRoles(options.role ?? [], policy);
  const names = hosts.map(({ name }) => name);
  const { sessions, role: roles, scaled } = options;
  const wanted = { sessions, ...(roles && { roles }), ...(scaled && { scaled }) };
  const work = { kind: "verify", verify: true, ...wanted } as const;
  const request = { chosen, loaded, work, options, terminal };
  await refuseForWorkers(request);
  return withRun({ command: "verify", hosts, options, terminal }, async (run) => {
    const { verifyFleet } = await import("../../flow/verify.ts");
    const verified = await run.phase("verify", names, () =>
      withWorkers(request, run, undefined, (workers) =>
        verifyFleet(
          { policy, hosts },
          wanted,
          run.context,
          workers && ((host) => verifiedElsewhere(workers.coordination, host, run.context)),
        ),
      ),
    );
    return {
      verdict: verifyVerdict(verified),
      document: () => documentText(verifyHead(verified), verified.map(withOutcome)),
      text: (view) => verifyText(verified, view),
    };
  });
}

function refuseUnknownRoles(roles: readonly string[], policy: Policy): void {
  const known = ["default", ...Object.keys(policy.roles)];
  const wrong = roles.find((role) => !known.includes(role));
  if (wrong === undefined) return;
  const hint = `the policy has ${known.map(shown).join(", ")}`;
  throw new CurfewError("usage", `no role ${shown(wrong)} in the policy${didYouMean(wrong, known)}`, {
    hint,
  });
}

function verifyHead(verified: readonly HostVerification[]): object {
  const sessions = countBy(verified.flatMap(({ probes }) => probes.map(({ outcome }) => outcome)));
  const hosts = { hosts: verified.length, ...countVerified(verified) };
  return { schema: "curfew/verify/1", summary: { ...hosts, sessions } };
}

function withOutcome(verification: HostVerification): object {
  const { host, ...rest } = verification;
  return { host, outcome: verifyOutcome(verification), ...rest };
}
