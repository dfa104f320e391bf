/** Values that Ansible reads as something else than the text they are written as. */

/** Something else than text. `reads`: what it is printed as, where that is not as it was written. */
interface Literal {
  readonly reads: string | undefined;
}

const INTEGER =
  /^[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*)$/u;
const FLOAT =
  /^[+-]?(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?(?:[eE][+-]?\d+)?|\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*[eE][+-]?\d+)$/u;

/** What an INI inventory takes for a Python literal (ast.literal_eval) other than a quoted text; undefined for text. */
export function pythonLiteral(text: string): Literal | undefined {
  if (/^(?:True|False)$/u.test(text)) return { reads: undefined };
  if (text === "None") return { reads: "nothing" };
  if (/^(?:\[.*\]|\(.*\)|\{(?![{%#]).*\})$/su.test(text)) return { reads: "a list or a mapping" };
  if (INTEGER.test(text)) return differing(text, integer(text.replaceAll("_", "")));
  return FLOAT.test(text) ? differing(text, float(text.replaceAll("_", ""))) : undefined;
}

const YAML_INTEGER = /^[+-]?(?:0b[01_]+|0[0-7_]+|0|[1-9][\d_]*|0x[\da-fA-F_]+|[1-9][\d_]*(?::[0-5]?\d)+)$/u;
const YAML_FLOAT =
  /^(?:[+-]?\d[\d_]*\.[\d_]*(?:[eE][+-]\d+)?|\.\d[\d_]*(?:[eE][+-]\d+)?|[+-]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/u;

/** What YAML 1.1, which Ansible reads (PyYAML's resolver), takes a plain scalar for; undefined for text. */
export function yamlLiteral(text: string): Literal | undefined {
  const boolean = yamlBoolean(text);
  if (boolean !== undefined) return differing(text, boolean ? "True" : "False");
  if (YAML_INTEGER.test(text)) return differing(text, yamlInteger(text.replaceAll("_", "")));
  return YAML_FLOAT.test(text)
    ? differing(text, yamlFloat(text.replaceAll("_", "").toLowerCase()))
    : undefined;
}

/** A plain word that is one in YAML 1.1. */
export function yamlBoolean(text: string): boolean | undefined {
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/u.test(text)) return true;
  return /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/u.test(text) ? false : undefined;
}

function differing(text: string, reads: string): Literal {
  return { reads: reads === text ? undefined : reads };
}

/** A leading 0 alone means octal there. */
function yamlInteger(text: string): string {
  if (text.includes(":")) return String(sixties(text));
  return integer(text.replace(/^([+-]?)0(?=[0-7])/u, "$10o"));
}

function yamlFloat(text: string): string {
  if (text.includes(":")) return float(String(sixties(text)));
  if (/inf|nan/u.test(text)) return text.replace(".", "").replace("+", "");
  return float(text);
}

/** Base 60: `1:30` is 90. */
function sixties(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const parts = text.replace(/^[+-]/u, "").split(":");
  return sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

function integer(text: string): string {
  const value = BigInt(text.replace(/^[+-]/u, ""));
  return String(text.startsWith("-") ? -value : value);
}

function float(text: string): string {
  const value = Number(text);
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
