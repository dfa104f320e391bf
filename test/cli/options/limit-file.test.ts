import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addHostOptions } from "../../../src/cli/options/args.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "curfew-limit-"));
  await writeFile(join(folder, "failed.retry"), "# of yesterday\n\nweb1\r\n  !web2  \n");
  await writeFile(join(folder, "none"), "# none\n");
});
afterAll(() => rm(folder, { recursive: true }));

function limitOf(pattern: string): unknown {
  const command = addHostOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }));
  command.parse(["-l", pattern], { from: "user" });
  return command.opts()["limit"];
}

test.each([
  ["@FILE", "web1,!web2"],
  ["db*, @FILE ,!db2", "db*,web1,!web2,!db2"],
  ["web:!db", "web:!db"],
])("-l %s is %s", (pattern, expected) => {
  expect(limitOf(pattern.replace("@FILE", `@${join(folder, "failed.retry")}`))).toBe(expected);
});

test.each([
  ["none", /there is no name in/u],
  ["missing", /there is no such file/u],
  [".", /this is a directory/u],
])("a file that names none is refused: %s", (name, reason) => {
  expect(() => limitOf(`@${join(folder, name)}`)).toThrow(reason);
});
