/** The files that the wizard writes: what a person would write, with comments. Pure text. */
import { visible } from "../../core/text/visible.ts";
import type { Draft, DraftRole } from "../../core/wizard/draft.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { ControlId } from "../../model/terms/control-id.ts";

/** Where the host is, as it was given on the command line. */
export interface WizardTarget {
  /** Inventory name. */
  readonly name: string;
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
}

/** A whole policy file; `parsePolicy` reads it. `host` names the policy, `today` is YYYY-MM-DD, `known`: every mechanism. */
export function wizardPolicy(draft: Draft, host: string, today: string, known: readonly ControlId[]): string {
  const { baseline, controls, idle, unresponsive } = draft;
  const others = known.filter((id) => !controls.includes(id));
  return [
    "# Who may leave a session idle for how long; written by curfew wizard on " + today + ".",
    "#",
    "#   curfew plan -p policy.yaml -i inventory.yaml      what the hosts still lack",
    "#   curfew explain -p policy.yaml alice               what holds for alice, and why",
    "",
    `name: ${scalar(host)}`,
    ...(baseline === "none"
      ? []
      : ["", "# What follows may only be stricter.", `profile: ${scalar(baseline)}`]),
    "",
    "# The mechanisms that enforce it." + (others.length === 0 ? "" : ` Not chosen: ${others.join(", ")}.`),
    `controls: [${controls.join(", ")}]`,
    "",
    "# For everybody. Durations are written 90s, 15m or 1h30m.",
    "defaults:",
    `  client_idle_timeout: ${formatDuration(idle)} # a session without a keystroke for this long ends`,
    `  unresponsive_timeout: ${formatDuration(unresponsive)} # the client stopped answering: the session ends`,
    ...(controls.includes("watchdog") && idle > 60
      ? ["  warn_before: 1m # the watchdog tells the user first"]
      : []),
    ...roleLines(draft.roles),
    ...exemptionLines(draft),
    "",
  ].join("\n");
}

/** A whole inventory file with this one host; how to log in comes from OpenSSH's own configuration. */
export function wizardInventory(target: WizardTarget, today: string): string {
  const { name, address, port, user } = target;
  const variables = [
    ...(address === name ? [] : [`      ansible_host: ${scalar(address)}`]),
    ...(port === undefined ? [] : [`      ansible_port: ${port}`]),
    ...(user === undefined ? [] : [`      ansible_user: ${scalar(user)}`]),
  ];
  return [
    `# The hosts, in the structure of Ansible's YAML inventory; written by curfew wizard on ${today}.`,
    "# Keys, agent, ProxyJump and known_hosts come from your own OpenSSH configuration.",
    "",
    "all:",
    "  hosts:",
    `    ${scalar(name)}:`,
    ...variables,
    "",
  ].join("\n");
}

function roleLines(roles: readonly DraftRole[]): string[] {
  if (roles.length === 0) return [];
  return [
    "",
    "# Stricter limits for some people; in several roles the strictest holds.",
    "roles:",
    ...roles.flatMap(({ name, users, groups, idle }) => [
      `  ${scalar(name)}:`,
      ...(users.length === 0 ? [] : [`    users: ${listOf(users)}`]),
      ...(groups.length === 0 ? [] : [`    groups: ${listOf(groups)}`]),
      `    client_idle_timeout: ${formatDuration(idle)}`,
    ]),
  ];
}

function exemptionLines({ exempt, owner, expires, reason }: Draft): string[] {
  if (exempt.length === 0) return [];
  return [
    "",
    "# Who may stay idle. After its last day this has no effect and is reported.",
    "exemptions:",
    "  - name: found at work by the wizard",
    `    users: ${listOf(exempt)}`,
    "    controls: all",
    `    justification: ${scalar(reason)}`,
    `    owner: ${scalar(owner)}`,
    `    expires: ${expires}`,
  ];
}

function listOf(names: readonly string[]): string {
  return `[${names.map(scalar).join(", ")}]`;
}

/** Plain where YAML 1.1 and 1.2 read it as the same text; else in double quotes, which are JSON's. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_][\w@/.-]*(?: [\w@/.-]+)*$/u.test(text);
  const keyword = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/iu.test(text);
  return plain && !keyword ? text : JSON.stringify(visible(text));
}
