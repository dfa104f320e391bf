import { describe, expect, test } from "vitest";
import type { AuditRun, ReportFormatName } from "../../src/model/record/audit.ts";
import type { Finding } from "../../src/model/verdict/finding.ts";
import { REPORT_FORMATS, type AuditFormat } from "../../src/report/audit-formats.ts";
import { bigAudit, context, smallAudit } from "../fixtures/report-audits.ts";

const formats = Object.entries(REPORT_FORMATS) as [ReportFormatName, AuditFormat][];
const golden = formats.filter(([name]) => name !== "html" && name !== "json");
const fleet = bigAudit(1000);

interface Written {
  readonly files: readonly string[];
  readonly text: string;
  readonly longest: number;
  readonly pieces: number;
}

function write(format: AuditFormat, run: AuditRun): Written {
  const files: string[] = [];
  const pieces: string[] = [];
  for (const { name, chunks } of format.files(run, context(run))) {
    files.push(name);
    for (const chunk of chunks) pieces.push(chunk);
  }
  const longest = pieces.reduce((most, { length }) => Math.max(most, length), 0);
  return { files, text: pieces.join(""), longest, pieces: pieces.length };
}

describe("every format", () => {
  test.each(golden)("%s is as it was", async (name, format) => {
    await expect(write(format, smallAudit()).text).toMatchFileSnapshot(
      `__snapshots__/small.${name}.${format.extension}`,
    );
  });

  test.each([
    ["html", /failed-logins-after-timeout/u],
    ["json", /"counts":\{"attempts":6,"connections":2,"addresses":1\}/u],
    ["csv", /failed-logins-after-timeout,,high,/u],
    ["junit", /failed-logins-after-timeout/u],
    ["sarif", /"level":"error"[^\n]*"severity":"high","attempts":6,"connections":2/u],
    ["oscal", /failed-logins-after-timeout/u],
  ] as const)("%s says how bad failed logins are, and how many", (name, besides) => {
    const run = smallAudit();
    const [first, ...rest] = run.hosts;
    if (first === undefined) throw new Error("there is no host");
    const finding: Finding = {
      check: "failed-logins-after-timeout",
      control: "host",
      role: "*",
      subject: "alice, timeout of 2026-11-22 02:59:59 UTC",
      expected: "fewer than 5 failed logins within 10m after a timeout",
      actual:
        "high: 6 failed logins in 2 connections from another address, from 1m to 2m after watchdog had ended the session",
      source: "the journal",
      evidence: "effective",
      outcome: "fail",
      level: "high",
      counts: { attempts: 6, connections: 2, addresses: 1 },
    };
    const hosts = [{ ...first, findings: [...first.findings, finding] }, ...rest];
    const { text } = write(REPORT_FORMATS[name], { ...run, hosts });
    expect(text).toContain("high: 6 failed logins in 2 connections from another address");
    expect(text).toMatch(besides);
  });

  test("no two formats write a file of the same name, and no name leads elsewhere", () => {
    const files = formats.flatMap(([, format]) => write(format, smallAudit()).files);
    expect(new Set(files).size).toBe(files.length);
    for (const file of files) expect(file).toMatch(/^curfew-audit[a-z0-9.-]*\.[a-z]+$/u);
  });

  test.each(formats)("%s of 1,000 hosts comes in pieces, in about a second", (_, format) => {
    const before = process.cpuUsage();
    const { longest, pieces } = write(format, fleet);
    const { user } = process.cpuUsage(before);
    expect(pieces).toBeGreaterThanOrEqual(1000);
    expect(longest).toBeLessThan(64 * 1024);
    // A second on an idle machine; CPU time and a margin, as tests share theirs.
    expect(user / 1e6).toBeLessThan(2);
  });
});
