/** The manual page, from the same commands, options and words as the help: nothing is written twice. */
import type { Command } from "commander";
import { wrap } from "../../report/layout/wrap.ts";

/**
 * `curfew.1` in man(7) roff, plain ASCII. `date` is `YYYY-MM-DD`, shown at the foot of each page.
 * Every visible command with its options, the text behind its help, and nothing else.
 * Source of the rules: man(7), groff_man_style(7), "Portability"; groff_char(7) for the escapes.
 */
export function manPage(program: Command, version: string, date: string): string {
  const name = program.name();
  const lines = [
    `.TH ${name.toUpperCase()} 1 "${date}" ${quoted(`${name} ${version}`)} "User Commands"`,
    ".SH NAME",
    `${escape(name)} \\- ${escape(lowerFirst(program.description()))}`,
    ".SH SYNOPSIS",
    `.B ${escape(name)}`,
    ".I command",
    escape("[options]"),
    ".SH OPTIONS",
    ...optionLines(program),
    ".SH COMMANDS",
    ...program
      .createHelp()
      .visibleCommands(program)
      .flatMap((command) => commandLines(command, name)),
    ...afterLines(program, ".SH"),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines(command: Command, parent: string): string[] {
  const help = command.createHelp();
  const name = `${parent} ${command.name()}`;
  const inner = help.visibleCommands(command).flatMap((each) => commandLines(each, name));
  return [
    `.SS ${quoted(`${name} ${command.usage()}`)}`,
    ...paragraphLines(sentence(command.description())),
    ...help
      .visibleArguments(command)
      .flatMap((argument) =>
        tagged(`.I ${escape(help.argumentTerm(argument))}`, help.argumentDescription(argument)),
      ),
    ...optionLines(command),
    ...afterLines(command, ".PP"),
    ...inner,
  ];
}

function optionLines(command: Command): string[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .flatMap((option) => tagged(`.B ${escape(help.optionTerm(option))}`, help.optionDescription(option)));
}

function tagged(tag: string, description: string): string[] {
  return [".TP", tag, ...paragraphLines(description)];
}

/**
 * What a command's help says behind its options: `Title:` with indented lines below is a section
 * whose lines stay as they are; everything else is paragraphs.
 */
function afterLines(command: Command, heading: ".SH" | ".PP"): string[] {
  return textAfterHelp(command)
    .trim()
    .split(/\n{2,}|\n(?=Exit codes: )/u)
    .filter((block) => block !== "")
    .flatMap((block) => {
      const [first = "", ...rest] = block.split("\n");
      const titled = /^(\S.*):$/u.exec(first);
      if (titled === null || rest.length === 0) return [".PP"].concat(paragraphLines(block));
      return headingLines(titled[1] ?? "", heading).concat(".EX", rest.map(escape), ".EE");
    });
}

/** What manual pages call the sections that the help calls otherwise. */
const SECTIONS: Readonly<Record<string, string>> = {
  "Start here": "EXAMPLES",
  "Exit codes": "EXIT STATUS",
};

function headingLines(title: string, heading: ".SH" | ".PP"): string[] {
  if (heading === ".SH") return [`.SH ${quoted(SECTIONS[title] ?? title.toUpperCase())}`];
  return [".PP", escape(`${title}:`)];
}

/** Commander gives that text to nobody but the output. */
function textAfterHelp(command: Command): string {
  const { writeOut } = command.configureOutput();
  let all = "";
  command.configureOutput({ writeOut: (text) => void (all += text) });
  command.outputHelp();
  if (writeOut !== undefined) command.configureOutput({ writeOut });
  return all.slice(command.helpInformation().length);
}

/** Filled by the formatter, so where its source breaks means nothing; mandoc wants short lines. */
function paragraphLines(text: string): string[] {
  return wrap(text.replaceAll(/\s+/gu, " ").trim(), 60).map(escape);
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return upper.endsWith(".") ? upper : `${upper}.`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};

/** One line of text: nothing in it is an escape or, at its beginning, a request. */
function escape(text: string): string {
  const plain = text.replace(/[\\'`^~"-]/gu, (character) => ESCAPES[character] ?? "");
  const ascii = plain.replace(/[^\u0020-\u007e]/gu, (character) => {
    const code = character.codePointAt(0)?.toString(16).toUpperCase() ?? "";
    return `\\[u${code.padStart(4, "0")}]`;
  });
  return ascii.startsWith(".") ? `\\&${ascii}` : ascii;
}

/** One argument of a macro. */
function quoted(text: string): string {
  return `"${escape(text)}"`;
}
