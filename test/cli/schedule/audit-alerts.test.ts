/** Which audit people are told of, with a real history, outbox and mailer: audits by hand, that overlap, that are forgotten. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tellOfAudit } from "../../../src/cli/schedule/audit-alerts.ts";
import { historyOf } from "../../../src/flow/run/audit-record.ts";
import { alertsSchema } from "../../../src/model/record/alert.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import type { History } from "../../../src/model/record/history.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { openOutbox } from "../../../src/store/schedule/outbox.ts";
import { openHistory } from "../../../src/store/open-history.ts";
import { auditedHost, auditFinding, auditRun, store } from "../../fixtures/audits.ts";
import { fakeTerminal } from "../fake-terminal.ts";

const policy = policySchema.parse({ name: "production" });
const now = (): Date => new Date("2026-11-22T04:00:00Z");
const GOOD = [auditedHost("web1")];
const BAD = [auditedHost("web1", [auditFinding({ outcome: "fail", actual: "ClientAliveInterval 0" })])];

let state: string;
let history: History;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "curfew-alerts-"));
  history = await openHistory({ state, now });
  await writeFile(join(state, "mailer"), `#!/bin/sh\n{ cat; echo; } >> '${state}/mails'\n`, { mode: 0o755 });
});
afterEach(async () => {
  await history.close();
  await rm(state, { recursive: true, force: true });
});

/** Stored and told, as `curfew audit --alerts` does it. */
async function tell(run: AuditRun, before = async (): Promise<void> => {}): Promise<string> {
  await store(history, run);
  const made = { run, ...(await historyOf(history, run)), unstored: undefined };
  await before();
  const alerts = alertsSchema.parse({
    mail: [{ name: "ops", to: ["ops@example.com"], sendmail: join(state, "mailer") }],
  });
  await rm(join(state, "mails"), { force: true });
  const failed = await tellOfAudit(
    made,
    { policy, source: "alerts.yaml", history },
    {
      alerts,
      outbox: () => openOutbox(state, now),
      now,
      aborting: new AbortController().signal,
      terminal: fakeTerminal(),
      quiet: true,
    },
  );
  expect(failed).toBeUndefined();
  const mail = await readFile(join(state, "mails"), "utf8").catch(() => "");
  const body = mail.split("\n\n").slice(1).join("\n\n");
  return Buffer.from(body, "base64").toString("utf8");
}

describe("what people are told", () => {
  test("an audit by hand in between tells nobody, so what it saw first is told with the next", async () => {
    expect(await tell(auditRun(1, GOOD))).toBe("");
    await store(history, auditRun(2, BAD));
    expect(await tell(auditRun(3, BAD))).toContain("ClientAliveInterval 0");
    expect(await tell(auditRun(4, BAD))).toBe("");
  });

  test("also where the audit that was told last is forgotten meanwhile", async () => {
    await tell(auditRun(1, GOOD));
    await store(history, auditRun(2, BAD));
    const run = auditRun(3, BAD);
    const forget = async (): Promise<void> => void (await history.prune(run.startedAt));
    expect(await tell(run, forget)).toContain("ClientAliveInterval 0");
  });

  test("an audit that a later one overtook has nothing to add: its pass is older than the failure", async () => {
    await tell(auditRun(1, GOOD));
    const slow = { ...auditRun(2, GOOD), finishedAt: "2026-10-20T00:00:00.000Z" };
    expect(await tell(auditRun(3, BAD))).toContain("ClientAliveInterval 0");
    expect(await tell(slow)).toBe("");
    // Neither is it what the next one is compared with.
    expect(await tell(auditRun(4, BAD))).toBe("");
  });

  test("a clock that was set back keeps nothing from anybody", async () => {
    await tell(auditRun(9, GOOD));
    expect(await tell(auditRun(2, BAD))).toContain("ClientAliveInterval 0");
    expect(await tell(auditRun(3, BAD))).toBe("");
  });
});
