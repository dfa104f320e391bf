/** The real Ansible of Debian and curfew read the same inventories: the same hosts, addresses, users, ports and groups. */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadInventory } from "../../../src/config/inventory/inventory.ts";
import { selectHosts } from "../../../src/core/policy/host-pattern.ts";
import type { Host, Inventory } from "../../../src/model/inventory/host.ts";
import { debianTools, FOR_RENDER, toolEnvironment } from "../../lab/debian-tools.ts";
import { patient } from "../../patience.ts";
import { ANSIBLE_CASES, type AnsibleCase } from "./ansible-cases.ts";

const SCRIPT = new URL("../../fixtures/ansible/says.py", import.meta.url).pathname;
// The packages are those of the Debian whose Python this is.
const tools = existsSync("/usr/bin/python3.11") ? await debianTools(FOR_RENDER).catch(() => "") : "";
const lacks = tools === "" ? " (Debian's ansible-core could not be had)" : "";

interface HostSettings {
  readonly connection: string;
  readonly groups: readonly string[];
  readonly error?: string;
}

interface Answer {
  readonly error?: string;
  readonly hosts: Readonly<Record<string, HostSettings>>;
  readonly limits: Readonly<Record<string, readonly string[]>>;
}

describe.skipIf(tools === "")(`the real Ansible${lacks}`, () => {
  let folder = "";
  let answers: readonly Answer[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "curfew-real-ansible-"));
    for (const [index, each] of ANSIBLE_CASES.entries()) await write(join(folder, String(index)), each);
    const asked = ANSIBLE_CASES.map(({ sources = ["hosts"], limits = [], playbooks }, index) => {
      return { dir: join(folder, String(index)), sources, limits, playbooks };
    });
    const { stdout } = await execa("/usr/bin/python3", [SCRIPT], {
      input: JSON.stringify(asked),
      env: { ...toolEnvironment(tools), HOME: folder },
    });
    answers = JSON.parse(stdout) as readonly Answer[];
  }, patient(120_000));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const cases = ANSIBLE_CASES.map((each, index) => ({ each, index, name: each.name }));

  test.for(cases.filter(({ each }) => each.refused !== undefined))(
    "curfew refuses $name",
    async ({ each, index }) => {
      expect(await read(join(folder, String(index)), each)).toMatch(each.refused ?? /^$/u);
    },
  );

  test.for(cases.filter(({ each }) => each.refused === undefined))("$name", async ({ each, index }) => {
    const ours = await read(join(folder, String(index)), each);
    const theirs = answers[index];
    if (typeof ours === "string")
      throw new Error(`curfew refuses: ${ours}; Ansible: ${JSON.stringify(theirs)}`);
    expect(theirs?.error).toBeUndefined();
    expect(settingsOf(ours.hosts)).toEqual(reached(theirs?.hosts ?? {}));
    for (const limit of each.limits ?? [])
      expect([limit, limited(ours, limit)]).toEqual([limit, theirs?.limits[limit]]);
    for (const limit of each.refusedLimits ?? [])
      expect(() => limited(ours, limit)).toThrow(/is not a pattern that curfew knows/u);
  });
});

async function write(home: string, { files, executable = [], links = {} }: AnsibleCase): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), text);
  }
  for (const name of executable) await chmod(join(home, name), 0o755);
  for (const [name, target] of Object.entries(links)) await symlink(target, join(home, name));
}

/** The hosts, or why curfew takes none. */
async function read(
  home: string,
  { sources = ["hosts"], playbooks }: AnsibleCase,
): Promise<Inventory | string> {
  const environment = {
    ...toolEnvironment(tools),
    HOME: home,
    ...(playbooks === undefined ? {} : { ANSIBLE_PLAYBOOK_DIR: playbooks }),
  };
  const options = { environment, home, workingDirectory: home };
  const there = process.cwd();
  process.chdir(home);
  try {
    return await loadInventory(sources, options);
  } catch (error) {
    return (error as Error).message;
  } finally {
    process.chdir(there);
  }
}

function settingsOf(hosts: readonly Host[]): Record<string, object> {
  return Object.fromEntries(
    hosts.map((host) => [host.name, host.connection === "local" ? local(host) : remote(host)]),
  );
}

function local({ groups }: Host): object {
  return { connection: "local", groups };
}

function remote({ groups, address, port, user, identityFile, become }: Host): object {
  const wanted = become === undefined ? null : become.method === "sudo";
  return {
    connection: "ssh",
    groups,
    address,
    port: port ?? null,
    user: user ?? null,
    key: identityFile ?? null,
    become: wanted,
  };
}

/** Without those that are neither reached over SSH nor this machine. */
function reached(hosts: Readonly<Record<string, HostSettings>>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(hosts).filter(([, { connection }]) => /^(?:ssh|local)$/u.test(connection)),
  );
}

function limited(inventory: Inventory, limit: string): readonly string[] {
  try {
    return selectHosts(inventory, limit)
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if (/selects no host/u.test((error as Error).message)) return [];
    throw error;
  }
}
