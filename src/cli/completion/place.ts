/** Where in a command line somebody pressed Tab, and what may stand there. */
import type { Command, Option } from "commander";
import { argumentValues, type Offer, optionValues, type Values } from "./values.ts";

/** `files`, `directories`: the shell knows better. `offers` are whole values once `before` is put in front. */
export type CompletionPlace =
  | { readonly kind: "files" | "directories" }
  | {
      readonly kind: "values";
      /** What has been typed of the word. */
      readonly word: string;
      /** What of it stays whatever is chosen: `--limit=`, `web1,`, `alice@`. */
      readonly before: string;
      readonly offers: (environment: NodeJS.ProcessEnv) => Promise<readonly Offer[]>;
    };

interface Reading {
  command: Command;
  /** Arguments so far; commands do not count. */
  positional: string[];
  /** An option whose value comes next. */
  pending: Option | undefined;
  /** After `--` nothing is an option. */
  ended: boolean;
  readonly given: Map<string, string[]>;
}

/** `words` are those of the line without `curfew`, up to the cursor; the last one, perhaps empty, is completed. */
export function completionPlace(program: Command, words: readonly string[]): CompletionPlace {
  const reading: Reading = {
    command: program,
    positional: [],
    pending: undefined,
    ended: false,
    given: new Map(),
  };
  for (const word of words.slice(0, -1)) read(reading, word);
  const word = words.at(-1) ?? "";
  const { command, pending, ended, given } = reading;
  if (pending !== undefined) return placeOf(optionValues(pending, command, given), word, "");
  const inline = ended ? null : /^(--[\w-]+=)(.*)$/su.exec(word);
  if (inline !== null) {
    const option = optionOf(command, inline[1]?.slice(0, -1) ?? "");
    return placeOf(option && optionValues(option, command, given), word, inline[1] ?? "");
  }
  if (!ended && word.startsWith("-")) return offersOf(word, optionOffers(command));
  const commands = reading.positional.length === 0 ? commandOffers(command) : [];
  if (commands.length > 0) return offersOf(word, commands);
  return placeOf(argumentValues(command, reading.positional.length, given), word, "");
}

function read(reading: Reading, word: string): void {
  const { command, pending } = reading;
  if (pending !== undefined) {
    give(reading, pending, word);
    reading.pending = undefined;
  } else if (reading.ended || !word.startsWith("-") || word === "-") {
    const inner = reading.positional.length === 0 ? named(command, word) : undefined;
    if (inner === undefined) reading.positional.push(word);
    else reading.command = inner;
  } else if (word === "--") {
    reading.ended = true;
  } else readOption(reading, word);
}

/** `--name`, `--name=value`, `-n`, `-nvalue`. */
function readOption(reading: Reading, word: string): void {
  const long = /^(--[^=]+)(?:=(.*))?$/su.exec(word);
  const [name, value] = long === null ? [word.slice(0, 2), word.slice(2)] : [long[1] ?? "", long[2]];
  const option = optionOf(reading.command, name);
  if (option === undefined || !takesValue(option)) return;
  if (value === undefined || (long === null && value === "")) reading.pending = option;
  else give(reading, option, value);
}

function give({ given }: Reading, option: Option, value: string): void {
  const name = option.attributeName();
  given.set(name, [...(given.get(name) ?? []), value]);
}

function named(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word);
}

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find(({ short, long }) => short === name || long === name);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** In a list only what follows the last comma is completed, and what stands before it stays. */
function placeOf(values: Values | undefined, word: string, head: string): CompletionPlace {
  if (values === undefined) return offersOf(word, []);
  if (values.kind !== "values") return values;
  const text = word.slice(head.length);
  const before = head + (values.separator === undefined ? "" : (values.separator.exec(text)?.[0] ?? ""));
  return { kind: "values", word, before, offers: values.offers };
}

function offersOf(word: string, offers: readonly Offer[]): CompletionPlace {
  return { kind: "values", word, before: "", offers: async () => offers };
}

function commandOffers(command: Command): Offer[] {
  const commands = command.createHelp().visibleCommands(command);
  return commands.map((each) => ({ value: each.name(), description: each.summary() || each.description() }));
}

function optionOffers(command: Command): Offer[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .flatMap(({ long, short, description }) =>
      [long, short]
        .filter((name) => name !== undefined && name !== null)
        .map((value) => ({ value, description })),
    );
}
