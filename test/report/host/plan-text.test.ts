import { describe, expect, test } from "vitest";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { planText } from "../../../src/report/host/plan-text.ts";
import { failedPlan, hostPlan } from "../../fixtures/plans.ts";

const plain = { paint: createPaint(false), verbose: false };
const coloured = { paint: createPaint(true), verbose: true };

describe("planText", () => {
  test("shows each kind of host", () => {
    const plans = [hostPlan("web1"), hostPlan("web2", { changes: [], activations: [] }), failedPlan("db1")];
    expect(planText(plans, plain)).toMatchSnapshot();
  });

  test("in colour says the same words", () => {
    const text = planText([hostPlan("web1")], coloured);
    // eslint-disable-next-line no-control-regex
    expect(text.replace(/\u001b\[\d+m/gu, "")).toBe(
      planText([hostPlan("web1")], { ...plain, verbose: true }),
    );
    expect(text).toContain("\u001b[32m+ClientAliveInterval 90\u001b[39m");
  });

  test("shows five hundred equal plans once", () => {
    const plans = Array.from({ length: 500 }, (_, index) => hostPlan(`web${index}`));
    const text = planText([...plans, failedPlan("db1")], plain);
    expect(text.match(/\+ClientAliveInterval 90/gu)).toHaveLength(1);
    expect(text).toContain("web[0-499] (500 hosts)");
    expect(text.trimEnd().split("\n").at(-1)).toBe("Plan: 500 to change, 0 unchanged, 1 cannot be judged");
  });

  test("shows hosts apart that differ in one byte", () => {
    const [change] = hostPlan("a").changes;
    const other = { ...change!, after: { ...change!.after!, mode: "0600" } };
    const text = planText([hostPlan("a"), hostPlan("b", { changes: [other] })], plain);
    expect(text.match(/\+ClientAliveInterval 90/gu)).toHaveLength(2);
  });

  test("shows a change once that hosts with different plans share", () => {
    const text = planText([hostPlan("a"), hostPlan("b", { description: "another system" })], plain);
    expect(text.match(/\+ClientAliveInterval 90/gu)).toHaveLength(1);
    expect(text).toContain("00-00-curfew.conf  sshd: the drop-in that wins (as on a)");
  });

  test("spells out whatever a host could use to deceive the reader", () => {
    const evil = "x\u001b[2J\r\u202e\u0007";
    const [change] = hostPlan("a").changes;
    const text = planText(
      [
        hostPlan(evil, {
          description: evil,
          changes: [
            { ...change!, path: `/etc/${evil}`, reason: evil, before: { ...change!.after!, content: evil } },
          ],
          findings: [
            { ...hostPlan("a").findings[0]!, expected: evil, actual: evil, source: evil, role: evil },
          ],
          uncaught: [{ role: evil, kind: "tmux", reason: evil }],
        }),
        { ...failedPlan("b"), error: { code: "remote", message: evil, hint: evil } },
      ],
      plain,
    );
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
  });
});
