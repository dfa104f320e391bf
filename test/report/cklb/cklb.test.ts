import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visible } from "../../../src/core/text/visible.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import { cklbFiles, cklbRefuses } from "../../../src/report/cklb/cklb.ts";
import { hostileAudit, HOSTILE } from "../../fixtures/hostile-audits.ts";
import { audit, auditedHost, finding, smallAudit, stigProfile } from "../../fixtures/report-audits.ts";

interface Rule {
  readonly status: string;
  readonly rule_id_src: string;
  readonly rule_version: string;
  readonly finding_details: string;
  readonly comments: string;
  readonly [key: string]: unknown;
}

interface Checklist {
  readonly target_data: { readonly host_name: string; readonly [key: string]: unknown };
  readonly stigs: readonly [{ readonly rules: readonly Rule[]; readonly [key: string]: unknown }];
  readonly [key: string]: unknown;
}

/** The keys of files that STIG Viewer 3 itself saves, as they lie among STIG Manager's test files. */
const KEYS = {
  document: "title id stigs active mode has_path target_data cklb_version",
  target:
    "target_type host_name ip_address mac_address fqdn comments role is_web_database technology_area web_db_site web_db_instance classification",
  stig: "stig_name display_name stig_id release_info version uuid reference_identifier size rules",
  rule: "group_id_src group_tree group_id severity group_title rule_id_src rule_id rule_version rule_title fix_text weight check_content check_content_ref classification discussion false_positives false_negatives documentable security_override_guidance potential_impacts third_party_tools ia_controls responsibility mitigations mitigation_control legacy_ids ccis reference_identifier uuid stig_uuid status overrides comments finding_details",
};
const RESULTS = {
  not_a_finding: "pass",
  open: "fail",
  not_applicable: "notapplicable",
  not_reviewed: "notchecked",
};

/**
 * What STIG Manager makes of a checklist (reviewsFromCklb): host, benchmark, revision and results by
 * rule. Throws where it refuses, and where a text is longer than it keeps.
 */
function importChecklist(text: string) {
  const document: Checklist = JSON.parse(text);
  expect(sorted(document)).toEqual(KEYS.document.split(" ").toSorted());
  expect(sorted(document.target_data)).toEqual(KEYS.target.split(" ").toSorted());
  const [stig] = document.stigs;
  expect(sorted(stig)).toEqual(KEYS.stig.split(" ").toSorted());
  const { host_name: host } = document.target_data;
  if (host === "" || host.length > 255) throw new Error("No target_data.host_name found");
  const [, release] = /Release:\s*(.+?)\s/u.exec(String(stig["release_info"])) ?? [];
  const reviews = stig.rules.map((rule) => {
    expect(sorted(rule)).toEqual(KEYS.rule.split(" ").toSorted());
    const result = RESULTS[rule.status as keyof typeof RESULTS];
    if (result === undefined || rule.rule_id_src === "")
      throw new Error(`no review: ${JSON.stringify(rule)}`);
    expect(Math.max(rule.finding_details.length, rule.comments.length)).toBeLessThan(32_767);
    return { ruleId: rule.rule_id_src, result, detail: rule.finding_details, comment: rule.comments };
  });
  return {
    host,
    benchmark: stig["stig_id"],
    revision: `V${String(stig["version"])}R${release ?? ""}`,
    reviews,
  };
}

const sorted = (value: object): string[] => Object.keys(value).toSorted();

function checklists(run: AuditRun) {
  return Array.from(cklbFiles(run), ({ name, chunks }) => ({
    name,
    ...importChecklist([...chunks].join("")),
  }));
}

/** How the first rule of the profile is reviewed on a host with these findings about it. */
function review(findings: readonly Partial<Finding>[], others: readonly Finding[] = []) {
  const about = findings.map((other) =>
    finding({ check: "baseline-rule", rule: "RHEL-09-255100", ...other }),
  );
  const [list] = checklists(
    audit([auditedHost("web1", { findings: [...about, ...others] })], { profile: stigProfile }),
  );
  return list?.reviews[0];
}

describe("CKLB", () => {
  test("one checklist per host, of the STIG that the profile stands for", () => {
    const lists = checklists(smallAudit());
    expect(lists.map(({ name, host }) => [name, host])).toEqual(
      ["web1", "web2", "web3", "db1", "gone1"].map((host) => [`curfew-audit-${host}.cklb`, host]),
    );
    expect(lists[1]).toMatchObject({
      benchmark: "RHEL_9_STIG",
      revision: "V2R9",
      reviews: [
        { ruleId: "SV-257996r1045055_rule", result: "fail" },
        { ruleId: "SV-258068r1045158_rule", result: "notchecked" },
        { ruleId: "SV-258077_rule", result: "notchecked" },
      ],
    });
  });

  test.each([
    [[{}], "pass"],
    [[{}, { role: "x", outcome: "fail" }], "fail"],
    [[{ outcome: "unknown" }, { role: "x", outcome: "fail" }], "fail"],
    [[{}, { role: "x", outcome: "unknown" }], "notchecked"],
    [[{ outcome: "waived", waiver: "rsync runs for hours" }], "fail"],
    [[{ outcome: "not-applicable" }], "notapplicable"],
    [[{ outcome: "not-applicable" }, { outcome: "pass" }], "pass"],
    [[{ outcome: "not-applicable" }, { outcome: "unknown" }], "notchecked"],
    [[], "notchecked"],
  ] as const)("findings %j make it %s", (findings, result) => {
    expect(review(findings)?.result).toBe(result);
  });

  test("a waiver's justification, what could not be judged and what a session showed are in the comments", () => {
    expect(review([{ outcome: "waived", waiver: "rsync runs for hours" }])?.comment).toContain(
      "rsync runs for hours",
    );
    expect(review([{ outcome: "unknown", actual: "sshd -T failed" }])?.comment).toContain("sshd -T failed");
    const shown = finding({
      check: "session-ends",
      evidence: "demonstrated",
      outcome: "fail",
      actual: "still there",
    });
    expect(review([{}], [shown])).toMatchObject({
      result: "pass",
      comment: expect.stringContaining("still there"),
    });
  });

  test("a lost host is not reviewed, and says why", () => {
    const [, , , , lost] = checklists(smallAudit());
    expect(lost?.reviews.map(({ result }) => result)).toEqual(["notchecked", "notchecked", "notchecked"]);
    expect(lost?.reviews[0]?.comment).toContain("no answer within 20 s");
  });

  test.each([
    [null, /the policy has no profile; one of stig-rhel8/u],
    [{ ...stigProfile, id: "pci-dss" }, /the policy's profile is pci-dss; one of stig-rhel8/u],
  ])("a STIG is needed: %j", (profile, reason) => {
    expect(cklbRefuses({ profile })).toMatch(reason);
    expect([...cklbFiles(smallAudit({ profile }))]).toEqual([]);
  });

  test("every built-in STIG has its benchmark", async () => {
    const directory = join(import.meta.dirname, "../../../templates/profiles");
    const ids = (await readdir(directory)).map((name) => name.replace(/\.yaml$/u, ""));
    const stigs = ids.filter((id) => id.startsWith("stig-"));
    expect(stigs.length).toBeGreaterThan(5);
    for (const id of stigs) expect(cklbRefuses({ profile: { ...stigProfile, id } }), id).toBeUndefined();
  });

  test("no host's name leads a file elsewhere or hides another's file", () => {
    const hosts = [...HOSTILE, "Web1", "web1", "WEB1", "a".repeat(300), `${"a".repeat(300)}b`];
    const names = checklists(
      audit(
        hosts.map((host) => auditedHost(host)),
        { profile: stigProfile },
      ),
    ).map(({ name }) => name);
    for (const name of names) expect(name).toMatch(/^curfew-audit-[a-z0-9._~-]{0,100}\.cklb$/u);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(hosts.length);
    expect(names).toContain("curfew-audit-web1.cklb");
  });

  test("a line feed from a host is no new line of ours", () => {
    const actual = "fine\nevidence: demonstrated";
    expect(
      review([{ actual }])
        ?.detail.split("\n")
        .filter((line) => line.startsWith("evidence:")),
    ).toHaveLength(1);
  });

  test("whatever a host says, STIG Manager takes the checklist", () => {
    fc.assert(
      fc.property(hostileAudit, (audited) => {
        const run = { ...audited, profile: stigProfile };
        const lists = checklists(run);
        expect(lists.map(({ host }) => host)).toEqual(
          run.hosts.map(({ host }) => (visible(host).trim() === "" ? "(no name)" : shownName(host))),
        );
        for (const [index, host] of run.hosts.entries()) {
          const about = host.findings.filter(({ rule }) => rule === "RHEL-09-255100");
          const isOpen = about.some(({ outcome }) => outcome === "fail" || outcome === "waived");
          expect(lists[index]?.reviews[0]?.result === "fail").toBe(isOpen);
        }
      }),
    );
  });
});

/** Hostile names are shorter than what a checklist keeps of one. */
function shownName(host: string): string {
  return visible(host).slice(0, 255);
}
