/** The wizard where nothing can be asked, and where what was given is wrong: no host is contacted. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problemWith } from "../../src/cli/wizard/answer-rules.ts";
import { runHere } from "./run-here.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-wizard-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const curfew = (...given: string[]) =>
  runHere(["wizard", ...given], {
    directory,
    environment: { HOME: directory, XDG_STATE_HOME: join(directory, "state") },
  });

test("without a terminal it names the options for every step", async () => {
  const { exitCode, stdout, stderr } = await curfew("web1");
  expect([exitCode, stdout]).toEqual([64, ""]);
  const { stdout: help } = await curfew("--help");
  const named = stderr.match(/--[a-z-]+/gu) ?? [];
  expect(named.length).toBeGreaterThan(10);
  for (const option of named) expect(help).toContain(option);
});

test.each([
  [[], "missing required argument"],
  [["web1", "web2"], "too many arguments"],
  [["web1,web2", "--yes"], '"web1,web2" is not [user@]host[:port]'],
  [["web[1:3]", "--yes"], 'error: "web[1:3]" is not a host name'],
  [["web1:0", "--yes"], "0"],
  [["web1", "--yes", "--idle", "15"], "--idle 15: not a duration"],
  [["web1", "--yes", "--role", "admin"], "--role admin: not NAME=DURATION or NAME=off"],
  [["web1", "--yes", "--role", "admin=x"], "not a duration"],
  [["web1", "--yes", "--controls", "ssh"], "choose among sshd"],
  [["web1", "--yes", "--probe", "some"], "--probe"],
  [["web1", "--yse"], "did you mean --yes?"],
])("%j is refused before anything is contacted", async (given, message) => {
  const { exitCode, stdout, stderr } = await curfew(...given);
  expect(stderr).toContain(message);
  expect([exitCode, stdout]).toEqual([64, ""]);
  expect(await readdir(directory)).toEqual([]);
});

const head = { id: "x", step: "limits" } as const;
test.each<[Parameters<typeof problemWith>[0], string, RegExp]>([
  [{ ...head, form: "duration", preset: 900, most: null }, " 15m ", /^no problem$/u],
  [{ ...head, form: "duration", preset: 900, most: null }, "15", /a duration is written/u],
  [{ ...head, form: "duration", preset: 900, most: null }, "169h", /a duration is written/u],
  [{ ...head, form: "duration", preset: 900, most: 600 }, "11m", /the baseline allows 10m/u],
  [{ ...head, id: "role:admin", form: "duration", preset: 900, most: 600 }, "11m", /never looser/u],
  [{ ...head, form: "date", preset: "" }, "2099-02-28", /^no problem$/u],
  [{ ...head, form: "date", preset: "" }, "2099-02-30", /YYYY-MM-DD/u],
  [{ ...head, form: "date", preset: "" }, "2020-01-01", /over/u],
  [{ ...head, form: "line", preset: "" }, " ", /read this later/u],
  [{ ...head, form: "line", preset: "" }, "a\u202eb", /control/u],
  [{ ...head, form: "directory", preset: "" }, "/nonexistent", /^no problem$/u],
  [{ ...head, form: "directory", preset: "" }, " ", /directory/u],
])("an answer: %j %j", (question, text, problem) => {
  expect(problemWith(question, text) ?? "no problem").toMatch(problem);
});
