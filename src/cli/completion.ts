import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import addCompletion from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import { visible } from "../core/visible.ts";

/** Options and arguments whose value is a file. The library's scripts never fall back to file names. */
const FILES: ReadonlySet<string> = new Set([
  "policy",
  "inventory",
  "output",
  "ssh-config",
  "become-pass-file",
  "plan",
  "dir",
]);

type Offer = (value: string, description: string) => void;

/**
 * Adds `completion SHELL`, which prints a script for that shell, and the hidden command that such a
 * script calls. Call it last: it reads the commands and options that are there. The only file that
 * knows the library.
 */
export function registerCompletion(program: Command): void {
  const root = addCompletion(program, { completionCommandName: "completion" });
  for (const command of root.commands.values()) {
    for (const item of [...command.options.values(), ...command.arguments.values()]) {
      const name = "value" in item ? item.value : item.name;
      if (FILES.has(name)) item.handler = offerFiles;
    }
  }
}

/** Offers what is in the directory of the word being completed, the last of the command line. */
function offerFiles(offer: Offer): void {
  const word = process.argv.at(-1) ?? "";
  const directory = word.endsWith("/") ? word : dirname(word);
  for (const name of namesIn(directory)) {
    const path = word.includes("/") ? join(directory, name) : name;
    // A name that needs escapes to be shown cannot be offered to a shell line by line.
    if (path === visible(path)) offer(path, "");
  }
}

function namesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  } catch {
    return [];
  }
}
