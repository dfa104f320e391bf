import { hash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyEvidence } from "../../../src/store/run/evidence-copy.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "curfew-evidence-"));
  await mkdir(join(root, "run/evidence/web1"), { recursive: true });
  await writeFile(join(root, "run/evidence/web1/log.txt"), "kept\n");
  await writeFile(join(root, "run/secret"), "kept\n");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const sha256 = hash("sha256", "kept\n");
const file = (path: string, digest = sha256) => ({ path, sha256: digest, bytes: 5, title: "t" });
const copy = (...files: ReturnType<typeof file>[]) =>
  copyEvidence(join(root, "run"), join(root, "out"), files);

test("what is as it was is taken along, for its owner only", async () => {
  expect(await copy(file("evidence/web1/log.txt"))).toBe(0);
  expect(await readFile(join(root, "out/evidence/web1/log.txt"), "utf8")).toBe("kept\n");
  expect((await stat(join(root, "out/evidence/web1"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, "out/evidence/web1/log.txt"))).mode & 0o777).toBe(0o600);
});

test.each([
  ["changed since", file("evidence/web1/log.txt", hash("sha256", "other"))],
  ["not there", file("evidence/web1/other.txt")],
  ["above the run", file("evidence/../secret")],
  ["above the host", file("evidence/web1/..")],
  ["absolute", file("/etc/hostname")],
  ["deeper", file("evidence/web1/../../secret")],
])("%s: left out", async (_, wanted) => {
  expect(await copy(wanted)).toBe(1);
  expect(await readdir(root)).toEqual(["run"]);
});
