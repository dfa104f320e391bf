/** Answers of workers that a database or a worker damaged: none of them passes. */
import { expect, test } from "vitest";
import { lostHost } from "../../src/core/audit/host.ts";
import { auditedElsewhere, plannedElsewhere } from "../../src/flow/shared/elsewhere.ts";
import type { AuditedHost } from "../../src/model/record/audit.ts";
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
