/** Answers of workers that a database or a worker damaged: none of them passes. */
import { expect, test } from "vitest";
import { lostHost } from "../../src/core/audit/host.ts";
import { auditedElsewhere, plannedElsewhere, verifiedElsewhere } from "../../src/flow/shared/elsewhere.ts";
import type { AuditedHost } from "../../src/model/record/audit.ts";
import type { HostVerification } from "../../src/model/change/run.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import type { HostAnswer } from "../../src/model/record/shared-work.ts";

const HOST: Host = { name: "web1", address: "web1", groups: ["all"], source: { file: "inventory.yaml" } };
const LOST = lostHost("web1", { code: "unreachable", message: "no route" });

function coordination(answer: HostAnswer) {
  return { host: async () => answer, failed: new Promise<never>(() => {}), finish: async () => {} };
}

function audited(host: AuditedHost): Promise<AuditedHost> {
  return auditedElsewhere(coordination({ kind: "audit", host, evidence: [] }), HOST, {});
}

test.each([
  ["an outcome better than its findings", { ...LOST, outcome: "pass" }],
  ["no finding at all", { ...LOST, outcome: "pass", findings: [], error: undefined }],
] as [string, AuditedHost][])("an audit with %s is not taken", async (_what, host) => {
  await expect(audited(host)).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("nothing is taken from it"),
  });
});

test("an audit of a host that could not be read is taken as it is", async () => {
  expect(await audited(LOST)).toEqual(LOST);
});

test("a plan without facts and without an error is not taken", async () => {
  const nothing = {
    changes: [],
    activations: [],
    expectations: [],
    findings: [],
    coverage: [],
    uncaught: [],
  };
  const host = { host: "web1", factsDigest: "", description: "", ...nothing };
  await expect(plannedElsewhere(coordination({ kind: "plan", host }), HOST)).rejects.toMatchObject({
    code: "internal",
  });
  const error = { code: "unreachable", message: "no route" } as const;
  const unread = { ...host, error };
  expect(await plannedElsewhere(coordination({ kind: "plan", host: unread }), HOST)).toEqual(unread);
});

const CELL = {
  role: "default",
  kind: "idle-shell",
  expect: "kept",
  limit: null,
  configured: null,
  effective: null,
  demonstrated: null,
  outcome: "pass",
  evidence: null,
} as const;
const SKIPPED = { host: "web1", probes: [], findings: [], ladder: [CELL], evidence: [] };
const verified = (host: HostVerification): Promise<HostVerification> =>
  verifiedElsewhere(coordination({ kind: "verify", host, evidence: [] }), HOST, {});

test.each([
  ["nothing at all", { host: "web1", probes: [], findings: [] }],
  ["an empty ladder", { ...SKIPPED, ladder: [] }],
  ["no ladder", { host: "web1", probes: [], findings: [], evidence: [] }],
  ["no word about evidence", { host: "web1", probes: [], findings: [], ladder: [CELL] }],
] as [string, HostVerification][])(
  "a verification with %s is not taken: it would count as skipped",
  async (_what, host) => {
    await expect(verified(host)).rejects.toMatchObject({ code: "internal" });
  },
);

test("a verification of a host where nothing is to be probed, and of one that was not reached, are taken", async () => {
  expect(await verified(SKIPPED)).toEqual(SKIPPED);
  const error = { code: "unreachable", message: "no route" } as const;
  const unread = { host: "web1", probes: [], findings: [], error };
  expect(await verified(unread)).toEqual(unread);
});

test("evidence of a worker that cannot be kept here is said in the result", async () => {
  const evidence = ["a", "b", "c"].map((name) => ({ name, title: name, content: name }));
  const keep = async (_host: string, name: string, title: string) =>
    name === "a" ? { path: name, sha256: "", bytes: 1, title } : undefined;
  const taken = await verifiedElsewhere(coordination({ kind: "verify", host: SKIPPED, evidence }), HOST, {
    keep,
  });
  expect(taken.evidence?.map(({ path }) => path)).toEqual(["a"]);
  expect(taken.findings).toMatchObject([
    { subject: "evidence", actual: expect.stringContaining("2 files of evidence could not be kept") },
  ]);
});
