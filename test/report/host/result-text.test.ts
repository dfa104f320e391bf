import { describe, expect, test } from "vitest";
import type { LadderCell } from "../../../src/model/verdict/finding.ts";
import type { HostResult, HostVerification } from "../../../src/model/change/run.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { resultText } from "../../../src/report/host/result-text.ts";
import { verifyText } from "../../../src/report/host/verify-text.ts";
import { probe } from "../../fixtures/plans.ts";

const view = { paint: createPaint(false), verbose: false };

const results: HostResult[] = [
  { host: "web1", outcome: "confirmed", changed: ["/etc/ssh/sshd_config.d/00-00-curfew.conf"] },
  { host: "web2", outcome: "unchanged" },
  {
    host: "db1",
    outcome: "rolled-back",
    message: "the new login was refused; the host took its change back",
    error: { code: "auth", message: "permission denied (publickey)", hint: "look at the key" },
  },
  { host: "db2", outcome: "unknown", error: { code: "unreachable", message: "no answer\nwithin 20 s" } },
  { host: "db3", outcome: "skipped", message: "not started: a host failed (db1)" },
];

describe("resultText", () => {
  test("shows every outcome with its reason and hint", () => {
    expect(resultText(results, { title: "Apply", ...view })).toMatchSnapshot();
  });

  test("names good hosts of a large fleet in one line, bad ones each", () => {
    const many = Array.from({ length: 500 }, (_, index): HostResult => ({
      host: `h${index}`,
      outcome: "confirmed",
    }));
    const text = resultText([...many, ...results.slice(2)], { title: "Apply", ...view });
    expect(text.split("\n").length).toBeLessThan(12);
    expect(text).toContain("confirmed: h[0-499] (500 hosts)");
    expect(text).toContain("db1  rolled-back");
    expect(text.trimEnd().split("\n").at(-1)).toBe(
      "Apply: 500 confirmed, 1 rolled-back, 1 unknown, 1 skipped",
    );
  });
});

const rung = { by: "TMOUT", seconds: 598.24, source: "shadow as alice" };
const ladder: LadderCell[] = [
  {
    role: "admin",
    kind: "idle-shell",
    expect: "dropped",
    limit: 600,
    configured: null,
    effective: null,
    demonstrated: rung,
    outcome: "pass",
    evidence: "demonstrated",
  },
];

describe("verifyText", () => {
  const verifications: HostVerification[] = [
    {
      host: "web1",
      findings: [],
      ladder,
      probes: [
        probe(),
        probe({ role: "default", withinSeconds: 900, droppedAfterSeconds: 903.1, by: "ChannelTimeout" }),
        probe({ session: "typing", expect: "kept", droppedAfterSeconds: null, by: "none" }),
        probe({
          session: "frozen-client",
          outcome: "fail",
          droppedAfterSeconds: null,
          by: "none",
          reason: "still open after 200 s",
          clientSaw: "last words\u001b[2J",
        }),
        probe({ session: "frozen-client", role: "default", outcome: "unknown", droppedAfterSeconds: null }),
      ],
    },
    {
      host: "db1",
      findings: [],
      probes: [],
      error: { code: "unreachable", message: "no answer", hint: "is it up?" },
    },
    { host: "db2", findings: [], probes: [] },
    {
      host: "db3",
      findings: [],
      probes: [probe({ scaled: 10, withinSeconds: 10, droppedAfterSeconds: 9.7 })],
    },
  ];

  test("names the hosts of a large fleet that passed in one line", () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      host: `h${index}`,
      findings: [],
      probes: [probe()],
    }));
    const text = verifyText([...many, ...verifications.slice(1, 2)], view);
    expect(text.split("\n").slice(0, 3)).toEqual([
      "✓ every session as it should be: h[0-39] (40 hosts)",
      "",
      "db1",
    ]);
  });

  test("shows the ladder, why something did not pass, and what the signs mean", () => {
    expect(verifyText(verifications, view)).toMatchSnapshot();
  });

  test("verbose says of every session how it went", () => {
    const text = verifyText(verifications.slice(0, 1), { ...view, verbose: true });
    expect(text).toContain("✓ idle-shell admin (alice, shadow): the shell ended the session");
  });
});
