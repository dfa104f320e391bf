import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planDocument, planIntegrity } from "../../../src/core/verdict/document.ts";
import { loadPlan, savePlan } from "../../../src/store/run/plan-file.ts";
import { failedPlan, hostPlan, plan } from "../../fixtures/plans.ts";

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-plan-"));
  file = join(directory, "plan.json");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const saved = plan([hostPlan("web1"), hostPlan("web2", { changes: [] }), failedPlan("db1")]);

describe("savePlan and loadPlan", () => {
  test("give back the same plan", async () => {
    await savePlan(file, saved);
    expect(await loadPlan(file)).toEqual(saved);
  });

  test("give back any file content, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "grapheme" }),
        async (before, after) => {
          const state = { mode: "0644", uid: 0, gid: 0 };
          const [change] = hostPlan("web1").changes;
          const odd = {
            ...change!,
            before: { ...state, content: before },
            after: { ...state, content: after },
          };
          const made = plan([hostPlan("web1", { changes: [odd] })]);
          await savePlan(file, made);
          expect(await loadPlan(file)).toEqual(made);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("leave one file that only its owner can read, and no temporary file", async () => {
    await savePlan(file, saved);
    await savePlan(file, saved);
    expect(await readdir(directory)).toEqual(["plan.json"]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("survive being formatted anew", async () => {
    await savePlan(file, saved);
    await writeFile(file, JSON.stringify(JSON.parse(await readFile(file, "utf8")), null, 2));
    expect(await loadPlan(file)).toEqual(saved);
  });

  test("say why a file cannot be written, and leave nothing behind", async () => {
    await expect(savePlan(join(directory, "none", "plan.json"), saved)).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining("cannot write"),
    });
    await mkdir(file);
    await expect(savePlan(file, saved)).rejects.toMatchObject({ code: "input" });
    expect(await readdir(directory)).toEqual(["plan.json"]);
  });
});

describe("loadPlan refuses", () => {
  test.each<[string, (text: string) => string, RegExp]>([
    ["what is not JSON", () => "{", /plan\.json is not JSON/u],
    ["another kind of document", () => "[]", /is not a plan/u],
    ["a document without schema", () => "{}", /is not a plan that curfew wrote/u],
    [
      "another format version",
      (text) => text.replace("curfew/plan/1", "curfew/plan/2"),
      /is curfew\/plan\/2, not/u,
    ],
    [
      "an edited change",
      (text) => text.replace("ClientAliveCountMax 1", "PermitRootLogin yes"),
      /was changed after/u,
    ],
    ["an edited host name", (text) => text.replaceAll("web2", "web3"), /was changed after/u],
    ["a digest taken away", (text) => text.replace(/,"integrity":"[0-9a-f]+"/u, ""), /was changed after/u],
    ["a cut file", (text) => text.slice(0, text.length / 2), /is not JSON/u],
  ])("%s", async (_, edit, message) => {
    const text = [...planDocument(saved)].join("");
    expect(edit(text)).not.toBe(text);
    await writeFile(file, edit(text));
    await expect(loadPlan(file)).rejects.toMatchObject({
      code: "input",
      message: expect.stringMatching(message),
    });
  });

  test("a file that is not there", async () => {
    await expect(loadPlan(file)).rejects.toMatchObject({ code: "input" });
  });

  // Whoever edits a plan can compute its integrity anew; the schema still has to hold.
  test.each<[string, (host: Record<string, unknown>) => void, RegExp]>([
    ["an unknown key", (host) => (host["extra"] = 1), /^.*: hosts\[0\]: .*extra/u],
    [
      "a relative path",
      (host) => (changeOf(host)["path"] = "etc/passwd"),
      /hosts\[0\]\.changes\[0\]\.path: an absolute/u,
    ],
    ["a path with a line feed", (host) => (changeOf(host)["path"] = "/etc/a\nb"), /path: one line/u],
    ["a mode that is none", (host) => (stateOf(host)["mode"] = "644; rm"), /mode: four octal digits/u],
    ["a negative owner", (host) => (stateOf(host)["uid"] = -1), /uid/u],
    ["an unknown control", (host) => (changeOf(host)["control"] = "shell"), /control/u],
    ["an activation that is no name", (host) => (host["activations"] = ["x; reboot"]), /activations\[0\]/u],
    ["an escape in a host name", (host) => (host["host"] = "web\u001b[2J"), /host: one line/u],
    ["a host that comes twice", (host) => (host["host"] = "web2"), /has web2 twice/u],
  ])("%s, even with a right integrity", async (_, edit, message) => {
    await writeFile(file, forge(edit));
    await expect(loadPlan(file)).rejects.toMatchObject({
      code: "input",
      message: expect.stringMatching(message),
    });
  });
});

function forge(edit: (host: Record<string, unknown>) => void): string {
  const document = JSON.parse([...planDocument(saved)].join("")) as Record<string, unknown>;
  const { integrity: _, hosts, ...head } = document;
  edit((hosts as Record<string, unknown>[])[0]!);
  return JSON.stringify({ ...head, hosts, integrity: planIntegrity(head, hosts as unknown[]) });
}

function changeOf(host: Record<string, unknown>): Record<string, unknown> {
  return (host["changes"] as Record<string, unknown>[])[0]!;
}

function stateOf(host: Record<string, unknown>): Record<string, unknown> {
  return changeOf(host)["after"] as Record<string, unknown>;
}
