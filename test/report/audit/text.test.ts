import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditContext, AuditedHost, AuditRun, RunSummary } from "../../../src/model/record/audit.ts";
import { sparkline } from "../../../src/report/audit/changes-text.ts";
import { auditText } from "../../../src/report/audit/text.ts";
import { widthOf } from "../../../src/report/layout/columns.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { auditedHost, auditFinding, auditHeader, auditRun, fleetRun } from "../../fixtures/audits.ts";
import { auditChanges } from "../../fixtures/audits.ts";

const plain = { paint: createPaint(false), verbose: false };
const alone: AuditContext = { trend: [], changes: [] };

function between(before: AuditRun, after: AuditRun): AuditContext {
  return { trend: [summary(before), summary(after)], changes: auditChanges(before, after) };
}

function summary({ runId, startedAt, finishedAt, hosts }: AuditRun): RunSummary {
  const fail = hosts.filter(({ outcome }) => outcome === "fail").length;
  const counts = { pass: hosts.length - fail, fail, unknown: 0 };
  const about = { policy: "production", profile: null, verified: false };
  return {
    ...about,
    runId,
    startedAt,
    finishedAt,
    state: "finished",
    hosts: counts,
    findings: { ...counts, waived: 0 },
  };
}

const tmout = (line: number): ReturnType<typeof auditFinding> =>
  auditFinding({
    check: "foreign-timeout",
    control: "shell-timeout",
    role: "*",
    subject: "/etc/profile.d/site.sh",
    expected: "no other assignment of TMOUT",
    actual: `TMOUT=0 in line ${line}`,
    source: `/etc/profile.d/site.sh:${line}`,
    outcome: "fail",
  });

describe("an audit as text", () => {
  test("of a fleet: at a glance, who and why, what changed, where it goes", () => {
    const hosts = (failing: number): AuditedHost[] =>
      Array.from({ length: 60 }, (_, index) => {
        const roles = ["default", "admin"].map((role) =>
          auditFinding({
            role,
            ...(index < failing ? { outcome: "fail", actual: "ClientAliveInterval 0" } : {}),
          }),
        );
        return auditedHost(`web${index + 1}`, roles);
      });
    const lost: AuditedHost = {
      ...auditedHost("db1", []),
      outcome: "unknown",
      error: { code: "unreachable", message: "connection refused by 10.0.0.3 port 22" },
    };
    const before = auditRun(1, [...hosts(2), auditedHost("db1")]);
    const after = auditRun(2, [...hosts(20), lost]);
    expect(auditText(after, between(before, after), plain)).toMatchInlineSnapshot(`
      "production  2026-10-03 03:00 UTC
      no baseline, no real sessions; judged: idle-shell, frozen-client, typing
      20261003T030000Z-audit-00000002, curfew 0.1.0

      ██████████████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒░
      61 hosts         = 40 pass   ✗ 20 fail   ? 1 unknown
      120 findings     = 80 pass   ✗ 40 fail   ? 0 unknown   ~ 0 waived

      Out of compliance, and why

      ? The host could be judged: 1 host, unknown
        db1
          connection refused by 10.0.0.3 port 22
        → A host that cannot be reached or read is never compliant; mend the access
          and audit again.

      ✗ sshd's effective settings are those of the policy: 20 hosts, fail
        20 hosts: web[1-20]
          sshd default, admin: wanted ClientAliveInterval 60
          found ClientAliveInterval 0
          [effective, sshd -T -C user=alice]
        → sshd -T -C for a real member of the role differs from what the policy asks;
          run curfew plan and apply.

      Since 2026-10-02 03:00 UTC
        ✗ newly failing: 36 findings
          sshd's effective settings are those of the policy (sshd default, admin)
            18 hosts: web[3-20]
        ? can no longer be judged: 1 finding
          The host could be judged
            db1

      Trend: 2 audits from 2026-10-02 03:00 UTC to 2026-10-03 03:00 UTC
        hosts failing     ▂█  2 → 20  highest 20
        hosts unknown     ▁▁  0 → 0   highest 0
        findings failing  ▂█  2 → 20  highest 20

      Audit: ? not fully judged: of 61 hosts, 20 fail, 1 not fully judged
      "
    `);
  });

  test("of one host lists it; answers that differ are under one statement", () => {
    const waived = auditFinding({
      check: "exemption-active",
      control: "host",
      role: "*",
      subject: "nightly backup",
      expected: "everybody has a limit",
      actual: "backup has none",
      waiver: "rsync runs for hours",
      outcome: "waived",
    });
    const run = auditRun(1, [auditedHost("web1", [tmout(3), waived]), auditedHost("web2", [tmout(9)])]);
    expect(auditText(run, alone, plain)).toMatchInlineSnapshot(`
      "production  2026-10-02 03:00 UTC
      no baseline, no real sessions; judged: idle-shell, frozen-client, typing
      20261002T030000Z-audit-00000001, curfew 0.1.0

      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
      2 hosts          = 0 pass   ✗ 2 fail   ? 0 unknown
      3 findings       = 0 pass   ✗ 2 fail   ? 0 unknown   ~ 1 waived

      Out of compliance, and why

      ✗ No other file sets TMOUT or autologout: 2 hosts, fail
        2 hosts: web[1-2]
          shell-timeout: /etc/profile.d/site.sh: wanted no other assignment of TMOUT
          found TMOUT=0 in line 3 (web1)
          [effective, /etc/profile.d/site.sh:3]
          found TMOUT=0 in line 9 (web2)
          [effective, /etc/profile.d/site.sh:9]
        → A second assignment wins or fails depending on order and readonly; keep one
          place for it.

      ~ Exemptions in force: 1 host, waived
        web1
          nightly backup: wanted everybody has a limit; waived: rsync runs for hours
          found backup has none
          [effective, sshd -T -C user=alice]

        host  pass  fail  unknown  waived
      ✗ web1  0     1     0        1       OpenSSH 9.2, Debian GNU/Linux 12 (bookworm…
      ✗ web2  0     1     0        0       OpenSSH 9.2, Debian GNU/Linux 12 (bookworm…

      Audit: ✗ out of compliance: of 2 hosts, 2 fail
      "
    `);
  });

  test.each(["host", "role", "rule", "check"] as const)("counted by %s", (by) => {
    const rules = [
      {
        id: "UBTU-22-255030",
        title: "sshd must end idle sessions",
        severity: "medium" as const,
        references: [],
      },
    ];
    const profile = { id: "stig", title: "Ubuntu 22.04 STIG", version: "V2R8", rules };
    const failing = auditFinding({ rule: "UBTU-22-255030", role: "admin", outcome: "fail" });
    const run = auditRun(1, [auditedHost("web1", [failing]), auditedHost("web2")], { profile });
    const text = auditText(run, alone, { ...plain, by });
    const table = text.split("\n\n").find((block) => block.trimStart().startsWith(by));
    expect(table).toMatchSnapshot();
  });

  test("has no line wider than the screen, at 1, 30 and 1,000 hosts", () => {
    for (const count of [1, 30, 1000]) {
      const text = auditText(fleetRun(count, 25), between(fleetRun(count, 2), fleetRun(count, 25)), plain);
      const wide = text.split("\n").filter((line) => widthOf(line) > 80);
      expect(wide).toEqual([]);
      expect(text.split("\n").length).toBeLessThan(count > 30 ? 50 : 80);
    }
  });

  test("says the same with colour and without", () => {
    const [before, after] = [fleetRun(40, 2), fleetRun(40, 25)];
    const coloured = auditText(after, between(before, after), { ...plain, paint: createPaint(true) });
    expect(coloured).not.toBe(stripVTControlCharacters(coloured));
    expect(stripVTControlCharacters(coloured)).toBe(auditText(after, between(before, after), plain));
  });

  test("lets nothing from a host act on the terminal", () => {
    const nasty = fc.string({
      unit: fc.constantFrom("a", " ", "\u001b[2J", "\n", "\r", "\u202e", "\u0007", "🙂"),
    });
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, (name, actual, source, message) => {
        const findings = [auditFinding({ role: name, subject: name, actual, source, outcome: "fail" })];
        const hosts: AuditedHost[] = [
          { ...auditedHost(`h${name}`, findings), drift: [{ path: name, diff: `${actual}\n${source}` }] },
          { ...auditedHost("b", []), outcome: "unknown", error: { code: "remote", message } },
        ];
        const run = auditRun(1, hosts);
        const context = between(auditRun(0, [auditedHost(`h${name}`)]), run);
        for (const verbose of [true, false]) {
          for (const by of [undefined, "role", "host"] as const) {
            const text = auditText(run, context, { ...plain, verbose, by });
            expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of a broken-off audit never says that all is well", () => {
    const run = auditRun(1, [auditedHost("a")], {
      findings: [
        auditFinding({
          check: "host-judged",
          control: "host",
          role: "*",
          outcome: "unknown",
          actual: "broken off",
        }),
      ],
    });
    const text = auditText(run, alone, plain);
    expect(text).toContain("broken off");
    expect(text.trimEnd().split("\n").at(-1)).toBe("Audit: ? not fully judged");
    expect(auditText(auditRun(1, []), alone, plain)).toContain("? not fully judged");
  });

  test("names what it was compared with", () => {
    const [before, after] = [auditRun(1, [auditedHost("a")]), auditRun(2, [auditedHost("a")])];
    const view = { ...plain, against: auditHeader(0) };
    const text = auditText(after, between(before, after), view);
    expect(text).toContain("Since 2026-10-01 03:00 UTC\n  = nothing newly failing, lost or recovered");
  });
});

test.each([
  [[0, 0, 0], "▁▁▁"],
  [[0, 1, 1000], "▁▂█"],
  [[7, 7], "██"],
  [[1], "█"],
  [Array.from({ length: 320 }, (_, index) => (index === 11 ? 5 : 0)), `▁█${"▁".repeat(30)}`],
])("the sparkline of %j", (values, line) => {
  expect(sparkline(values)).toBe(line);
});
