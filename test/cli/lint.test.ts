/** `curfew lint`: every finding with its place, and no host. */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ajvDraft04 from "ajv-draft-04";
import formats from "ajv-formats";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHere } from "./run-here.ts";

const sarifSchema = join(import.meta.dirname, "../fixtures/schemas/sarif-2.1.0.schema.json");
const ajv = new ajvDraft04.default({ strict: false });
formats.default(ajv);
const isSarif = ajv.compile(JSON.parse(readFileSync(sarifSchema, "utf8")));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-lint-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const lint = async (files: Readonly<Record<string, string>>, ...given: readonly string[]) => {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return runHere(["lint", ...given], { directory, environment: { HOME: directory } });
};
const GOOD = "name: here\ndefaults: {client_idle_timeout: 10m}\n";
const HOSTS = "all: {children: {web: {hosts: {web1: }}}}\n";

describe("curfew lint", () => {
  test("nothing wrong: exit 0", async () => {
    const call = await lint({ "policy.yaml": GOOD, "inventory.yaml": HOSTS });
    expect(call).toMatchObject({ exitCode: 0, stdout: "" });
    expect(call.stderr).toContain("nothing is wrong");
  });

  test("a mistake in the policy and one in the inventory, both with their places", async () => {
    const files = {
      "bad.yaml": "name: here\ndefaults: {client_idle_timeot: 10m}\n",
      "bad-hosts.yaml": "all:\n  hosts:\n    web1: {ansible_port: many}\n",
    };
    const { exitCode, stdout } = await lint(files, "-p", "bad.yaml", "-i", "bad-hosts.yaml");
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^bad\.yaml:2:\d+: error: /mu);
    expect(stdout).toMatch(/^bad-hosts\.yaml:3:\d+: error: /mu);
  });

  test("a role that is looser than the defaults, and a pattern that matches nothing, where they are written", async () => {
    const files = {
      "loose.yaml": `${GOOD}roles:\n  vendor:\n    groups: [ext]\n    hosts: [wbe]\n    client_idle_timeout: 1h\n`,
      "hosts.yaml": HOSTS,
    };
    const { exitCode, stdout } = await lint(files, "loose.yaml", "hosts.yaml", "--json");
    expect(exitCode).toBe(2);
    const { schema, summary, findings } = JSON.parse(stdout);
    expect(schema).toBe("curfew/lint/1");
    expect(summary).toEqual({ errors: 0, warnings: 2 });
    expect(findings).toContainEqual(
      expect.objectContaining({ file: "loose.yaml", line: 7, severity: "warning" }),
    );
    const pattern = findings.find(({ message }: { message: string }) => message.includes("wbe"));
    expect(pattern).toMatchObject({ line: 6, column: 13 });
    expect(pattern.message).toContain("web");
  });

  test("--sarif: valid, each finding at its place in the checkout", async () => {
    const files = {
      "bad [1](x).yaml": "name: here\ndefaults: {client_idle_timeot: 10m}\n",
      "loose.yaml": `${GOOD}roles:\n  vendor:\n    groups: [ext]\n    client_idle_timeout: 1h\n`,
    };
    const { exitCode, stdout } = await lint(files, "bad [1](x).yaml", "loose.yaml", "--sarif");
    expect(exitCode).toBe(2);
    const document = JSON.parse(stdout);
    expect(isSarif(document), JSON.stringify(isSarif.errors?.slice(0, 3))).toBe(true);
    const found = document.runs[0].results.map(
      ({ ruleId, level, locations }: { ruleId: string; level: string; locations: any[] }) => {
        const { artifactLocation, region } = locations[0].physicalLocation;
        return [ruleId, level, artifactLocation.uri, region.startLine];
      },
    );
    expect(found).toContainEqual(["policy-or-inventory-error", "error", "bad%20%5B1%5D(x).yaml", 2]);
    expect(found).toContainEqual(["policy-or-inventory-warning", "warning", "loose.yaml", 6]);
  });

  test("--sarif of good files has no result; with --json it is bad usage", async () => {
    const good = await lint({ "policy.yaml": GOOD }, "policy.yaml", "--sarif");
    expect(good.exitCode).toBe(0);
    expect(JSON.parse(good.stdout).runs[0].results).toEqual([]);
    expect(await lint({}, "policy.yaml", "--sarif", "--json")).toMatchObject({ exitCode: 64 });
  });

  test("a missing file is bad usage", async () => {
    expect(await lint({}, "-p", "none.yaml")).toMatchObject({ exitCode: 64 });
    expect(await lint({}, "none.yaml")).toMatchObject({ exitCode: 64 });
  });

  test("a curfew.yaml among the files stands for what it names, each once, from where it is", async () => {
    await mkdir(join(directory, "fleet"), { recursive: true });
    const files = {
      "fleet/curfew.yaml": "policy: loose.yaml\ninventory: [hosts.yaml]\n",
      "fleet/loose.yaml": `${GOOD}roles:\n  vendor:\n    groups: [ext]\n    hosts: [wbe]\n`,
      "fleet/hosts.yaml": HOSTS,
    };
    const { exitCode, stdout } = await lint(files, "fleet/loose.yaml", "./fleet/curfew.yaml", "--json");
    expect(exitCode).toBe(2);
    const { findings } = JSON.parse(stdout);
    expect(findings).toMatchObject([{ file: "fleet/loose.yaml", line: 6, severity: "warning" }]);
    const none = await lint({ "fleet/curfew.yaml": "policy: none.yaml\n" }, "fleet/curfew.yaml");
    expect([none.exitCode, none.stdout]).toEqual([2, "fleet/none.yaml: error: there is no such policy file"]);
    const misspelt = await lint({ "fleet/curfew.yaml": "polcy: loose.yaml\n" }, "fleet/curfew.yaml");
    expect(misspelt.exitCode).toBe(2);
    expect(misspelt.stdout).toMatch(/^fleet\/curfew\.yaml:1:1: error: unknown key "polcy"/mu);
    const list = await lint({ "fleet/curfew.yaml": "policy: [1]\n" }, "fleet/curfew.yaml");
    expect(list).toMatchObject({
      exitCode: 64,
      stderr: "error: fleet/curfew.yaml: policy is the name of a file",
    });
  });

  test("the hook of pre-commit names a command that is there, and files that it reads", async () => {
    const [hook] = parse(await readFile(join(import.meta.dirname, "../../.pre-commit-hooks.yaml"), "utf8"));
    expect(hook).toMatchObject({ id: "curfew-lint", entry: "curfew lint", language: "node" });
    const pattern = new RegExp(hook.files, "u");
    expect(["policy.yaml", "fleet/inventory.yml", "curfew.yaml"].every((name) => pattern.test(name))).toBe(
      true,
    );
    expect(pattern.test("my-policy.yaml.txt")).toBe(false);
    const [command = "", ...rest] = hook.entry.split(" ");
    expect(command).toBe("curfew");
    expect(await runHere([...rest, "policy.yaml"], { directory, environment: {} })).toMatchObject({
      exitCode: 0,
    });
  });
});
