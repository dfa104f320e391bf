import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appliesTo, selectHosts } from "../../../src/core/policy/host-pattern.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { Host, Inventory } from "../../../src/model/inventory/host.ts";

const inventory = inventoryOf({
  web1: ["web"],
  web2: ["web"],
  web3: ["web", "canary"],
  db1: ["db"],
  bastion: [],
  "2001:db8::1": ["v6"],
});

function inventoryOf(members: Record<string, string[]>): Inventory {
  const hosts = Object.entries(members).map(([name, groups]): Host => {
    const all = ["all", ...(groups.length > 0 ? groups : ["ungrouped"])];
    return { name, address: name, groups: all.toSorted(), source: { file: "inventory" } };
  });
  const groups = new Set(["all", "ungrouped", "empty", ...hosts.flatMap((host) => host.groups)]);
  return { hosts, groups: [...groups].toSorted(), digest: "" };
}

function names(pattern: string | undefined): string {
  return selectHosts(inventory, pattern)
    .map(({ name }) => name)
    .join(" ");
}

const everything = "web1 web2 web3 db1 bastion 2001:db8::1";

test.each([
  [undefined, everything],
  ["all", everything],
  ["*", everything],
  ["web", "web1 web2 web3"],
  ["web1", "web1"],
  ["web1,db1", "web1 db1"],
  ["db1, web1", "web1 db1"],
  ["web1:db1", "web1 db1"],
  ["web*,!web3", "web1 web2"],
  ["!web3,web*", "web1 web2"],
  ["!web", "db1 bastion 2001:db8::1"],
  ["web:&canary", "web3"],
  ["web:!canary", "web1 web2"],
  ["web?", "web1 web2 web3"],
  ["?b1", "db1"],
  ["can*", "web3"],
  ["ungrouped", "bastion"],
  ["empty,db1", "db1"],
  ["2001:db8::1", "2001:db8::1"],
  ["!2001:db8::1,all", "web1 web2 web3 db1 bastion"],
])("-l %s selects %s", (pattern, expected) => {
  expect(names(pattern)).toBe(expected);
});

test("a glob never means the group all: a* is no way to touch everything", () => {
  expect(() => names("a*")).toThrow(/"a\*" matches no host and no group/u);
});

test.each([
  ["wbe", '-l: "wbe" matches no host and no group of the inventory, did you mean "web"?'],
  ["all,!web33", '-l: "web33" matches no host and no group of the inventory, did you mean "web3"?'],
  ["bastoin", '-l: "bastoin" matches no host and no group of the inventory, did you mean "bastion"?'],
  ["empty", '-l: "empty" selects no host'],
  ["web1,!web", '-l: "web1,!web" selects no host'],
  ["", "-l: the pattern is empty"],
  [" , ", "-l: the pattern is empty"],
  ["!", '-l: nothing follows "!"'],
  ["web[0]", '-l: "web[0]" is not a pattern that curfew knows'],
  ["~web.*", '-l: "~web.*" is not a pattern that curfew knows'],
  ["@retry", '-l: "@retry" is not a pattern that curfew knows'],
])("-l %s is refused", (pattern, message) => {
  expect(refusal(pattern)).toMatchObject({ code: "usage", message });
});

function refusal(pattern: string): unknown {
  try {
    return names(pattern);
  } catch (error) {
    return error;
  }
}

describe("compared with a reference", () => {
  const letters = fc.constantFrom("a", "b", "*", "?", ".", "+", "(", "\\");
  const glob = fc.array(letters, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "+", "(", "\\"), maxLength: 10 });

  test("globs match what the same regular expression matches", () => {
    fc.assert(
      fc.property(glob, text, (pattern, name) => {
        const host: Host = { name, address: name, groups: ["all"], source: { file: "x" } };
        expect(appliesTo([pattern], host)).toBe(reference(pattern).test(name));
      }),
      { numRuns: 2000 },
    );
  });

  function reference(pattern: string): RegExp {
    const source = pattern
      .replace(/[.+()\\]/gu, "\\$&")
      .replace(/\*+/gu, ".*")
      .replaceAll("?", ".");
    return new RegExp(`^(?:${source})$`, "su");
  }

  test("a pattern of stars takes no exponential time", () => {
    const name = "a".repeat(250);
    const host: Host = { name, address: name, groups: ["all"], source: { file: "x" } };
    expect(appliesTo([`${"*a".repeat(120)}b`], host)).toBe(false);
  });

  test("any -l either selects hosts in inventory order or is a usage error", () => {
    const term = fc.constantFrom("web", "web1", "db*", "!web2", "&canary", "no", "all", "?", "[x]", "");
    const pattern = fc.oneof(
      fc.string(),
      fc.array(term).map((terms) => terms.join(",")),
    );
    fc.assert(
      fc.property(pattern, (written) => {
        const result = refusal(written);
        const isUsage = result instanceof CurfewError && result.code === "usage";
        const selected = typeof result === "string" ? result.split(" ") : [];
        const ordered = everything.split(" ").filter((name) => selected.includes(name));
        expect(isUsage || (selected.length > 0 && ordered.join(" ") === result)).toBe(true);
      }),
    );
  });
});
