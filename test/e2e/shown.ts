/** What README and the help pages show: their commands, files and examples, for the tests that run them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HELP_TOPICS } from "../../src/cli/help/help-topics.ts";

const ROOT = join(import.meta.dirname, "../..");

/** One line that somebody is meant to type. */
export interface ShownCommand {
  /** `$` on the controller, `web1#` as root on the host. */
  readonly prompt: "$" | "web1#";
  readonly line: string;
  /** Lines that are shown below it. */
  readonly output: readonly string[];
  /** What has to be so before it is run. */
  readonly scene: string | null;
  /** Why it is parsed and not run. */
  readonly parsedOnly: string | null;
}

export interface Page {
  readonly name: string;
  readonly text: string;
  readonly commands: readonly ShownCommand[];
}

/** README and every help page. */
export function shownPages(): Page[] {
  const topics = Object.keys(HELP_TOPICS).map((topic) => `templates/help/${topic}.md`);
  return ["README.md", ...topics].map((name) => {
    const text = readFileSync(join(ROOT, name), "utf8");
    return { name, text, commands: consoleCommands(text) };
  });
}

/** A note in a comment before a block holds for all of it; a scene is set before its first command. */
function consoleCommands(text: string): ShownCommand[] {
  const blocks = text.matchAll(/(?:<!-- (?<note>[^\n]*?) -->\n\n)?```console\n(?<body>[\s\S]*?)```/gu);
  return Array.from(blocks).flatMap(({ groups = {} }) => {
    const { note = "", body = "" } = groups;
    const scene = /^scene: (.*)$/u.exec(note)?.[1] ?? null;
    const parsedOnly = /^parsed only: (.*)$/u.exec(note)?.[1] ?? null;
    return blockCommands(body).map(({ prompt, line, output }, index) => {
      return { prompt, line, output, scene: index === 0 ? scene : null, parsedOnly };
    });
  });
}

function blockCommands(body: string): Pick<ShownCommand, "prompt" | "line" | "output">[] {
  const commands: { prompt: "$" | "web1#"; line: string; output: string[] }[] = [];
  for (const line of body.trimEnd().split("\n")) {
    const typed = /^(?<prompt>\$|web1#) (?<rest>.*?)(?:\s{2,}# .*)?$/u.exec(line)?.groups;
    if (typed === undefined) commands.at(-1)?.output.push(line);
    else
      commands.push({
        prompt: typed["prompt"] === "$" ? "$" : "web1#",
        line: typed["rest"] ?? "",
        output: [],
      });
  }
  return commands;
}

/** Every `curfew …` of a page: in prose, in blocks of any language, behind pipes; its words behind `curfew`. */
export function mentionedCalls(text: string): string[] {
  const blocks = Array.from(
    text.matchAll(/```(?:console|sh|yaml|text|ini)\n([\s\S]*?)```/gu),
    ([, body = ""]) => body,
  );
  const inBlocks = blocks
    .flatMap((body) => body.replaceAll("\\\n", " ").split("\n"))
    .flatMap((line) => Array.from(line.matchAll(/(?:^|\$ |\| |&& )curfew (.*?)(?:\s+#.*|\s*[|>&].*)?$/gu)))
    .map(([, words = ""]) => words);
  const prose = text.replaceAll(/```[\s\S]*?```/gu, "");
  const inProse = Array.from(prose.matchAll(/`(?:[^`]*\| )?curfew ([^`]+)`/gu), ([, words = ""]) => words);
  return [...inBlocks, ...inProse]
    .map((words) => words.replaceAll(/\s+/gu, " "))
    .filter((words) => !/^[A-Z]/u.test(words));
}

/** The blocks of one language. */
export function blocksOf(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "gu")),
    ([, body = ""]) => body,
  );
}

/** Files that the reader is told to save, by name. */
export function savedFiles(text: string): Map<string, string> {
  const found = text.matchAll(/Save this as `([^`]+)`:\n\n```sh\n([\s\S]*?)```/gu);
  return new Map(Array.from(found, ([, name = "", body = ""]) => [name, body]));
}
