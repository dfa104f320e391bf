/** The published package: what is in it, and that it runs where there is no checkout. No network is needed. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageData from "../package.json" with { type: "json" };
import { copyRuntimeModules } from "./runtime-modules.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** What the program is bundled into; its name ends in a digest. */
const CHUNK = /^dist\/src\/[\w.-]+\.js$/u;
let directory: string;
let packed: readonly string[];

let said: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-package-"));
  const packing = execa({ cwd: ROOT, preferLocal: true });
  said = (await packing`npm pack --pack-destination ${directory}`).stdout;
  const tarball = join(directory, said);
  packed = (await execa`tar -tzf ${tarball}`).stdout
    .split("\n")
    .map((path) => path.replace(/^package\//u, ""))
    .toSorted();
  await install(tarball);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test("npm pack prints the name of the package and nothing else, for pre-commit takes all of it for that", () => {
  expect(said).toBe(`curfew-${packageData.version}.tgz`);
});

/** What npm does with a tarball, with the dependencies of the checkout in place of a registry's. */
async function install(tarball: string): Promise<void> {
  const modules = join(directory, "node_modules");
  await mkdir(join(modules, "curfew"), { recursive: true });
  await execa`tar -xzf ${tarball} -C ${join(modules, "curfew")} --strip-components=1`;
  await copyRuntimeModules(directory);
  await mkdir(join(modules, ".bin"), { recursive: true });
  await symlink(`../curfew/${packageData.bin.curfew}`, join(modules, ".bin/curfew"));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

async function curfew(line: string, node = process.execPath): Promise<Answer> {
  const env = { PATH: process.env["PATH"], HOME: directory, XDG_STATE_HOME: join(directory, "state") };
  const options = { cwd: directory, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
  const program = join(directory, "node_modules/.bin/curfew");
  const { stdout, stderr, exitCode } = await execa(node, [program, ...line.split(" ")], options);
  return { stdout, stderr, exitCode };
}

test("the package holds what runs, and no test, source or tool", () => {
  const expected = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "package.json",
    "dist/LICENSES",
    "dist/curfew.1",
    "src/curfew.js",
    ...filesBelow("templates"),
    ...filesBelow("inventories"),
  ];
  expect(packed.filter((path) => !CHUNK.test(path))).toEqual(expected.toSorted());
  expect(packed).toContain("dist/src/cli.js");
});

test("packages that are in the program itself have their licences beside it", async () => {
  const text = await readFile(join(directory, "node_modules/curfew/dist/LICENSES"), "utf8");
  const told = [...text.matchAll(/^(\S+) \d+\.\d+\.\d+$/gmu)].map(([, name]) => name);
  expect(told).toEqual(["commander", "yaml", "zod"]);
  expect(text.match(/Permission/gu)).toHaveLength(3);
});

test("what package.json names is in the package", () => {
  expect(packed).toContain(packageData.bin.curfew);
  expect(packed).toContain(packageData.man);
});

test("the changelog knows the version", async () => {
  expect(await readFile(join(ROOT, "CHANGELOG.md"), "utf8")).toContain(`\n## ${packageData.version} - `);
});

describe("installed, outside the checkout", () => {
  test.each([
    ["--version", 0, /^\d+\.\d+\.\d+$/u],
    ["--help", 0, /^Usage: curfew/u],
    ["init fleet", 0, /^wrote fleet\/policy\.yaml/u],
    ["profiles", 0, /stig-ubuntu2204/u],
    ["profiles stig-rhel9", 0, /ClientAlive/u],
    ["history", 0, /./u],
    ["explain -p fleet/policy.yaml alice --groups sudo", 0, /admin/u],
    ["completion bash", 0, /complete .*curfew/u],
  ])("curfew %s", async (line, exitCode, expected) => {
    const answer = await curfew(line);
    expect(answer).toMatchObject({ stderr: "", exitCode });
    expect(answer.stdout).toMatch(expected);
  });

  test("a mistake in a policy has its place, and no host is asked", async () => {
    await curfew("init mistaken");
    await writeFile(join(directory, "mistaken/policy.yaml"), "name: x\ndefalts: {}\n");
    const { stderr, exitCode } = await curfew("plan -p mistaken/policy.yaml -i mistaken/inventory.yaml");
    expect(stderr).toContain('mistaken/policy.yaml:2:1: unknown key "defalts"');
    expect(exitCode).toBe(64);
  });

  test("it goes as far as the network: nobody listens there", async () => {
    await curfew("init unreachable");
    const { stdout, exitCode } = await curfew("plan -p unreachable/policy.yaml -i root@127.0.0.1:1,");
    expect(stdout).toMatch(/refused/u);
    expect(exitCode).toBe(3);
  });

  test("an audit is remembered and becomes a report, from templates of the package", async () => {
    await curfew("init audited");
    const audit = await curfew("audit -p audited/policy.yaml -i root@127.0.0.1:1,");
    expect(audit.exitCode).toBe(3);
    expect(await curfew("report --format html,oscal -o reports")).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(directory, "reports/curfew-audit.html"), "utf8")).toMatch(
      /^<!doctype html>/iu,
    );
  });
});

const OLD = "/usr/bin/node";
const version = existsSync(OLD) ? (await execa`${OLD} --version`).stdout : "";
const old = /^v(?:1[2-9]|2[0-3])\./u.test(version);

describe.skipIf(!old)(`an older Node${old ? ` (${version})` : " (needs one as /usr/bin/node)"}`, () => {
  test("says which it needs, in one line", async () => {
    const reason = `curfew: needs Node 24.12 or newer, this is ${version.slice(1)}`;
    expect(await curfew("plan", OLD)).toEqual({ stdout: "", stderr: reason, exitCode: 1 });
  });

  test("still says its own version", async () => {
    expect(await curfew("--version", OLD)).toMatchObject({ stdout: packageData.version, exitCode: 0 });
  });
});
