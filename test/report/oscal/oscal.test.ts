import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import { renderOscal } from "../../../src/report/oscal/oscal.ts";
import { reportedFindings } from "../../../src/report/format/reported-findings.ts";
import { hostileAudit, textOf } from "../../fixtures/hostile-audits.ts";
import { probe } from "../../fixtures/plans.ts";
import {
  audit,
  auditedHost,
  bigAudit,
  finding,
  smallAudit,
  stigProfile,
} from "../../fixtures/report-audits.ts";

interface Observation {
  readonly uuid: string;
  readonly title?: string;
  readonly description: string;
  readonly methods: readonly string[];
  readonly subjects?: readonly { readonly "subject-uuid": string }[];
  readonly "relevant-evidence"?: readonly { readonly href: string }[];
}

interface OscalFinding {
  readonly uuid: string;
  readonly target: {
    readonly "target-id": string;
    readonly status: { readonly state: string; readonly reason: string };
  };
  readonly "related-observations"?: readonly { readonly "observation-uuid": string }[];
  readonly "related-risks"?: readonly { readonly "risk-uuid": string }[];
}

interface Results {
  readonly "import-ap": { readonly href: string };
  readonly results: readonly [
    {
      readonly observations?: readonly Observation[];
      readonly findings?: readonly OscalFinding[];
      readonly risks?: readonly { readonly uuid: string; readonly status: string; readonly title: string }[];
      readonly "local-definitions": { readonly "inventory-items"?: readonly { readonly uuid: string }[] };
      readonly "reviewed-controls": {
        readonly "control-selections": readonly [
          { readonly "include-controls": readonly { readonly "control-id": string }[] },
        ];
      };
    },
  ];
  readonly "back-matter": {
    readonly resources: readonly {
      readonly uuid: string;
      readonly rlinks: readonly {
        readonly href: string;
        readonly hashes: readonly { readonly value: string }[];
      }[];
    }[];
  };
}

const schema = join(import.meta.dirname, "../../fixtures/schemas/oscal-assessment-results.schema.json");
const ajv = new Ajv({ strict: false });
formats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));

/** Parsed, valid by NIST's schema, and every reference in it leads somewhere. */
function read(run: AuditRun): Results {
  const document: unknown = JSON.parse(textOf(renderOscal, run));
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  const results = (document as { readonly "assessment-results": Results })["assessment-results"];
  checkReferences(results);
  return results;
}

function checkReferences(document: Results): void {
  const [result] = document.results;
  const { observations = [], findings = [], risks = [] } = result;
  const hosts = result["local-definitions"]["inventory-items"] ?? [];
  const { resources } = document["back-matter"];
  const ids = [observations, findings, risks, hosts, resources].flat().map(({ uuid }) => uuid);
  expect(new Set(ids).size).toBe(ids.length);
  const known = new Set(ids);
  const references = [
    document["import-ap"].href.slice(1),
    ...observations.flatMap((item) => (item.subjects ?? []).map((subject) => subject["subject-uuid"])),
    ...observations.flatMap((item) => (item["relevant-evidence"] ?? []).map(({ href }) => href.slice(1))),
    ...findings.flatMap((item) =>
      (item["related-observations"] ?? []).map((other) => other["observation-uuid"]),
    ),
    ...findings.flatMap((item) => (item["related-risks"] ?? []).map((other) => other["risk-uuid"])),
  ];
  expect(references.filter((uuid) => !known.has(uuid))).toEqual([]);
}

function states(run: AuditRun): Record<string, string> {
  const findings = read(run).results[0].findings ?? [];
  return Object.fromEntries(
    findings.map(({ target }) => [target["target-id"], `${target.status.state} ${target.status.reason}`]),
  );
}

describe("OSCAL", () => {
  test("settings are examined, sessions are tested, and all kept evidence is there with its digest", () => {
    const { results, "back-matter": back } = read(smallAudit());
    const methods = results[0].observations?.map((item) => `${item.methods.join()} ${item.title}`) ?? [];
    expect(methods).toContain("TEST Idle sessions end within their limit, others are kept");
    expect(methods).toContain("TEST A real session, left idle: idle-shell");
    expect(methods).toContain("EXAMINE The compliance baseline's rule holds");
    expect(
      back.resources.flatMap(({ rlinks }) => rlinks.map(({ href, hashes }) => [href, hashes[0]?.value[0]])),
    ).toEqual([
      ["policy.yaml", "a"],
      ["evidence/web2/sshd-t-c-alice.txt", "b"],
      ["evidence/web2/client-1-idle-shell-admin-alice-shadow.txt", "c"],
    ]);
    const probed = results[0].observations?.find(({ title }) => title?.startsWith("A real session"));
    expect(probed?.["relevant-evidence"]).toHaveLength(1);
    const backed = results[0].observations?.filter((item) => item["relevant-evidence"] !== undefined) ?? [];
    expect(backed.map(({ title }) => title)).toEqual([
      "Idle sessions end within their limit, others are kept",
      "sshd's effective settings are those of the policy",
      "A real session, left idle: idle-shell",
      "What was read and kept as evidence",
    ]);
  });

  test("what failed is a risk, and so is what was waived, by its owner's approval", () => {
    const risks = read(smallAudit()).results[0].risks ?? [];
    expect(risks.map(({ status, title }) => `${status} ${title.split(":")[0]}`)).toEqual([
      "open policy production",
      "open web2",
      "open web2",
      "open web2",
      "deviation-approved db1",
    ]);
  });

  test.each([
    ["pass", "satisfied pass"],
    ["fail", "not-satisfied fail"],
    ["unknown", "not-satisfied other"],
    ["waived", "not-satisfied other"],
    ["not-applicable", "satisfied pass"],
  ] as const)("a control of which something is %s is %s", (outcome, expected) => {
    const findings = [
      finding({ check: "session-ends" }),
      finding({ check: "session-ends", subject: "x", outcome }),
    ];
    const found = states(audit([auditedHost("web1", { findings })]));
    expect(found).toEqual({ "ac-12_obj": expected, "ac-2.5_obj": expected, "sc-10_obj": expected });
  });

  test("a rule of a baseline speaks for the controls that the baseline names", () => {
    const rule = { id: "X-1", title: "x", severity: "low" } as const;
    const references = [
      "V-1",
      "CCI-001133",
      "SRG-OS-000163-GPOS-00072",
      "NIST SP 800-53 AC-12(2)",
      "AC-17(a)",
      "NIST SP 800-171 3.1.11",
    ];
    const profile = { ...stigProfile, rules: [{ ...rule, references }] };
    const findings = [finding({ check: "baseline-rule", rule: "X-1" })];
    const run = audit([auditedHost("web1", { findings })], { profile });
    expect(Object.keys(states(run))).toEqual(["ac-12.2_obj", "ac-17_obj"]);
    const [selection] = read(run).results[0]["reviewed-controls"]["control-selections"];
    expect(selection["include-controls"].map((control) => control["control-id"])).toEqual([
      "ac-12",
      "ac-12.2",
      "ac-17",
      "ac-2.5",
      "sc-10",
    ]);
  });

  test("ids are those of the run and the finding: the same again, others for another run", () => {
    expect(textOf(renderOscal, smallAudit())).toBe(textOf(renderOscal, smallAudit()));
    const uuids = (run: AuditRun) => read(run).results[0].observations?.map(({ uuid }) => uuid) ?? [];
    const later = uuids(smallAudit({ runId: "20261123T034310Z-audit-00000000" }));
    expect(later.filter((uuid) => uuids(smallAudit()).includes(uuid))).toEqual([]);
  });

  test("a scaled session says so", () => {
    const probes = [probe({ scaled: 20 })];
    expect(textOf(renderOscal, audit([auditedHost("web1", { probes })], { scaled: 20 }))).toContain(
      '{"name":"scaled-seconds","ns":"urn:curfew:oscal","value":"20"}',
    );
  });

  test.each([
    ["[a](javascript:x)", "\\[a\\](javascript:x)"],
    ["<script>", "\\<script\\>"],
    ["{{ insert: param, x }}", "\\{\\{ insert: param, x \\}\\}"],
    ["*a* `b` _c_ ~d~ ^e^ &f;", "\\*a\\* \\`b\\` \\_c\\_ \\~d\\~ \\^e\\^ \\&f;"],
  ])("%s is no markup", (actual, expected) => {
    const run = audit([auditedHost("web1", { findings: [finding({ actual })] })]);
    expect(read(run).results[0].observations?.[0]?.description).toContain(`found ${expected} (`);
  });

  test.each([
    ["nobody", audit([])],
    ["a fleet", bigAudit(60)],
    ["a fleet without a fault", audit([auditedHost("web1"), auditedHost("web2")])],
  ])("an audit of %s is valid", (_, run) => {
    expect(read(run).results).toHaveLength(1);
  });

  test("whatever a host says, the document is valid and complete", () => {
    fc.assert(
      fc.property(hostileAudit, (run) => {
        const found = read(run).results[0].observations ?? [];
        const findings = [...run.findings, ...run.hosts.flatMap(reportedFindings)];
        const probes = run.hosts.flatMap((host) => host.probes);
        const kept = run.hosts.filter(({ evidence }) => evidence.length > 0);
        expect(found).toHaveLength(findings.length + probes.length + kept.length);
      }),
    );
  });
});
