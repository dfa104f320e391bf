import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visible } from "../../../src/core/text/visible.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import { renderCsv } from "../../../src/report/format/csv.ts";
import { reportedFindings } from "../../../src/report/format/reported-findings.ts";
import { asWritten, hostileAudit, HOSTILE, textOf } from "../../fixtures/hostile-audits.ts";
import { audit, auditedHost, finding, smallAudit } from "../../fixtures/report-audits.ts";

/** RFC 4180 as a library reads it: commas, CRLF, no leniency. */
function rows(run: AuditRun): Record<string, string>[] {
  const text = asWritten(textOf(renderCsv, run));
  expect(text).toMatch(/\r\n$/u);
  return parse(text, { columns: true, record_delimiter: "\r\n", relax_column_count: false });
}

function findingsOf(run: AuditRun): readonly (readonly [string, Finding])[] {
  return [
    ...run.findings.map((item) => ["", item] as const),
    ...run.hosts.flatMap((host) => reportedFindings(host).map((item) => [host.host, item] as const)),
  ];
}

describe("CSV", () => {
  test("one line per finding, with the baseline's severity and the waiver", () => {
    const found = rows(smallAudit());
    expect(found).toHaveLength(findingsOf(smallAudit()).length);
    expect(found.find(({ check, host }) => check === "baseline-rule" && host === "db1")).toEqual({
      run: "20261122T034310Z-audit-3f2a9c01",
      time: "2026-11-22T03:43:10.000Z",
      host: "db1",
      role: "*",
      control: "shell-timeout",
      check: "baseline-rule",
      rule: "RHEL-09-412035",
      severity: "medium",
      subject: "backup",
      expected: "TMOUT <= 600",
      actual: "no TMOUT",
      source: "/etc/profile.d/curfew.sh:7",
      evidence: "configured",
      outcome: "waived",
      waiver: "nightly backup: rsync runs for hours; ops@example.com, until 2027-01-31",
    });
  });

  test.each([
    "=1+1",
    "+1",
    "-1",
    "@x",
    " =1",
    '"=1',
    "'=1",
    "\t=1",
    "\r=1",
    "\u00a0-1",
    "a;=1",
    'a; "@1',
    "＝1",
  ])("%j is no formula, with commas or semicolons between cells", (actual) => {
    const run = audit([auditedHost("web1", { findings: [finding({ actual })] })]);
    const [row] = rows(run);
    for (const part of row?.["actual"]?.split(";") ?? []) expect(part).not.toMatch(/^[\s"]*[=+\-@＝]/u);
  });

  test("a cell that a spreadsheet would cut says that it is cut", () => {
    const run = audit([auditedHost("web1", { findings: [finding({ actual: "😀".repeat(5_000_000) })] })]);
    const [row] = rows(run);
    expect(row?.["actual"]?.length).toBeLessThan(32_767);
    expect(row?.["actual"]).toMatch(/^(?:😀)+ … \(cut\)$/u);
  });

  test("a lost host without a finding has a line all the same", () => {
    const error = { code: "timeout", message: "no answer" } as const;
    const run = audit([auditedHost("gone", { outcome: "unknown", findings: [], error })]);
    expect(rows(run)).toMatchObject([
      { host: "gone", check: "host-judged", actual: "no answer", outcome: "unknown" },
    ]);
  });

  test("whatever a host says comes back as its visible self and starts no formula", () => {
    expect(HOSTILE.length).toBeGreaterThan(20);
    fc.assert(
      fc.property(hostileAudit, (run) => {
        const expected = findingsOf(run);
        const found = rows(run);
        expect(found).toHaveLength(expected.length);
        for (const [index, [host, item]] of expected.entries()) {
          const row = found[index] ?? {};
          // Defusing adds apostrophes and changes nothing else.
          const plain = (text = "") => text.replaceAll("'", "");
          expect(plain(row["host"])).toBe(plain(visible(host)));
          expect(plain(row["actual"])).toBe(plain(visible(item.actual)));
          expect(plain(row["subject"])).toBe(plain(visible(item.subject ?? "")));
          expect(row["outcome"]).toBe(item.outcome);
          for (const cell of Object.values(row)) {
            expect(cell).not.toMatch(/(?:^|;)[\s"]*[=+\-@＝＋－＠]/u);
            expect(cell).not.toMatch(/\p{Cc}|\p{Cf}/u);
          }
        }
      }),
    );
  });
});
