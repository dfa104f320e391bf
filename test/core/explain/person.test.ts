import * as fc from "fast-check";
import { CONTROL_IDS } from "../../../src/controls/registry.ts";
import { describe, expect, test } from "vitest";
import { explainPerson } from "../../../src/core/explain/person.ts";
import { hostLimits } from "../../../src/core/policy/host-limits.ts";
import { resolvePerson } from "../../../src/core/policy/resolve-person.ts";
import type { Host } from "../../../src/model/inventory/host.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import type { Policy } from "../../../src/model/policy/policy.ts";

const TODAY = "2026-11-22";
const POLICY = policy({
  defaults: { client_idle_timeout: "15m", unresponsive_timeout: "3m", warn_before: "1m" },
  roles: {
    admin: { users: ["root"], groups: ["sudo"], client_idle_timeout: "10m" },
    vendor: { groups: ["ext"], hosts: ["bastions"], client_idle_timeout: "5m", unresponsive_timeout: "1m" },
    quick: { users: ["alice"], warn_before: "30s" },
  },
  exemptions: [
    exempt("held", { users: ["alice"], controls: ["watchdog"] }),
    exempt("past", { groups: ["sudo"], expires: "2026-11-21" }),
    exempt("elsewhere", { users: ["alice"], hosts: ["db"] }),
    exempt("others", { users: ["bob"] }),
  ],
});

function policy(data: object): Policy {
  return policySchema.parse({ name: "p", ...data });
}

function exempt(name: string, fields: object): object {
  return { name, justification: "why", owner: "who", expires: TODAY, ...fields };
}

function host(...groups: string[]): Host {
  return { name: "web1", address: "web1", groups, source: { file: "i" } };
}

const alice = { user: "alice", groups: ["sudo", "ext"] };

describe("from the policy alone", () => {
  const { roles, limits, exemptions, host: where } = explainPerson(POLICY, alice, null, TODAY, CONTROL_IDS);

  test("which roles match and why, strictest first, defaults last", () => {
    expect(roles.map(({ role, because, applies }) => [role, because, applies])).toEqual([
      ["vendor", ["group ext"], "depends"],
      ["admin", ["group sudo"], "yes"],
      ["quick", ["user alice"], "yes"],
      ["default", [], "no"],
    ]);
    expect(roles[0]?.hosts).toEqual(["bastions"]);
    expect(where).toBeNull();
  });

  test("which wins, field by field; a role on some hosts only does not count", () => {
    expect(limits).toEqual({
      idle: { seconds: 600, from: "admin" },
      unresponsive: { seconds: 180, from: "default" },
      warnBefore: { seconds: 30, from: "quick" },
    });
  });

  test("every exemption that names them, and what it is worth", () => {
    expect(exemptions.map(({ name, state, because }) => [name, state, because])).toEqual([
      ["held", "active", ["user alice"]],
      ["past", "expired", ["group sudo"]],
      ["elsewhere", "depends", ["user alice"]],
    ]);
    expect(exemptions[0]?.controls).toEqual(["watchdog"]);
  });
});

test("on a host, its groups decide", () => {
  const there = explainPerson(POLICY, alice, host("bastions"), TODAY, CONTROL_IDS);
  expect(there.limits.idle).toEqual({ seconds: 300, from: "vendor" });
  expect(there.limits.unresponsive).toEqual({ seconds: 60, from: "vendor" });
  const here = explainPerson(POLICY, alice, host("web"), TODAY, CONTROL_IDS);
  expect(here.roles[0]).toMatchObject({ role: "vendor", applies: "no" });
  expect(here.limits.idle).toEqual({ seconds: 600, from: "admin" });
  expect(here.exemptions.find(({ name }) => name === "elsewhere")?.state).toBe("elsewhere");
});

test("nobody's role: the defaults hold, and nothing where they set nothing", () => {
  const { roles, limits } = explainPerson(POLICY, { user: "zoe", groups: [] }, null, TODAY, CONTROL_IDS);
  expect(roles.at(-1)).toMatchObject({ role: "default", applies: "yes" });
  expect(limits.idle).toEqual({ seconds: 900, from: "default" });
  const none = explainPerson(policy({}), { user: "zoe", groups: [] }, null, TODAY, CONTROL_IDS);
  expect(none.limits.idle).toEqual({ seconds: null, from: null });
});

test("says what is enforced, whoever it is", () => {
  const groups = fc.subarray(["sudo", "ext", "staff"]);
  fc.assert(
    fc.property(fc.constantFrom("alice", "root", "zoe"), groups, fc.boolean(), (user, member, bastion) => {
      const where = host(...(bastion ? ["bastions"] : []));
      const person = { user, groups: member };
      const { limits } = explainPerson(POLICY, person, where, TODAY, CONTROL_IDS);
      const enforced = resolvePerson(hostLimits(POLICY, where, TODAY), person);
      expect({
        idle: limits.idle.seconds,
        unresponsive: limits.unresponsive.seconds,
        warnBefore: limits.warnBefore.seconds,
      }).toEqual({
        idle: enforced.idle,
        unresponsive: enforced.unresponsive,
        warnBefore: enforced.warnBefore,
      });
    }),
  );
});
