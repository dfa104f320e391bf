/**
 * A mechanism is one folder: the made-up one of `curtain/` is planned, applied, judged, explained, audited and
 * reverted on a real host, and nothing in `src` or `templates` knows its name.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadBaseline } from "../../src/config/policy/baseline.ts";
import { TIME } from "../../src/host/time.ts";
import { CONTROLS } from "../../src/controls/index.ts";
import { applyBaseline } from "../../src/core/policy/apply-baseline.ts";
import { applyFleet } from "../../src/flow/apply.ts";
import { auditFleet } from "../../src/flow/audit.ts";
import { explainOnHost } from "../../src/flow/explain.ts";
import { planFleet } from "../../src/flow/plan.ts";
import { revertFleet } from "../../src/flow/revert.ts";
import type { Fleet, RunContext } from "../../src/flow/run/context.ts";
import { verifyFleet } from "../../src/flow/verify.ts";
import { connectThrough, createConnect } from "../../src/host/connect.ts";
import type { AuditedHost, AuditHeader } from "../../src/model/record/audit.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import { policySchemaOf } from "../../src/model/policy/policy.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { curtain, CURTAIN_FILE, CURTAIN_STATE } from "./curtain/index.ts";

const ALL = [...CONTROLS, curtain];
const CIS = loadBaseline("cis");
const BASELINE = {
  ...CIS,
  rules: [
    {
      id: "1.1",
      title: "The curtain falls",
      severity: "high",
      references: [],
      requires: { CurtainSeconds: { "at-most": 600 } },
    },
  ],
} satisfies typeof CIS;
const POLICY = applyBaseline(
  policySchemaOf(ALL.map(({ id }) => id)).parse({
    name: "made up",
    controls: ["curtain"],
    defaults: { client_idle_timeout: "10m", unresponsive_timeout: "10m" },
  }),
  BASELINE,
  ALL,
);
const HEADER: AuditHeader = {
  schema: "curfew/audit/1",
  runId: "20261122T120000Z-audit-00000000",
  startedAt: "2026-11-22T12:00:00.000Z",
  curfew: "0",
  policy: { name: "made up", file: "p.yaml", digest: "" },
  profile: null,
  inventory: { sources: [], digest: "", limit: "" },
  sessions: ["idle-shell"],
  verified: false,
};
const CHANGE = { waves: [], maxFail: 1, confirmWithinSeconds: 60, owner: "test" };

test("nothing else knows the made-up mechanism", () => {
  const top = resolve(import.meta.dirname, "../..");
  for (const folder of ["src", "templates"]) {
    const names = readdirSync(join(top, folder), { recursive: true, encoding: "utf8", withFileTypes: true });
    const files = names
      .filter((each) => each.isFile() && !each.name.endsWith(".md"))
      .map((each) => join(each.parentPath, each.name));
    expect(files.filter((file) => /curtain/iu.test(readFileSync(file, "utf8")))).toEqual([]);
  }
});

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`a mechanism from one folder${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let context: RunContext;
  const place: Host = {
    name: "web1",
    address: "web1",
    groups: ["all"],
    source: { file: "lab" },
    user: "root",
  };
  const fleet: Fleet = { policy: POLICY, hosts: [place] };

  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({ release: "bookworm", name: "web1" });
    const never = new AbortController().signal;
    const environment = { HOME: "/nonexistent", PATH: process.env["PATH"] };
    context = {
      connect: await createConnect({
        hosts: [place],
        sshConfig: lab.sshConfigPath,
        environment,
        signal: never,
      }),
      connectThrough,
      controls: ALL,
      emit: () => undefined,
      ...TIME,
      now: () => new Date("2026-11-22T12:00:00Z"),
      token: () => randomBytes(16).toString("hex"),
      stopping: never,
      aborting: never,
      concurrency: 1,
      connectTimeoutSeconds: 30,
    };
  });
  afterAll(() => lab?.close());

  const audit = async (): Promise<AuditedHost> => {
    const { run } = await auditFleet(fleet, HEADER, { sessions: HEADER.sessions }, context, undefined);
    const [audited] = run.hosts;
    if (audited === undefined) throw new Error("not audited");
    return audited;
  };
  const shellCell = ({ ladder }: AuditedHost) =>
    ladder.find(({ role, kind }) => role === "default" && kind === "idle-shell");
  const ofCurtain = ({ findings }: AuditedHost) =>
    findings
      .filter(({ control }) => control === "curtain")
      .map(({ check, outcome }) => `${check} ${outcome}`)
      .toSorted();

  test("is planned", async () => {
    const [plan] = await planFleet(fleet, context);
    expect(plan).toMatchObject({
      changes: [{ control: "curtain", path: CURTAIN_FILE, action: "create" }],
      activations: ["draw-curtain"],
      uncaught: [],
    });
    expect(plan?.coverage).toContainEqual({
      control: "curtain",
      role: "default",
      kind: "tmux",
      within: 600,
      limit: 600,
    });
  });

  test("is judged before it is there: what would end a session is not applied yet", async () => {
    const audited = await audit();
    expect(audited.outcome).toBe("fail");
    expect(shellCell(audited)).toMatchObject({
      outcome: "fail",
      reason: expect.stringContaining("not applied yet: curtain"),
    });
    expect(ofCurtain(audited)).toEqual(["baseline-rule fail", "files-as-rendered fail"]);
  });

  test("is explained", async () => {
    const { onHost } = await explainOnHost(POLICY, "root", place, context);
    const endedBy = [{ control: "curtain", within: 600, late: false }];
    expect(onHost?.sessions).toContainEqual({ kind: "idle-sftp", endedBy });
  });

  test("is applied, and then audited as effective", async () => {
    expect(await applyFleet(fleet, CHANGE, context)).toMatchObject([{ outcome: "confirmed" }]);
    expect(await host.readFile(CURTAIN_STATE)).toContain("idle 600");
    const audited = await audit();
    expect(ofCurtain(audited)).toEqual(["baseline-rule pass", "files-as-rendered pass"]);
    expect(shellCell(audited)).toMatchObject({
      outcome: "pass",
      evidence: "effective",
      effective: { by: "Curtain", seconds: 600, source: "the curtain says 600" },
    });
    expect(await planFleet(fleet, context)).toMatchObject([{ changes: [] }]);
  });

  test("does nothing once its daemon forgot it, and the audit says so", async () => {
    await host.exec(`rm ${CURTAIN_STATE}`);
    const audited = await audit();
    expect(audited.outcome).toBe("fail");
    expect(ofCurtain(audited)).toContain("mechanism-works fail");
    expect(shellCell(audited)).toMatchObject({ outcome: "fail", reason: expect.stringContaining("draw it") });
  });

  test("a real session that it did not end fails", async () => {
    const [verified] = await verifyFleet(fleet, { sessions: ["idle-shell"], scaled: 4 }, context);
    expect(verified?.probes.map(({ outcome, by }) => `${outcome} ${by}`)).toEqual(["fail none"]);
  });

  test("is reverted", async () => {
    expect(await revertFleet([place], CHANGE, context)).toMatchObject([
      { outcome: "confirmed", changed: [CURTAIN_FILE] },
    ]);
    const { stdout } = await host.exec(`ls ${CURTAIN_FILE} ${CURTAIN_STATE} 2>&1 || :`);
    expect(stdout.match(/No such file/gu)).toHaveLength(2);
    expect(ofCurtain(await audit())).toContain("files-as-rendered fail");
  });
});
