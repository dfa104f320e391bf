import { describe, expect, test } from "vitest";
import { classOf, selectorsApart, selectorsOf } from "../../../src/core/policy/selectors.ts";
import type { UserClass } from "../../../src/model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../../src/model/policy/limits.ts";

const NONE = { idle: null, unresponsive: null, warnBefore: null };

function role(name: string, users: readonly string[], groups: readonly string[] = []): RoleLimits {
  return { role: name, users, groups, ...NONE };
}

const LIMITS: HostLimits = {
  defaults: role("default", []),
  roles: [role("admin", ["root", "eve"], ["wheel"]), role("vendor", ["eve", "eve"], ["ext"])],
  exemptions: [
    {
      controls: ["sshd"],
      exemption: {
        name: "backup",
        users: ["backup"],
        groups: ["wheel"],
        controls: "all",
        justification: "j",
        owner: "o",
        expires: "2027-01-01",
      },
    },
  ],
  expired: [],
};

test("names everybody once, with the roles and exemptions that do", () => {
  expect(selectorsOf(LIMITS)).toEqual([
    { name: "group:ext", owners: [1] },
    { name: "group:wheel", owners: [0, 2] },
    { name: "user:backup", owners: [2] },
    { name: "user:eve", owners: [0, 1] },
    { name: "user:root", owners: [0] },
  ]);
});

test.each([
  ["somebody whom a role names keeps it", "eve", { name: "user:eve", owners: [0, 1, 3] }],
  ["somebody whom nobody names is asked about too", "ann", { name: "user:ann", owners: [3] }],
])("apart: %s", (_, user, expected) => {
  const apart = selectorsApart(selectorsOf(LIMITS), user);
  expect(apart).toContainEqual(expected);
  expect(new Set(apart.map(({ name }) => name)).size).toBe(apart.length);
  expect(selectorsApart([], user)).toEqual([{ name: `user:${user}`, owners: [0] }]);
});

describe("the class of an account", () => {
  const found = (representative: string, users: readonly string[], ...selectors: string[]): UserClass => {
    return { representative, users, selectors, size: 30, effective: { state: "absent" } };
  };
  const rest = found("ann", ["ann"]);
  const crowd = found("u1", ["u1", "u2"], "user:u1", "user:u2", "user:u30");
  const wheel = found("root", ["root"], "group:wheel");
  const both = found("eve", ["eve"], "group:ext", "group:wheel");
  const classes = [rest, crowd, wheel, both];

  test.each([
    ["listed", "u2", [], crowd],
    ["named, but not listed", "u30", ["staff"], crowd],
    ["known by all its groups", "zed", ["ext", "wheel", "staff"], both],
    ["of groups that nobody asked about", "zed", ["staff"], rest],
    ["of a group that two classes have", "zed", ["wheel"], undefined],
  ])("%s", (_, user, groups, expected) => {
    expect(classOf(classes, { user, groups })).toBe(expected);
  });
});
