import * as fc from "fast-check";
import { expect, test } from "vitest";
import { renderTemplate } from "../../src/template/template.ts";
import { CurfewError } from "../../src/model/terms/error.ts";

test("renders with header and policy", () => {
  const text = renderTemplate("logind", { policy: "production <&>", value: 900 });
  expect(text).toContain("# Policy: production <&>\n");
  expect(text.endsWith("[Login]\nStopIdleSessionSec=900\n")).toBe(true);
});

test("a value that is missing is an error, not an empty line", () => {
  expect(() => renderTemplate("logind", { policy: "" })).toThrow(/value/u);
});

test("a value is never a template", () => {
  expect(renderTemplate("logind", { policy: "{{value}}", value: 1 })).toContain("# Policy: {{value}}\n");
});

test("control characters are refused, however deep", () => {
  const control = fc.constantFrom("\n", "\r", "\0", "\t", "\u001b", "\u007f", "\u0085", "\u2028", "\u2029");
  fc.assert(
    fc.property(fc.string(), control, fc.string(), (before, bad, after) => {
      const render = () =>
        renderTemplate("logind", { policy: "", value: 1, more: [{ deep: before + bad + after }] });
      expect(render).toThrow(CurfewError);
    }),
  );
});
