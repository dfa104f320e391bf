/** What README shows is run: its policy loads, its commands work, in its order, on a real host. */
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parsePolicy } from "../../src/config/policy.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Desk, openDesk } from "./curfew.ts";

const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
const commands = Array.from(readme.matchAll(/^\$ curfew (.*?)(?:\s+#.*)?$/gmu), ([, args = ""]) =>
  args.split(" "),
);
const scripts = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")).scripts;

/** The exit code of each command of the five minutes, by its name. */
const EXITS: Record<string, number> = { init: 0, plan: 2, apply: 0, verify: 0, explain: 0, revert: 0 };
const POLICY = "name: readme\ndefaults: { client_idle_timeout: 8s, unresponsive_timeout: 6s }\n";

describe("README", () => {
  test("its policy is one", () => {
    const [, text = ""] = /```yaml\n(.*?)```/su.exec(readme) ?? [];
    expect(parsePolicy("README.md", text, new Date("2026-11-22")).policy.name).toBe("production");
  });

  test("its npm scripts exist", () => {
    const named = Array.from(
      readme.matchAll(/npm (?:run )?(test|demo|check|bench|schema)\b/gu),
      ([, name = ""]) => name,
    );
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect(scripts, name).toHaveProperty([name]);
  });

  test("it shows the five minutes in their order", () => {
    expect(commands.map(([name]) => name)).toEqual(
      Object.keys(EXITS).filter((name) => commands.some(([each]) => each === name)),
    );
    expect(commands.length).toBeGreaterThanOrEqual(5);
  });
});

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`README on a real host${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;

  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({ release: "trixie" });
    desk = await openDesk(lab, [host], POLICY);
  });
  afterAll(() => lab?.close());

  test.each(commands)("curfew %s", async (name, ...args) => {
    const program = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
    // `init` makes these files; here they exist already, with limits nobody has to wait long for.
    const cwd = name === "init" ? await mkdtemp(join(lab.dir, "init-")) : desk.dir;
    const offline = name === "init" || name === "explain";
    const added = offline ? [] : ["--ssh-config", lab.sshConfigPath];
    if (name === "apply" || name === "revert") added.push("--yes");
    const { exitCode, all } = await execa(process.execPath, [program, name, ...args, ...added], {
      cwd,
      all: true,
      reject: false,
      stdin: "ignore",
      env: { XDG_STATE_HOME: join(desk.dir, "state"), NO_COLOR: "1" },
    });
    expect(exitCode, all).toBe(EXITS[name]);
  });
});
