/** Host entries as Ansible writes them: `web[01:50].example.com`, `db-[a:f]`, `[2001:db8::1]:2222`. */
import { isIPv6 } from "node:net";
import { shown } from "../../core/text/nearest.ts";

/** The names that one entry stands for, or why it stands for nothing. */
export type Expansion =
  | { readonly names: readonly string[]; readonly port?: string }
  | { readonly error: string };

/** A slip of the finger such as [1:1000000000] must not fill the memory. */
const MOST_NAMES = 100_000;

/**
 * Expands `name[begin:end:step]` (Ansible's expand_hostname_range: numbers with leading zeros keep
 * their width, single letters, both ends included, several ranges multiply), and splits off a
 * `:port`. The names are not checked here, nor is the port's size.
 */
export function expandHosts(text: string): Expansion {
  const { name, port } = splitPort(text);
  const names = expandRanges(name);
  if (typeof names === "string") return { error: names };
  return port === undefined ? { names } : { names, port };
}

/** `[v6]:port`, `[v6]`, `v6`, `name:port`, `name`; ranges in brackets may contain colons. */
export function splitPort(text: string): { readonly name: string; readonly port?: string } {
  if (isIPv6(text)) return { name: text };
  const bracketed = /^\[([^[\]]+)\](?::(.*))?$/u.exec(text);
  if (bracketed?.[1] !== undefined && isIPv6(bracketed[1])) return withPort(bracketed[1], bracketed[2]);
  const plain = /^((?:[^:[\]]|\[[^\]]*\])*):(.*)$/u.exec(text);
  return plain?.[1] === undefined ? { name: text } : withPort(plain[1], plain[2]);
}

function withPort(name: string, port: string | undefined): { name: string; port?: string } {
  return port === undefined ? { name } : { name, port };
}

function expandRanges(text: string): string[] | string {
  let names = [""];
  let rest = text;
  for (let open = rest.indexOf("["); open >= 0; open = rest.indexOf("[")) {
    const close = rest.indexOf("]", open);
    if (close < 0) return `the range in ${shown(text)} has no closing bracket`;
    const values = rangeValues(rest.slice(open + 1, close));
    if (typeof values === "string") return `${shown(rest.slice(open, close + 1))}: ${values}`;
    if (names.length * values.length > MOST_NAMES)
      return `${shown(text)} stands for more than ${MOST_NAMES} hosts`;
    const head = rest.slice(0, open);
    names = names.flatMap((name) => values.map((value) => `${name}${head}${value}`));
    rest = rest.slice(close + 1);
  }
  return names.map((name) => name + rest);
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The values of `begin:end` or `begin:end:step`, or what is wrong with it. */
function rangeValues(range: string): string[] | string {
  const [begin = "", end = "", step = "1", ...more] = range.split(":");
  if (more.length > 0 || !range.includes(":")) return "a range is begin:end or begin:end:step";
  if (end === "") return "a range needs an end";
  if (!/^[1-9]\d{0,8}$/u.test(step)) return "the step of a range is a number from 1";
  if (begin.length === 1 && end.length === 1 && LETTERS.includes(begin) && LETTERS.includes(end)) {
    const letters = LETTERS.slice(LETTERS.indexOf(begin), LETTERS.indexOf(end) + 1);
    if (letters === "") return "a range must not end before it begins";
    return [...letters].filter((_letter, index) => index % Number(step) === 0);
  }
  return numbers(begin === "" ? "0" : begin, end, Number(step));
}

function numbers(begin: string, end: string, step: number): string[] | string {
  if (!/^\d{1,9}$/u.test(begin) || !/^\d{1,9}$/u.test(end))
    return "a range goes from number to number or letter to letter";
  const padded = begin.startsWith("0") && begin.length > 1;
  if (padded && begin.length !== end.length)
    return "with leading zeros both ends need the same number of digits";
  const count = Math.floor((Number(end) - Number(begin)) / step) + 1;
  if (count < 1) return "a range must not end before it begins";
  if (count > MOST_NAMES) return `a range stands for at most ${MOST_NAMES} hosts`;
  return Array.from({ length: count }, (_, index) => {
    const number = String(Number(begin) + index * step);
    return padded ? number.padStart(begin.length, "0") : number;
  });
}
