import { CONTROLS } from "../../../src/controls/index.ts";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePolicy } from "../../../src/config/policy/policy.ts";
import { loadBaseline, loadBaselines, parseBaseline } from "../../../src/config/policy/baseline.ts";
import { policyAnywhere, policyOn, takeBaselines } from "../../../src/core/policy/apply-baseline.ts";
import { hostLimits } from "../../../src/core/policy/host-limits.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import { BASELINE_NAMES } from "../../../src/model/policy/baseline-name.ts";

const NOW = new Date("2026-11-22T00:00:00Z");
const HOST = { name: "web1", address: "web1", groups: ["all"], source: { file: "i" } };

function refusal(text: string): string {
  try {
    parsePolicy("p.yaml", text, NOW);
  } catch (error) {
    if (error instanceof CurfewError && error.code === "input") return error.message;
    throw error;
  }
  throw new Error("accepted");
}

describe("the built-in baselines", () => {
  test("every file has a name in the schema and every name a file", () => {
    const files = readdirSync(join(import.meta.dirname, "../../../templates/profiles"));
    expect(files.toSorted()).toEqual(BASELINE_NAMES.map((name) => `${name}.yaml`).toSorted());
    expect(loadBaselines().map(({ id }) => id)).toEqual([...BASELINE_NAMES]);
  });

  // The rules of DISA's XCCDF files, CIS' benchmarks and PCI DSS, as named there.
  test.each([
    ["stig-rhel8", "V2R8", ["RHEL-08-010201", "RHEL-08-010200", "RHEL-08-020360", "RHEL-08-020035"]],
    ["stig-rhel9", "V2R9", ["RHEL-09-255100", "RHEL-09-255095", "RHEL-09-412035", "RHEL-09-412080"]],
    ["stig-rhel10", "V1R2", ["RHEL-10-700930", "RHEL-10-700660", "RHEL-10-700920"]],
    ["stig-ol9", "V1R6", ["OL09-00-002347", "OL09-00-002346", "OL09-00-002411", "OL09-00-002376"]],
    ["stig-ubuntu2204", "V2R8", ["UBTU-22-255035", "UBTU-22-255030", "UBTU-22-412030"]],
    ["stig-ubuntu2404", "V1R5", ["UBTU-24-600010", "UBTU-24-600000", "UBTU-24-200060"]],
    ["pci-dss", "4.0.1", ["8.2.8"]],
  ] as const)("%s %s", (name, version, ids) => {
    const profile = loadBaseline(name);
    expect(profile.version).toBe(version);
    expect(profile.rules.map(({ id }) => id)).toEqual(ids);
  });

  test("their own limits satisfy their rules about shells", () => {
    for (const { limits, rules } of loadBaselines()) {
      const most = rules.flatMap(({ requires }) => requires.TMOUT?.["at-most"] ?? []);
      expect(limits.client_idle_timeout).toBeLessThanOrEqual(Math.min(...most));
    }
  });

  test.each([
    ["id: cis\ntitel: x\n", /^x\.yaml:2:1: unknown key "titel" in the profile, did you mean "title"\?$/mu],
    ["id: csi\n", /^x\.yaml:1:5: id: "csi" is none of .*did you mean "cis"\?$/mu],
    ["id: [\n", /^x\.yaml:\d+:\d+: not valid YAML/u],
  ])("a damaged one names file, line and column: %j", (text, message) => {
    expect(() => parseBaseline("x.yaml", text)).toThrow(message);
  });

  test("a rule for a system that is not listed would apply nowhere", () => {
    const text = `id: cis
title: t
version: v
systems: [{ name: RHEL 9, id: rhel, version: "9" }]
uniform: false
form: lines
limits: { client_idle_timeout: 15m, unresponsive_timeout: 15m }
references: []
rules:
  - { id: a, title: b, severity: low, systems: [RHEL 8], requires: { TMOUT: { equals: 1 } } }
`;
    expect(() => parseBaseline("x.yaml", text)).toThrow("rule a: there is no system called RHEL 8");
    expect(parseBaseline("x.yaml", text.replace("[RHEL 8]", "[RHEL 9]")).rules).toHaveLength(1);
    expect(() =>
      parseBaseline("x.yaml", text.replace("[RHEL 8]", "[RHEL 9]").replace("{ equals: 1 }", "{}")),
    ).toThrow(/x\.yaml:10:.*at-most, more-than or equals is needed/u);
  });
});

describe("profile: in a policy", () => {
  test("an unknown one names the nearest", () => {
    expect(refusal("name: x\nprofile: stig-rhel-9\n")).toBe(
      `p.yaml:2:10: profile: "stig-rhel-9" is none of ${BASELINE_NAMES.join(", ")}, did you mean "stig-rhel9"?`,
    );
  });

  test.each([
    [
      "in defaults",
      "defaults:\n  client_idle_timeout: 15m\n",
      "p.yaml:4:24: defaults: client_idle_timeout 15m",
    ],
    [
      "in a role",
      "roles:\n  a: { users: [u], client_idle_timeout: 11m }\n",
      'p.yaml:4:41: role "a": client_idle_timeout 11m',
    ],
    [
      "unresponsive",
      "defaults: { unresponsive_timeout: 1h }\n",
      "p.yaml:3:35: defaults: unresponsive_timeout 1h",
    ],
    [
      "behind an alias",
      "defaults: { client_idle_timeout: &x 10m, unresponsive_timeout: *x }\nroles:\n  a: { users: [u], client_idle_timeout: 601s }\n",
      'p.yaml:5:41: role "a": client_idle_timeout 10m1s',
    ],
  ])("a looser limit is an error at its value: %s", (_name, text, start) => {
    expect(refusal(`name: x\nprofile: stig-ubuntu2204\n${text}`)).toBe(
      `${start}: stig-ubuntu2204 allows at most 10m; only an exemption loosens it`,
    );
  });

  test("the same limit, a stricter one and an exemption are none", () => {
    const text = `name: x
profile: stig-ubuntu2204
defaults: { client_idle_timeout: 10m }
roles: { a: { users: [u], client_idle_timeout: 5m } }
exemptions:
  - { name: n, users: [u], justification: j, owner: o, expires: 2027-01-31 }
`;
    const { policy, baselines, warnings } = parsePolicy("p.yaml", text, NOW);
    expect([policy.profile, baselines[0]?.baseline.id, warnings]).toEqual([
      "stig-ubuntu2204",
      "stig-ubuntu2204",
      [],
    ]);
  });

  test("a warning has to come before the end that the profile sets", () => {
    expect(refusal("name: x\nprofile: stig-rhel9\ndefaults: { warn_before: 10m }\n")).toBe(
      "p.yaml:3:26: defaults: warn_before 10m must be shorter than the client_idle_timeout 10m of stig-rhel9",
    );
  });

  test("every mistake of the file is told at once", () => {
    const text = "name: x\nprofile: pci-dss\nspeed: 1\ndefaults: { client_idle_timeout: 1h }\n";
    expect(refusal(text).split("\n")).toHaveLength(2);
  });
});

describe("several profiles", () => {
  const MIXED = `name: x
profile:
  - { name: pci-dss, hosts: [shop] }
  - stig-rhel9
  - cis
`;
  const on = (text: string, groups: readonly string[], id: string, versionId: string) => {
    const { policy, baselines } = parsePolicy("p.yaml", text, NOW);
    const facts = { os: known({ id, versionId, name: id }) };
    const taken = takeBaselines(policy, baselines, CONTROLS);
    return policyOn(taken, { ...HOST, groups: ["all", ...groups] }, facts, CONTROLS);
  };

  test.each([
    [["shop"], "debian", "12", "pci-dss"],
    [["shop"], "rhel", "9.4", "pci-dss"],
    [[], "rhel", "9.4", "stig-rhel9"],
    [[], "rhel", "8.10", "cis"],
    [[], "debian", "12", "cis"],
    [[], "debian", "13", "cis"],
    [[], "ubuntu", "24.04", "cis"],
    // None is for it: the limits of the first hold, and it is judged by none.
    [[], "alpine", "3.20", "stig-rhel9"],
  ])("in groups %j, %s %s has %s", (groups, id, versionId, name) => {
    expect(on(MIXED, groups, id, versionId).baseline?.id).toBe(name);
  });

  test("a system that could not be read has the first that may be for it", () => {
    const { policy, baselines } = parsePolicy("p.yaml", MIXED, NOW);
    const taken = takeBaselines(policy, baselines, CONTROLS);
    const { baseline } = policyOn(taken, HOST, { os: unreadable("denied") }, CONTROLS);
    expect(baseline?.id).toBe("stig-rhel9");
  });

  test("limits and mechanisms are those of the host's own", () => {
    const rhel = on(MIXED, [], "rhel", "9.4");
    expect(rhel.defaults).toEqual({ client_idle_timeout: 600, unresponsive_timeout: 600 });
    expect(rhel.controls).toEqual(["sshd", "shell-timeout", "logind"]);
    const debian = on(MIXED, [], "debian", "12");
    expect(debian.defaults).toEqual({ client_idle_timeout: 900, unresponsive_timeout: 900 });
    expect(debian.controls).toEqual(["sshd", "shell-timeout"]);
  });

  test("a looser limit is the baseline's on its hosts, which is a warning at the value", () => {
    const text = `${MIXED}defaults: { client_idle_timeout: 15m }\n`;
    expect(parsePolicy("p.yaml", text, NOW).warnings).toEqual([
      "p.yaml:6:34: defaults: client_idle_timeout 15m: on hosts under stig-rhel9 10m holds instead; only an exemption loosens it",
    ]);
    expect(on(text, [], "rhel", "9.4").defaults.client_idle_timeout).toBe(600);
    expect(on(text, [], "debian", "12").defaults.client_idle_timeout).toBe(900);
  });

  test("no host is asked: the longest limit of them is all that is promised", () => {
    const { policy, baselines } = parsePolicy("p.yaml", MIXED, NOW);
    const taken = takeBaselines(policy, baselines, CONTROLS);
    expect(policyAnywhere(taken).defaults.client_idle_timeout).toBe(900);
    const { profile } = policy;
    expect(profile).toHaveLength(3);
  });

  test("an entry for some hosts only leaves the others without a baseline", () => {
    const text =
      "name: x\nprofile: [{ name: stig-rhel9, hosts: [dmz] }]\ndefaults: { client_idle_timeout: 1h }\n";
    expect(on(text, [], "rhel", "9.4").baseline).toBeUndefined();
    expect(on(text, ["dmz"], "rhel", "9.4").defaults.client_idle_timeout).toBe(600);
  });

  test.each([
    ["[stig-rhel-9]", 'p.yaml:2:11: profile[0]: "stig-rhel-9" is none of'],
    ["[]", "p.yaml:2:10: profile: needs at least 1 entry"],
    ["[{ name: cis }]", 'p.yaml:2:11: profile[0] has no "hosts"'],
    ["[{ name: csi, hosts: [a] }]", 'p.yaml:2:19: profile[0].name: "csi" is none of'],
    ["[{ name: cis, hosts: a }]", 'p.yaml:2:31: profile[0].hosts: expected a list, found "a", write [a]'],
    ["[{ name: cis, host: [a] }]", 'p.yaml:2:24: unknown key "host" in profile[0], did you mean "hosts"?'],
    ["[{ name: cis, hosts: [] }]", "p.yaml:2:31: profile[0].hosts: needs at least 1 entry"],
    ["{ rhel: cis }", "p.yaml:2:10: profile: expected the name of a profile, or a list"],
    ["null", "p.yaml:2:10: profile: nothing is none of"],
  ])("what is wrong with %s is said at its place", (value, message) => {
    expect(refusal(`name: x\nprofile: ${value}\n`)).toContain(message);
  });

  test.each([
    ["[cis, cis]", "p.yaml:2:16: profile cis is never chosen: cis above it is for each of its hosts"],
    ["[pci-dss, cis]", "p.yaml:2:20: profile cis is never chosen: pci-dss above it is for each of its hosts"],
  ])("an entry that no host can have is a warning: %s", (value, message) => {
    expect(parsePolicy("p.yaml", `name: x\nprofile: ${value}\n`, NOW).warnings).toEqual([message]);
  });
});

describe("the policy under a profile", () => {
  const resolve = (text: string) => {
    const { policy, baselines } = parsePolicy("p.yaml", text, NOW);
    return takeBaselines(policy, baselines, CONTROLS);
  };

  test("limits that it does not name, and the mechanisms that rules are about", () => {
    const policy = resolve("name: x\nprofile: stig-rhel9\ncontrols: [watchdog]\n");
    expect(policy.controls).toEqual(["watchdog", "sshd", "shell-timeout", "logind"]);
    expect(policy.defaults).toEqual({ client_idle_timeout: 600, unresponsive_timeout: 600 });
    expect(hostLimits(policy, HOST, "2026-11-22")).toMatchObject({
      baseline: { id: "stig-rhel9" },
      defaults: { idle: 600, unresponsive: 600 },
    });
  });

  test("its own stricter limits stay", () => {
    const policy = resolve("name: x\nprofile: cis\ndefaults: { client_idle_timeout: 5m }\n");
    expect(policy.defaults).toEqual({ client_idle_timeout: 300, unresponsive_timeout: 900 });
    expect(policy.controls).toEqual(["sshd", "shell-timeout"]);
  });

  test("without one, nothing changes", () => {
    const { policy } = parsePolicy("p.yaml", "name: x\ndefaults: { client_idle_timeout: 5m }\n", NOW);
    expect(takeBaselines(policy, [], CONTROLS)).toBe(policy);
  });
});
