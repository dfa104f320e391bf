import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostLimits } from "../../../src/core/policy/host-limits.ts";
import type { ProbeAccount } from "../../../src/core/probe/probe-facts.ts";
import {
  candidateAccounts,
  planProbes as planOn,
  scaleFactor,
  scaleLimit,
  type ProbePlan,
  type ProbeWishes,
} from "../../../src/core/probe/plan.ts";
import type { Coverage } from "../../../src/model/verdict/finding.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import { CONTROL_IDS } from "../../../src/controls/registry.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import type { Facts, UserClass } from "../../../src/model/facts/facts.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { host, person as classOf } from "../../controls/facts-fixture.ts";

const HOST = { name: "web1", address: "web1", groups: ["all"], source: { file: "x" } };
const account = (user: string, groups: string[], over: Partial<ProbeAccount> = {}): ProbeAccount => ({
  user,
  groups: [user, ...groups],
  uid: user === "root" ? 0 : 1000,
  shell: "/bin/bash",
  obstacle: "",
  ...over,
});
const limitsOf = (policy: object) =>
  hostLimits(policySchema.parse({ name: "p", ...policy }), HOST, "2026-11-22");
/** Nobody is on the host but those who were looked at, unless a test says so. */
const planProbes = (
  name: string,
  accounts: readonly ProbeAccount[],
  limits: HostLimits,
  wishes: ProbeWishes,
  facts: Facts = host({ classes: [] }),
): ProbePlan => planOn(name, accounts, limits, wishes, facts);
const POLICY = {
  defaults: { client_idle_timeout: "15m", unresponsive_timeout: "3m" },
  roles: {
    admin: { groups: ["sudo"], client_idle_timeout: "10m" },
    vendor: { groups: ["ext"], client_idle_timeout: "5m" },
  },
};
const WISHES: ProbeWishes = {
  sessions: ["idle-shell", "frozen-client", "typing"],
  controls: ["sshd", "shell-timeout"],
  login: "root",
  given: {},
};
const PEOPLE = [account("root", []), account("amy", ["sudo"]), account("vic", ["ext"]), account("joe", [])];
const short = (plan: ProbePlan): string[] =>
  plan.probes.map(
    ({ role, user, via, session, variant, expect: wish, scaledLimit }) =>
      `${role} ${user} ${via} ${session}${variant === "network-gone" ? "/gone" : ""} ${wish} ${scaledLimit}`,
  );

describe("planProbes", () => {
  test("the login account live, one member of each role and of everybody else in the shadow", () => {
    const plan = planProbes("web1", PEOPLE, limitsOf(POLICY), { ...WISHES, sessions: ["idle-shell"] });
    expect(short(plan)).toEqual([
      "default root live idle-shell dropped 900",
      "vendor vic shadow idle-shell dropped 300",
      "admin amy shadow idle-shell dropped 600",
      "default joe shadow idle-shell dropped 900",
    ]);
    expect(plan.findings).toEqual([]);
  });

  test("a frozen client has the unresponsive limit, or else the idle one; typing is kept", () => {
    const roles = ["vendor"];
    const plan = planProbes("web1", PEOPLE, limitsOf(POLICY), { ...WISHES, roles });
    expect(short(plan)).toEqual([
      "vendor vic shadow idle-shell dropped 300",
      "vendor vic shadow frozen-client dropped 180",
      "vendor vic shadow frozen-client/gone dropped 180",
      "vendor vic shadow typing kept 300",
    ]);
    const idleOnly = limitsOf({ ...POLICY, defaults: { client_idle_timeout: "15m" } });
    expect(short(planProbes("web1", PEOPLE, idleOnly, { ...WISHES, roles }))[1]).toContain(
      "frozen-client dropped 300",
    );
  });

  test("another member is taken where the first cannot log in; people before root", () => {
    const people = [
      account("root", ["ext"]),
      account("vic", ["ext"], { obstacle: "x" }),
      account("val", ["ext"]),
    ];
    const plan = planProbes("web1", people, limitsOf(POLICY), { ...WISHES, login: "ops", roles: ["vendor"] });
    expect(plan.probes.map(({ user }) => user)).toEqual(["val", "val", "val", "val"]);
  });

  test.each([
    ["nobody", [account("root", [])], "no account on web1 is in role vendor", "pass"],
    [
      "nobody who can log in",
      [account("vic", ["ext"], { obstacle: "its shell is /bin/false" })],
      "no account of role vendor can log in on web1 (vic: its shell is /bin/false)",
      "unknown",
    ],
  ])("%s in a role is said: nothing to prove, or unknown", (_, people, actual, outcome) => {
    const plan = planProbes("web1", people, limitsOf(POLICY), { ...WISHES, login: "ops", roles: ["vendor"] });
    expect(plan).toMatchObject({ probes: [], findings: [{ role: "vendor", outcome, actual }] });
  });

  test("somebody in a stricter role stands in, with the limit that holds for them", () => {
    const people = [account("vip", ["ext", "sudo"])];
    const plan = planProbes("web1", people, limitsOf(POLICY), {
      ...WISHES,
      login: "ops",
      roles: ["admin"],
      sessions: ["idle-shell"],
    });
    expect(short(plan)).toEqual(["admin vip shadow idle-shell dropped 300"]);
  });

  const exemption = { name: "x", users: ["vic"], justification: "j", owner: "o", expires: "2027-01-01" };

  test("exempt from everything: every kind is kept past the limit", () => {
    const all = limitsOf({ ...POLICY, exemptions: [exemption] });
    const plan = planProbes("web1", PEOPLE, all, { ...WISHES, roles: ["vendor"] });
    expect(short(plan)).toEqual([
      "vendor vic shadow idle-shell kept 300",
      "vendor vic shadow frozen-client kept 180",
      "vendor vic shadow frozen-client/gone kept 180",
      "vendor vic shadow typing kept 300",
    ]);
    expect(plan.findings).toMatchObject([
      { role: "vendor", outcome: "pass", actual: "everybody in role vendor on web1 is exempt" },
    ]);
  });

  test("exempt from a part: kept where only that part would have ended it in time", () => {
    const part = limitsOf({ ...POLICY, exemptions: [{ ...exemption, controls: ["sshd"] }] });
    const covers = (control: ControlId, kind: SessionKind, within: number): Coverage => {
      return { control, role: "vendor", kind, within, limit: 300 };
    };
    const coverage = [
      covers("sshd", "idle-shell", 300),
      covers("shell-timeout", "idle-shell", 300),
      covers("sshd", "idle-command", 300),
      covers("sshd", "idle-sftp", 900),
      covers("shell-timeout", "escaped-shell", 900),
      covers("sshd", "escaped-shell", 300),
    ];
    const sessions = ["idle-shell", "idle-command", "idle-sftp", "escaped-shell", "tmux"] as const;
    const people = [...PEOPLE, account("val", ["ext"])];
    const plan = planProbes("web1", people, part, { ...WISHES, sessions, coverage, roles: ["vendor"] });
    const of = (user: string): string[] =>
      plan.probes.filter((probe) => probe.user === user).map((probe) => `${probe.session} ${probe.expect}`);
    expect(of("vic")).toEqual([
      "idle-shell dropped",
      "idle-command kept",
      "idle-sftp dropped",
      "escaped-shell kept",
      "tmux dropped",
    ]);
    // The role itself is shown by somebody for whom nothing is excepted.
    expect(of("val")).toEqual(sessions.map((session) => `${session} dropped`));
    expect(plan.probes.map(({ exemptFrom }) => exemptFrom.join())).toEqual(
      Array.from({ length: 10 }, (_, index) => (index < 5 ? "" : "sshd")),
    );
  });

  test("exempt from what the policy does not use is not exempt: the role is probed like any other", () => {
    const unused = limitsOf({
      ...POLICY,
      exemptions: [{ ...exemption, users: [], groups: ["ext"], controls: ["watchdog"] }],
    });
    const wishes = { ...WISHES, roles: ["vendor"], sessions: ["idle-shell"] } as const;
    const plan = planProbes("web1", PEOPLE, unused, wishes);
    expect(short(plan)).toEqual(["vendor vic shadow idle-shell dropped 300"]);
    expect(plan.findings).toEqual([]);
    const given = { vendor: { user: "vic", identityFile: "/k" } };
    expect(short(planProbes("web1", PEOPLE, unused, { ...wishes, given }))).toEqual([
      "vendor vic live idle-shell dropped 300",
    ]);
  });

  test("one member is probed for each exemption, in part or from everything", () => {
    const exemptions = [
      { ...exemption, name: "a", users: ["vic"], controls: ["sshd"] },
      { ...exemption, name: "b", users: ["joe"] },
      { ...exemption, name: "c", users: ["amy", "ann"] },
    ];
    const people = [...PEOPLE, account("ann", ["sudo"])];
    const plan = planProbes("web1", people, limitsOf({ ...POLICY, exemptions }), {
      ...WISHES,
      login: "ops",
      sessions: ["idle-shell"],
    });
    expect(short(plan)).toEqual([
      "default root shadow idle-shell dropped 900",
      "admin amy shadow idle-shell kept 600",
      "vendor vic shadow idle-shell dropped 300",
      "default joe shadow idle-shell kept 900",
    ]);
  });

  test("one idle shell of a host is opened by the ssh that people use, a live one if there is one", () => {
    const own = (plan: ProbePlan): string[] =>
      plan.probes.flatMap(({ client, via, session }) => (client === "ssh" ? [`${via} ${session}`] : []));
    expect(own(planProbes("web1", PEOPLE, limitsOf(POLICY), WISHES))).toEqual(["live idle-shell"]);
    expect(own(planProbes("web1", PEOPLE, limitsOf(POLICY), { ...WISHES, scaled: 20 }))).toEqual([
      "shadow idle-shell",
    ]);
    expect(own(planProbes("web1", PEOPLE, limitsOf(POLICY), { ...WISHES, sessions: ["typing"] }))).toEqual(
      [],
    );
  });

  test("accounts that the policy gives are probed live in place of the shadow", () => {
    const given = { vendor: { user: "vic", identityFile: "/k" } };
    const plan = planProbes("web1", PEOPLE, limitsOf(POLICY), {
      ...WISHES,
      given,
      roles: ["vendor"],
      sessions: ["idle-shell"],
    });
    expect(plan.probes).toMatchObject([{ user: "vic", via: "live", identityFile: "/k" }]);
  });

  test("an account that is given for a role but not in it proves nothing about the role", () => {
    const given = { vendor: { user: "joe", identityFile: "/k" } };
    const wishes = { ...WISHES, given, roles: ["vendor"], sessions: ["idle-shell"] } as const;
    const plan = planProbes("web1", PEOPLE, limitsOf(POLICY), wishes);
    expect(plan.probes).toMatchObject([{ user: "vic", via: "shadow", limit: 300 }]);
    expect(plan.findings).toMatchObject([
      { role: "vendor", outcome: "unknown", actual: expect.stringContaining("joe") },
    ]);
  });

  test("nor does one that is exempt: somebody else of the role is probed as well", () => {
    const given = { vendor: { user: "vic", identityFile: "/k" } };
    const wishes = { ...WISHES, given, roles: ["vendor"], sessions: ["idle-shell"] } as const;
    const people = [...PEOPLE, account("val", ["ext"])];
    const plan = planProbes("web1", people, limitsOf({ ...POLICY, exemptions: [exemption] }), wishes);
    expect(short(plan)).toContain("vendor val shadow idle-shell dropped 300");
  });

  test("no limit, no probe, and it says so", () => {
    const plan = planProbes(
      "web1",
      PEOPLE,
      limitsOf({ roles: { vendor: { groups: ["ext"], client_idle_timeout: "5m" } } }),
      WISHES,
    );
    expect(plan.probes.every(({ role }) => role === "vendor")).toBe(true);
    expect(plan.findings).toMatchObject([
      { role: "default", outcome: "pass", actual: expect.stringContaining("not probed") },
    ]);
  });

  test("scaled: the longest limit becomes so many seconds, all in the shadow", () => {
    const plan = planProbes("web1", PEOPLE, limitsOf(POLICY), {
      ...WISHES,
      scaled: 30,
      sessions: ["idle-shell"],
    });
    expect(plan.probes.map(({ role, scaledLimit, limit, via }) => [role, scaledLimit, limit, via])).toEqual([
      ["vendor", 10, 300, "shadow"],
      ["admin", 20, 600, "shadow"],
      ["default", 30, 900, "shadow"],
    ]);
  });

  describe("members that nobody could look at", () => {
    const jane = classOf("jane doe", "group:ext");
    const ROOT = [account("root", [])];
    const vendor = (
      policy: object,
      facts: Partial<Facts>,
      classes: UserClass[] = [],
      people: readonly ProbeAccount[] = ROOT,
      roles = ["vendor"],
    ): ProbePlan => {
      const wishes: ProbeWishes = { ...WISHES, login: "ops", roles, sessions: ["idle-shell"] };
      return planProbes("web1", people, limitsOf(policy), wishes, { ...host({ classes }), ...facts });
    };
    const said = ({ findings }: ProbePlan): string[] =>
      findings.map(({ role, outcome, actual }) => `${outcome} ${role}: ${actual}`);

    test.each([
      ["a blank", jane],
      ["a comma", { ...jane, representative: "", users: ["doe,jane"] }],
      ["a group that the survey does not show", classOf("jim", "group:ext")],
    ])("%s: the role is not empty, so nothing is shown", (_, member) => {
      const plan = vendor(POLICY, {}, [member]);
      expect(plan.probes).toEqual([]);
      expect(said(plan)).toEqual([
        expect.stringContaining(
          `unknown vendor: members of role vendor on web1 could not be probed: ${member.users[0]}`,
        ),
      ]);
    });

    test("nor where everybody else of the role is exempt", () => {
      const policy = { ...POLICY, exemptions: [exemption] };
      const people = [account("vic", ["ext"])];
      const classes = [jane, classOf("vic", "group:ext", "user:vic")];
      expect(said(vendor(policy, {}, classes, people))).toEqual([
        expect.stringMatching(/^unknown.*jane doe/u),
      ]);
      const all = { ...POLICY, exemptions: [{ ...exemption, users: [], groups: ["ext"] }] };
      expect(said(vendor(all, {}, classes, people))).toEqual([
        "pass vendor: everybody in role vendor on web1 is exempt",
      ]);
    });

    test("nor by somebody of a stricter role in their place", () => {
      const people = [account("vip", ["ext", "sudo"])];
      const classes = [classOf("jane doe", "group:sudo"), classOf("vip", "group:ext", "group:sudo")];
      const plan = vendor(POLICY, {}, classes, people, ["admin"]);
      expect(short(plan)).toEqual(["admin vip shadow idle-shell dropped 300"]);
      expect(said(plan)).toEqual([expect.stringMatching(/^unknown admin: .*jane doe/u)]);
    });

    test("nor of everybody else", () => {
      const people = [account("amy", ["sudo"])];
      const plan = vendor(POLICY, {}, [classOf("amy", "group:sudo"), classOf("jane doe")], people, [
        "default",
      ]);
      expect(said(plan)).toEqual([expect.stringMatching(/^unknown default: .*jane doe/u)]);
    });

    test("one that can be asked is looked for behind any number that cannot", () => {
      const users = ["a a", "b b", "c c", "d d", "e e", "f f", "vic"];
      const facts = host({ classes: [{ ...jane, users }] });
      expect(candidateAccounts(facts, { login: "root", given: {} })).toEqual(["vic", "root"]);
    });

    const remote = { remoteAccounts: ["sss"] };
    const missing = { sshd: { ...host({ classes: [] }).sshd, missingSelectors: ["group:ext"] } };
    const listed = { ...POLICY, roles: { vendor: { users: ["vic"], client_idle_timeout: "5m" } } };
    const open = { roles: POLICY.roles };
    test.each([
      [
        "a group of a name service may have members that it does not list",
        POLICY,
        remote,
        "vendor",
        "unknown",
      ],
      ["a group that is not there has none", POLICY, { ...remote, ...missing }, "vendor", "pass"],
      ["accounts are asked for by name", listed, remote, "vendor", "pass"],
      [
        "members of an exempt group are exempt",
        { ...POLICY, exemptions: [{ ...exemption, users: [], groups: ["ext"] }] },
        remote,
        "vendor",
        "pass",
      ],
      [
        "but not from what the policy does not use",
        {
          ...POLICY,
          exemptions: [{ ...exemption, users: [], groups: ["ext"], controls: ["watchdog"] }],
        },
        remote,
        "vendor",
        "unknown",
      ],
      ["everybody else may be there, too", POLICY, remote, "default", "unknown"],
      ["who have no limit, need none", open, remote, "default", undefined],
      ["without a name service nobody is", POLICY, {}, "default", undefined],
    ])("%s", (_, policy, facts, role, outcome) => {
      const plan = vendor(policy, facts, [], [], [role]);
      expect(plan.probes).toEqual([]);
      expect(plan.findings[0]?.outcome).toBe(outcome);
      expect(plan.findings[0]?.actual.includes("sss") ?? false).toBe(outcome === "unknown");
    });
  });

  test("every role is either probed or reported", () => {
    const groups = ["sudo", "ext", "other"];
    const person = fc.record({
      name: fc.constantFrom("root", "amy", "vic", "joe", "eve"),
      groups: fc.subarray(groups),
      obstacle: fc.constantFrom("", "its shell is /bin/false"),
    });
    fc.assert(
      fc.property(fc.uniqueArray(person, { selector: ({ name }) => name }), (people) => {
        const accounts = people.map(({ name, groups: of, obstacle }) => account(name, of, { obstacle }));
        const { probes, findings } = planProbes("web1", accounts, limitsOf(POLICY), {
          ...WISHES,
          controls: CONTROL_IDS,
        });
        for (const role of ["admin", "vendor"]) {
          expect([...probes, ...findings].some((each) => each.role === role)).toBe(true);
        }
        const shadows = probes.filter(({ via }) => via === "shadow");
        expect(
          shadows.every(({ user }) => accounts.find((each) => each.user === user)?.obstacle === ""),
        ).toBe(true);
      }),
    );
  });
});

test("scaled limits keep their order and are at least 2 s", () => {
  const limit = fc.integer({ min: 1, max: 604_800 });
  fc.assert(
    fc.property(limit, limit, fc.integer({ min: 2, max: 60 }), (left, right, scaled) => {
      const limits = limitsOf({ defaults: { client_idle_timeout: `${Math.max(left, right)}s` } });
      const factor = scaleFactor(limits, scaled);
      expect(scaleLimit(Math.max(left, right), factor)).toBe(factor === 1 ? Math.max(left, right) : scaled);
      if (factor === 1) return;
      expect(scaleLimit(left, factor)).toBeGreaterThanOrEqual(2);
      const [less, more] = [Math.min(left, right), Math.max(left, right)];
      expect(scaleLimit(less, factor)).toBeLessThanOrEqual(scaleLimit(more, factor));
    }),
  );
});
