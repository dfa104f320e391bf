/** What a terminal, a pipe and the environment make of the same text: real processes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const CURFEW = resolve(import.meta.dirname, "../../../src/curfew.js");
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-terminal-"));
  await curfew({}, "init");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function curfew(environment: Readonly<Record<string, string>>, ...given: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: directory, ...environment };
  const options = { cwd: directory, env, extendEnv: false, reject: false, stdin: "ignore" } as const;
  return execa(process.execPath, [CURFEW, ...given], options);
}

const PLAN = ["plan", "-p", "policy.yaml", "-i", "root@127.0.0.1:1,"] as const;

describe("the locale", () => {
  test.each([
    [{}, true],
    [{ LANG: "C" }, false],
    [{ LANG: "POSIX" }, false],
    [{ LANG: "C.UTF-8" }, true],
    [{ LANG: "de_DE.utf8" }, true],
    [{ LANG: "de_DE" }, false],
    [{ LANG: "C", LC_ALL: "en_US.UTF-8" }, true],
    [{ LANG: "en_US.UTF-8", LC_CTYPE: "de_DE.ISO-8859-1" }, false],
    [{ LANG: "en_US.UTF-8", LC_CTYPE: "C", LC_ALL: "" }, false],
  ])("%j: Unicode %s", async (environment, unicode) => {
    const { stdout, stderr } = await curfew(environment as Record<string, string>, ...PLAN);
    expect(stdout + stderr).toMatch(/\? .*127\.0\.0\.1/u);
    const { stdout: explained } = await curfew(
      environment as Record<string, string>,
      "explain",
      "-p",
      "policy.yaml",
      "x",
    );
    // The bar of an audit is drawn in any locale.
    const audited = await curfew(
      environment as Record<string, string>,
      "audit",
      ...PLAN.slice(1),
      "--no-history",
    );
    expect(/[^\n -~]/u.test(audited.stdout + explained + stdout + stderr)).toBe(unicode);
    expect(explained).toContain("= default");
  });

  test("JSON and events are the same in any", async () => {
    const [c, utf8] = await Promise.all(
      ["C", "C.UTF-8"].map((LANG) => curfew({ LANG }, "explain", "-p", "policy.yaml", "bücher", "--json")),
    );
    expect(c?.stdout).toContain("bücher");
    expect(c?.stdout).toBe(utf8?.stdout);
    const events = await curfew({ LANG: "C" }, ...PLAN.slice(0, 3), "-i", "bücher@127.0.0.1:1,", "--events");
    for (const line of events.stderr.split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });
});

test("in a pipe nothing moves the cursor and nothing is coloured; one line per step", async () => {
  const { stderr, stdout } = await curfew({}, ...PLAN);
  expect(stdout + stderr).not.toMatch(/[\u001b\r]/u);
  expect(stderr).toMatch(/^\[ +0\.\ds\] plan: 1 host$/mu);
});

describe("quiet and verbose", () => {
  test("-q leaves nothing on standard error but errors", async () => {
    const { stderr, stdout } = await curfew({}, ...PLAN, "-q");
    expect(stderr).toBe("");
    expect(stdout).toContain("127.0.0.1");
  });

  test.each([[["init", "a"]], [["history"]], [["profiles"]], [["explain", "-p", "policy.yaml", "x"]]])(
    "%j says what it has to say with -q, and as JSON",
    async (given) => {
      expect(await curfew({}, ...given, "-q")).toMatchObject({ stderr: "", exitCode: 0 });
      const other = given[0] === "init" ? ["init", "b"] : given;
      const { stdout } = await curfew({}, ...other, "--json");
      expect(JSON.parse(stdout)).toMatchObject({ schema: `curfew/${given[0]}/1` });
    },
  );
});
