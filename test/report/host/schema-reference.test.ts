/** The tables of keys in the help pages: nothing of a schema is lost, and every key says what it means. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { alertsSchema } from "../../../src/model/record/alert.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { type ReferenceSchema, schemaReference } from "../../../src/report/host/schema-reference.ts";

const json = (schema: z.ZodType): ReferenceSchema =>
  z.toJSONSchema(schema, { io: "input", target: "draft-7" }) as ReferenceSchema;
const rowsOf = (schema: z.ZodType, words = {}): string[] =>
  schemaReference(json(schema), words).split("\n").slice(2);

describe("one row per key", () => {
  test.each<[string, z.ZodType, string[]]>([
    [
      "a text that must be there",
      z.object({ a: z.string().meta({ description: "An A" }) }),
      ["| `a` | text, required | An A |"],
    ],
    ["a default", z.object({ a: z.enum(["x", "y"]).default("x") }), ["| `a` | `x`, `y` |  (default: `x`) |"]],
    ["a list", z.object({ a: z.array(z.enum(["x", "y"])).default([]) }), ["| `a` | list: `x`, `y` |  |"]],
    [
      "one of several",
      z.object({ a: z.union([z.literal("all"), z.number()]).optional() }),
      ["| `a` | `all` or number |  |"],
    ],
    [
      "a pattern with a name",
      z.object({ a: z.string().regex(/^\d+$/u).optional() }),
      ["| `a` | digits |  |"],
    ],
    [
      "a pipe",
      z.object({ a: z.boolean().optional().meta({ description: "x|y" }) }),
      ["| `a` | boolean | x\\|y |"],
    ],
    [
      "keys in a list and below names",
      z.object({
        a: z.array(z.object({ b: z.iso.date() })).optional(),
        c: z.record(z.string(), z.object({ d: z.url().optional() })).optional(),
      }),
      [
        "| `a` | list |  |",
        "| `a[].b` | date, required |  |",
        "| `c` | names with their keys |  |",
        "| `c.NAME.d` | address |  |",
      ],
    ],
  ])("%s", (_what, schema, rows) => {
    expect(rowsOf(schema, { "^\\d+$": "digits" })).toEqual(rows);
  });
});

test.each([
  ["policy", policySchema],
  ["alerts", alertsSchema],
] as const)("every key of a %s file says what it means", (_name, schema) => {
  const rows = rowsOf(schema);
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((row) => /\|\s*(?:\(default[^|]*)?\|$/u.test(row))).toEqual([]);
});
