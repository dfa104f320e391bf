/** One expression between `{{` and `}}`: read and evaluated in one pass, from the left. */
import { shown } from "../../core/text/nearest.ts";

/** Why a template stands for nothing, as the end of a sentence about it. */
export class JinjaProblem extends Error {}

/** A part that curfew knows nothing of; `what` names it. */
export function notEvaluated(what: string): JinjaProblem {
  return new JinjaProblem(`${what}, which curfew does not evaluate: write the value out`);
}

/** A variable, attribute or item that is not there: a MissingProblem unless `default()` follows. */
export class Missing {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class MissingProblem extends JinjaProblem {
  readonly missing: Missing;
  constructor(missing: Missing) {
    super(`needs ${shown(missing.name)}, which is not defined`);
    this.missing = missing;
  }
}

/** Known to a playbook and not to an inventory; a default in their place would be a guess. */
const PLAYBOOK =
  /^(?:groups|hostvars|group_names|vars|omit|lookup|query|q|now|undef|playbook_dir|role_path|play_hosts|ansible_facts|ansible_play_\w+|ansible_check_mode|ansible_version)$/u;

const TOKEN =
  /\s*(?:([A-Za-z_]\w*)|(\d+)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\}\})|([|().,[\]=])|(\S[^\s\w|().,[\]'"]*))/uy;

interface Token {
  readonly kind: "name" | "number" | "string" | "sign" | "end" | "other" | "nothing";
  readonly text: string;
}

type Filter = (value: unknown, args: readonly unknown[]) => unknown;

const FILTERS: Readonly<Record<string, Filter>> = {
  default: orDefault,
  d: orDefault,
  lower: (value) => asText(value).toLowerCase(),
  upper: (value) => asText(value).toUpperCase(),
  trim: (value) => asText(value).trim(),
  string: (value) => asText(value),
  int: (value) => (/^\s*[+-]?\d+\s*$/u.test(asText(value)) ? Number(asText(value)) : 0),
};

/** Reads the text behind `{{`; names are looked up in `scope`, texts inside a mapping are rendered as well. */
export class Expression {
  readonly #text: string;
  readonly #scope: (name: string) => unknown;
  readonly #render: (text: string) => string;
  #at = 0;
  #next: Token;
  #from = 0;
  /** Once it was printed: whether `-}}` ended it, and how many characters it took with its braces. */
  trims = false;
  read = 0;

  constructor(text: string, scope: (name: string) => unknown, render: (text: string) => string) {
    this.#text = text;
    this.#scope = scope;
    this.#render = render;
    this.#next = { kind: "nothing", text: "" };
  }

  /** The value as text. Errors: JinjaProblem. */
  printed(): string {
    this.#advance();
    const value = this.#filtered();
    if (this.#next.kind !== "end") throw refused(this.#next);
    this.trims = this.#next.text.startsWith("-");
    this.read = this.#at;
    return asText(value);
  }

  #advance(): Token {
    const token = this.#next;
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    this.#from = this.#at;
    this.#at = match === null ? this.#text.length : TOKEN.lastIndex;
    this.#next = match === null ? { kind: "nothing", text: "" } : tokenOf(match);
    return token;
  }

  #takes(text: string): boolean {
    if (this.#next.kind !== "sign" || this.#next.text !== text) return false;
    this.#advance();
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw refused(this.#next);
  }

  #filtered(): unknown {
    let value = this.#operand();
    while (this.#takes("|")) {
      const name = this.#advance();
      const filter = Object.hasOwn(FILTERS, name.text) ? FILTERS[name.text] : undefined;
      if (name.kind !== "name" || filter === undefined)
        throw notEvaluated(`uses the filter ${shown(name.text)}`);
      value = filter(value, this.#takes("(") ? this.#arguments() : []);
    }
    return value;
  }

  /** Up to the closing bracket. `default_value=x` and `boolean=true` are taken in the order of their places. */
  #arguments(): unknown[] {
    const found: unknown[] = [];
    while (!this.#takes(")")) {
      if (found.length > 0) this.#expect(",");
      const start = this.#next;
      let value = this.#filtered();
      if (start.kind === "name" && this.#takes("=")) {
        const place = ["default_value", "boolean"].indexOf(start.text);
        if (place < 0) throw notEvaluated(`uses the argument ${shown(start.text)}`);
        value = this.#filtered();
        found[place] = value;
      } else {
        found.push(value);
      }
    }
    return found;
  }

  #operand(): unknown {
    const token = this.#advance();
    let value: unknown;
    if (token.kind === "string") value = token.text;
    else if (token.kind === "number") value = Number(token.text);
    else if (token.kind === "name") value = this.#named(token.text);
    else if (token.kind === "sign" && token.text === "(") {
      value = this.#filtered();
      this.#expect(")");
    } else throw refused(token);
    return this.#inside(value);
  }

  #named(name: string): unknown {
    if (/^(?:true|false)$/iu.test(name)) return name.toLowerCase() === "true";
    if (/^none$/iu.test(name)) return null;
    if (PLAYBOOK.test(name)) throw notEvaluated(`uses ${shown(name)}`);
    if (this.#next.kind === "sign" && this.#next.text === "(")
      throw notEvaluated(`calls ${shown(`${name}()`)}`);
    return this.#scope(name);
  }

  /** `.name` and `["name"]`, as often as they come. */
  #inside(whole: unknown): unknown {
    let value = whole;
    for (;;) {
      if (this.#takes(".")) {
        const name = this.#advance();
        if (name.kind !== "name" && name.kind !== "number") throw refused(name);
        value = this.#item(value, name.text);
      } else if (this.#takes("[")) {
        const key = this.#filtered();
        this.#expect("]");
        value = this.#item(value, asText(key));
      } else {
        if (this.#next.kind === "sign" && this.#next.text === "(")
          throw notEvaluated(`calls ${shown(this.#text.slice(0, this.#from).trim())}`);
        return value;
      }
    }
  }

  #item(value: unknown, key: string): unknown {
    if (value instanceof Missing) return new Missing(`${value.name}.${key}`);
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return new Missing(key);
    const item: unknown = (value as Record<string, unknown>)[key];
    return typeof item === "string" ? this.#render(item) : item;
  }
}

function tokenOf([, name, number, single, double, end, sign, other]: RegExpExecArray): Token {
  if (name !== undefined) return { kind: "name", text: name };
  if (number !== undefined) return { kind: "number", text: number };
  const quoted = single ?? double;
  if (quoted !== undefined) return { kind: "string", text: quoted.replaceAll(/\\(.)/gsu, "$1") };
  if (end !== undefined) return { kind: "end", text: end };
  if (sign !== undefined) return { kind: "sign", text: sign };
  return { kind: "other", text: other ?? "" };
}

function refused({ kind, text }: Token): JinjaProblem {
  if (kind === "nothing") return new JinjaProblem("has no closing braces");
  if (kind === "end") return new JinjaProblem("has an expression that is not complete");
  return notEvaluated(`uses ${shown(text)}`);
}

/** `default(x)` is for what is not defined; with `true` as the second argument also for what is empty. */
function orDefault(value: unknown, [instead = "", empty]: readonly unknown[]): unknown {
  if (value instanceof Missing) return instead;
  const isEmpty = value === null || value === "" || value === false || value === 0;
  return empty === true && isEmpty ? instead : value;
}

function asText(value: unknown): string {
  if (value instanceof Missing) throw new MissingProblem(value);
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new JinjaProblem("stands for a list or a mapping, not for a single value");
}
