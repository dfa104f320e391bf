/** What of JSON Schema (draft 7) curfew's own schemas of files that people write are made of. */
export interface ReferenceSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly ReferenceSchema[];
  readonly items?: ReferenceSchema;
  readonly properties?: Readonly<Record<string, ReferenceSchema>>;
  readonly additionalProperties?: ReferenceSchema | boolean;
  readonly required?: readonly string[];
}

/**
 * The keys of a file as a Markdown table, one row each, in the order of the schema: where a key stands
 * (`roles.NAME.users`), what it takes, what it means. `words` names patterns, by their source:
 * a pattern says nothing to people.
 */
export function schemaReference(
  schema: ReferenceSchema,
  words: Readonly<Record<string, string>> = {},
): string {
  const rows = keysOf(schema, "", words);
  return ["| Key | Takes | Meaning |", "|---|---|---|", ...rows].join("\n");
}

type Words = Readonly<Record<string, string>>;

function keysOf(schema: ReferenceSchema, prefix: string, words: Words): string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    rowsOf(`${prefix}${name}`, inner, required.has(name), words),
  );
}

function rowsOf(path: string, schema: ReferenceSchema, required: boolean, words: Words): string[] {
  const row = `| \`${path}\` | ${taken(schema, words)}${required ? ", required" : ""} | ${meaning(schema)} |`;
  const { additionalProperties: entries, items } = schema;
  if (items?.properties !== undefined) return [row, ...keysOf(items, `${path}[].`, words)];
  if (typeof entries === "object") return [row, ...keysOf(entries, `${path}.NAME.`, words)];
  return [row, ...keysOf(schema, `${path}.`, words)];
}

/** The kind of value, in words. */
function taken(schema: ReferenceSchema, words: Words): string {
  const { anyOf, items, type, additionalProperties } = schema;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  if (anyOf !== undefined) return [...new Set(anyOf.map((each) => taken(each, words)))].join(" or ");
  if (items !== undefined) return items.properties === undefined ? `list: ${taken(items, words)}` : "list";
  if (typeof additionalProperties === "object") {
    return additionalProperties.properties === undefined
      ? `names with ${taken(additionalProperties, words)}`
      : "names with their keys";
  }
  if (type === "object") return schema.properties === undefined ? "keys" : keyWords(schema);
  if (schema.format === "date") return "date";
  if (schema.format === "uri") return "address";
  return words[schema.pattern ?? ""] ?? (type === "string" ? "text" : (type ?? "anything"));
}

/** A small record by its keys, which a union with others would lose. */
function keyWords({ properties = {} }: ReferenceSchema): string {
  const names = Object.keys(properties);
  return names.length === 1 ? names.map((name) => `\`{${name}: …}\``).join("") : "keys below";
}

function meaning({ description = "", default: fallback }: ReferenceSchema): string {
  const empty =
    fallback === undefined || JSON.stringify(fallback) === "{}" || JSON.stringify(fallback) === "[]";
  const otherwise = empty ? "" : ` (default: ${code(fallback)})`;
  return `${description}${otherwise}`.replaceAll("|", "\\|");
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
