import { type Command, Option } from "commander";
import { CurfewError } from "../../model/terms/error.ts";
import * as args from "../options/args.ts";
import type { KubeAuditOptions } from "./audit.ts";
import type { KubeServerOptions } from "./server.ts";
import type { GateOptions } from "./install.ts";
import type { VerifyGateOptions } from "./verify.ts";
import type { Setting } from "../terminal/setting.ts";

const EXAMPLE = `
Example:
  curfew kube audit                         the kubeconfigs that kubectl would read
  curfew kube audit -p policy.yaml admin.conf --format sarif -o reports
  curfew kube install prod --idle 15m --max 8h
  curfew kube login prod

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
  registerServer(command, setting);
  registerGate(command, setting);
  registerLogin(command, setting);
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
      const { auditKube } = await import("./audit.ts");
      setExitCode(await auditKube(files, options, terminal));
    });
}

const SERVER_HELP = `
Example:
  curfew kube server -p policy.yaml /etc/kubernetes/manifests/*.yaml /var/lib/kubelet/config.yaml
  kubectl get clusterrolebindings,rolebindings,clusterroles,roles -A -o json | curfew kube server -
  curfew kube server --render-authentication -p policy.yaml

Reads static pods of kube-apiserver and kube-controller-manager, KubeletConfiguration,
AuthenticationConfiguration, and RBAC as kubectl prints it. Says what is in force, what is required and
without effect, and what is missing. System accounts and service accounts are not judged.

Exit codes: 0 everything passes, 2 a finding fails, 3 something cannot be judged, 64 a file is none of
these.
`;

function registerServer(kube: Command, { terminal, setExitCode }: Setting): void {
  const command = kube
    .command("server")
    .summary("judge a cluster's own files: API server, kubelet, tokens, RBAC")
    .description("Judges what a cluster itself does to end sessions, from its files. Contacts no cluster.")
    .argument("[file...]", "files of the cluster; - is standard input");
  args.addPolicyOption(command);
  args.addReportOptions(command);
  args
    .addAnswerOptions(command)
    .option("-v, --verbose", "also what passes")
    .option(
      "--render-authentication",
      "print the rule that accepts no token with a longer life than the policy's",
    )
    .addOption(
      new Option("--claim <claim>", "with it: where a token's life begins")
        .choices(["nbf", "iat"])
        .default("nbf"),
    )
    .addHelpText("after", SERVER_HELP)
    .action(async (files: readonly string[], options: KubeServerOptions) => {
      const { auditKubeServer } = await import("./server.ts");
      setExitCode(await auditKubeServer(files, options, terminal));
    });
}

const INSTALL_HELP = `
Example:
  curfew kube install prod -p policy.yaml
  curfew kube install prod --idle 15m --max 8h --end-streams
  curfew kube remove prod

The gate stands before the context's own exec plugin (aws, gke-gcloud-auth-plugin, kubelogin, any) and
asks it only while the session lasts. remove leaves the file as it was, byte for byte. A user with a
token or a certificate is refused, as kubectl would not run the gate. The state is its user's own, so
whoever wants to can evade it: see curfew help kubernetes.
`;

function registerGate(kube: Command, { terminal }: Setting): void {
  const install = kube
    .command("install")
    .summary("put the gate before a context's exec plugin")
    .description("Puts curfew's gate before the exec plugin of a context's user.")
    .argument("<context>", "the context, as in the kubeconfig");
  args.addPolicyOption(install);
  kubeconfigOption(install)
    .option("--idle <duration>", "no kubectl command for this long: a new login", args.duration)
    .option("--max <duration>", "a new login after this long in any case", args.duration)
    .option("--end-streams", "end exec, logs -f, get -w and port-forward that outlive the session")
    .option("-q, --quiet", "do not say which policy is used")
    .addHelpText("after", INSTALL_HELP)
    .action(async (context: string, options: GateOptions) => {
      const { install: put } = await import("./install.ts");
      await put(context, options, terminal);
    });
  kubeconfigOption(
    kube
      .command("remove")
      .description("take the gate away; the kubeconfig is as it was")
      .argument("<context>", "the context, as in the kubeconfig"),
  ).action(async (context: string, options: KubeconfigOption) => {
    const { remove } = await import("./install.ts");
    await remove(context, options, terminal);
  });
}

const VERIFY_HELP = `
Exit codes: 0 refused and ended as it should be, 2 a call was answered or a stream stayed open after
the limit, 3 it could not be shown.
`;

function registerLogin(kube: Command, { terminal, setExitCode }: Setting): void {
  kubeconfigOption(
    kube
      .command("login")
      .summary("log in anew, with the plugin behind the gate")
      .description("Empties what the plugin remembers, as far as it is known, runs it, and begins a session.")
      .argument("[context]", "the context; the current one if left out"),
  ).action(async (context: string | undefined, options: KubeconfigOption) => {
    const { beginLogin } = await import("./login.ts");
    await beginLogin(context, options, terminal);
  });
  kubeconfigOption(kube.command("status").description("per context: time left, and since when"))
    .option("--json", "print one JSON document on standard output")
    .action(async (options: KubeconfigOption & { readonly json?: true }) => {
      const { showStatus } = await import("./status.ts");
      await showStatus(options, terminal);
    });
  kubeconfigOption(
    kube
      .command("verify")
      .summary("prove the gate with a real kubectl")
      .description(
        "Runs kubectl within the limit, after it, and a stream over it. The session of the person is kept.",
      )
      .argument("<context>", "the context, as in the kubeconfig"),
  )
    .option("--scaled <seconds>", "scale the limits down to about this", args.positive)
    .option("--kubectl <program>", "this kubectl", "kubectl")
    .option("--json", "print one JSON document on standard output")
    .addHelpText("after", VERIFY_HELP)
    .action(async (context: string, options: VerifyGateOptions) => {
      const { verifyGate } = await import("./verify.ts");
      setExitCode(await verifyGate(context, options, terminal));
    });
  kube
    .command("gate")
    .summary("what kubectl runs: the exec plugin itself")
    .description("The exec credential plugin that install puts into a kubeconfig. kubectl runs it.")
    .argument("<arguments...>", "--session ID -- PLUGIN [ARGUMENT...]")
    .allowUnknownOption()
    .action(() => {
      // The bin sees it before this program is loaded; whoever gets here gave it no session.
      throw new CurfewError("usage", "kubectl runs the gate; curfew kube install writes its arguments");
    });
}

interface KubeconfigOption {
  readonly kubeconfig?: string;
}

function kubeconfigOption(command: Command): Command {
  return command.option("--kubeconfig <file>", "this kubeconfig instead of those that kubectl would read");
}
