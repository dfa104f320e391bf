/**
 * The package's own templates. Reading them is the one effect of this floor; everything above it gets text.
 */
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { CurfewError } from "../model/terms/error.ts";
import { lateHandlebars } from "./handlebars.ts";
import { templateFile } from "./template-file.ts";

/** What a template may be given: text, numbers, flags, and lists and records of them. */
export type TemplateValue =
  | string
  | number
  | boolean
  | null
  | readonly TemplateValue[]
  | { readonly [key: string]: TemplateValue };

/**
 * The text of a file for a host, from `templates/host/NAME.hbs`, or the file itself where NAME is an absolute path. Nothing is escaped: each control
 * gives values that are already quoted for the language of its file.
 * Errors: CurfewError `input` for a value with a control character, which in a line-based file
 * would add a line of its own; the policy's schema refuses these first, this is the second wall.
 */
export function renderTemplate(name: string, values: Readonly<Record<string, TemplateValue>>): string {
  refuseControlCharacters(values, name);
  return compiled(name)(values);
}

const environment = lateHandlebars();
const templates = new Map<string, HandlebarsTemplateDelegate>();
/** Templates that stand in others. */
const PARTS = ["header", "database-in-force"];

function compiled(name: string): HandlebarsTemplateDelegate {
  const cached = templates.get(name);
  if (cached !== undefined) return cached;
  if (templates.size === 0) for (const part of PARTS) environment().registerPartial(part, templateText(part));
  const options = { noEscape: true, strict: true, knownHelpersOnly: true };
  const template = environment().compile(templateText(name), options);
  templates.set(name, template);
  return template;
}

function templateText(name: string): string {
  return readFileSync(isAbsolute(name) ? name : templateFile(`host/${name}.hbs`), "utf8");
}

// C0, DEL and C1 controls, line and paragraph separators.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

function refuseControlCharacters(value: TemplateValue, where: string): void {
  if (typeof value === "string" && CONTROL.test(value)) {
    throw new CurfewError("input", `a value for ${where} contains a control character`, {
      hint: "remove the control character from the policy",
    });
  }
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) refuseControlCharacters(inner, where);
}
