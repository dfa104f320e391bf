/** An ssh_config that is given as an inventory runs nobody's programs, unless the user says that it may. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadInventory } from "../../src/config/inventory/inventory.ts";
import { runHere } from "./run-here.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-trust-"));
  await writeFile(join(directory, "policy.yaml"), "name: p\ndefaults: {client_idle_timeout: 15m}\n");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const at = (name: string): string => join(directory, name);
const HOST = "Host web1\n  HostName 127.0.0.1\n  Port 1\n";

async function plan(
  config: string,
  ...options: string[]
): Promise<{ code: number; said: string; ran: boolean }> {
  await writeFile(at("ssh_config"), config.replaceAll("MARK", at("mark")));
  const given = ["plan", "-p", at("policy.yaml"), "-i", at("ssh_config"), ...options];
  const { exitCode, stderr } = await runHere(given, {
    directory,
    environment: { XDG_STATE_HOME: at("state") },
  });
  return { code: Number(exitCode), said: stderr, ran: existsSync(at("mark")) };
}

test.each([
  `${HOST}Match exec "touch MARK"\n  User root\n`,
  `${HOST}match host web1 !exec "touch MARK"\n`,
  `${HOST}Match host=web1 exec="touch MARK"\n`,
  `${HOST}  ProxyCommand touch MARK\n`,
  `${HOST}  "proxycommand" touch MARK\n`,
  `${HOST}  PROXYCOMMAND=touch MARK\n`,
  `${HOST}  KnownHostsCommand /usr/bin/touch MARK\n`,
  `${HOST}  PKCS11Provider /tmp/evil.so\n`,
])("%j", async (config) => {
  expect(await plan(config)).toEqual({
    code: 64,
    said: expect.stringMatching(/ssh_config:4:\d+: .*runs a program on this machine.*--trust-ssh-config/u),
    ran: false,
  });
});

test("in an included file, and in one that cannot be seen", async () => {
  await writeFile(at("more"), `Match exec "touch ${at("mark")}"\n`);
  expect(await plan(`${HOST}Include ${at("more")}\n`)).toMatchObject({ code: 64, ran: false });
  expect(await plan(`${HOST}Include ${directory}/%h\n`)).toMatchObject({ code: 64, ran: false });
});

test.each([["--trust-ssh-config"]])("runs with %s", async (...options) => {
  const { code, ran } = await plan(`${HOST}Match exec "touch MARK"\n  User root\n`, ...options);
  expect([code === 64, ran]).toEqual([false, true]);
});

test("does not run where --ssh-config names another file, and is not refused", async () => {
  await writeFile(at("own"), HOST);
  const { code, ran } = await plan(`${HOST}Match exec "touch MARK"\n`, "--ssh-config", at("own"));
  expect([code === 64, ran]).toEqual([false, false]);
});

test("what runs nothing is read as before", async () => {
  const { code } = await plan(
    `${HOST}  ProxyCommand none\n  ProxyJump bastion\nHost exec-1\nMatch host exec-1\n`,
  );
  expect(code).not.toBe(64);
});

test("the account's own configuration may", async () => {
  await mkdir(at(".ssh"));
  await writeFile(at(".ssh/config"), `${HOST}Match exec true\n`);
  const { hosts } = await loadInventory([at(".ssh/config")], { environment: {}, home: directory });
  expect(hosts.map(({ name }) => name)).toEqual(["web1"]);
});
