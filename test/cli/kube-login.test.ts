/** `curfew kube login`: what a login program remembers is emptied, and nothing else of the person's, whatever the kubeconfig says. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runHere } from "./run-here.ts";

const TOKEN = "0123456789abcdef".repeat(4);
const PLUGIN = `#!/bin/sh
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"x"}}'
`;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "curfew-kube-login-"));
  await mkdir(join(home, "own"));
  await mkdir(join(home, "tokens"));
  await writeFile(join(home, "kubelogin"), PLUGIN, { mode: 0o755 });
  await writeFile(join(home, "own/letter.txt"), "dear");
  await writeFile(join(home, "letter.json"), "{}");
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function login(...args: readonly string[]) {
  const words = ["get-token", ...args].map((word) => JSON.stringify(word)).join(", ");
  const exec = `{apiVersion: client.authentication.k8s.io/v1beta1, command: ./kubelogin, args: [${words}]}`;
  const config = `kind: Config\ncurrent-context: dev\nclusters:\n- {name: c, cluster: {server: "https://c"}}\ncontexts:\n- {name: dev, context: {cluster: c, user: dev}}\nusers:\n- name: dev\n  user:\n    exec: ${exec}\n`;
  await writeFile(join(home, "config"), config, { mode: 0o600 });
  const environment = { HOME: home, KUBECONFIG: join(home, "config") };
  const run = (...given: readonly string[]) => runHere(["kube", ...given], { directory: home, environment });
  const installed = await run("install", "dev", "--idle", "15m");
  expect(installed.exitCode, installed.stderr).toBe(0);
  return run("login");
}

test.each([
  ["its home", () => home, true],
  ["its home, short", () => "~", true],
  ["its home, from the root of everything", () => `${home}/own/../`, true],
  ["a folder of its own", () => `${home}/tokens`, false],
  ["a folder that is relative to wherever it runs", () => "own", true],
  ["a file", () => `${home}/letter.json`, true],
])("a folder that is %s: only the program's own files go", async (_, folder, warns) => {
  await writeFile(join(home, TOKEN), "secret");
  await writeFile(join(home, "tokens", TOKEN), "secret");
  await writeFile(join(home, "tokens", `${TOKEN}.lock`), "");
  await mkdir(join(home, "a".repeat(64)));
  const { exitCode, stderr } = await login("--oidc-issuer-url=https://x", `--token-cache-dir=${folder()}`);
  expect([exitCode, /stays?$/mu.test(stderr) || stderr.includes("stays: ")], stderr).toEqual([0, warns]);
  for (const kept of ["own/letter.txt", "letter.json", "kubelogin", "config", "a".repeat(64)])
    expect(existsSync(join(home, kept)), kept).toBe(true);
  const emptied = folder().startsWith(`${home}/tokens`);
  expect(existsSync(join(home, "tokens", TOKEN))).toBe(!emptied);
});

test("Azure's own files go by their names", async () => {
  const file = "AzurePublicCloud-6dae42f8-4368-4678-94ff-3960e28e3630-80faf920-1-x.json";
  await writeFile(join(home, file), "secret");
  await login("--server-id", "x", "--token-cache-dir", "/nowhere", "--token-cache-dir", home);
  expect([file, "letter.json", "own/letter.txt"].map((name) => existsSync(join(home, name)))).toEqual([
    false,
    true,
    true,
  ]);
});

test("without a word about it the program's usual folder goes", async () => {
  await mkdir(join(home, ".kube/cache/oidc-login"), { recursive: true });
  await mkdir(join(home, ".kube/cache/discovery"), { recursive: true });
  const { exitCode, stderr } = await login("--oidc-issuer-url=https://x");
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(existsSync(join(home, ".kube/cache/oidc-login"))).toBe(false);
  expect(existsSync(join(home, ".kube/cache/discovery"))).toBe(true);
});
