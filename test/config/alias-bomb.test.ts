/** Few lines of YAML that stand for gigabytes: a mistake of the file with its place, at once, whatever file it is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadInventory } from "../../src/config/inventory/inventory.ts";
import { loadAlerts } from "../../src/config/policy/alerts.ts";
import { loadPolicy } from "../../src/config/policy/policy.ts";
import { parseYaml } from "../../src/config/yaml-text.ts";
import { growth, LINEAR } from "../complexity.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "curfew-bomb-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Nine levels of nine: 387 million leaves. */
function levels(open: string, item: (name: string) => string, close: string): string {
  const names = Array.from("abcdefghi");
  return names
    .map((name, index) => {
      const below = names[index - 1];
      const items = Array.from({ length: 9 }, () => (below === undefined ? "x" : item(below)));
      return `${name}: &${name} ${open}${items.join(",")}${close}\n`;
    })
    .join("");
}

const LISTS = levels("[", (name) => `*${name}`, "]");
const inventory = (path: string): Promise<unknown> => loadInventory([path], { environment: {} });

describe("an alias bomb", () => {
  test.each([
    ["lists", LISTS],
    ["a value that holds itself", "webhooks: &a [*a]\n"],
    [
      "maps",
      "a: &a {x: 1}\n" +
        Array.from(
          "bcdefghi",
          (name, index) =>
            `${name}: &${name} {${Array.from({ length: 9 }, (_, at) => `k${at}: *${"abcdefgh"[index] ?? "a"}`).join(", ")}}\n`,
        ).join(""),
    ],
  ])("in the alerts file: %s", async (_, text) => {
    const failed = loadAlerts(put("alerts.yaml", text));
    await expect(failed).rejects.toMatchObject({ code: "input" });
    await expect(failed).rejects.toThrow(/alerts\.yaml:\d+:\d+: /u);
  });

  test("in the policy", async () => {
    const failed = loadPolicy(put("policy.yaml", `name: p\n${LISTS}`));
    await expect(failed).rejects.toMatchObject({ code: "input" });
    await expect(failed).rejects.toThrow(/policy\.yaml:\d+:\d+: /u);
  });

  test.each([
    ["its variables", `all:\n  hosts:\n    web1: {v: *i}\n`],
    ["variables of a group", `all:\n  vars:\n    v: *i\n    ansible_user: *i\n  hosts: {web1: }\n`],
  ])("in the inventory: %s", async (_, text) => {
    const head = LISTS.replaceAll(/^/gmu, "    ").trimEnd();
    const path = put("inventory.yaml", `one:\n  vars:\n${head}\n${text}`);
    const failed = inventory(path).then(
      () => "read",
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(["read", "input"]).toContain(await failed);
  });

  test("in the inventory: groups within groups", async () => {
    const names = Array.from("abcdefgh");
    const groups = names.map((name, index) => {
      const below = names[index - 1];
      if (below === undefined) return `  ${name}: &${name} {hosts: {web1: }}\n`;
      const children = Array.from({ length: 9 }, (_, at) => `g${index}${at}: *${below}`).join(", ");
      return `  ${name}: &${name} {children: {${children}}}\n`;
    });
    const failed = inventory(put("inventory.yaml", `all:\n children:\n${groups.join("")}`)).then(
      () => "read",
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(await failed).toBe("input");
  }, 30_000);

  test("in group_vars", async () => {
    put("group_vars/all.yaml", `${LISTS}ansible_user: *i\n`);
    const failed = inventory(put("inventory.yaml", "all: {hosts: {web1: }}\n")).then(
      () => "read",
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(["read", "input"]).toContain(await failed);
  });
});

test.each([
  ["one anchor set again and again", "- &a x\n"],
  ["aliases of one anchor", "- *a\n"],
  ["keys that occur twice", "x: 1\n"],
])("%s is read in linear time", (_, text) => {
  const head = text.startsWith("-") ? "- &a x\n" : "";
  const work = (document: string): unknown => {
    try {
      return parseYaml("f", document);
    } catch (error) {
      return error;
    }
  };
  expect(growth(3000, (size) => head + text.repeat(size), work)).toBeLessThan(LINEAR);
});

test("an alias stands for the last anchor before it", () => {
  const { document, resolve } = parseYaml("f", "- &a one\n- &a two\n- *a\n- &a three\n");
  const items = (document.contents as unknown as { items: unknown[] }).items;
  expect(String(resolve(items[2]))).toBe("two");
});
