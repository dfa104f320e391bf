import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadAlerts, readSecret } from "../../../src/config/policy/alerts.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-alerts-file-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function load(text: string) {
  const file = join(directory, "alerts.yaml");
  await writeFile(file, text);
  return loadAlerts(file);
}

test("a whole file, with its defaults", async () => {
  const alerts = await load(`
webhooks:
  - name: chat
    url: { file: /etc/curfew/slack }
    format: slack
    headers: { Authorization: { env: TOKEN } }
    on: [failing, lost]
mail:
  - { name: ops, to: [ops@example.com] }
metrics: /var/lib/node_exporter/curfew.prom
`);
  expect(alerts.expiring_within).toBe(14);
  expect(alerts.webhooks[0]?.url).toEqual({ file: "/etc/curfew/slack" });
  expect(alerts.mail[0]).toMatchObject({
    sendmail: "/usr/sbin/sendmail",
    on: expect.arrayContaining(["expiring"]),
  });
});

describe("mistakes", () => {
  test.each([
    [
      "webhook:\n  - name: x\n",
      /alerts\.yaml:1:1: unknown key "webhook" in the alerts file, did you mean "webhooks"/u,
    ],
    ["webhooks:\n  - name: x\n    url: ftp://example.com\n", /alerts\.yaml:3:10: /u],
    ["mail:\n  - { name: x, to: ['a@b.c\\r\\nBcc: d@e.f'] }\n", /alerts\.yaml:2:/u],
    ["mail:\n  - { name: x, to: ['-f@example.com'] }\n", /alerts\.yaml:2:/u],
    ["mail:\n  - { name: ../x, to: [a@b.c] }\n", /alerts\.yaml:2:/u],
    ["mail:\n  - { name: x, to: [a@b.c] }\n  - { name: x, to: [a@b.c] }\n", /two destinations are called x/u],
    ["expiring_within: 2w\n", /alerts\.yaml:1:18: .*number of days/u],
  ])("%j", async (text, said) => {
    await expect(load(text)).rejects.toThrow(said);
  });
});

describe("secrets", () => {
  test("the first line of a file, or the environment", async () => {
    const file = join(directory, "secret");
    await writeFile(file, "t0ken\nmore\n");
    expect((await readSecret({ file }, {})).reveal()).toBe("t0ken");
    expect((await readSecret({ env: "TOKEN" }, { TOKEN: "x" })).reveal()).toBe("x");
  });

  test("one that is not there is an error that names where it should be", async () => {
    await expect(readSecret({ env: "TOKEN" }, { TOKEN: "" })).rejects.toThrow("the environment has no TOKEN");
    await expect(readSecret({ file: "/nonexistent" }, {})).rejects.toThrow("/nonexistent: ENOENT");
  });
});
