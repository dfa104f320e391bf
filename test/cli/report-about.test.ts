/** What a report says of itself: its scope, its assessor, and the rules that hold. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditArguments, type ScheduledOptions } from "../../src/cli/schedule/audit.ts";
import type { AuditHeader } from "../../src/model/record/audit.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { auditedHost, auditFinding, auditRun, store } from "../fixtures/audits.ts";
import { runHere } from "./run-here.ts";

const rule = (id: string, title: string) => ({ id, title, severity: "medium" as const, references: ["V-1"] });
const profile: AuditHeader["profile"] = {
  id: "stig-rhel9",
  title: "RHEL 9 STIG",
  version: "V2R8",
  rules: [rule("A-1", "Count is 1"), rule("B-2", "Interval is 600"), rule("C-3", "Shells end")],
};
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-about-"));
  const history = await openHistory({ state: join(directory, "curfew"), now: () => new Date() });
  const found = (outcome: "pass" | "fail" | "waived") => [
    auditFinding({ check: "baseline-rule", rule: "B-2", role: "admin" }),
    auditFinding({ check: "baseline-rule", rule: "B-2", outcome }),
    auditFinding({ check: "baseline-rule", rule: "A-1" }),
    auditFinding({ check: "baseline-rule", rule: "C-3", outcome: "fail" }),
    auditFinding({ check: "daemon-current" }),
  ];
  const hosts = [auditedHost("web1", found("pass")), auditedHost("web2", found("fail"))];
  const run = auditRun(1, hosts, { profile, scope: "PCI zone", assessor: "Stored & Co" });
  await store(history, run);
  await history.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const report = (...given: readonly string[]) =>
  runHere(["report", ...given], { directory, environment: { HOME: directory, XDG_STATE_HOME: directory } });

test("what was stored is in every format that has a field for it; the command line's words go before", async () => {
  const formats = ["--format", "html,json,oscal,cklb", "-o", "out"];
  expect(await report(...formats, "--assessor", "Jane <b>Doe")).toMatchObject({ exitCode: 0 });
  const text = (name: string) => readFile(join(directory, "out", name), "utf8");
  const html = await text("curfew-audit.html");
  expect(html).toContain("<dt>Scope</dt><dd>PCI zone</dd>");
  expect(html).toContain("<dt>Assessor</dt><dd>Jane &lt;b&gt;Doe</dd>");
  expect(JSON.parse(await text("curfew-audit.json"))).toMatchObject({
    scope: "PCI zone",
    assessor: "Jane <b>Doe",
  });
  const results = JSON.parse(await text("curfew-audit.oscal.json"))["assessment-results"];
  expect(results).toMatchObject({
    metadata: {
      roles: [{ id: "assessor" }],
      parties: [{ name: "Jane <b>Doe" }],
      "responsible-parties": [{ "role-id": "assessor", "party-uuids": [results.metadata.parties[0].uuid] }],
    },
    results: [{ remarks: "Scope: PCI zone" }],
  });
  const { target_data: target } = JSON.parse(await text("curfew-audit-web1.cklb"));
  expect(target.comments).toMatch(/^Debian .*; scope: PCI zone; assessor: Jane <b>Doe$/u);
});

test("on screen too", async () => {
  const { stdout } = await report();
  expect(stdout).toContain("scope: PCI zone; assessor: Stored & Co");
  expect(JSON.parse((await report("--json")).stdout)).toMatchObject({ assessor: "Stored & Co" });
});

test.each([
  ["--scope", " "],
  ["--assessor", "a\tb"],
  ["--scope", "\u202egpj"],
  ["--assessor", "x".repeat(501)],
])("%s %j is refused", async (option, text) => {
  const { stderr, exitCode } = await report(option, text);
  expect(exitCode).toBe(64);
  expect(stderr).toContain("not one line of 1 to 500 characters");
});

test("a schedule hands them on", () => {
  const options = { sessions: [], connectTimeout: 20, concurrency: 1, scope: "a b", assessor: "-c" };
  const given = auditArguments(options as unknown as ScheduledOptions);
  expect(given).toEqual(expect.arrayContaining(["--scope=a b", "--assessor=-c"]));
});

describe("-v lists what holds", () => {
  test("a rule holds on a host where every statement about it passes", async () => {
    const { stdout } = await report("-v");
    const [, holds = ""] = /^What holds\n([\s\S]*?)\n\n/mu.exec(stdout) ?? [];
    expect(holds).toBe(
      [
        "= A-1 Count is 1: 2 statements",
        "    2 hosts: web1, web2",
        "= B-2 Interval is 600: 2 statements",
        "    web1",
        "= The running sshd has read the configuration on disk: 2 statements",
        "    2 hosts: web1, web2",
      ].join("\n"),
    );
  });

  test("without -v it is left out", async () => {
    expect((await report()).stdout).not.toContain("What holds");
  });
});
