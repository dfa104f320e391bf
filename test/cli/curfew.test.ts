/** curfew as people call it: real processes, what they print and how they end. No host is contacted. */
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageData from "../../package.json" with { type: "json" };

const ROOT = resolve(import.meta.dirname, "../..");
const CURFEW = join(ROOT, "src/curfew.js");
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-cli-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

async function curfew(given: readonly string[], environment: Record<string, string> = {}): Promise<Answer> {
  const env = {
    PATH: process.env["PATH"],
    HOME: directory,
    XDG_STATE_HOME: join(directory, "state"),
    ...environment,
  };
  const options = { cwd: directory, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
  const { stdout, stderr, exitCode } = await execa(process.execPath, [CURFEW, ...given], options);
  return { stdout, stderr, exitCode };
}

describe("the guard", () => {
  test.each([["--version"], ["-V"]])("%s prints the version", async (option) => {
    expect(await curfew([option])).toEqual({ stdout: packageData.version, stderr: "", exitCode: 0 });
  });

  test("an old Node is told in one line where there is no newer one beside", async () => {
    const alone = await mkdtemp(join(directory, "alone-"));
    await mkdir(join(alone, "src"));
    await copyFile(join(ROOT, "package.json"), join(alone, "package.json"));
    await oldNode(CURFEW, join(alone, "src/curfew.js"));
    const options = { reject: false, env: { NODE_OPTIONS: "" } } as const;
    const told = await execa(process.execPath, [join(alone, "src/curfew.js"), "plan"], options);
    expect([told.exitCode, told.stdout, told.stderr]).toEqual([
      1,
      "",
      "curfew: needs Node 24.12 or newer, this is 20.0.0",
    ]);
    const version = await execa(process.execPath, [join(alone, "src/curfew.js"), "--version"], options);
    expect(version.stdout).toBe(packageData.version);
  });

  test("an old Node runs the newer one beside it, exit code and signals passed on", async () => {
    const beside = await mkdtemp(join(directory, "beside-"));
    await mkdir(join(beside, "node_modules/node/bin"), { recursive: true });
    await mkdir(join(beside, "src"));
    await copyFile(join(ROOT, "package.json"), join(beside, "package.json"));
    await oldNode(CURFEW, join(beside, "src/curfew.js"));
    const node = join(beside, "node_modules/node/bin/node");
    await writeFile(
      node,
      '#!/bin/sh\nshift\ncase $1 in term) kill -TERM $$ ;; esac\necho "given: $*"; exit 42\n',
    );
    await chmod(node, 0o755);
    const run = (word: string) =>
      execa(process.execPath, [join(beside, "src/curfew.js"), word], { reject: false });
    expect(await run("x y")).toMatchObject({ exitCode: 42, stdout: "given: x y" });
    expect((await run("term")).signal).toBe("SIGTERM");
  });

  test("an installed package runs what was compiled", async () => {
    const installed = join(directory, "node_modules/curfew");
    await mkdir(join(installed, "src"), { recursive: true });
    await mkdir(join(installed, "dist/src"), { recursive: true });
    await cp(CURFEW, join(installed, "src/curfew.js"));
    await writeFile(join(installed, "package.json"), '{"type":"module","version":"9.9.9"}');
    await writeFile(join(installed, "dist/src/cli.js"), 'console.log("compiled", process.argv.slice(2));\n');
    await symlink(join(installed, "src/curfew.js"), join(directory, "curfew-link"));
    const told = await execa(process.execPath, [join(directory, "curfew-link"), "plan"]);
    expect(told.stdout).toBe("compiled [ 'plan' ]");
  });
});

/** A copy of the guard that believes to run on Node 20. */
async function oldNode(from: string, to: string): Promise<void> {
  const text = await readFile(from, "utf8");
  expect(text).toContain("process.versions.node");
  await writeFile(to, text.replaceAll("process.versions.node", '"20.0.0"'));
}

describe("help", () => {
  test("teaches the commands, the exit codes and the environment", async () => {
    const { stdout, stderr, exitCode } = await curfew(["--help"]);
    expect([stderr, exitCode]).toEqual(["", 0]);
    for (const word of [
      "init",
      "plan",
      "apply",
      "verify",
      "revert",
      "  64 ",
      "  130 ",
      "CURFEW_POLICY",
      "NO_COLOR",
    ]) {
      expect(stdout).toContain(word);
    }
  });

  test.each([["init"], ["plan"], ["apply"], ["verify"], ["revert"]])(
    "%s --help has an example",
    async (command) => {
      const { stdout, exitCode } = await curfew([command, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Example:\\n  curfew ${command} `, "mu"));
      expect(await curfew(["help", command])).toMatchObject({ stdout, exitCode: 0 });
    },
  );
});

describe("bad usage: exit 64, the reason, a hint, nothing on standard output", () => {
  test.each<[string, string, string]>([
    ["", "no command given", "see curfew --help"],
    ["pln", "unknown command 'pln'", "did you mean plan?"],
    ["help pln", 'unknown command "pln", did you mean "plan"?', "see curfew --help"],
    ["plan --polcy x", "unknown option '--polcy'", "did you mean --policy?"],
    ["plan -p", "option '-p, --policy <file>' argument missing", "see curfew plan --help"],
    ["plan -p p.yaml", "required option -i, --inventory not given", "curfew init"],
    ["plan -i i.yaml x", "too many arguments for 'plan'", "see curfew plan --help"],
    ["apply --yes -p p.yaml", "required option -i, --inventory not given", "curfew init"],
    ["apply -p p.yaml -i i.yaml", "i.yaml: there is no such inventory file", ""],
    ["revert -i i.yaml", "i.yaml: there is no such inventory file", ""],
    ["revert -i web1,", "there is no terminal to ask on", "give --yes"],
    ["wizard -x@web1", "unknown option", ""],
    ["wizard web1:0", '"0" is not a port', "see curfew wizard --help"],
    ["revert -i i.yaml --waves 0", '--waves 0: "0" is not a wave', "see curfew revert --help"],
    ["apply --max-fail none", "--max-fail none: not a whole number", "see curfew apply --help"],
    ["apply --confirm-within 60", "--confirm-within 60: not a duration", "see curfew apply --help"],
    [
      "verify --sessions idle-shel",
      'no session kind "idle-shel", did you mean "idle-shell"?',
      "verify --help",
    ],
    ["verify --scaled 0", "--scaled 0: not a whole number", "see curfew verify --help"],
    ["plan --events --quiet", "cannot be used with", "see curfew plan --help"],
    ["plan -p none.yaml -i none.yaml", "none.yaml", ""],
    ["apply none.json --yes", "none.json: there is no such plan file", ""],
    ["init a b", "too many arguments for 'init'", "see curfew init --help"],
  ])("curfew %s", async (line, reason, hint) => {
    const { stdout, stderr, exitCode } = await curfew(line.split(" ").filter(Boolean));
    expect(stderr).toContain(reason);
    expect(stderr).toContain(hint);
    expect(stderr).toMatch(/^error: /mu);
    expect(stderr).not.toMatch(/^\s+at /mu);
    expect([stdout, exitCode]).toEqual(["", 64]);
  });

  test("with --json it is a document as well", async () => {
    const { stdout, exitCode } = await curfew(["plan", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      schema: "curfew/error/1",
      error: { code: "usage", message: expect.stringContaining("--inventory"), hint: expect.any(String) },
    });
    expect(exitCode).toBe(64);
  });

  test("control characters of the command line are spelt out", async () => {
    const { stderr } = await curfew(["\u001b[2Jplan"]);
    expect(stderr).toContain("\\u{1b}[2Jplan");
    expect(stderr).not.toContain("\u001b");
  });

  test("CURFEW_DEBUG=1 adds the stack", async () => {
    const { stderr } = await curfew(["plan"], { CURFEW_DEBUG: "1" });
    expect(stderr).toMatch(/^\s+at /mu);
  });

  test.each([
    [{ FORCE_COLOR: "1" }, true],
    [{ FORCE_COLOR: "0" }, false],
    [{ NO_COLOR: "1" }, false],
    [{}, false],
  ])("colour with %j: %s", async (environment, coloured) => {
    const { stderr } = await curfew(["plan"], environment as Record<string, string>);
    expect(stderr.includes("\u001b[31m")).toBe(coloured);
  });
});

describe("init", () => {
  test("writes files that plan can read, and never overwrites", async () => {
    const made = await curfew(["init", "fleet"]);
    expect([made.stderr, made.exitCode]).toEqual(["", 0]);
    expect(made.stdout).toContain("curfew plan -p fleet/policy.yaml -i fleet/inventory.yaml");
    const policy = join(directory, "fleet/policy.yaml");
    await writeFile(policy, "mine");
    const again = await curfew(["init", "fleet"]);
    expect(again.exitCode).toBe(64);
    expect(again.stderr).toContain("fleet/policy.yaml exists already; nothing was written");
    expect(await readFile(policy, "utf8")).toBe("mine");
  });

  test("a limit that selects nothing in what it wrote is bad usage", async () => {
    await curfew(["init", "starter"]);
    const given = [
      "plan",
      "-p",
      "starter/policy.yaml",
      "-i",
      "starter/inventory.yaml",
      "-l",
      "wbe01.example.com",
    ];
    const { stderr, exitCode } = await curfew(given);
    expect(stderr).toMatch(/did you mean "web01\.example\.com"\?/u);
    expect(exitCode).toBe(64);
  });

  test("a misspelt role is bad usage", async () => {
    await curfew(["init", "roles"]);
    const given = ["verify", "-p", "roles/policy.yaml", "-i", "roles/inventory.yaml", "--role", "admn"];
    const { stderr, exitCode } = await curfew(given);
    expect(stderr).toContain('no role "admn" in the policy, did you mean "admin"?');
    expect(exitCode).toBe(64);
  });
});

test("a reader that goes away is no error", async () => {
  const { stderr, stdout } = await execa`sh -c ${`${process.execPath} ${CURFEW} --help | head -n 1; true`}`;
  expect(stdout).toMatch(/^Usage: curfew/u);
  expect(stderr).toBe("");
});
