import { describe, expect, test } from "vitest";
import { auditVerdict, countFindings, countHosts } from "../../../src/core/audit/summary.ts";
import type { AuditedHost } from "../../../src/model/record/audit.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";

type Outcome = Finding["outcome"];

describe("the verdict of an audit", () => {
  test.each<[AuditedHost["outcome"][], Outcome[], string]>([
    [["pass", "pass"], [], "pass"],
    [["pass"], ["pass", "waived"], "pass"],
    [["pass"], ["not-applicable"], "pass"],
    [["pass", "fail"], [], "fail"],
    [["pass"], ["fail"], "fail"],
    [["fail", "unknown"], [], "unknown"],
    [["fail"], ["unknown"], "unknown"],
    [[], [], "unknown"],
    [[], ["pass"], "unknown"],
  ])("hosts %j and findings about the fleet %j: %s", (hosts, fleet, verdict) => {
    expect(auditVerdict({ hosts: hosts.map(audited), findings: fleet.map(finding) })).toBe(verdict);
  });
});

test("hosts and findings are counted by outcome, those about the fleet included", () => {
  const hosts = [audited("pass"), audited("fail"), audited("fail"), audited("unknown")];
  expect(countHosts(hosts)).toEqual({ pass: 1, fail: 2, unknown: 1 });
  const fleet = (["waived", "fail", "pass"] as const).map(finding);
  expect(countFindings(hosts, fleet)).toEqual({ pass: 2, fail: 3, unknown: 1, waived: 1 });
});

test("a host that is unknown and has a failed finding counts as both", () => {
  const both = { ...audited("unknown"), findings: [finding("unknown"), finding("fail"), finding("fail")] };
  expect(countHosts([both, audited("unknown"), audited("pass")])).toEqual({ pass: 1, fail: 1, unknown: 2 });
});

function audited(outcome: AuditedHost["outcome"]): AuditedHost {
  const findings = [finding(outcome)];
  return {
    host: "web1",
    outcome,
    description: "",
    findings,
    ladder: [],
    probes: [],
    drift: [],
    evidence: [],
  };
}

function finding(outcome: Outcome): Finding {
  return {
    check: "sshd-effective",
    control: "sshd",
    role: "default",
    expected: "ClientAliveInterval 60",
    actual: "ClientAliveInterval 0",
    source: "sshd -T",
    evidence: "effective",
    outcome,
  };
}
