/**
 * The scripts that run on hosts: templates in `templates/remote`, POSIX sh, whose every value is
 * one single-quoted word. A value can therefore never become a command, whoever wrote it.
 */
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { CurfewError } from "../model/terms/error.ts";
import { lateHandlebars } from "./handlebars.ts";
import { quote } from "./shell-quote.ts";
import { templateFile } from "./template-file.ts";

/** Values by name: a string becomes one quoted word, a list as many words with spaces between. */
export type ScriptValues = Readonly<Record<string, string | readonly string[]>>;

const environment = lateHandlebars();
const compiled = new Map<string, HandlebarsTemplateDelegate>();

/**
 * Renders `templates/remote/NAME.sh`; several names are put together in their order, as one script. A name that is an
 * absolute path is that file's. `{{value}}` in the template stands for the whole quoted word
 * (or words), so the template must not quote it again: `owner={{owner}}`, `set -- {{paths}}`.
 * The file is read at the first use and kept.
 * Errors: CurfewError `internal` where the template is missing, names a value that was not given,
 * or a value contains NUL.
 */
export function remoteScript(name: string | readonly string[], values: ScriptValues): string {
  const names = [name].flat();
  const template = compiled.get(names.join(" ")) ?? compile(names);
  const words = Object.entries(values).map(([key, value]) => [key, quoteAll(value)] as const);
  try {
    return template(Object.fromEntries(words));
  } catch (error) {
    throw new CurfewError("internal", `remote script ${names.join(" ")} cannot be rendered`, {
      cause: error,
    });
  }
}

/** Scripts that stay on the host for a while, where somebody may come upon them and wonder. */
const LEFT_ON_HOSTS = /^guard-(?:undo|end)|^render\b|(?:^|\/)activate\b/u;
/** A line that is nothing but a comment, and is not the first with the interpreter's name. */
const COMMENT = /^[ \t]*#(?!!).*\n/gmu;

function compile(names: readonly string[]): HandlebarsTemplateDelegate {
  const text = names.map(textOf).join("");
  const template = environment().compile(text, {
    // The shell is not HTML; quoting happens in quoteAll and nowhere else.
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
  });
  compiled.set(names.join(" "), template);
  return template;
}

function textOf(name: string): string {
  const file = isAbsolute(name) ? name : templateFile(`remote/${name}.sh`);
  const text = readFileSync(file, "utf8");
  // A fifth of most scripts: nobody reads them on their way to a fleet.
  return LEFT_ON_HOSTS.test(name) ? text : text.replaceAll(COMMENT, "");
}

function quoteAll(value: string | readonly string[]): string {
  return typeof value === "string" ? quote(value) : value.map(quote).join(" ");
}
