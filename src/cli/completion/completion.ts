/** What the Tab key offers. Nothing is contacted, started or changed for it. */
import type { Command } from "commander";
import { Argument, Option } from "commander";
import { templateFile } from "../../template/template-file.ts";
import { visible } from "../../core/text/visible.ts";
import type { Offer } from "./values.ts";
import type { Setting } from "../terminal/setting.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

const EXAMPLE = `
Example:
  source <(curfew completion bash)                 in ~/.bashrc
  source <(curfew completion zsh)                  in ~/.zshrc, after compinit
  curfew completion fish | source                  in ~/.config/fish/config.fish

Completes commands, options and their values: hosts and groups from the inventory of -i, roles from
the policy of -p, audits from the history. Reads files only; contacts no host and runs no program.
`;

/** Longest wait for values: somebody is pressing a key. */
const PATIENCE_MS = 1000;

/** Adds `completion SHELL`, which prints a script for that shell, and the hidden command that it calls. */
export function registerCompletion(program: Command, { terminal }: Setting): void {
  program
    .command("completion")
    .summary("print the completion script of a shell")
    .description("Prints a script that makes a shell complete curfew's command lines.")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .addHelpText("after", EXAMPLE)
    .action(async (shell: string) => {
      const { readFile } = await import("node:fs/promises");
      await terminal.out([await readFile(templateFile(`completion/${shell}`), "utf8")]);
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .addOption(new Option("-h, --help").hideHelp())
    .action(async (words: readonly string[]) => terminal.out([await complete(program, words, terminal)]));
}

/**
 * What may stand in place of the last word: a line `:words`, `:files` or `:directories` (the shell
 * itself completes names of files), then one line `value TAB description` each. Never fails: at
 * worst it offers nothing.
 */
async function complete(
  program: Command,
  words: readonly string[],
  { environment }: Setting["terminal"],
): Promise<string> {
  const { completionPlace } = await import("./place.ts");
  const place = completionPlace(program, words);
  if (place.kind !== "values") return `:${place.kind}\n`;
  const late = new Promise<readonly Offer[]>((resolve) => void setTimeout(resolve, PATIENCE_MS, []).unref());
  const offers = await Promise.race([place.offers(environment), late]).catch(() => []);
  const lines = offers
    .map(({ value, description }) => ({ value: `${place.before}${value}`, description }))
    // A name that would need escapes to be shown cannot be offered line by line.
    .filter(({ value }) => value.startsWith(place.word) && value === visible(value))
    .map(({ value, description }) => `${value}\t${visible(description ?? "")}\n`);
  return `:words\n${[...new Set(lines)].join("")}`;
}
