/** What a short command loads: each module costs a third of a millisecond, and somebody has pressed the Tab key. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { patient } from "../patience.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const HOOK = `import { registerHooks } from "node:module";
const seen = new Set();
registerHooks({ resolve: (name, context, next) => { const found = next(name, context); seen.add(found.url); return found; } });
process.on("exit", () => process.stderr.write("LOADED " + JSON.stringify([...seen])));
`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-start-up-"));
  await writeFile(join(directory, "hook.mjs"), HOOK);
  await writeFile(join(directory, "policy.yaml"), "name: here\ndefaults: {client_idle_timeout: 10m}\n");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Packages by name, and how many files of curfew's own. */
async function loaded(...given: readonly string[]): Promise<{ packages: Set<string>; own: number }> {
  const options = ["--import", join(directory, "hook.mjs"), join(ROOT, "src/curfew.js"), ...given];
  const { stderr } = await execa(process.execPath, options, { cwd: directory });
  const urls: string[] = JSON.parse(stderr.slice(stderr.indexOf("LOADED ") + "LOADED ".length));
  const packages = urls.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(url)?.[1] ?? "");
  const own = urls.filter((url) => url.includes("/src/") && !url.includes("/node_modules/"));
  return { packages: new Set(packages.filter((name) => name !== "")), own: own.length };
}

test.each([
  ["explain", "-p", ""],
  ["audit", "--format", "html,"],
  ["explain", "--gr"],
])(
  "completion of curfew %s %s knows one command and parses nothing",
  async (...line) => {
    const { packages, own } = await loaded("complete", "--", ...line);
    expect([...packages]).toEqual(["commander"]);
    expect(own).toBeLessThan(110);
  },
  patient(20_000),
);

test(
  "explain from the policy alone loads nothing that reaches a host, keeps a history, compares texts or writes files",
  async () => {
    const { packages } = await loaded("explain", "-p", "policy.yaml", "alice");
    expect([...packages].toSorted()).toEqual(["commander", "yaml", "zod"]);
  },
  patient(20_000),
);
