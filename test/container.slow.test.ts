/** The image of templates/container, as far as it can be made without Docker: its context, its build, its program. */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { validate } from "dockerfile-utils";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageData from "../package.json" with { type: "json" };
import { patient } from "./patience.ts";
import { copyRuntimeModules } from "./runtime-modules.ts";

const ROOT = resolve(import.meta.dirname, "..");
const FILE = join(ROOT, "templates/container/Dockerfile");
const file = await readFile(FILE, "utf8");
const ignored = await readFile(`${FILE}.dockerignore`, "utf8");

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The instructions of each stage, in their order. */
const stages: readonly (readonly Instruction[])[] = file
  .replaceAll(/^#.*\n/gmu, "")
  .replaceAll("\\\n", "")
  .split(/^(?=FROM )/mu)
  .slice(1)
  .map((text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [, word = "", rest = ""] = /^(\S+) +(.*)$/u.exec(line) ?? [];
        return { word, rest: rest.replaceAll(/ {2,}/gu, " ") };
      }),
  );

/** What COPY takes from the context, or from an earlier stage. */
function copies(stage: readonly Instruction[] = [], fromStage = false): (readonly [string[], string])[] {
  return stage
    .filter(({ word, rest }) => word === "COPY" && rest.startsWith("--from=") === fromStage)
    .map(({ rest }) => {
      const names = rest.replace(/^--from=\S+ /u, "").split(" ");
      return [names.slice(0, -1), names.at(-1) ?? ""] as const;
    });
}

const allowed = ignored
  .split("\n")
  .filter((line) => line.startsWith("!"))
  .map((line) => line.slice(1));
const fromContext = stages.flatMap((stage) => copies(stage).flatMap(([sources]) => sources));

test("a linter of Dockerfiles finds nothing", () => {
  expect(validate(file)).toEqual([]);
});

test("the context is what COPY takes and nothing else, all of it in the repository", async () => {
  expect(ignored).toMatch(/^\*$/mu);
  const tops = new Set(fromContext.map((source) => source.split("/")[0] ?? ""));
  expect([...tops].toSorted()).toEqual(allowed.toSorted());
  const { stdout } = await execa({ cwd: ROOT })`git ls-files ${fromContext}`;
  const known = stdout.split("\n");
  const missing = fromContext.filter(
    (source) => !known.some((path) => path === source || path.startsWith(`${source}/`)),
  );
  expect(missing).toEqual([]);
});

test("the image has what the package of npm has", () => {
  const [, runtime = []] = stages;
  const inImage = [...copies(runtime), ...copies(runtime, true)].flatMap(([sources]) =>
    sources.map((source) => source.replace(/^\/build\//u, "")),
  );
  // These two npm takes by itself; modules it installs.
  const own = ["LICENSE", "README.md", "package.json", "node_modules"];
  expect(inImage.toSorted()).toEqual([...packageData.files, ...own].toSorted());
});

describe("built and run", { timeout: patient(120_000) }, () => {
  let work: string;
  let image: string;

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "curfew-container-"));
    image = join(work, "image/opt/curfew");
    await chmod(work, 0o755);
    await play(stages[0] ?? [], join(work, "build"));
    await play(stages[1] ?? [], image);
    await copyRuntimeModules(image);
  }, patient(120_000));
  afterAll(() => rm(work, { recursive: true, force: true }));

  /** COPY and `npm run`; packages of Debian and of a registry are this machine's. */
  async function play(stage: readonly Instruction[], folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const [sources, target] of copies(stage)) await place(sources, target, ROOT, folder);
    for (const { rest } of stage.filter(({ word }) => word === "RUN")) {
      if (rest === "npm ci") await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
      const [script = ""] = rest.split(" && ");
      if (script.startsWith("npm run ")) await execa({ cwd: folder, shell: true })(script);
    }
    for (const [sources, target] of copies(stage, true)) {
      const made = sources.filter((source) => basename(source) !== "node_modules");
      await place(made, target, work, folder);
    }
  }

  async function place(sources: readonly string[], target: string, from: string, to: string): Promise<void> {
    for (const source of sources) {
      const path = target.endsWith("/") ? join(to, target, basename(source)) : join(to, target);
      await mkdir(dirname(path), { recursive: true });
      await cp(join(from, source), path, { recursive: true });
    }
  }

  /** As somebody who owns nothing of it, with a state of his own, from a folder that he cannot write to. */
  async function curfew(...given: readonly string[]) {
    const [entry = ""] = JSON.parse(instruction("ENTRYPOINT")) as string[];
    expect(instruction("RUN ln")).toContain(`/opt/curfew/src/curfew.js /usr/local/bin/${entry}`);
    const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const options = {
      ...identity,
      cwd: image,
      env: { PATH: process.env["PATH"], HOME: "/nonexistent", XDG_STATE_HOME: join(work, "state") },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    } as const;
    return execa(process.execPath, [join(image, "src/curfew.js"), ...given], options);
  }

  function instruction(start: string): string {
    const found = stages[1]?.find(({ word, rest }) => `${word} ${rest}`.startsWith(start));
    return found?.rest ?? "";
  }

  test("it says its version, its help, and what is wrong with an inventory", async () => {
    expect(await curfew("--version")).toMatchObject({ stdout: packageData.version, stderr: "", exitCode: 0 });
    const help = await curfew(...(JSON.parse(instruction("CMD")) as string[]));
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toMatch(/^Usage: curfew/u);
    const lint = await curfew("lint", "inventories/fleet.ini");
    expect(lint, lint.stderr).toMatchObject({ stdout: "", exitCode: 0 });
    expect((await curfew("explain", "-p", "templates/starter/policy.yaml", "alice")).exitCode).toBe(0);
  });

  test("the history goes to the volume", async () => {
    await mkdir(join(work, "state"));
    await chmod(join(work, "state"), 0o777);
    expect(instruction("ENV")).toBe(`XDG_STATE_HOME=${instruction("VOLUME")}`);
    const given = ["-p", "templates/starter/policy.yaml", "-i", "root@127.0.0.1:1,"];
    const audit = await curfew("audit", ...given);
    expect(audit.exitCode, audit.stderr).toBe(3);
    expect((await curfew("history")).stdout).toContain("starter");
  });
});
