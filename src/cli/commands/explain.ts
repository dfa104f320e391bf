import type { Command } from "commander";
import { documentText } from "../../core/verdict/document.ts";
import { explainPerson } from "../../core/explain/person.ts";
import { hostLimits } from "../../core/policy/host-limits.ts";
import type { TeleportExplanation } from "../../core/teleport/explain.ts";
import { selectHosts } from "../../core/policy/host-pattern.ts";
import { CONTROL_IDS } from "../../controls/registry.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Explanation, TypicalHost } from "../../model/verdict/explanation.ts";
import type { Host, Inventory } from "../../model/inventory/host.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { explainText, type ExplainTextOptions } from "../../report/host/explain-text.ts";
import {
  addHostOptions,
  addOutputOptions,
  addPolicyOption,
  collect,
  type PolicyOptions,
} from "../options/args.ts";
import { defaultSources, hasSource } from "../options/default-sources.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { loadHosts, loadPolicyFor } from "../options/inputs.ts";
import type { Setting } from "../terminal/setting.ts";
import { fitted } from "../terminal/fitted.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface ExplainOptions extends PolicyOptions {
  readonly groups: readonly string[];
  readonly teleport?: readonly string[];
}

const EXAMPLE = `
Example:
  curfew explain -p policy.yaml alice --groups sudo,ext     from the policy alone
  curfew explain -p policy.yaml 'EXAMPLE\\jdoe'               an account of a directory
  curfew explain -p policy.yaml -i inventory.yaml alice@web1  from the host's own accounts and versions
  curfew explain -p policy.yaml -i inventory.yaml alice@web1 --teleport netconfig.yaml --teleport roles.yaml

With --teleport it also says which limit holds through the gateway, for the Teleport roles that the
policy's roles name, and which past it.

Exit codes: 0 explained, 3 the host cannot be judged.
`;

export function registerExplain(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program
    .command("explain")
    .summary("show which limits hold for somebody, and what enforces them");
  command
    .description(
      "Shows which roles match somebody and why, every exemption, and on a host which mechanism ends which kind of session. Changes nothing.",
    )
    .argument("<user[@host]>", "an account, and a host of the inventory to ask about it");
  addPolicyOption(command);
  command.option(
    "--groups <names>",
    "without a host: the groups the account is in, commas between",
    names,
    [],
  );
  command.option("--teleport <file>", "what tctl get printed, or teleport.yaml; may be repeated", collect);
  addHostOptions(command);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (who: string, options: ExplainOptions) =>
      setExitCode(await explain(who, options, terminal)),
    );
}

function names(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

async function explain(who: string, options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  if (!/^[^\p{Cc}]+$/u.test(who) || who.startsWith("@"))
    throw new CurfewError("usage", `${shown(who)} is not USER or USER@HOST`);
  const at = who.lastIndexOf("@");
  // Without an inventory there is no host, and accounts of a directory are called jdoe@corp.example.com.
  if (at < 0 || !hasSource("inventory", options.inventory)) return offline(who, options, terminal);
  return onHost(who, at, options, terminal);
}

async function offline(user: string, options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  const [file] =
    options.policy === undefined ? await defaultSources("policy", options, terminal) : [options.policy];
  const { policy: written } = await loadPolicyFor(file, null, options, terminal);
  const { policyAnywhere } = await import("../../core/policy/apply-baseline.ts");
  const policy = policyAnywhere(written);
  const today = new Date().toISOString().slice(0, 10);
  const person = explainPerson(policy, { user, groups: options.groups }, null, today, CONTROL_IDS);
  const explanation = { ...person, typical: await typicalHosts(policy, person, today) };
  const gateway = await throughGateway(explanation, policy, options, terminal);
  const view = { paint: terminal.outPaint, verbose: options.verbose === true };
  if (options.json === true) await terminal.out(documentOf(explanation, gateway));
  else await terminal.page(fitted(textOf(explanation, gateway, view), terminal));
  return 0;
}

/** Loaded here: a host that is asked needs none of it. */
async function typicalHosts(
  policy: Policy,
  person: Explanation,
  today: string,
): Promise<readonly TypicalHost[]> {
  const [{ explainTypical }, { CONTROLS }] = await Promise.all([
    import("../../core/explain/typical-host.ts"),
    import("../../controls/index.ts"),
  ]);
  const limits = hostLimits({ ...policy, roles: {}, exemptions: [] }, NOWHERE, today);
  return explainTypical(person, limits, policy.controls, CONTROLS);
}

/** Roles count as the explained limits; no pattern of hosts is true of it. */
const NOWHERE: Host = { name: "", address: "", groups: [], source: { file: "" } };

async function onHost(
  who: string,
  at: number,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const [user, name] = [who.slice(0, at), who.slice(at + 1)];
  const { inventory, hosts } = await loadHosts(options, terminal, (all) =>
    all.hosts.some((each) => each.name === name) ? [hostNamed(name, all, options)] : all.hosts.slice(0, 1),
  );
  if (!inventory.hosts.some((each) => each.name === name) && (await isNamed(who, options, terminal)))
    return offline(who, options, terminal);
  const host = hosts.find((each) => each.name === name) ?? hostNamed(name, inventory, options);
  if (options.groups.length > 0) {
    throw new CurfewError("usage", "--groups is for a user without a host; the host knows its groups");
  }
  const { policy } = await loadPolicyFor(options.policy, inventory, options, terminal);
  return ask(user, host, policy, options, terminal);
}

/** Whether the policy knows an account by the whole of this name. */
async function isNamed(who: string, options: ExplainOptions, terminal: Terminal): Promise<boolean> {
  const { policy } = await loadPolicyFor(options.policy, null, { ...options, quiet: true }, terminal);
  const selectors = [...Object.values(policy.roles), ...policy.exemptions];
  return options.groups.length > 0 || selectors.some(({ users }) => users.includes(who));
}

function hostNamed(name: string, inventory: Inventory, { limit }: ExplainOptions): Host {
  const hosts = selectHosts(inventory, limit);
  const found = hosts.find((host) => host.name === name);
  if (found !== undefined) return found;
  const known = hosts.map((host) => host.name);
  throw new CurfewError("usage", `${shown(name)} is not a host of the inventory${didYouMean(name, known)}`);
}

async function ask(
  user: string,
  host: Host,
  policy: Policy,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { withRun } = await import("../progress/run-context.ts");
  return withRun({ command: "explain", hosts: [host], options, terminal }, async (run) => {
    const { explainOnHost } = await import("../../flow/explain.ts");
    const explanation = await run.phase("explain", [host.name], () =>
      explainOnHost(policy, user, host, run.context),
    );
    const gateway = await throughGateway(explanation, policy, options, terminal);
    return {
      verdict: explanation.error === undefined ? "pass" : "unknown",
      document: () => documentOf(explanation, gateway),
      text: (view) => textOf(explanation, gateway, view),
    };
  });
}

/** What holds through Teleport, and how it is said. */
interface Gateway {
  readonly explanation: TeleportExplanation;
  readonly text: (paint: ExplainTextOptions["paint"]) => string;
}

/** Loaded where it is asked for. */
async function throughGateway(
  explanation: Explanation,
  policy: Policy,
  { teleport }: ExplainOptions,
  terminal: Terminal,
): Promise<Gateway | undefined> {
  if (teleport === undefined) return undefined;
  const [{ gatewayFor }, { gatewayText }] = await Promise.all([
    import("../options/teleport-inputs.ts"),
    import("../../report/teleport/explain-text.ts"),
  ]);
  const gateway = await gatewayFor(explanation, policy, teleport, terminal);
  return {
    explanation: gateway,
    text: (paint) => gatewayText(gateway, explanation.limits, paint),
  };
}

function textOf(explanation: Explanation, gateway: Gateway | undefined, view: ExplainTextOptions): string {
  return explainText(explanation, view) + (gateway?.text(view.paint) ?? "");
}

function documentOf(explanation: Explanation, gateway: Gateway | undefined): Iterable<string> {
  const { user, limits } = explanation;
  const outcome = explanation.error === undefined ? "explained" : "unknown";
  const head = { schema: "curfew/explain/1", summary: { user, limits } };
  return documentText(head, [
    { ...explanation, ...(gateway !== undefined && { gateway: gateway.explanation }), outcome },
  ]);
}
