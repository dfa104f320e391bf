/**
 * The part of Jinja that stands in real inventories: `{{ name }}`, attributes and items of it, literals, `default()`
 * and a few filters without side effects. Everything else is refused by its name: a guessed value would log in to the
 * wrong machine.
 */
import { shown } from "../../core/text/nearest.ts";
import { Expression, JinjaProblem, notEvaluated } from "./jinja-expression.ts";

/** The value of a variable for this host; `Missing` where the inventory does not define it. */
export type Scope = (name: string) => unknown;

const OPENING = /\{[{%#]/u;

/** Whether a text has to be evaluated at all. */
export function isTemplate(text: string): boolean {
  return OPENING.test(text);
}

/**
 * The text that a template stands for. Blanks beside `{{-` and `-}}` are cut as Jinja cuts them; a boolean is spelt as
 * Python spells it. Errors: JinjaProblem, the end of a sentence about the part that is not evaluated.
 */
export function renderJinja(template: string, scope: Scope): string {
  let text = "";
  let rest = template;
  for (let open = rest.search(OPENING); open >= 0; open = rest.search(OPENING)) {
    const trims = rest[open + 2] === "-";
    text += trims ? rest.slice(0, open).trimEnd() : rest.slice(0, open);
    const part = partOf(rest.slice(open), trims, scope);
    text += part.value;
    rest = part.trims ? part.rest.trimStart() : part.rest;
  }
  return text + rest;
}

interface Part {
  readonly value: string;
  readonly rest: string;
  readonly trims: boolean;
}

/** What stands at the beginning of `text`, and what follows it. */
function partOf(text: string, trims: boolean, scope: Scope): Part {
  if (text.startsWith("{%")) {
    const end = text.indexOf("%}");
    throw notEvaluated(`uses the statement ${shown(end < 0 ? text : text.slice(0, end + 2))}`);
  }
  if (text.startsWith("{#")) {
    const end = text.indexOf("#}");
    if (end < 0) throw new JinjaProblem("has a comment without an end");
    return { value: "", rest: text.slice(end + 2), trims: text[end - 1] === "-" };
  }
  const body = text.slice(trims ? 3 : 2);
  const expression = new Expression(body, scope, (inner) => renderJinja(inner, scope));
  const value = expression.printed();
  return { value, rest: body.slice(expression.read), trims: expression.trims };
}
