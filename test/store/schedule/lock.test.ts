import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeScheduleLock } from "../../../src/store/schedule/lock.ts";

let state: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "curfew-lock-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

const HOLDER = `
const { takeScheduleLock } = await import(process.argv[1]);
process.stdout.write((await takeScheduleLock(process.argv[2], "audit")) === undefined ? "busy\\n" : "mine\\n");
setInterval(() => {}, 1000);
`;
const module = resolve(import.meta.dirname, "../../../src/store/schedule/lock.ts");

test("one process has it; it is free when that lets go, or is killed", async () => {
  const own = await takeScheduleLock(state, "audit");
  expect(own).toBeDefined();
  expect(await takeScheduleLock(state, "audit")).toBeUndefined();
  expect(await takeScheduleLock(state, "other")).toBeDefined();
  own?.release();

  const holder = execa(process.execPath, ["--input-type=module", "-e", HOLDER, module, state], {
    reject: false,
  });
  const [said] = (await once(holder.stdout, "data")) as [Buffer];
  expect(said.toString()).toBe("mine\n");
  expect(await takeScheduleLock(state, "audit")).toBeUndefined();
  holder.kill("SIGKILL");
  await holder;
  expect(await takeScheduleLock(state, "audit")).toBeDefined();
});
