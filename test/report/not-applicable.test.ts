/** Hosts of other systems than the baseline's, in everything that an audit is written as. */
import { describe, expect, test } from "vitest";
import { auditVerdict, countFindings } from "../../src/core/audit/summary.ts";
import type { AuditRun, ReportFormatName } from "../../src/model/record/audit.ts";
import { REPORT_FORMATS } from "../../src/report/audit-formats.ts";
import { auditText } from "../../src/report/audit/text.ts";
import { createPaint } from "../../src/report/layout/paint.ts";
import { audit, auditedHost, context, finding, stigProfile } from "../fixtures/report-audits.ts";

const apart = finding({
  check: "baseline-system",
  control: "host",
  role: "*",
  subject: "system",
  expected: "stig-rhel9 is for RHEL 9",
  actual: "this is Debian GNU/Linux 12; its rules were not judged",
  source: "os-release(5)",
  outcome: "not-applicable",
});
const judged = finding({ check: "host-judged", control: "host" });
const rule = finding({ check: "baseline-rule", rule: "RHEL-09-255100" });
const run = audit(
  [auditedHost("rhel1", { findings: [judged, rule] }), auditedHost("deb1", { findings: [judged, apart] })],
  { profile: stigProfile },
);

function written(name: ReportFormatName, of: AuditRun = run): string[] {
  return Array.from(REPORT_FORMATS[name].files(of, context(of)), ({ chunks }) => [...chunks].join(""));
}

interface Sarif {
  readonly runs: readonly [
    {
      readonly results: readonly object[];
      readonly properties: { readonly findings: object };
    },
  ];
}

const text = (of: AuditRun, verbose = false): string =>
  auditText(of, { trend: [], changes: [] }, { paint: createPaint(false), verbose });

describe("not applicable", () => {
  test("is neither a failure nor unknown, and counted apart", () => {
    expect(auditVerdict(run)).toBe("pass");
    expect(countFindings(run.hosts, run.findings)).toMatchObject({ pass: 3, "not-applicable": 1 });
  });

  test("text says so among the findings, in the counts and beside the verdict", () => {
    const shown = text(run);
    expect(shown).toContain("In compliance, where something is asked");
    expect(shown).toContain("The compliance baseline is one for this system: 1 host, not applicable");
    expect(shown).toMatch(/^4 findings .*· 1 not applicable$/mu);
    expect(shown).toContain("Audit: = in compliance; no baseline is for 1 host\n");
    expect(text(audit([auditedHost("web1")]))).not.toContain("not applicable");
  });

  test("JUnit skips it, with the reason", () => {
    const [xml = ""] = written("junit");
    expect(xml).toMatch(/<testsuite name="deb1" tests="2" failures="0" errors="0" skipped="1"/u);
    expect(xml).toContain('<skipped type="baseline-system" message="not applicable: expected stig-rhel9');
  });

  test("SARIF has a kind for it", () => {
    const [first = ""] = written("sarif");
    const { runs } = JSON.parse(first) as Sarif;
    expect(runs[0].results).toMatchObject([
      { ruleId: "baseline-system", kind: "notApplicable", level: "none", suppressions: [] },
    ]);
    expect(runs[0].properties.findings).toMatchObject({ "not-applicable": 1, fail: 0 });
  });

  test("OSCAL: no risk; a control that applies to no host is not satisfied", () => {
    const findings = (of: AuditRun): unknown => {
      const results = JSON.parse(written("oscal", of)[0] ?? "") as {
        readonly "assessment-results": { readonly results: readonly [object] };
      };
      return results["assessment-results"].results[0];
    };
    expect(findings(run)).not.toHaveProperty("risks");
    const only = audit([auditedHost("deb1", { findings: [apart] })], { profile: stigProfile });
    expect(findings(only)).toMatchObject({
      findings: [
        {
          target: {
            "target-id": "ac-12_obj",
            status: { state: "not-satisfied", reason: "other" },
            "implementation-status": { state: "not-applicable" },
          },
        },
      ],
    });
  });

  test("a checklist has every rule as not applicable on such a host", () => {
    const statuses = written("cklb").map((list) =>
      (
        JSON.parse(list) as { readonly stigs: readonly [{ readonly rules: readonly { status: string }[] }] }
      ).stigs[0].rules.map(({ status }) => status),
    );
    expect(statuses).toEqual([
      ["not_a_finding", "not_reviewed", "not_reviewed"],
      ["not_applicable", "not_applicable", "not_applicable"],
    ]);
  });

  test("metrics, CSV and HTML name it", () => {
    expect(written("metrics")[0]).toContain(
      'curfew_audit_findings{policy="production",host="deb1",outcome="not-applicable"} 1\n',
    );
    expect(written("csv")[0]).toMatch(/deb1,.*,not-applicable,/u);
    const [html = ""] = written("html");
    expect(html).toContain("No baseline of the policy is for 1 host; no rule was judged there.");
    expect(html).toContain("Not applicable");
  });
});

describe("several baselines", () => {
  const cis = { ...stigProfile, id: "cis", title: "CIS Benchmarks", version: "v1", rules: [] };
  const both = audit(
    [
      auditedHost("rhel1", { findings: [judged, rule], profile: "stig-rhel9" }),
      auditedHost("deb1", { findings: [judged], profile: "cis" }),
    ],
    { profile: { ...stigProfile, id: "stig-rhel9, cis" }, profiles: [stigProfile, cis] },
  );

  test("a checklist is written for the hosts of a STIG alone", () => {
    expect(REPORT_FORMATS.cklb.refuses?.(both)).toBeUndefined();
    const lists = written("cklb", both);
    expect(lists).toHaveLength(1);
    expect(lists[0]).toContain('"host_name": "rhel1"');
  });

  test("each host's row names its own", () => {
    expect(text(both)).toMatch(/rhel1 .* stig-rhel9, OpenSSH/u);
    expect(text(both)).toMatch(/deb1 .* cis, OpenSSH/u);
  });
});
