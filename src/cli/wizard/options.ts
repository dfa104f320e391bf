/** The wizard's questions as options. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { WizardAnswer, WizardAnswers } from "../../core/wizard/draft.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CONTROL_IDS } from "../../controls/registry.ts";
import { BASELINE_NAMES } from "../../model/policy/baseline-name.ts";
import { type Seconds } from "../../model/terms/duration.ts";
import { collect, duration, durationOption, type HostOptions } from "../options/args.ts";

export interface WizardOptions extends HostOptions {
  readonly yes?: true;
  readonly baseline?: string;
  readonly idle?: Seconds;
  readonly unresponsive?: Seconds;
  readonly role: Readonly<Record<string, Seconds | "off">>;
  readonly exempt?: readonly string[];
  readonly owner?: string;
  readonly expires?: string;
  readonly reason?: string;
  readonly controls?: readonly string[];
  readonly writeOnly?: true;
  readonly probe?: "scaled" | "full" | "none";
  readonly output?: string;
  readonly acceptHostKey?: readonly string[];
  readonly confirmWithin: Seconds;
}

/** Every question has its option; with `--yes` what is not given is as proposed. */
export function addWizardOptions(command: Command): Command {
  return command
    .option("-y, --yes", "ask nothing; use the proposal for everything no option sets")
    .option("--baseline <id>", "none, or a baseline that fits the host", baseline)
    .addOption(plainDuration("--idle <duration>", "everybody: an idle session ends after this long"))
    .addOption(
      plainDuration("--unresponsive <duration>", "everybody: a client that stopped answering is dropped"),
    )
    .addOption(
      new Option("--role <name=duration>", "limit of a proposed role, or name=off; may be repeated")
        .argParser(roleLimit)
        .default({}, "as proposed"),
    )
    .option("--exempt <users>", "accounts to exempt, commas between; - for none", words)
    .option("--owner <who>", "who answers for the exemption")
    .option("--expires <date>", "the exemption's last day, YYYY-MM-DD", day)
    .option("--reason <text>", "why they are exempt")
    .option("--controls <ids>", `mechanisms, commas between: ${CONTROL_IDS.join(", ")}`, controls)
    .option("--write-only", "write the files, leave the host as it is")
    .addOption(new Option("--probe <how>", "the proof afterwards").choices(["scaled", "full", "none"]))
    .option("-o, --output <dir>", "where policy.yaml and inventory.yaml go")
    .option("--accept-host-key <fingerprint>", "accept this new key, SHA256:…; may be repeated", collect)
    .addOption(durationOption("--confirm-within <duration>", "a host not confirmed by then reverts", 60));
}

function baseline(text: string): string {
  const known = ["none", ...BASELINE_NAMES];
  if (known.includes(text)) return text;
  throw new InvalidArgumentError(`no baseline ${shown(text)}${didYouMean(text, known)}`);
}

function day(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/u.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return text;
  throw new InvalidArgumentError("not a day such as 2027-01-31");
}

/** Which option stands in for which step, for people without a terminal. */
export const FLAGS_HINT =
  "give --yes to take what is proposed, and to choose: --baseline, --idle, --unresponsive, --role, --exempt with --owner, --expires, --reason, --controls, --write-only, --probe, --output, --accept-host-key, --become-pass-file";

/** The options as answers, as if they had been typed. */
export function givenAnswers(options: WizardOptions, proposed: readonly string[]): WizardAnswers {
  const off = Object.keys(options.role).filter((name) => options.role[name] === "off");
  const answers: Readonly<Record<string, WizardAnswer | undefined>> = {
    baseline: options.baseline,
    idle: options.idle,
    unresponsive: options.unresponsive,
    exempt: options.exempt,
    owner: options.owner,
    expires: options.expires,
    reason: options.reason,
    controls: options.controls,
    probe: options.probe,
    directory: options.output,
    ...(off.length === 0 ? {} : { roles: proposed.filter((name) => !off.includes(name)) }),
    ...Object.fromEntries(
      Object.entries(options.role).flatMap(([name, limit]) =>
        limit === "off" ? [] : [[`role:${name}`, limit]],
      ),
    ),
  };
  return Object.fromEntries(
    Object.entries(answers).flatMap(([id, answer]) => (answer === undefined ? [] : [[id, answer]])),
  );
}

function plainDuration(flags: string, description: string): Option {
  return new Option(flags, description).argParser(duration);
}

function roleLimit(text: string, before: WizardOptions["role"]): WizardOptions["role"] {
  const [name = "", limit = ""] = text.split(/=(.*)/su);
  if (name === "" || limit === "") throw new InvalidArgumentError("not NAME=DURATION or NAME=off");
  return { ...before, [name]: limit === "off" ? "off" : duration(limit) };
}

function words(text: string): readonly string[] {
  return text === "-"
    ? []
    : text
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word !== "");
}

function controls(text: string): readonly string[] {
  const chosen = words(text);
  const wrong = chosen.find((id) => !CONTROL_IDS.includes(id));
  if (wrong === undefined && chosen.length > 0) return chosen;
  throw new InvalidArgumentError(`choose among ${CONTROL_IDS.join(", ")}`);
}
