import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderJson } from "../../../src/report/format/audit-json.ts";
import { hostileAudit, HOSTILE, textOf } from "../../fixtures/hostile-audits.ts";
import { audit, auditedHost, bigAudit, finding, smallAudit } from "../../fixtures/report-audits.ts";

const schema = join(import.meta.dirname, "../../../templates/audit.schema.json");
const ajv = new Ajv({ allErrors: true });
formats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));

describe("JSON", () => {
  test.each([
    ["of one host of each kind", smallAudit()],
    ["of nobody", audit([])],
    ["of a fleet", bigAudit(60)],
    ["with scaled sessions", smallAudit({ scaled: 20 })],
    [
      "with everything hostile that is free text",
      audit(HOSTILE.map((text, index) => hostileTexts(index, text))),
    ],
  ])("an audit %s is valid against the published schema", (_, run) => {
    expect(validate(JSON.parse(textOf(renderJson, run))), JSON.stringify(validate.errors?.slice(0, 3))).toBe(
      true,
    );
  });

  test("the schema refuses what is not an audit", () => {
    const document = JSON.parse(textOf(renderJson, smallAudit()));
    expect(validate({ ...document, surprise: 1 })).toBe(false);
    expect(validate({ ...document, runId: "yesterday" })).toBe(false);
    expect(validate({ ...document, hosts: [{ host: "web1" }] })).toBe(false);
  });

  test("it is the audit and its counts, one line per host", () => {
    const text = textOf(renderJson, smallAudit());
    const { summary, ...rest } = JSON.parse(text);
    expect(rest).toEqual(smallAudit());
    expect(summary).toEqual({
      hosts: 5,
      pass: 2,
      fail: 1,
      unknown: 2,
      findings: { pass: 5, fail: 4, unknown: 2, waived: 1 },
    });
    expect(text.split("\n")).toHaveLength(5 + 3);
  });

  test("whatever a host says is read back as it was, and acts on no terminal", () => {
    fc.assert(
      fc.property(hostileAudit, (run) => {
        const text = textOf(renderJson, run);
        expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        const { summary: _, ...rest } = JSON.parse(text);
        expect(rest).toEqual(JSON.parse(JSON.stringify(run)));
      }),
    );
  });
});

function hostileTexts(index: number, text: string) {
  const findings = [
    finding({ role: text, subject: text, expected: text, actual: text, source: text, waiver: text }),
  ];
  return auditedHost(`web${index}`, { description: text, findings, drift: [{ path: text, diff: text }] });
}
