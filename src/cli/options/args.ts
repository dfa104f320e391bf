/** The options that several commands share, each with its one default and its one help text. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseWaves } from "../../core/plan/waves.ts";
import { splitWords } from "../../config/forms/shell-words.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { visible } from "../../core/text/visible.ts";
import { REPORT_FORMAT_NAMES, type ReportFormatName } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { formatDuration, parseDuration, type Seconds } from "../../model/terms/duration.ts";
import { type SessionKind, SESSION_KINDS } from "../../model/terms/session-kind.ts";

export interface OutputOptions {
  readonly json?: true;
  readonly events?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** Of commands that contact no host. */
export type AnswerOptions = Pick<OutputOptions, "json" | "quiet">;

export interface HostOptions extends OutputOptions {
  readonly inventory?: readonly string[];
  readonly limit?: string;
  readonly sshConfig?: string;
  readonly trustSshConfig?: true;
  readonly askBecomePass?: true;
  readonly becomePassFile?: string;
  readonly connectTimeout: Seconds;
  readonly concurrency: number;
}

export interface PolicyOptions extends HostOptions {
  readonly policy?: string;
}

export interface ChangeOptions extends HostOptions {
  readonly yes?: true;
  readonly waves: readonly string[];
  readonly maxFail: number;
  readonly confirmWithin: Seconds;
}

export interface ReportOptions {
  readonly format?: readonly ReportFormatName[];
  readonly output?: string;
  /** The program and its arguments. */
  readonly signWith?: readonly string[];
  readonly scope?: string;
  readonly assessor?: string;
}

/** `-p`. Whether it was given is for `loadPolicyFor` to say, after commander has found what is misspelt. */
export function addPolicyOption(command: Command): Command {
  return command.addOption(new Option("-p, --policy <file>", "the policy").env("CURFEW_POLICY"));
}

/** Which hosts, and how to log in to them. `choice` is the option that names some of an inventory. */
export function addHostOptions(command: Command, choice = "-l, --limit <pattern>"): Command {
  const inventory = new Option(
    "-i, --inventory <source>",
    "an inventory; may be repeated, - is standard input",
  )
    .env("CURFEW_INVENTORY")
    .argParser(collect);
  command
    .addOption(inventory)
    .option("--trust-ssh-config", "an ssh_config given with -i may run programs: Match exec, ProxyCommand")
    .option(choice, "only these hosts: names, groups, globs, !exclusions, @FILE, commas between", withFiles);
  return addLoginOptions(command).option(
    "--concurrency <n>",
    "work on this many hosts at once",
    positive,
    50,
  );
}

/** How to log in. */
export function addLoginOptions(command: Command): Command {
  return addKeyOptions(command).addOption(
    durationOption("--connect-timeout <duration>", "give up a login after this long", 20),
  );
}

/** What a login needs of this machine. */
export function addKeyOptions(command: Command): Command {
  return command
    .option("--ssh-config <file>", "use this OpenSSH configuration file instead of your own", readable)
    .option("-K, --ask-become-pass", "ask once for the sudo password")
    .option("--become-pass-file <file>", "read the sudo password from a file, - is standard input");
}

/** How results and progress are shown. */
export function addOutputOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document on standard output")
    .addOption(new Option("--events", "progress as one JSON object per line").conflicts("quiet"))
    .option("-q, --quiet", "no progress")
    .option("-v, --verbose", "every host and every finding by name");
}

/** How commands that contact no host answer: the words are the same as everywhere. */
export function addAnswerOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document on standard output")
    .option("-q, --quiet", "only the answer, no advice");
}

/** How a fleet is changed. */
export function addChangeOptions(command: Command): Command {
  return command
    .option("-y, --yes", "do not ask")
    .addOption(
      new Option("--waves <sizes>", "how far each wave goes, hosts or percentages")
        .argParser(wavesOption)
        .default(["1", "10%", "100%"], "1,10%,100%"),
    )
    .option("--max-fail <n>", "start no further host once this many have failed", positive, 1)
    .addOption(durationOption("--confirm-within <duration>", "a host not confirmed by then reverts", 60));
}

/** Which files a report becomes. */
export function addReportOptions(command: Command): Command {
  return command
    .option("--format <formats>", `write files: ${REPORT_FORMAT_NAMES.join(", ")}; commas between`, formats)
    .option("-o, --output <directory>", "where they go, made if it is not there, with a SHA256SUMS")
    .option("--sign-with <command>", "sign SHA256SUMS: a command from its text to a signature", words)
    .option("--scope <text>", "reports say that this is what was assessed", reportLine)
    .option("--assessor <text>", "reports say that this is who assessed", reportLine);
}

/** One line that a report carries as it is. */
function reportLine(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== "" && trimmed.length <= 500 && visible(trimmed) === trimmed) return trimmed;
  throw new InvalidArgumentError("not one line of 1 to 500 characters, none of them invisible");
}

/** A command as words with quotes; no shell reads it. */
function words(text: string): readonly string[] {
  const split = splitWords(text, false);
  if (typeof split === "string") throw new InvalidArgumentError(split);
  if (split[0] !== undefined && split[0].text !== "") return split.map((word) => word.text);
  throw new InvalidArgumentError("it names no program");
}

export function durationOption(flags: string, description: string, seconds: Seconds): Option {
  return new Option(flags, description).argParser(duration).default(seconds, formatDuration(seconds));
}

export function duration(text: string): Seconds {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError("not a duration such as 90s or 15m");
  return seconds;
}

/** `@FILE` is the lines of a file, as a list of hosts that failed is one. */
function withFiles(pattern: string): string {
  const terms = pattern.split(",").map((term) => term.trim());
  if (!terms.some((term) => term.startsWith("@"))) return pattern;
  return terms.flatMap((term) => (term.startsWith("@") ? linesOf(term.slice(1)) : [term])).join(",");
}

function linesOf(file: string): string[] {
  const lines = readFileSync(readable(file), "utf8").split("\n");
  const terms = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (terms.length > 0) return terms;
  throw new InvalidArgumentError(`there is no name in ${visible(file)}`);
}

/** ssh would be asked once per host, and every host would say the same. */
function readable(file: string): string {
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw new InvalidArgumentError("there is no such file, or it cannot be read");
  }
  if (statSync(file).isDirectory()) throw new InvalidArgumentError("this is a directory, not a file");
  return file;
}

export function positive(text: string): number {
  if (/^[1-9]\d{0,5}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError("not a whole number from 1 to 999999");
}

/** Zero as well. */
export function countOption(text: string): number {
  if (/^(?:0|[1-9]\d{0,5})$/u.test(text)) return Number(text);
  throw new InvalidArgumentError("not a whole number from 0 to 999999");
}

/** Adds one occurrence of a repeatable option. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function wavesOption(text: string): readonly string[] {
  try {
    return parseWaves(text);
  } catch (error) {
    if (error instanceof CurfewError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** `--sessions idle-shell,tmux` or `all`: each kind once. */
export function sessionKinds(text: string): readonly SessionKind[] {
  const chosen = text.split(",").flatMap((part) => {
    if (part.trim() === "all") return SESSION_KINDS;
    const kind = SESSION_KINDS.find((known) => known === part.trim());
    if (kind !== undefined) return [kind];
    throw new InvalidArgumentError(`no session kind ${shown(part)}${didYouMean(part, SESSION_KINDS)}`);
  });
  return [...new Set(chosen)];
}

/** `--keep 400d`: whole days, in seconds. */
export function days(text: string): Seconds {
  const match = /^([1-9]\d{0,4})d$/u.exec(text);
  if (match === null) throw new InvalidArgumentError("not a number of days such as 90d");
  return Number(match[1]) * 24 * 3600;
}

function formats(text: string, before: readonly ReportFormatName[] | undefined): readonly ReportFormatName[] {
  const chosen = text.split(",").map((part) => {
    const format = REPORT_FORMAT_NAMES.find((known) => known === part.trim());
    if (format !== undefined) return format;
    throw new InvalidArgumentError(`no format ${shown(part)}${didYouMean(part, REPORT_FORMAT_NAMES)}`);
  });
  return [...new Set([...(before ?? []), ...chosen])];
}
