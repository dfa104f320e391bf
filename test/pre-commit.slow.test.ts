/** The hook for pre-commit, in a real repository: Debian's pre-commit and git run it with each commit. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { debianTools, PRE_COMMIT, toolEnvironment } from "./lab/debian-tools.ts";
import { patient } from "./patience.ts";

const ROOT = resolve(import.meta.dirname, "..");
const HOOKS = join(ROOT, ".pre-commit-hooks.yaml");
// The package is that of the Debian whose Python this is.
const tools = existsSync("/usr/bin/python3.11") ? await debianTools(PRE_COMMIT).catch(() => "") : "";
const lacks = tools === "" ? " (needs Debian 12 and its pre-commit)" : "";

describe.skipIf(tools === "")(`pre-commit${lacks}`, { timeout: patient(60_000) }, () => {
  let directory: string;
  let repository: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "curfew-pre-commit-"));
    repository = join(directory, "fleet");
    await mkdir(join(directory, "bin"));
    await symlink(process.execPath, join(directory, "bin/node"));
    await symlink(join(ROOT, "src/curfew.js"), join(directory, "bin/curfew"));
    await mkdir(repository);
    await git("init", "--quiet");
    await git("config", "user.name", "somebody");
    await git("config", "user.email", "somebody@example.com");
    // `language: node` would take curfew's packages from a registry; what is run, and with which files, is the same.
    const [hook] = parse(await readFile(HOOKS, "utf8"));
    const { language_version: _, ...same } = hook;
    const configuration = { repos: [{ repo: "local", hooks: [{ ...same, language: "system" }] }] };
    await write(".pre-commit-config.yaml", stringify(configuration));
    expect(await preCommit("install")).toMatchObject({ exitCode: 0 });
  }, patient(60_000));
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const options = () => ({
    cwd: repository,
    env: {
      ...toolEnvironment(tools),
      HOME: directory,
      PATH: `${join(directory, "bin")}:${dirname("/usr/bin/git")}:/bin`,
    },
    extendEnv: false,
    reject: false,
    all: true,
    stdin: "ignore" as const,
  });
  const git = (...given: readonly string[]) => execa("git", given, options());
  const preCommit = (...given: readonly string[]) =>
    execa("/usr/bin/python3", [join(tools, "usr/bin/pre-commit"), ...given], options());
  const write = (name: string, text: string) => writeFile(join(repository, name), text);
  const commit = async (subject: string) => {
    await git("add", "--all");
    return git("commit", "--quiet", "-m", subject);
  };
  const commits = async () => (await git("log", "--format=%s")).stdout.split("\n");

  test("the file of hooks is what pre-commit takes", async () => {
    expect(await preCommit("validate-manifest", HOOKS)).toMatchObject({ exitCode: 0, all: "" });
  });

  test("a commit with a mistake is refused where it is written; the mended one goes through", async () => {
    await write("policy.yaml", "name: here\ndefaults: {client_idle_timeot: 10m}\n");
    await write("inventory.yaml", "all: {hosts: {web1: }}\n");
    await write("curfew.yaml", "policy: policy.yaml\ninventory: inventory.yaml\n");
    const refused = await commit("misspelt");
    expect(refused.exitCode).toBe(1);
    expect(refused.all).toContain('policy.yaml:2:12: error: unknown key "client_idle_timeot" in defaults');
    await write("policy.yaml", "name: here\ndefaults: {client_idle_timeout: 10m}\n");
    const mended = await commit("mended");
    expect(mended.exitCode, mended.all).toBe(0);
    expect(mended.all).toMatch(/curfew lint\.+Passed/u);
    expect(await commits()).toEqual(["mended"]);
  });

  test("files of others are not read", async () => {
    await write("notes.yaml", "a: [\n");
    const other = await commit("notes");
    expect(other.exitCode, other.all).toBe(0);
    expect(other.all).toMatch(/curfew lint\.+\(no files to check\)Skipped/u);
  });
});
