import type { Command } from "commander";
import * as args from "../options/args.ts";
import type { KubeAuditOptions } from "../kube/audit.ts";
import type { Setting } from "../terminal/setting.ts";

const EXAMPLE = `
Example:
  curfew kube audit                         the kubeconfigs that kubectl would read
  curfew kube audit -p policy.yaml admin.conf --format sarif -o reports

kubectl ends no session: what is in a kubeconfig is used until the server refuses it. curfew help
kubernetes says what ends what. No secret is printed, stored or sent anywhere.
`;

const AUDIT_HELP = `
Example:
  curfew kube audit
  curfew kube audit -p policy.yaml ~/.kube/config /etc/kubernetes/admin.conf
  curfew kube audit --json | jq '.hosts[].findings[] | select(.outcome != "pass")'

Without a file: those of KUBECONFIG, else ~/.kube/config. In the policy:
  kubernetes:
    session_idle_timeout: 15m
    session_max: 8h
    groups: [ops]        # whose kubeconfigs; everybody's if neither users nor groups are named

Exit codes: 0 everything passes, 2 a finding fails, 3 something cannot be judged, 64 a file is not a
kubeconfig.
`;

export function registerKube(program: Command, setting: Setting): void {
  const command = program
    .command("kube")
    .summary("cluster sessions: what kubectl leaves open, and a gate for it")
    .helpCommand(false)
    .description("Judges kubeconfigs, and ends kubectl sessions that the policy ends.")
    .addHelpText("after", EXAMPLE);
  registerAudit(command, setting);
}

function registerAudit(kube: Command, { terminal, setExitCode }: Setting): void {
  const command = kube
    .command("audit")
    .summary("judge kubeconfigs: what lives for how long, what bypasses what")
    .description("Judges every user of kubeconfigs. Contacts no cluster, changes nothing.")
    .argument("[file...]", "kubeconfigs; those that kubectl would read if none is named");
  args.addPolicyOption(command);
  args.addReportOptions(command);
  args
    .addAnswerOptions(command)
    .option("-v, --verbose", "also what passes")
    .addHelpText("after", AUDIT_HELP)
    .action(async (files: readonly string[], options: KubeAuditOptions) => {
      const { auditKube } = await import("../kube/audit.ts");
      setExitCode(await auditKube(files, options, terminal));
    });
}
