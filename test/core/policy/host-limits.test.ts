import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHostPatterns, hostLimits, strictest } from "../../../src/core/policy/host-limits.ts";
import type { Host, Inventory } from "../../../src/model/inventory/host.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import type { Policy } from "../../../src/model/policy/policy.ts";

const today = "2026-11-22";
const bastion: Host = host("bastion1", ["bastions"]);
const web: Host = host("web1", ["web"]);
const inventory: Inventory = {
  hosts: [bastion, web],
  groups: ["all", "bastions", "ungrouped", "web"],
  digest: "",
};

function host(name: string, groups: string[]): Host {
  return { name, address: name, groups: ["all", ...groups], source: { file: "inventory" } };
}

function policy(text: object): Policy {
  return policySchema.parse({ name: "test", ...text });
}

const exemption = { name: "e", users: ["backup"], justification: "j", owner: "o", expires: "2027-01-31" };

test("roles are merged with the defaults, never looser, strictest idle first, then by name", () => {
  const limits = hostLimits(
    policy({
      defaults: { client_idle_timeout: "15m", unresponsive_timeout: "3m", warn_before: "1m" },
      roles: {
        zeta: { users: ["z"], client_idle_timeout: "5m" },
        loose: { users: ["l"], client_idle_timeout: "1h", unresponsive_timeout: "1h" },
        alpha: { users: ["a"], client_idle_timeout: "5m", unresponsive_timeout: "30s" },
        brief: { users: ["b"], client_idle_timeout: "30s" },
        own: { users: ["o"], warn_before: "5m" },
      },
    }),
    web,
    today,
  );
  expect(limits.defaults).toMatchObject({ role: "default", idle: 900, unresponsive: 180, warnBefore: 60 });
  const rows = limits.roles.map(({ role, idle, unresponsive, warnBefore }) => [
    role,
    idle,
    unresponsive,
    warnBefore,
  ]);
  expect(rows).toEqual([
    ["brief", 30, 180, null],
    ["alpha", 300, 30, 60],
    ["zeta", 300, 180, 60],
    ["loose", 900, 180, 60],
    ["own", 900, 180, 300],
  ]);
});

test("without defaults a role keeps what it says, and nothing is null", () => {
  const limits = hostLimits(
    policy({ roles: { a: { users: ["a"], client_idle_timeout: "1m" }, b: { users: ["b"] } } }),
    web,
    today,
  );
  expect(limits.defaults).toMatchObject({ idle: null, unresponsive: null, warnBefore: null });
  expect(limits.roles.map(({ role, idle }) => [role, idle])).toEqual([
    ["a", 60],
    ["b", null],
  ]);
});

test.each([
  [["bastions"], true],
  [["bastion1"], true],
  [["bast*"], true],
  [["all"], true],
  [["web"], false],
  [["all", "!bastions"], false],
  [["!web"], true],
  [[], true],
  [undefined, true],
])("a role with hosts %j holds on a bastion: %s", (hosts, holds) => {
  const role = { users: ["v"], ...(hosts === undefined ? {} : { hosts }) };
  expect(hostLimits(policy({ roles: { vendor: role } }), bastion, today).roles).toHaveLength(holds ? 1 : 0);
});

test.each([
  ["2026-11-23", "active"],
  ["2026-11-22", "active"],
  ["2026-11-21", "expired"],
])("an exemption that expires %s is %s on 2026-11-22", (expires, state) => {
  const limits = hostLimits(policy({ exemptions: [{ ...exemption, expires }] }), web, today);
  expect(limits.exemptions).toHaveLength(state === "active" ? 1 : 0);
  expect(limits.expired).toHaveLength(state === "expired" ? 1 : 0);
});

test("an exemption names its controls, all that the policy uses when it says all, and only on its hosts", () => {
  const exemptions = [
    { ...exemption, name: "all" },
    { ...exemption, name: "one", controls: ["sshd"] },
    { ...exemption, name: "elsewhere", hosts: ["bastions"] },
    { ...exemption, name: "gone elsewhere", hosts: ["bastions"], expires: "2020-01-01" },
  ];
  const limits = hostLimits(policy({ exemptions }), web, today);
  expect(limits.exemptions.map(({ exemption: { name }, controls }) => [name, controls])).toEqual([
    ["all", ["sshd", "shell-timeout"]],
    ["one", ["sshd"]],
  ]);
  expect(limits.expired).toEqual([]);
});

describe("host patterns of a policy", () => {
  test("those that match nothing are named with the nearest spelling", () => {
    const found = checkHostPatterns(
      policy({
        roles: { vendor: { users: ["v"], hosts: ["bastion", "web"] } },
        exemptions: [{ ...exemption, hosts: ["!wbe"] }],
      }),
      inventory,
    );
    expect(found.map(({ message }) => message)).toEqual([
      'role "vendor": "bastion" matches no host and no group of the inventory, did you mean "bastion1"?',
      'exemption "e": "wbe" matches no host and no group of the inventory, did you mean "web"?',
    ]);
    expect(found[0]).toMatchObject({ owner: 'role "vendor"', pattern: "bastion", nearest: "bastion1" });
  });

  test("a policy without patterns has none", () => {
    expect(checkHostPatterns(policy({ roles: { a: { users: ["a"] } } }), inventory)).toEqual([]);
  });
});

const seconds = fc.option(fc.integer({ min: 1, max: 604_800 }), { nil: null });

test("no role is ever looser than the defaults", () => {
  const written = (value: number | null) => (value === null ? {} : { client_idle_timeout: `${value}s` });
  fc.assert(
    fc.property(seconds, seconds, (own, common) => {
      const roles = { r: { users: ["r"], ...written(own) } };
      const limits = hostLimits(policy({ defaults: written(common), roles }), web, today);
      expect(limits.roles[0]?.idle ?? Infinity).toBe(Math.min(own ?? Infinity, common ?? Infinity));
    }),
  );
});

test("strictest is commutative, and null is no limit", () => {
  fc.assert(
    fc.property(seconds, seconds, (left, right) => {
      expect(strictest(left, right)).toBe(strictest(right, left));
      expect(strictest(left, null)).toBe(left);
    }),
  );
});
