/** The examples and the starter files are what people copy: they have to work. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { loadInventory } from "../../../src/config/inventory/inventory.ts";
import { loadPolicy } from "../../../src/config/policy/policy.ts";
import { hostLimits } from "../../../src/core/policy/host-limits.ts";
import type { Host } from "../../../src/model/inventory/host.ts";
import { gateBundle } from "../../../src/gate-bundle.ts";
import { schemaFiles } from "../../../src/schema.ts";

const root = resolve(import.meta.dirname, "../../..");
const environment = { HOME: "/root", PATH: process.env["PATH"] };

async function examples(name: string, path = environment.PATH) {
  return loadInventory([join(root, "inventories", name)], { environment: { ...environment, PATH: path } });
}

function reach({ name, address, port, user }: Host): string {
  return `${name} ${user ?? ""}@${address}:${port ?? 22}`;
}

describe("inventories", () => {
  test("the YAML example names these hosts", async () => {
    const { hosts, warnings } = await examples("fleet.yaml");
    expect(hosts.map((host) => `${reach(host)} ${host.groups.join(",")}`)).toEqual([
      "web01.example.com deploy@web01.example.com:22 all,production,web",
      "web02.example.com deploy@web02.example.com:22 all,production,web",
      "web03.example.com deploy@web03.example.com:22 all,production,web",
      "db-a.example.com root@db-a.example.com:2222 all,db,production",
      "db-b.example.com root@db-b.example.com:2222 all,db,production",
      "bastion.example.com deploy@bastion.example.com:22 all,bastions",
      "2001:db8::10 deploy@2001:db8::10:2200 all,bastions",
    ]);
    expect(warnings).toEqual([]);
  });

  test.each(["fleet.ini", "fleet.json", "directory"])("%s is the same inventory", async (name) => {
    const [one, other] = [await examples("fleet.yaml"), await examples(name)];
    expect(other.digest).toBe(one.digest);
    expect(other.groups).toEqual(one.groups);
  });

  test("the program is the same inventory, through ansible-inventory", async () => {
    const directory = await mkdtemp(join(tmpdir(), "curfew-examples-"));
    // Stands in for Ansible where it is not installed: it runs the program, as Ansible would.
    await writeFile(join(directory, "ansible-inventory"), '#!/bin/sh\nexec "$2" --list\n');
    await chmod(join(directory, "ansible-inventory"), 0o755);
    const [one, other] = [
      await examples("fleet.yaml"),
      await examples("dynamic.sh", `${directory}:${environment.PATH}`),
    ];
    await rm(directory, { recursive: true });
    expect(other.digest).toBe(one.digest);
  });

  test("the plain list reaches the same hosts", async () => {
    const [one, other] = [await examples("fleet.yaml"), await examples("hosts.txt")];
    expect(other.hosts.map(reach)).toEqual(one.hosts.map(reach));
  });

  test("ssh itself reaches the same hosts with the ssh_config", async () => {
    const [one, other] = [await examples("fleet.yaml"), await examples("fleet.ssh_config")];
    const resolved = await Promise.all(
      other.hosts.map(async ({ name, configFile = "" }) => {
        const { stdout } = await execa("ssh", ["-F", configFile, "-G", name]);
        const value = (key: string) => new RegExp(`^${key} (.*)$`, "mu").exec(stdout)?.[1] ?? "";
        return `${name} ${value("user")}@${value("hostname")}:${value("port")}`;
      }),
    );
    expect(resolved.toSorted()).toEqual(one.hosts.map(reach).toSorted());
  });
});

describe("starter files", () => {
  const starter = join(root, "templates/starter");

  test("the policy loads without a warning and gives limits", async () => {
    const { policy, warnings } = await loadPolicy(join(starter, "policy.yaml"));
    expect(warnings).toEqual([]);
    const { hosts } = await loadInventory([join(starter, "inventory.yaml")], { environment });
    const [host] = hosts;
    expect(hosts.map(({ name }) => name)).toContain("bastion.example.com");
    expect(host && hostLimits(policy, host, "2026-11-22").roles[0]).toMatchObject({
      role: "admin",
      idle: 600,
    });
  });

  test("what is commented out in the policy is right as well", async () => {
    const text = await readFile(join(starter, "policy.yaml"), "utf8");
    const [head = "", tail = ""] = text.split(/^(?=roles:)/mu);
    const uncommented = head + tail.replace(/^( *)# (vendor:|exemptions:|  .*)$/gmu, "$1$2");
    const directory = await mkdtemp(join(tmpdir(), "curfew-starter-"));
    await writeFile(join(directory, "policy.yaml"), uncommented);
    const { policy } = await loadPolicy(join(directory, "policy.yaml"), new Date("2026-11-22"));
    await rm(directory, { recursive: true });
    expect(Object.keys(policy.roles)).toEqual(["admin", "vendor"]);
    expect(policy.exemptions).toHaveLength(1);
  });
});

test("the gate's file is current (npm run schema)", async () => {
  const [path, text] = await gateBundle();
  expect(await readFile(join(root, path), "utf8")).toBe(text);
  // Each further one is waited for by every kubectl command.
  const loaded = Array.from(text.matchAll(/(?:require|import)\("([^"]+)"\)/gu), ([, name]) => name);
  expect(loaded.toSorted()).toEqual(["node:child_process", "node:fs", "node:os", "node:path"]);
});

test.each(Object.entries(schemaFiles()))("%s is current (npm run schema)", async (path, text) => {
  expect(await readFile(join(root, path), "utf8")).toBe(text);
});
