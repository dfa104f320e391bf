import { execFileSync, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEvidence, safeName } from "../../../src/store/run/evidence.ts";

/** Whether file systems may be mounted here. */
const mounts = spawnSync("unshare", ["-m", "true"]).status === 0;

let directory: string;
let warnings: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "curfew-evidence-"));
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const evidence = (where: string | null = directory) =>
  createEvidence({ directory: where, warn: (message) => warnings.push(message) });

describe("keeping", () => {
  test("raw text, its digest and size, for its owner only", async () => {
    const raw = "\u001b[2Jnot shown\r\n";
    const kept = await evidence()("web1", "client.txt", "what the client saw", raw);
    expect(kept).toEqual({
      path: "evidence/web1/client.txt",
      sha256: hash("sha256", raw),
      bytes: Buffer.byteLength(raw),
      title: "what the client saw",
    });
    const path = join(directory, kept?.path ?? "");
    expect(readFileSync(path, "utf8")).toBe(raw);
    const modes = [path, join(directory, "evidence", "web1")].map((each) => statSync(each).mode & 0o777);
    expect(modes).toEqual([0o600, 0o700]);
    expect(readdirSync(join(directory, "evidence", "web1"))).toEqual(["client.txt"]);
  });

  test("a long text keeps its two ends and says what is missing; the digest is of the file", async () => {
    const kept = await evidence()("web1", "log", "log", `begin${"é".repeat(300_000)}end`);
    const file = readFileSync(join(directory, kept?.path ?? ""));
    expect(file.length).toBeLessThanOrEqual(256 * 1024);
    expect(kept).toMatchObject({ bytes: file.length, sha256: hash("sha256", file) });
    expect(file.toString("utf8")).toMatch(/^begin.*\[curfew: \d+ bytes are left out here\].*end$/su);
  });

  test("a host that talks without end is cut off, others are not", async () => {
    const keep = evidence();
    const text = "x".repeat(256 * 1024);
    const kept = [];
    for (let index = 0; index < 70; index++) kept.push(await keep("web1", `${index}`, "t", text));
    expect(kept.filter((each) => each !== undefined)).toHaveLength(64);
    expect(await keep("web2", "1", "t", text)).toBeDefined();
    expect(warnings).toEqual(["evidence is not kept: web1 has more than 16 MiB of it"]);
  });

  test("what cannot be written is a warning, once", async () => {
    writeFileSync(join(directory, "evidence"), "");
    const keep = evidence();
    expect(await keep("web1", "a", "t", "")).toBeUndefined();
    expect(await keep("web1", "b", "t", "")).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^evidence is not kept: E/u)]);
  });

  test.skipIf(!mounts)("a full disk is a warning, and leaves no part of a file", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "curfew-test", directory]);
    try {
      const keep = evidence();
      expect(await keep("web1", "small", "t", "text")).toBeDefined();
      expect(await keep("web1", "large", "t", "x".repeat(100_000))).toBeUndefined();
      expect(warnings).toEqual([expect.stringContaining("ENOSPC")]);
      expect(readdirSync(join(directory, "evidence", "web1"))).toEqual(["small"]);
    } finally {
      execFileSync("umount", [directory]);
    }
  });

  test("without a journal nothing is kept, and the journal has said so", async () => {
    expect(await evidence(null)("web1", "a", "t", "")).toBeUndefined();
    expect(warnings).toEqual([]);
  });
});

describe("names", () => {
  test.each([
    ["web1.example.com", "web1.example.com"],
    ["..", "%2e."],
    ["../../etc", "%2e.%2f..%2fetc"],
    ["Web1", "%57eb1"],
    ["a b", "a%20b"],
    ["[::1]:22", "%5b%3a%3a1%5d%3a22"],
    ["", "%"],
    ["a%20b", "a%2520b"],
  ])("%j is %j", (name, expected) => expect(safeName(name)).toBe(expected));

  test("are one plain component, and never shared, letter case aside", () => {
    const any = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom("a", "A", "~", "%", "a".repeat(151)),
    );
    fc.assert(
      fc.property(any, any, (left, right) => {
        const [one, two] = [safeName(left), safeName(right)];
        expect(one).toMatch(/^[a-z0-9%_~-][a-z0-9%._~-]{0,149}$/u);
        expect(one.toLowerCase() === two.toLowerCase()).toBe(Buffer.from(left).equals(Buffer.from(right)));
      }),
    );
  });
});
