/** The manual page: complete, and without a complaint of those who lay it out. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { Command } from "commander";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { manPage } from "../../../src/cli/help/man-page.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import packageData from "../../../package.json" with { type: "json" };
import { runHere } from "../run-here.ts";

const program = await createProgram(fakeTerminal(), () => {});
const page = manPage(program, "1.2.3", "2026-11-22");

/** A command whose every word is one that roff would take for its own. */
const hostile = new Command("cur-few").description("Ends 'idle' sessions. \\fBnot bold\\fP");
hostile
  .command("run")
  .description(".SH not a section\n'br not a request")
  .option("--odd-one <.x>", '.so /etc/passwd "quoted" `x` ^ ~ \\n(aq')
  .addHelpText("after", "\n.sy touch pwned\n\nExample:\n  .so x\n  'so y\n\nbücher … 店\n");
const hostilePage = manPage(hostile, '1"2', "2026-11-22");

function leaves(command: Command): Command[] {
  return [command, ...command.createHelp().visibleCommands(command).flatMap(leaves)];
}

const plain = page.replaceAll("\\-", "-").replaceAll("\\(aq", "'");

describe("the manual page", () => {
  test.each(leaves(program).map((command) => [command.name(), command] as const))(
    "has all of %s",
    (_, command) => {
      for (const { long } of command.options) expect(plain).toContain(long);
      expect(plain).toContain(command.name());
    },
  );

  test.each(["NAME", "SYNOPSIS", "OPTIONS", "COMMANDS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT"])(
    "has a section %s",
    (name) => {
      expect(plain).toMatch(new RegExp(`^\\.SH "?${name}"?$`, "mu"));
    },
  );

  test("no text is a request or an escape", () => {
    const requests = hostilePage.split("\n").filter((line) => /^[.']/u.test(line));
    const known = /^\.(?:TH|SH|SS|TP|PP|EX|EE|B|I)(?: |$)/u;
    expect(requests.filter((line) => !known.test(line))).toEqual([]);
    expect(hostilePage).toMatch(/^[\n -~]*$/u);
    expect(hostilePage).toContain("\\efBnot bold\\efP");
  });
});

const TOOLS = [
  ["groff", "-man", "-ww", "-z", "-Tutf8"],
  ["mandoc", "-T", "lint", "-W", "warning"],
] as const;

describe.each(TOOLS)("%s", (tool, ...options) => {
  const lacks = process.env["PATH"]?.split(":").every((folder) => !existsSync(`${folder}/${tool}`)) ?? true;
  test.skipIf(lacks).each([
    ["the page", page],
    ["a hostile one", hostilePage],
  ])(`has nothing to say about %s${lacks ? ` (needs ${tool})` : ""}`, async (_, input) => {
    const { all, exitCode } = await execa(tool, options, { input, reject: false, all: true });
    expect([all, exitCode]).toEqual(["", 0]);
  });
});

test("curfew help --man prints it, alone", async () => {
  const given = { directory: tmpdir(), environment: {} };
  const { stdout, exitCode } = await runHere(["help", "--man"], given);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\.TH CURFEW 1 "\d{4}-\d\d-\d\d"/u);
  const [, ...lines] = manPage(program, packageData.version, "").trimEnd().split("\n");
  expect(stdout.split("\n").slice(1)).toEqual(lines);
  expect(await runHere(["help", "plan", "--man"], given)).toMatchObject({ stdout: "", exitCode: 64 });
});
