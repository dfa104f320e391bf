/** What a killed shadow instance has left is taken away, and nothing of anybody else's. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = readFileSync(join(import.meta.dirname, "../../templates/remote/shadow.sh"), "utf8");
const [sweep] = /^sweep\(\) \{\n[^]*?\n\}\n/mu.exec(script) ?? [""];
const NOBODY = 4_194_304;

let run: string;
let left: string;
let child: ChildProcess;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "curfew-sweep-"));
  left = join(run, "curfew-shadow-dead");
  mkdirSync(left);
  writeFileSync(join(left, "supervisor"), `${NOBODY}\n`);
  writeFileSync(join(left, "clean.sh"), `: >'${run}/ended'\n`);
});
afterEach(async () => {
  if (child.kill("SIGKILL")) await once(child, "exit");
  rmSync(run, { recursive: true });
});

/** Whether something was ended, where the number of the instance's sshd is that of a process with this word. */
async function swept(word: string): Promise<boolean> {
  child = spawn("sh", ["-c", "read line", "sshd", word], { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  writeFileSync(join(left, "pid"), `${child.pid}\n`);
  utimesSync(left, 1, 1);
  spawnSync("sh", ["-c", `${sweep.replaceAll("/run/", `${run}/`)}\nsweep`]);
  expect(existsSync(left)).toBe(false);
  return existsSync(join(run, "ended"));
}

test("an sshd that is left over is ended", async () => {
  expect(await swept(`PidFile=${left}/pid`)).toBe(true);
});

test("a process that has its number by now is let be, and so is what uses its port", async () => {
  expect(await swept("PidFile=/run/sshd.pid")).toBe(false);
});
