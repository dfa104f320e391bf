/** Processes that a change has written down: a reboot keeps the record, and their numbers are others' by then. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = readFileSync(join(import.meta.dirname, "../../../templates/remote/guard-end.sh"), "utf8");
const functions = ["stop_timer", "other_lives", "is_own"]
  .map((name) => new RegExp(String.raw`^${name}\(\) \{\n[^]*?\n\}\n`, "mu").exec(script)?.[0] ?? "")
  .join("")
  // Units of this machine are no part of it.
  .replace(/^ {2}\[ ! -d \/run\/systemd.*\n/mu, "");

let guard: string;
let child: ChildProcess;
beforeEach(() => {
  guard = mkdtempSync(join(tmpdir(), "curfew-stop-timer-"));
});
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"))
    await once(child, "exit");
  rmSync(guard, { recursive: true });
});

async function started(word: string, record: string): Promise<void> {
  child = spawn("sh", ["-c", "read line", "curfew-guard", word], { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  writeFileSync(join(guard, record), `${child.pid}\n`);
}

function ask(command: string): number | null {
  const whole = `guard='${guard}'\n${functions}\n${command}`;
  const { stderr, status } = spawnSync("sh", ["-c", whole], { encoding: "utf8" });
  expect(stderr).toBe("");
  return status;
}

test("the timer is ended", async () => {
  await started(`${guard}/timer.pid`, "timer.pid");
  const ended = once(child, "exit");
  expect(ask("stop_timer")).toBe(0);
  expect(await ended).toEqual([null, "SIGTERM"]);
});

test("what else has its number is not, nor is there anything to end without a record", async () => {
  await started("/somewhere/else", "timer.pid");
  expect(ask("stop_timer")).toBe(0);
  rmSync(join(guard, "timer.pid"));
  expect(ask("stop_timer")).toBe(0);
  expect(child.exitCode ?? child.signalCode).toBe(null);
  child.kill("SIGINT");
  await once(child, "exit");
  expect(child.signalCode).toBe("SIGINT");
});

test("an undo is waited for that lives, and no process that has its number", async () => {
  expect(ask("other_lives")).not.toBe(0);
  await started(`${guard}/undo.sh`, "undoing");
  expect(ask("other_lives")).toBe(0);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(ask("other_lives")).not.toBe(0);
  await started("/somewhere/else", "undoing");
  expect(ask("other_lives")).not.toBe(0);
});
