import { existsSync, readFileSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import packageData from "../../../package.json" with { type: "json" };
import { visible, visibleJson } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { LintFinding } from "../../model/verdict/lint.ts";
import { addAnswerOptions, addPolicyOption, type AnswerOptions, collect } from "../options/args.ts";
import { defaultSources, hasSource, isProject, namedByProject } from "../options/default-sources.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface LintOptions extends AnswerOptions {
  readonly policy?: string;
  readonly inventory?: readonly string[];
  readonly sarif?: true;
}

const EXAMPLE = `
Example:
  curfew lint                                    the files of this folder
  curfew lint -p policy.yaml -i inventory.yaml   also which patterns of hosts match nothing
  curfew lint policy.yaml hosts.ini              which is which is told by what is in them
  curfew lint --sarif > curfew.sarif             for code scanning, with paths as in this folder

Nothing is contacted and no program is run. Every finding is FILE:LINE:COLUMN: error or warning: what is wrong.

Exit codes: 0 nothing found, 2 errors or warnings, 64 a file is missing or bad usage.
`;

export function registerLint(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program
    .command("lint")
    .summary("check a policy and an inventory without any host")
    .description("Finds everything that is wrong with policies and inventories. Contacts no host.")
    .argument("[file...]", "policies and inventories, in place of -p and -i");
  addPolicyOption(command).option("-i, --inventory <source>", "an inventory; may be repeated", collect);
  addAnswerOptions(command)
    .option("--sarif", "print SARIF 2.1.0, for code-scanning boards")
    .addHelpText("after", EXAMPLE)
    .action(async (files: readonly string[], options: LintOptions) =>
      setExitCode(await lint(files, options, terminal)),
    );
}

async function lint(files: readonly string[], options: LintOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.json === true && options.sarif === true) {
    throw new CurfewError("usage", "--json and --sarif are two forms of one answer; choose one");
  }
  const chosen = await chooseFiles(files, options, terminal);
  const { lintFiles } = await import("../../flow/lint.ts");
  const findings = await lintFiles(chosen, terminal.environment, new Date());
  if (options.json === true) await terminal.out([visibleJson(`${JSON.stringify(documentOf(findings))}\n`)]);
  else if (options.sarif === true) await terminal.out(await sarifOf(findings));
  else await show(findings, options, terminal);
  return findings.length === 0 ? 0 : 2;
}

/** A board knows files by their path in the checkout that it was started in. */
async function sarifOf(findings: readonly LintFinding[]): Promise<Iterable<string>> {
  const { renderLintSarif } = await import("../../report/sarif/lint.ts");
  const placed = findings.map(({ position, ...rest }) => ({
    ...rest,
    position: { ...position, file: inFolder(position.file) },
  }));
  return renderLintSarif(placed, packageData.version);
}

function inFolder(file: string): string {
  return file === "" ? file : relative(process.cwd(), resolve(file));
}

interface Chosen {
  readonly policies: readonly string[];
  readonly inventory: readonly string[] | undefined;
}

async function chooseFiles(
  files: readonly string[],
  options: LintOptions,
  terminal: Terminal,
): Promise<Chosen> {
  const named = [...files, ...(options.policy === undefined ? [] : [options.policy])];
  const missing = named.find((file) => !existsSync(file));
  if (missing !== undefined) throw new CurfewError("usage", `there is not a file ${visible(missing)}`);
  const { policies, sources } = await sorted(files);
  if (options.policy !== undefined) policies.push(options.policy);
  sources.push(...(options.inventory ?? []));
  if (files.length + policies.length + sources.length > 0) {
    return { policies: each(policies), inventory: sources.length === 0 ? undefined : each(sources) };
  }
  return {
    policies: await defaultSources("policy", options, terminal),
    inventory: hasSource("inventory", undefined)
      ? await defaultSources("inventory", options, terminal)
      : undefined,
  };
}

/** A curfew.yaml that names files stands for them: a hook is given each file of a commit, that one among them. */
async function sorted(files: readonly string[]): Promise<{ policies: string[]; sources: string[] }> {
  const policies: string[] = [];
  const sources: string[] = [];
  for (const file of files) {
    const project = await namedByProject(file);
    if (project !== undefined) {
      policies.push(...(project.policy ?? []));
      sources.push(...(project.inventory ?? []));
    } else (isPolicy(file) || isProject(file) ? policies : sources).push(file);
  }
  return { policies, sources };
}

/** Each file once, by the name that came first. */
function each(files: readonly string[]): string[] {
  const paths = files.map((file) => resolve(file));
  return files.filter((_, at) => paths.indexOf(paths[at] ?? "") === at);
}

/** A policy has limits or roles at the beginning of a line; an inventory is everything else. */
function isPolicy(file: string): boolean {
  return (
    statSync(file).isFile() &&
    /\.ya?ml$/u.test(file) &&
    /^(?:defaults|roles|controls|exemptions|baseline|profile)[ \t]*:/mu.test(readFileSync(file, "utf8"))
  );
}

async function show(
  findings: readonly LintFinding[],
  { quiet }: LintOptions,
  { say, err, outPaint }: Terminal,
): Promise<void> {
  const lines = findings.map(({ severity, position: { file, line, column }, message }) => {
    const place = [visible(file), line, column].filter((part) => part !== undefined && part !== "");
    const word = severity === "error" ? outPaint.red("error:") : outPaint.yellow("warning:");
    return `${[...place, ""].join(":")}${place.length === 0 ? "" : " "}${word} ${visible(message)}\n`;
  });
  if (lines.length > 0) await say(lines.join(""));
  else if (quiet !== true) err("nothing is wrong\n");
}

function documentOf(findings: readonly LintFinding[]): object {
  const count = (wanted: LintFinding["severity"]): number =>
    findings.filter(({ severity }) => severity === wanted).length;
  return {
    schema: "curfew/lint/1",
    summary: { errors: count("error"), warnings: count("warning") },
    findings: findings.map(({ severity, position, message }) => ({ severity, ...position, message })),
  };
}
