/** Ansible's INI inventory, read line by line as ansible.builtin.ini does. */
import { didYouMean, shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import { expandHosts } from "./host-range.ts";
import { type InventoryData, type Variable, addGroup, addHost } from "../variables/data.ts";
import { expectVariables, type InventoryForm } from "./form.ts";
import { pythonLiteral } from "./python-literal.ts";
import { type Word, splitWords } from "./shell-words.ts";

const INI =
  /^\s*\[[^\]\s:]+(?::(?:children|vars|hosts))?\]\s*(?:[#;].*)?$|^[^#;\n]*\S=|^[^#;\n]*\[\w*:\w+(?::\d+)?\]/mu;

/** A `[section]`, a `name=value` or a range; or the name. */
export const iniForm: InventoryForm = {
  by: "both",
  detect: ({ file, text }) => file.endsWith(".ini") || INI.test(text),
  read({ file, text }, reading) {
    expectVariables(reading);
    readAnsibleIni(reading.data, file, text);
  },
};

/** A section header, comments allowed behind it. */
const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?$/u;

/**
 * Pours an INI inventory into `data`: hosts with ranges, `:port` and variables, `[group]`,
 * `[group:children]`, `[group:vars]`. Hosts before the first section are ungrouped. A group that
 * is only named in `:children` or `:vars` is an error, as in Ansible. Errors go to `data.errors`.
 */
function readAnsibleIni(data: InventoryData, file: string, text: string): void {
  const state: State = {
    data,
    file,
    group: "ungrouped",
    kind: "hosts",
    declared: new Set(["all", "ungrouped"]),
    mentioned: [],
  };
  text.split(PYTHON_LINES).forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) return;
    const position = { file, line: index + 1, column: raw.length - raw.trimStart().length + 1 };
    if (line.startsWith("[") && line.replace(/\s*[#;].*$/u, "").endsWith("]"))
      readSection(state, line, position);
    else readLine(state, line, position);
  });
  const known = [...state.declared];
  for (const { name, position, context } of state.mentioned) {
    if (state.declared.has(name)) continue;
    const message = `${context} an undefined group ${shown(name)}${didYouMean(name, known)}`;
    data.errors.push({ position, message });
  }
}

/** What ends a line for Python (str.splitlines): a host behind a form feed is one. */
const PYTHON_LINES = /\r\n|[\n\r\v\f\u001C-\u001E\u0085\u2028\u2029]/u;

interface State {
  readonly data: InventoryData;
  readonly file: string;
  group: string;
  kind: "hosts" | "children" | "vars" | "skip";
  /** Groups with a section of their own; `[g:vars]` alone does not make a group. */
  readonly declared: Set<string>;
  readonly mentioned: { name: string; position: SourcePosition; context: string }[];
}

const KINDS = ["hosts", "children", "vars"] as const;

function readSection(state: State, line: string, position: SourcePosition): void {
  const match = SECTION.exec(line);
  const kind = KINDS.find((candidate) => candidate === (match?.[2] ?? "hosts"));
  if (match?.[1] === undefined || kind === undefined) {
    state.kind = "skip";
    const advice = match?.[2] === undefined ? "" : didYouMean(match[2], KINDS);
    const message = `${shown(line)} is not a section: [group], [group:children] or [group:vars]${advice}`;
    state.data.errors.push({ position, message });
    return;
  }
  [state.group, state.kind] = [match[1], kind];
  addGroup(state.data, state.group, position);
  if (kind === "vars") state.mentioned.push({ name: state.group, position, context: "variables for" });
  else state.declared.add(state.group);
}

function readLine(state: State, line: string, position: SourcePosition): void {
  if (state.kind === "hosts") readHosts(state, line, position);
  else if (state.kind === "vars") readGroupVariable(state, line, position);
  else if (state.kind === "children") readChild(state, line, position);
}

function readHosts(state: State, line: string, position: SourcePosition): void {
  const words = splitWords(line);
  if (typeof words === "string")
    return void state.data.errors.push({ position, message: `${shown(line)}: ${words}` });
  const [pattern, ...assignments] = words;
  if (pattern === undefined) return;
  const expansion = expandHosts(pattern.text);
  if ("error" in expansion) return void state.data.errors.push({ position, message: expansion.error });
  const variables = assignments.flatMap((word) => assignment(state, word, position));
  for (const name of expansion.names) {
    const { inline } = addHost(state.data, name, state.group, position, expansion.port);
    for (const [variableName, value] of variables) inline.set(variableName, value);
  }
}

function assignment(state: State, word: Word, start: SourcePosition): [string, Variable][] {
  const position = { ...start, column: (start.column ?? 1) + word.offset };
  const equals = word.text.indexOf("=");
  if (equals < 1) {
    const message = `${shown(word.text)} is not a variable, write name=value`;
    state.data.errors.push({ position, message });
    return [];
  }
  const name = word.text.slice(0, equals);
  return [[name, readVariable(word.text.slice(equals + 1), position)]];
}

function readGroupVariable(state: State, line: string, position: SourcePosition): void {
  const equals = line.indexOf("=");
  if (equals < 1) {
    const message = `${shown(line)} is not a variable, write name=value`;
    return void state.data.errors.push({ position, message });
  }
  const name = line.slice(0, equals).trim();
  const group = addGroup(state.data, state.group, position);
  group.inline.set(name, readVariable(line.slice(equals + 1).trim(), position));
}

function readChild(state: State, line: string, position: SourcePosition): void {
  const name = /^([^:\]\s]+)\s*(?:#.*)?$/u.exec(line)?.[1];
  if (name === undefined) {
    return void state.data.errors.push({ position, message: `${shown(line)} is not a group name` });
  }
  addGroup(state.data, name, position);
  state.mentioned.push({ name, position, context: `${shown(state.group)} contains` });
  const children = state.data.groups.get(state.group)?.children;
  if (children?.has(name) === false) children.set(name, position);
}

/**
 * A value is a Python literal where it is one (ast.literal_eval): quotes come off, a comment
 * behind a literal does not count. Everything else is text as it stands.
 */
function readVariable(written: string, position: SourcePosition): Variable {
  const quoted = /^(["'])((?:[^\\]|\\.)*?)\1\s*(?:#.*)?$/u.exec(written)?.[2];
  if (quoted !== undefined) {
    const text = quoted.replace(/\\(["'\\])/gu, "$1");
    return { text, encrypted: text.startsWith("$ANSIBLE_VAULT;"), position };
  }
  const bare = written.replace(/\s*#.*$/u, "");
  const literal = pythonLiteral(bare);
  if (literal !== undefined) return { text: bare, reads: literal.reads, encrypted: false, position };
  return { text: written, encrypted: written.startsWith("$ANSIBLE_VAULT;"), position };
}
