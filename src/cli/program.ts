import { Command } from "commander";
import packageData from "../../package.json" with { type: "json" };
import { didYouMean, shown } from "../core/text/nearest.ts";
import { CurfewError } from "../model/terms/error.ts";
import { reflow, wrap } from "../report/layout/wrap.ts";
import { registerCompletion } from "./completion/completion.ts";
import { EXIT_CODES } from "./terminal/exit.ts";
import { registerCommands } from "./registry.ts";
import { HELP_TOPICS, helpPage, isHelpTopic } from "./help/help-topics.ts";
import type { Setting } from "./terminal/setting.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * Every command with its options and help, or only the one that `given` names. Nothing heavy is loaded before a
 * command's action runs.
 */
export async function createProgram(
  terminal: Terminal,
  setExitCode: Setting["setExitCode"],
  given: readonly string[] = [],
): Promise<Command> {
  const program = new Command("curfew")
    .description(packageData.description)
    .version(packageData.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .configureHelp({ minWidthToWrap: 30, subcommandTerm })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.say(reflow(text, Math.min(terminal.size().columns, 80))),
      writeErr: terminal.err,
      // main.ts prints every error, in one form.
      outputError: () => {},
    })
    .addHelpText("after", moreHelp());
  const setting = { terminal, setExitCode };
  await registerCommands(program, setting, given);
  program
    .command("help [topic...]")
    .description("print the help of a command, or a page")
    .option("--man", "print the manual page of every command: curfew help --man | man -l -")
    .action((names: readonly string[], { man }: { readonly man?: true }) =>
      man === true ? printManual(program, names, terminal) : printHelp(program, names, terminal),
    );
  registerCompletion(program, setting);
  return program;
}

/** Every command has options. */
function subcommandTerm(command: Command): string {
  return `${command.name()} ${command.usage().replace(/^\[options\] ?/u, "")}`.trim();
}

/** Commander's own answers a misspelt name with the help of everything. */
async function printHelp(program: Command, names: readonly string[], terminal: Terminal): Promise<void> {
  const [topic = ""] = names;
  if (names.length === 1 && isHelpTopic(topic)) return terminal.page(await helpPage(topic, terminal));
  let command = program;
  for (const name of names) {
    const inner = command.commands.find((known) => known.name() === name);
    if (inner === undefined) throw unknownCommand(name, command);
    command = inner;
  }
  command.outputHelp();
}

/** As `npm run man` writes it into the package. */
async function printManual(program: Command, names: readonly string[], terminal: Terminal): Promise<void> {
  if (names.length > 0)
    throw new CurfewError("usage", "--man prints one page about all of curfew; give it alone");
  const { manPage } = await import("./help/man-page.ts");
  await terminal.out([manPage(program, packageData.version, new Date().toISOString().slice(0, 10))]);
}

function unknownCommand(name: string, parent: Command): CurfewError {
  const known = parent.createHelp().visibleCommands(parent);
  const topics = parent.parent === null ? Object.keys(HELP_TOPICS) : [];
  const guess = didYouMean(name, [...known.map((each) => each.name()), ...topics]);
  return new CurfewError("usage", `unknown command ${shown(name)}${guess}`, { hint: "see curfew --help" });
}

function moreHelp(): string {
  const codes = Object.entries(EXIT_CODES).map(([code, meaning]) => row(code.padEnd(4), meaning));
  const topics = Object.entries(HELP_TOPICS).map(([name, about]) =>
    row(`curfew help ${name.padEnd(16)}`, about),
  );
  return `
Start here:
  curfew init                                     two files to edit
  curfew plan   -p policy.yaml -i inventory.yaml  what would change
  curfew apply  -p policy.yaml -i inventory.yaml  change it without locking anyone out
  curfew verify -p policy.yaml -i inventory.yaml  real sessions, really dropped

Pages:
${topics.join("\n")}

Exit codes:
${codes.join("\n")}

Environment:
  CURFEW_POLICY, CURFEW_INVENTORY   in place of -p and -i
  PAGER                             shows long results on a terminal (less; cat for none)
  XDG_STATE_HOME                    where journals go (~/.local/state)
  NO_COLOR, FORCE_COLOR             colour off, colour on
  CURFEW_DEBUG=1                    stack traces with errors

Without -p and -i, curfew.yaml or policy.yaml and inventory.yaml of this folder are used.
Standard output is data, standard error is progress; --json prints one JSON document.
`;
}

/** A term and what it means, within 80 columns. */
function row(term: string, meaning: string): string {
  const indent = " ".repeat(term.length + 3);
  return `  ${term} ${wrap(meaning, 79 - indent.length).join(`\n${indent}`)}`;
}
