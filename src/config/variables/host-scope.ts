import { shown } from "../../core/text/nearest.ts";
import type { HostEntry, Variable } from "./data.ts";
import { isTemplate, renderJinja, type Scope } from "./jinja.ts";
import { JinjaProblem, Missing, MissingProblem } from "./jinja-expression.ts";

/** Deeper and longer than any honest value; templates that double each other have no end. */
const DEEPEST = 40;
const LONGEST = 4096;

/**
 * What each name stands for on one host: its merged variables, templates in them evaluated, and what every host knows
 * of itself (`inventory_hostname`, `inventory_hostname_short`, `inventory_dir`). Each is worked out once, when it is
 * asked for. Errors: JinjaProblem, the end of a sentence about the value that asks.
 */
export function hostScope(entry: HostEntry, variables: ReadonlyMap<string, Variable>): Scope {
  const known = new Map<string, unknown>(ownNames(entry));
  const open = new Set<string>();
  const scope: Scope = (name) => {
    if (known.has(name)) return known.get(name);
    if (open.has(name)) throw new JinjaProblem(`needs ${shown(name)}, which needs itself`);
    if (open.size > DEEPEST) throw new JinjaProblem("is nested too deeply");
    open.add(name);
    try {
      const value = valueOf(name, variables.get(name), scope);
      known.set(name, value);
      return value;
    } finally {
      open.delete(name);
    }
  };
  return scope;
}

function ownNames({ name, directory }: HostEntry): [string, unknown][] {
  return [
    ["inventory_hostname", name],
    ["inventory_hostname_short", name.split(".", 1)[0]],
    ["inventory_dir", directory ?? new Missing("inventory_dir")],
  ];
}

function valueOf(name: string, variable: Variable | undefined, scope: Scope): unknown {
  if (variable === undefined) return new Missing(name);
  const { text, value, encrypted, literal } = variable;
  if (encrypted) throw new JinjaProblem(`needs ${shown(name)}, which is encrypted with ansible-vault`);
  if (value !== undefined) return value;
  if (variable.reads !== undefined)
    throw new JinjaProblem(
      `needs ${shown(name)}, which Ansible reads as ${variable.reads}, not as it is written`,
    );
  if (text === undefined) throw new JinjaProblem(`needs ${shown(name)}, which is not plain data`);
  if (literal === true || !isTemplate(text)) return text;
  return rendered(text, scope);
}

/** A value that needs what is not defined is not defined itself, so that a `default()` further out helps. */
function rendered(text: string, scope: Scope): string | Missing {
  try {
    const result = renderJinja(text, scope);
    if (result.length <= LONGEST) return result;
  } catch (error) {
    if (error instanceof MissingProblem) return error.missing;
    throw error;
  }
  throw new JinjaProblem("stands for a text that is too long");
}
