/** Since when the script of a database's watchdog is in force, and whom it lets be for that. */
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderTemplate } from "../../../src/template/template.ts";

let directory: string;
let script: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "curfew-in-force-"));
  mkdirSync(join(directory, "memory"));
  script = join(directory, "script.sh");
  put();
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(): void {
  const values = `up=$1 memory='${directory}/memory' limit=600 grace=60`;
  const said = 'in_force\nif spared; then echo "$begun spared"; else echo "$begun due"; fi\n';
  writeFileSync(script, `${renderTemplate("database-in-force", {})}\n${values}\n${said}`);
}

function look(up: number): string {
  const { stdout, stderr } = spawnSync("sh", [script, `${up}`], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim();
}

test("its first look begins a grace, which is over once", () => {
  expect([look(1000), look(1059), look(1060), look(9000)]).toEqual([
    "1000 spared",
    "1000 spared",
    "1000 due",
    "1000 due",
  ]);
});

test("a file that was put there anew begins another one, and so does a boot that kept /run", () => {
  look(1000);
  rmSync(script);
  put();
  utimesSync(script, 1, 1);
  expect([look(2000), look(2060)]).toEqual(["2000 spared", "2000 due"]);
  expect(look(30)).toBe("30 spared");
});

test("another name for the same file, which any user may make on some hosts, begins none", () => {
  utimesSync(script, 1, 1);
  look(1000);
  spawnSync("sleep", ["1.1"]);
  linkSync(script, join(directory, "other"));
  expect(look(1100)).toBe("1000 due");
});

test("without a record nobody is let be, or it would be for ever", () => {
  // As on a full /run: what is written is not there.
  mkdirSync(join(directory, "memory", "begun"));
  expect([look(1000), look(1030)]).toEqual(["0 due", "0 due"]);
});

test("a record that makes no sense begins a grace and is written anew", () => {
  writeFileSync(join(directory, "memory", "begun"), "x y\n");
  expect(look(1000)).toBe("1000 spared");
  expect(readFileSync(join(directory, "memory", "begun"), "utf8")).toMatch(/^\S+ 1000\n$/u);
});
