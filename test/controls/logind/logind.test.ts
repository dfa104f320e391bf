import { describe, expect, test } from "vitest";
import { logind } from "../../../src/controls/logind/index.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import { LOGIND_FILE } from "../../../src/model/inventory/host-paths.ts";
import { absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import { exemption, host, limits, person, role } from "../facts-fixture.ts";

const POLICY = limits(role("default", 900, 180), [role("vendor", 300, 180, { groups: ["ext"] })]);
const state = (idleStop: string, utmp: "yes" | "no" | "unknown", version = 252) =>
  known({ version, idleStop, utmp });

test("the longest limit, host-wide, and what it catches", () => {
  const { files, coverage, findings } = logind.render(host(), POLICY, true);
  expect(files).toMatchObject([{ path: LOGIND_FILE, mode: "0644", activation: "restart-logind" }]);
  expect(files[0]?.content).toMatch(/\[Login\]\nStopIdleSessionSec=900s\n$/u);
  expect(
    coverage.filter((each) => each.role === "vendor").map(({ kind, within }) => `${kind} ${within}`),
  ).toEqual([
    "idle-shell 900",
    "frozen-client 900",
    "nested-shell 900",
    "escaped-shell 900",
    "foreground-program 900",
    "output-loop 900",
    "tmux 900",
  ]);
  expect(findings).toMatchObject([{ role: "vendor", outcome: "pass" }]);
});

describe("left out, with a finding and without a claim", () => {
  test.each<[string, Facts["logind"], string, RegExp]>([
    ["systemd before 252", state("unsupported", "yes", 247), "fail", /systemd 247 ignores/u],
    ["a logind without utmp", state("infinity", "no", 257), "fail", /without utmp/u],
    ["utmp unknown", state("infinity", "unknown"), "unknown", /utmp/u],
    ["no logind", absent(), "fail", /no systemd-logind/u],
    ["logind unreadable", unreadable("no bus"), "unknown", /no bus/u],
  ])("with %s", (_name, reading, outcome, reason) => {
    const { files, coverage, findings } = logind.render(host({ logind: reading }), POLICY, true);
    expect(files[0]?.content).toBeNull();
    expect(coverage).toEqual([]);
    expect(findings).toMatchObject([{ outcome, role: "*", actual: expect.stringMatching(reason) as string }]);
  });

  test.each([
    [["usepam no"], "sshd has UsePAM no, so logind sees none of its sessions"],
    [["pubkeyauthentication yes"], "sshd does not say UsePAM yes, so logind sees none of its sessions"],
  ])("with an sshd without PAM: %j", (lines, actual) => {
    const facts = host();
    const without = { ...facts, sshd: { ...facts.sshd, effective: known(lines) } };
    const { files, coverage, findings } = logind.render(without, POLICY, true);
    expect([files[0]?.content, coverage]).toEqual([null, []]);
    expect(findings).toMatchObject([{ outcome: "fail", role: "*", actual }]);
  });

  test("with a login that logind does not have among its sessions", () => {
    const facts = { ...host({ logind: state("900", "yes") }), logindSees: false };
    const { files, coverage, findings } = logind.render(facts, POLICY, true);
    expect([files[0]?.content, coverage]).toEqual([null, []]);
    expect(findings).toMatchObject([{ outcome: "fail", actual: expect.stringContaining("no pam_systemd") }]);
    expect(logind.inForce?.(facts)).toEqual([]);
  });

  test.each([
    [
      "somebody exempt here",
      limits(role("default", 900, null), [], [exemption(["backup"])]),
      /backup, who is exempt/u,
    ],
    ["no default limit", limits(role("default", null, null), [role("a", 60, null)]), /no idle limit/u],
    ["less than 20 s", limits(role("default", 19, null)), /too short/u],
  ])("with %s", (_name, policy, reason) => {
    const facts = host({ classes: [person("backup", "user:backup")] });
    const { files, coverage, findings } = logind.render(facts, policy, true);
    expect([files[0]?.content, coverage]).toEqual([null, []]);
    expect(findings).toMatchObject([{ outcome: "fail", actual: expect.stringMatching(reason) as string }]);
  });
});

test("not selected, or no limits: nothing but the file's absence", () => {
  for (const rendered of [
    logind.render(host(), POLICY, false),
    logind.render(host(), limits(role("default", null, 60)), true),
  ]) {
    expect(rendered).toMatchObject({ findings: [], coverage: [], expectations: [] });
    expect(rendered.files[0]?.content).toBeNull();
  }
});
