/** README and the help pages are true as far as that can be told without a host. */
import { Command } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HELP_TOPICS, type HelpTopic, helpPage } from "../../../src/cli/help/help-topics.ts";
import { EXIT_CODES } from "../../../src/cli/terminal/exit.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { loadAlerts } from "../../../src/config/policy/alerts.ts";
import { parsePolicy } from "../../../src/config/policy/policy.ts";
import { splitWords } from "../../../src/config/forms/shell-words.ts";
import { ALERT_EVENTS } from "../../../src/model/record/alert.ts";
import { REPORT_FORMAT_NAMES } from "../../../src/model/record/audit.ts";
import type { ErrorCode } from "../../../src/model/terms/error.ts";
import { CONTROL_IDS } from "../../../src/controls/registry.ts";
import { CONTROLS } from "../../../src/controls/index.ts";
import { STEPS } from "../../../src/model/change/run.ts";
import { widthOf } from "../../../src/report/layout/columns.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { createPages } from "../../../src/report/layout/page-text.ts";
import { blocksOf, mentionedCalls, shownPages } from "../../e2e/shown.ts";
import { fakeTerminal } from "../fake-terminal.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TODAY = new Date("2026-11-22");
const pages = shownPages();
const topics = Object.keys(HELP_TOPICS) as HelpTopic[];
const pageOf = (name: string): string => pages.find((page) => page.name.endsWith(name))?.text ?? "";
const scripts = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts;

/** The compiler refuses this table when a code is missing or too many. */
const CODES: Record<ErrorCode, true> = {
  usage: true,
  input: true,
  unreachable: true,
  "host-key": true,
  auth: true,
  escalation: true,
  unsupported: true,
  "stale-plan": true,
  "lost-lines": true,
  locked: true,
  hurt: true,
  "invalid-config": true,
  remote: true,
  timeout: true,
  interrupted: true,
  internal: true,
};

/** The real program with every option, whose commands do nothing. */
async function parser(): Promise<Command> {
  const program = await createProgram(fakeTerminal(), () => {});
  const silence = (command: Command): void => {
    command.action(() => {});
    for (const inner of command.commands) silence(inner);
  };
  for (const command of program.commands) silence(command);
  return program;
}

async function parse(line: string): Promise<void> {
  const words = splitWords(line);
  if (typeof words === "string") throw new Error(words);
  await (
    await parser()
  ).parseAsync(
    words.map(({ text }) => text),
    { from: "user" },
  );
}

describe("every command that is shown exists, with its options", () => {
  const calls = pages.flatMap(({ name, text }) =>
    [...new Set(mentionedCalls(text))].map((call) => [name, call]),
  );

  test("the test itself: a wrong option and a wrong command are found", async () => {
    await expect(parse("plan --polcy x")).rejects.toThrow(/unknown option/u);
    await expect(parse("pln -p x")).rejects.toThrow(/unknown command/u);
    await expect(parse("audit --format nonsense")).rejects.toThrow(/nonsense/u);
    expect(mentionedCalls("`curfew plan -x`\n```sh\na | curfew apply \\\n  -y > b\n```")).toEqual([
      "apply -y",
      "plan -x",
    ]);
  });

  test("all pages show some", () => {
    expect(new Set(calls.map(([name]) => name)).size).toBeGreaterThanOrEqual(pages.length - 1);
  });

  test.each(calls)("%s: curfew %s", async (_page, call = "") => {
    // In prose a command stands without its arguments, or for its help.
    const fine = ["parsed", "commander.missingArgument", "commander.helpDisplayed"];
    const outcome = await parse(call).then(
      () => "parsed",
      (error: { code?: string }) => error.code ?? String(error),
    );
    expect(fine).toContain(outcome);
  });
});

describe("examples", () => {
  const yaml = pages.flatMap(({ name, text }) => blocksOf(text, "yaml").map((body) => [name, body] as const));

  test.each(yaml.filter(([, body]) => body.includes("name:") && !body.includes("webhooks:")))(
    "%s: a policy",
    (name, body) => {
      expect(parsePolicy(name, body, TODAY)).toMatchObject({ warnings: [] });
    },
  );

  test("the alerts file", async () => {
    const body = blocksOf(pageOf("auditing.md"), "yaml").find((each) => each.includes("webhooks:")) ?? "";
    const directory = await mkdtemp(join(tmpdir(), "curfew-alerts-"));
    await writeFile(join(directory, "alerts.yaml"), body);
    const { webhooks, mail } = await loadAlerts(join(directory, "alerts.yaml"));
    await rm(directory, { recursive: true });
    expect([webhooks.length, mail.length]).toEqual([1, 1]);
  });
});

describe("nothing is forgotten", () => {
  test.each(Object.keys(CODES))("troubleshooting has a section on %s", (code) => {
    const section = new RegExp(`^## ${code}\n\n(.+)`, "mu").exec(pageOf("troubleshooting.md"));
    expect(section?.[1]?.length).toBeGreaterThan(20);
  });

  test("and on no code that there is not", () => {
    const named = Array.from(pageOf("troubleshooting.md").matchAll(/^## ([a-z-]+)$/gmu), ([, code]) => code);
    expect(named.toSorted()).toEqual(Object.keys(CODES).toSorted());
  });

  const rows = (page: string): string[] =>
    Array.from(pageOf(page).matchAll(/^\| `?([^`|]+?)`? \|/gmu), ([, first = ""]) => first);

  test("every exit code", () => {
    expect(rows("operations.md")).toEqual(expect.arrayContaining(Object.keys(EXIT_CODES)));
    for (const code of ["0", "2", "3", "64", "130"]) expect(pageOf("README.md")).toContain(`**${code}**`);
  });
  test("every control", () => {
    expect(rows("policy.md")).toEqual(expect.arrayContaining([...CONTROL_IDS]));
    expect(CONTROLS.map(({ id }) => id).toSorted()).toEqual([...CONTROL_IDS].toSorted());
  });
  test("every report format and event", () => {
    expect(rows("auditing.md")).toEqual(expect.arrayContaining([...REPORT_FORMAT_NAMES, ...ALERT_EVENTS]));
  });
  test("every step of a change", () => {
    const own = STEPS.filter((step) => rows("safety.md").includes(step));
    expect(own).toEqual(STEPS.slice(STEPS.indexOf("locked"), STEPS.indexOf("confirmed") + 1));
  });
});

describe("references", () => {
  test.each(pages.map(({ name, text }) => [name, text] as const))(
    "links of %s lead somewhere",
    (name, text) => {
      const targets = Array.from(text.matchAll(/\]\(([^)#]+)\)/gu), ([, target = ""]) => target);
      const files = targets.filter((target) => !/^https?:/u.test(target));
      expect(files.filter((target) => !existsSync(join(ROOT, name, "..", target)))).toEqual([]);
    },
  );

  test("README links every page", () => {
    for (const topic of topics) expect(pageOf("README.md")).toContain(`(templates/help/${topic}.md)`);
  });

  test.each(pages.map(({ name, text }) => [name, text] as const))(
    "npm scripts of %s exist",
    (_name, text) => {
      const named = Array.from(
        text.matchAll(/npm (?:run ([a-z]+)|(test))\b/gu),
        ([, script, short]) => script ?? short,
      );
      for (const script of named) expect(scripts).toHaveProperty([script ?? ""]);
    },
  );

  test("no topic hides the help of a command of its name", async () => {
    const { commands } = await createProgram(fakeTerminal(), () => {});
    const names = new Set(commands.map((command) => command.name()));
    // The page of teleport teaches its three commands; their options are in `curfew help teleport check`.
    expect(topics.filter((topic) => names.has(topic))).toEqual(["teleport"]);
  });
});

describe("in the terminal", () => {
  const lay = (columns: number, text: string): string => createPages(createPaint(false), columns)(text);

  test.each(topics)("%s fits 80 columns, all but code", (topic) => {
    const text = pageOf(`${topic}.md`);
    const code = new Set(
      Array.from(text.matchAll(/^```.*\n([\s\S]*?)^```/gmu), ([, body = ""]) => body.split("\n")).flat(),
    );
    const wide = lay(80, text)
      .split("\n")
      .filter((line) => widthOf(line) > 80 && !code.has(line.slice(4)));
    // A word that is wider stands alone.
    expect(wide.filter((line) => line.trim().includes(" "))).toEqual([]);
  });

  test("what nobody reads in a terminal is the Markdown itself", async () => {
    expect(await helpPage("policy", fakeTerminal())).toBe(pageOf("policy.md"));
    const shown = await helpPage("policy", fakeTerminal({ shows: true }));
    expect(shown).toMatch(/^THE POLICY FILE\n/u);
    expect(shown).not.toMatch(/```|<!--|\*\*/u);
  });

  test("every kind of block", () => {
    const text =
      "# Top\n\n<!-- for tests -->\n\nSome **bold `code`**\nand a [link](https://a.example/), a [page](x.md).\n\n- one\n  more\n- two\n\n```sh\n$ as  it is\n```\n\n| A | B |\n|---|---|\n| `x\\|y` | z |\n";
    expect(lay(30, text)).toBe(
      "TOP\n\nSome bold code and a link\n<https://a.example/>, a page.\n\n- one more\n- two\n\n    $ as  it is\n\nA    B\nx|y  z\n",
    );
    expect(lay(5, text)).toContain("x|y\n  z\n");
  });
});
