import { readFileSync } from "node:fs";
import { join } from "node:path";
import ajvDraft04 from "ajv-draft-04";
import formats from "ajv-formats";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findingKey } from "../../../src/core/verdict/finding-key.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import { renderSarif } from "../../../src/report/sarif/sarif.ts";
import { reportedFindings } from "../../../src/report/format/reported-findings.ts";
import { hostileAudit, HOSTILE, textOf } from "../../fixtures/hostile-audits.ts";
import { audit, auditedHost, bigAudit, context, finding, smallAudit } from "../../fixtures/report-audits.ts";

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly kind: string;
  readonly level?: string;
  readonly message: { readonly text: string };
  readonly locations: readonly [
    {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
        readonly region?: { readonly startLine: number };
      };
    },
  ];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly { readonly justification: string }[];
  readonly baselineState?: string;
}

interface Run {
  readonly tool: {
    readonly driver: {
      readonly rules: readonly { readonly id: string; readonly properties: { readonly tags: string[] } }[];
    };
  };
  readonly results: readonly Result[];
  readonly invocations: readonly {
    readonly executionSuccessful: boolean;
    readonly toolExecutionNotifications: unknown[];
  }[];
  readonly automationDetails: { readonly id: string };
}

const schema = join(import.meta.dirname, "../../fixtures/schemas/sarif-2.1.0.schema.json");
const ajv = new ajvDraft04.default({ strict: false });
formats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));

/** Parsed and valid, by the schema and by what GitHub refuses beside it. */
function read(run: AuditRun, about = context(run)): readonly Run[] {
  const document: unknown = JSON.parse([...renderSarif(run, about)].join(""));
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  const { runs } = document as { readonly runs: readonly Run[] };
  expect(runs.length).toBeLessThanOrEqual(20);
  for (const { tool, results } of runs) {
    expect(results.length).toBeLessThanOrEqual(25_000);
    for (const rule of tool.driver.rules) expect(rule.properties.tags.length).toBeLessThanOrEqual(20);
    for (const result of results) checkResult(result, tool.driver.rules);
  }
  return runs;
}

function checkResult(result: Result, rules: Run["tool"]["driver"]["rules"]): void {
  expect(rules[result.ruleIndex]?.id).toBe(result.ruleId);
  // Boards that know no kinds take the rule's level where there is none.
  if (result.kind !== "fail") {
    expect(result.level).toBe(result.kind === "notApplicable" ? "none" : undefined);
  }
  const { uri } = result.locations[0].physicalLocation.artifactLocation;
  // Relative, not empty, no colon in its first segment, and below the base whatever the host is called.
  expect(uri).not.toBe("");
  expect(uri.split("/")[0]).not.toContain(":");
  const base = "https://base.example/fleet/";
  expect(new URL(uri, base).href.startsWith(base), uri).toBe(true);
}

const results = (run: AuditRun): readonly Result[] => read(run).flatMap((part) => part.results);

describe("SARIF", () => {
  test("what did not pass is a result, each in its own way", () => {
    const found = results(smallAudit()).map((result) => [
      result.ruleId,
      result.kind,
      result.level,
      result.locations[0].physicalLocation.artifactLocation.uri,
      result.locations[0].physicalLocation.region?.startLine,
      result.suppressions.length,
    ]);
    const file = "etc/ssh/sshd_config.d/00-00-curfew.conf";
    expect(found).toEqual([
      ["exemption-used", "fail", "error", "policy.yaml", 1, 0],
      ["RHEL-09-255100", "fail", "warning", `web2/${file}`, 3, 0],
      ["files-as-applied", "fail", "error", `web2/${file}`, undefined, 0],
      ["session-ends", "fail", "error", "web2", undefined, 0],
      ["daemon-current", "open", undefined, "web3/run/sshd.pid", undefined, 0],
      ["RHEL-09-412035", "fail", "warning", "db1/etc/profile.d/curfew.sh", 7, 1],
      ["host-judged", "open", undefined, "gone1", undefined, 0],
    ]);
  });

  test("a lost host is something the tool did not achieve", () => {
    const [run] = read(smallAudit());
    expect(run?.invocations).toMatchObject([
      { executionSuccessful: false, toolExecutionNotifications: [{}] },
    ]);
    expect(run?.automationDetails.id).toBe("curfew/production/20261122T034310Z-audit-3f2a9c01");
    expect(read(audit([auditedHost("web1")]))[0]?.invocations[0]?.executionSuccessful).toBe(true);
  });

  test("a finding keeps its fingerprint from run to run, and no two of a run share one", () => {
    const prints = (run: AuditRun) =>
      results(run).map((result) => result.partialFingerprints["primaryLocationLineHash"]);
    const later = { runId: "20261123T034310Z-audit-00000000", startedAt: "2026-11-23T03:43:10.000Z" };
    expect(prints(smallAudit(later))).toEqual(prints(smallAudit()));
    expect(new Set(prints(smallAudit())).size).toBe(prints(smallAudit()).length);
  });

  test("against the run before: new, updated, unchanged; without one, nothing is said", () => {
    const old = finding({ outcome: "fail", subject: "old" });
    const fresh = finding({ outcome: "fail", subject: "fresh" });
    const worse = finding({ outcome: "fail", subject: "worse" });
    const run = audit([auditedHost("web1", { outcome: "fail", findings: [old, fresh, worse] })]);
    const changes = [
      { host: "web1", key: findingKey(fresh), before: null, after: "fail", finding: fresh },
      { host: "web1", key: findingKey(worse), before: "waived", after: "fail", finding: worse },
    ] as const;
    const states = (about: Parameters<typeof read>[1]) =>
      read(run, about).flatMap((part) => part.results.map((result) => result.baselineState));
    expect(states({ ...context(run), changes })).toEqual(["unchanged", "new", "updated"]);
    expect(states({ trend: context(run).trend.slice(-1), changes: [] })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("more problems than a board takes in one run become several", () => {
    const findings = Array.from({ length: 1000 }, (_, index) =>
      finding({ outcome: "fail", subject: `${index}` }),
    );
    const hosts = Array.from({ length: 51 }, (_, index) =>
      auditedHost(`web${index}`, { outcome: "fail", findings }),
    );
    const runs = read(audit(hosts));
    expect(runs.map((part) => part.results.length)).toEqual([25_000, 25_000, 1000]);
    expect(new Set(runs.map(({ automationDetails: { id } }) => id.slice(0, id.lastIndexOf("/")))).size).toBe(
      3,
    );
    const prints = runs.flatMap((part) =>
      part.results.map((result) => result.partialFingerprints["curfewFinding/v1"]),
    );
    expect(new Set(prints).size).toBe(51_000);
  });

  test.each([
    ["[click](javascript:alert(1))", "[click\\](javascript:alert(1))"],
    ["{0} and {12}", "{{0}} and {{12}}"],
  ])("%s in a message is neither link nor placeholder", (actual, expected) => {
    const [result] = results(
      audit([auditedHost("web1", { findings: [finding({ actual, outcome: "fail" })] })]),
    );
    expect(result?.message.text).toContain(`found ${expected} (`);
  });

  test.each([
    "/etc/x:0",
    "/etc/../../x:3",
    "/etc/a b:1",
    "//evil.example/x:1",
    "C:\\x:1",
    "/etc/x:99999999999",
  ])("the source %s leads nowhere else", (source) => {
    expect(
      results(audit([auditedHost("web1", { findings: [finding({ source, outcome: "fail" })] })])),
    ).toHaveLength(1);
  });

  test("whatever a host says, the document is valid and has every problem in it", () => {
    expect(HOSTILE).toContain("..");
    fc.assert(
      fc.property(hostileAudit, (run) => {
        const all = [...run.findings, ...run.hosts.flatMap(reportedFindings)];
        const expected = all.filter(({ outcome }) => outcome !== "pass");
        const found = results(run);
        expect(found).toHaveLength(expected.length);
        expect(found.map(({ kind }) => kind === "open")).toEqual(
          expected.map(({ outcome }) => outcome === "unknown"),
        );
        expect(textOf(renderSarif, run).replaceAll("\n", "")).not.toMatch(/\p{Cc}|\p{Cs}/u);
      }),
    );
  });

  test("a fleet is valid", () => {
    expect(results(bigAudit(100)).length).toBeGreaterThan(30);
  });
});
