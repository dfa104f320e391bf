/**
 * What the HTML report is made of: `templates/report/*.hbs`, Handlebars that escapes every value,
 * and the style and script that go into the page as they are. No template has an unescaped place.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createHandlebars } from "../../template/handlebars.ts";
import { templateFile } from "../../template/template-file.ts";
import type { TemplateValue } from "../../template/template.ts";
import { CurfewError } from "../../model/terms/error.ts";

const PARTIALS = [
  "mark",
  "hosts",
  "row-names",
  "chart",
  "serve/hosts",
  "serve/pager",
  "serve/variant",
  "serve/applied-rows",
] as const;
const environment = createHandlebars();
const compiled = new Map<string, HandlebarsTemplateDelegate>();
const assets = new Map<string, string>();

/**
 * One part of the page, from `templates/report/NAME.hbs`; every value is escaped.
 * Errors: CurfewError `internal` where the template is missing or names a value that was not given.
 */
export function renderPart(name: string, values: Readonly<Record<string, TemplateValue>>): string {
  try {
    return template(name)(values);
  } catch (error) {
    if (error instanceof CurfewError) throw error;
    throw new CurfewError("internal", `the report's template ${name} cannot be rendered`, { cause: error });
  }
}

/** The text of a style or script of the report, `report.css`; files are joined in the given order. */
export function reportAsset(...names: readonly string[]): string {
  return names.map((name) => readAsset(name)).join("\n");
}

/** How a Content-Security-Policy names an inline style or script: `'sha256-…'` (CSP level 3, section 2.3.1). */
export function contentHash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function template(name: string): HandlebarsTemplateDelegate {
  const cached = compiled.get(name);
  if (cached !== undefined) return cached;
  if (compiled.size === 0) {
    for (const partial of PARTIALS) {
      environment.registerPartial(partial.replace("/", "-"), readAsset(`${partial}.hbs`));
    }
  }
  const made = environment.compile(readAsset(`${name}.hbs`), { strict: true, knownHelpersOnly: true });
  compiled.set(name, made);
  return made;
}

function readAsset(name: string): string {
  const cached = assets.get(name);
  if (cached !== undefined) return cached;
  const text = readFileSync(templateFile(`report/${name}`), "utf8");
  assets.set(name, text);
  return text;
}
