import * as fc from "fast-check";
import { expect, test } from "vitest";
import { resolvePerson } from "../../../src/core/policy/resolve-person.ts";
import type { HostLimits, RoleLimits } from "../../../src/model/policy/limits.ts";
import type { Exemption } from "../../../src/model/policy/policy.ts";

function role(name: string, fields: Partial<RoleLimits>): RoleLimits {
  return { role: name, users: [], groups: [], idle: null, unresponsive: null, warnBefore: null, ...fields };
}

const backup: Exemption = {
  name: "backup",
  users: ["backup"],
  groups: ["operators"],
  controls: "all",
  justification: "j",
  owner: "o",
  expires: "2027-01-31",
};

const limits: HostLimits = {
  defaults: role("default", { idle: 900, unresponsive: 180, warnBefore: 60 }),
  roles: [
    role("vendor", { groups: ["ext", "domain vendors"], idle: 300, unresponsive: 180, warnBefore: 60 }),
    role("admin", { users: ["root"], groups: ["sudo"], idle: 600, unresponsive: 30, warnBefore: 120 }),
    role("wide", { users: ["wide"], idle: 900, unresponsive: 180, warnBefore: null }),
  ],
  exemptions: [{ exemption: backup, controls: ["sshd"] }],
  expired: [],
};

test.each([
  [
    "nobody special",
    { user: "alice", groups: ["users"] },
    { role: "default", matched: [], idle: 900, unresponsive: 180, warnBefore: 60 },
  ],
  [
    "by user",
    { user: "root", groups: [] },
    { role: "admin", matched: ["admin"], idle: 600, unresponsive: 30, warnBefore: 120 },
  ],
  [
    "by group with a space",
    { user: "v", groups: ["domain vendors"] },
    { role: "vendor", matched: ["vendor"], idle: 300 },
  ],
  [
    "two roles: the strictest of each field",
    { user: "root", groups: ["ext"] },
    { role: "vendor", matched: ["vendor", "admin"], idle: 300, unresponsive: 30, warnBefore: 60 },
  ],
  ["case counts", { user: "Root", groups: ["SUDO"] }, { role: "default", matched: [] }],
  ["a role without a warning", { user: "wide", groups: [] }, { role: "wide", warnBefore: null }],
])("%s", (_title, person, expected) => {
  expect(resolvePerson(limits, person)).toMatchObject(expected);
});

test.each([
  ["backup", [], 1],
  ["alice", ["operators"], 1],
  ["alice", ["users"], 0],
])("exemptions of %s in %j: %i", (user, groups, count) => {
  expect(resolvePerson(limits, { user, groups }).exemptions).toHaveLength(count);
});

test("a warning from one role never comes after the end that another sets", () => {
  const two = [
    role("quick", { users: ["u"], idle: 30 }),
    role("slow", { users: ["u"], idle: 600, warnBefore: 60 }),
  ];
  expect(resolvePerson({ ...limits, roles: two }, { user: "u", groups: [] })).toMatchObject({
    idle: 30,
    warnBefore: null,
  });
});

test("each field is the least over all matching roles, and one more role never loosens", () => {
  const limit = fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: null });
  const roles = fc.array(fc.record({ idle: limit, unresponsive: limit, member: fc.boolean() }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(roles, (drawn) => {
      const made = drawn.map(({ member, ...fields }, index) =>
        role(`r${index}`, { ...fields, users: member ? ["u"] : [] }),
      );
      const resolved = resolvePerson({ ...limits, roles: made }, { user: "u", groups: [] });
      const mine = made.filter(({ users }) => users.length > 0);
      const from = mine.length > 0 ? mine : [limits.defaults];
      const least = (pick: (role: RoleLimits) => number | null) =>
        Math.min(...from.map((one) => pick(one) ?? Infinity));
      expect(resolved.idle ?? Infinity).toBe(least(({ idle }) => idle));
      expect(resolved.unresponsive ?? Infinity).toBe(least(({ unresponsive }) => unresponsive));
      expect(resolved.matched).toEqual(mine.map(({ role: name }) => name));
    }),
  );
});
