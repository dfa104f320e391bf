import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findingKey } from "../../../src/core/verdict/finding-key.ts";

type Named = Parameters<typeof findingKey>[0];

test.each<[Named, string]>([
  [{ check: "sshd-effective", control: "sshd", role: "admin" }, "sshd-effective:sshd:admin"],
  [{ check: "host-judged", control: "host", role: "*" }, "host-judged:host:*"],
  [
    { check: "baseline-rule", control: "sshd", role: "default", rule: "5.1.7", subject: "alice" },
    "baseline-rule:sshd:default:rule=5.1.7:subject=alice",
  ],
  [
    { check: "role-members", control: "host", role: "a:b", subject: "50% \n" },
    "role-members:host:a%3ab:subject=50%25 %0a",
  ],
])("the key of %j is %s", (finding, key) => {
  expect(findingKey(finding)).toBe(key);
});

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("", ":", "rule=", "subject=a", "%3a", "a:rule=b", "\ud800", "%ud800"),
);
const named: fc.Arbitrary<Named> = fc.record(
  {
    check: fc.constantFrom("sshd-effective" as const, "baseline-rule" as const),
    control: fc.constantFrom("sshd" as const, "host" as const),
    role: text,
    rule: text,
    subject: text,
  },
  { requiredKeys: ["check", "control", "role"] },
);

test("two findings share a key exactly where their names are the same", () => {
  fc.assert(
    fc.property(named, named, (left, right) => {
      const same = JSON.stringify(parts(left)) === JSON.stringify(parts(right));
      expect(findingKey(left) === findingKey(right)).toBe(same);
      expect(findingKey(left)).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    }),
    { numRuns: 2000 },
  );
});

function parts({ check, control, role, rule, subject }: Named): unknown[] {
  return [check, control, role, rule ?? null, subject ?? null];
}
