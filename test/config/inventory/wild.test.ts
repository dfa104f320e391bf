/** Inventories as they are: most hosts are somebody else's, and values are templates. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadInventory } from "../../../src/config/inventory/inventory.ts";
import { selectHosts } from "../../../src/core/policy/host-pattern.ts";
import type { LoadedInventory } from "../../../src/model/inventory/host.ts";

const environment = { HOME: "/elsewhere", PATH: process.env["PATH"] };
const home = "/home/me";
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-wild-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function load(text: string, limit?: string): Promise<LoadedInventory> {
  const choose = (inventory: Parameters<typeof selectHosts>[0]) => selectHosts(inventory, limit);
  return loadInventory(["-"], { stdin: text, environment, home, workingDirectory: "/work", choose });
}

async function files(name: string, contents: Record<string, string>): Promise<string> {
  const root = join(directory, name);
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

describe("hosts that do not count", () => {
  const mixed = `
all:
  hosts:
    web1:
    sw1: {ansible_connection: ansible.netcommon.network_cli, ansible_host: "{{ lookup('x') }}", ansible_port: no}
    sw2: {ansible_connection: ansible.netcommon.network_cli, ansible_become_method: enable}
    win 1: {ansible_connection: winrm, ansible_user: 'CORP\\admin {{ x }}'}
    localhost: {ansible_connection: local, ansible_host: "{{ groups['all'][0] }}", ansible_become_user: oracle}
    later: {ansible_connection: "{{ kind }}", kind: winrm, ansible_host: "{{ gone }}"}
`;

  test("what is neither SSH nor local refuses nothing, and is said once per kind", async () => {
    const { hosts, chosen, warnings } = await load(mixed);
    expect(hosts.map(({ name }) => name)).toEqual(["web1", "localhost"]);
    expect(chosen).toEqual(hosts);
    expect(warnings).toEqual([
      'standard input:5:5: "sw[1-2]" are left out: ansible_connection "ansible.netcommon.network_cli" is neither SSH nor local',
      'standard input:7:5: "win 1", "later" are left out: ansible_connection "winrm" is neither SSH nor local',
    ]);
  });

  const limited = `
web:
  hosts:
    web1: {ansible_password: x}
    web2:
other:
  vars: {ansible_user: "{{ groups['web'][0] }}", ansible_password: hunter2}
  hosts:
    bad name:
    old: {ansible_port: x}
    win: {ansible_connection: winrm}
`;

  test("what is outside -l refuses nothing and is not spoken of", async () => {
    const { chosen, warnings } = await load(limited, "web");
    expect(chosen.map(({ name }) => name)).toEqual(["web1", "web2"]);
    expect(warnings).toEqual([expect.stringContaining("ansible_password is ignored")]);
  });

  test.each([
    ["other", ['"bad name" is not a host name', "ansible_user: ", 'ansible_port: "x" is not a port']],
    ["old", ['ansible_port: "x" is not a port']],
    ["win", ['"win" is left out: ansible_connection "winrm" is neither SSH nor local']],
  ])("what is inside -l %s is refused", async (limit, expected) => {
    const error = await load(limited, limit).catch((thrown: Error) => thrown);
    for (const part of expected) expect(error).toMatchObject({ message: expect.stringContaining(part) });
  });

  test("a file of variables that is broken matters to its own hosts", async () => {
    const root = await files("broken", {
      hosts: "[web]\nweb1\n[net]\nsw1\n[net:vars]\nansible_connection=network_cli\n[db]\ndb1\ndb2\n",
      "host_vars/sw1.yml": "a: [\n",
      "group_vars/net.yml": "a: 1\na: 2\n",
      "host_vars/db1.yml": "- a\n",
      "host_vars/db2.yml": "# nothing\n",
    });
    const choose = (limit: string) => (inventory: Parameters<typeof selectHosts>[0]) =>
      selectHosts(inventory, limit);
    const source = [join(root, "hosts")];
    const all = await loadInventory(source, { environment, choose: choose("web:db2") });
    expect(all.chosen.map(({ name }) => name)).toEqual(["web1", "db2"]);
    await expect(loadInventory(source, { environment, choose: choose("db") })).rejects.toThrow(
      /db1\.yml:1:1: expected variables/u,
    );
  });

  test("one ignored variable is one line, wherever it stands", async () => {
    const hosts = Array.from({ length: 50 }, (_, index) => `h${index} ansible_password=x`);
    const { warnings } = await load(`[web]\n${hosts.join("\n")}\n`);
    expect(warnings).toEqual([
      "standard input:2:4: ansible_password is ignored: secrets do not belong in an inventory, curfew logs in with keys (also in 49 other places)",
    ]);
  });
});

describe("simple Jinja", () => {
  test.each([
    ["{{ inventory_hostname }}.example.com", "web1.x.example.com"],
    ["{{inventory_hostname_short}}", "web1"],
    ["{{ mgmt }}", "10.0.0.5"],
    ["{{ nested }}", "10.0.0.5-a"],
    ["{{ net.mgmt.ip }}", "10.0.0.9"],
    ["{{ net['mgmt']['ip'] }}", "10.0.0.9"],
    ["{{ list[0] }}", "first"],
    ["{{ gone | default('b') }}", "b"],
    ['{{ gone|default("b") }}', "b"],
    ["{{ gone | default(mgmt) }}", "10.0.0.5"],
    ["{{ gone | d(also_gone) | d('c') }}", "c"],
    ["{{ gone.deeper | d('c') }}", "c"],
    ["{{ needs_gone | d(inventory_hostname) }}", "web1.x"],
    ["{{ nothing | default('e', true) }}", "e"],
    ["{{ nothing | default('e', boolean=True) }}", "e"],
    ["{{ (gone | d('Up')) | lower }}", "up"],
    ["a{{- '-b' -}} -c{# a note #}", "a-b-c"],
    ["{{ 5 }}", "5"],
  ])("ansible_host: %s", async (template, expected) => {
    const { hosts } = await load(`all:
  vars:
    mgmt: 10.0.0.5
    nested: "{{ mgmt }}-{{ suffix }}"
    suffix: a
    net: {mgmt: {ip: "{{ base }}.9"}}
    base: 10.0.0
    list: [first, second]
    needs_gone: "x{{ gone }}"
    nothing:
  hosts:
    web1.x: {ansible_host: ${JSON.stringify(template)}}`);
    expect(hosts[0]?.address).toBe(expected);
  });

  test("user, port, key file, become and connection, in INI and in ansible-inventory's own output", async () => {
    const variables = {
      ansible_user: "{{ login | default('deploy') }}",
      ansible_port: "{{ ports.ssh }}",
      ports: { ssh: 2222 },
      ansible_ssh_private_key_file: "~/{{ team }}/key",
      team: "ops",
      ansible_become: "{{ as_root }}",
      as_root: false,
      ansible_connection: "{{ kind | d('ssh') }}",
    };
    const json = await load(JSON.stringify({ _meta: { hostvars: { a: variables } }, web: { hosts: ["a"] } }));
    expect(json.hosts).toMatchObject([
      { user: "deploy", port: 2222, identityFile: "/home/me/ops/key", become: { method: "none" } },
    ]);
    const ini = await load(
      `[web]\na ansible_host="{{ ip }}" ip=10.1\n[web:vars]\nansible_user = {{ u | d('x') }}\n`,
    );
    expect(ini.hosts).toMatchObject([{ address: "10.1", user: "x" }]);
  });

  test("inventory_dir is the folder of the file that names the host", async () => {
    const root = await files("own-folder", {
      "hosts.yml": 'all: {hosts: {a: {ansible_ssh_private_key_file: "{{ inventory_dir }}/key"}}}',
    });
    const { hosts } = await loadInventory([join(root, "hosts.yml")], { environment });
    expect(hosts[0]?.identityFile).toBe(join(root, "key"));
  });

  test("an empty result is no value, and !unsafe text is no template", async () => {
    const { hosts } = await load(`all: {hosts: {a: {ansible_user: "{{ gone | d('') }}"}}}`);
    expect(hosts[0]).not.toHaveProperty("user");
    await expect(load(`all: {hosts: {a: {ansible_user: !unsafe "{{ x }}"}}}`)).rejects.toThrow(
      /"\{\{ x \}\}" is not a login name/u,
    );
  });

  test.each([
    ["{{ groups['db'][0] }}", 'uses "groups", which curfew does not evaluate: write the value out'],
    ["{{ hostvars['a'].ip }}", 'uses "hostvars"'],
    ["{{ lookup('env', 'X') }}", 'uses "lookup"'],
    ["{{ ansible_facts.x | d('y') }}", 'uses "ansible_facts"'],
    ["{{ x | regex_replace('a', 'b') }}", 'uses the filter "regex_replace"'],
    ["{{ x | constructor }}", 'uses the filter "constructor"'],
    ["{{ 'a' if x else 'b' }}", 'uses "if"'],
    ["{{ x ~ 'b' }}", 'uses "~"'],
    ["{{ x + 1 }}", 'uses "+"'],
    ["{{ x.split('.')[0] }}", 'calls "x.split"'],
    ["{{ range(3) }}", 'calls "range()"'],
    ["{% if x %}a{% endif %}", 'uses the statement "{% if x %}"'],
    ["{{ x", "has no closing braces"],
    ["{{ }}", "has an expression that is not complete"],
    ["{{ gone }}", 'needs "gone", which is not defined'],
    ["{{ deep }}", 'needs "gone", which is not defined'],
    ["{{ round }}", 'needs "round", which needs itself'],
    ["{{ net }}", "stands for a list or a mapping"],
    ["{{ net.nope }}", 'needs "nope", which is not defined'],
    ["{{ net.__proto__ }}", 'needs "__proto__", which is not defined'],
    ["{{ secret }}", 'needs "secret", which is encrypted with ansible-vault'],
    ["{{ ansible_host }}", 'needs "ansible_host", which needs itself'],
    ["{{ big }}", "stands for a text that is too long"],
  ])("refused by its name: %s", async (template, expected) => {
    const doubling = Array.from(
      { length: 30 },
      (_, index) => `    b${index}: "{{ b${index + 1} }}{{ b${index + 1} }}"`,
    );
    const text = `all:
  vars:
    x: a.b
    deep: "{{ gone }}"
    round: "{{ other }}"
    other: "{{ round }}"
    net: {a: b}
    secret: !vault x
    big: "{{ b0 }}"
${doubling.join("\n")}
    b30: xxxxxxxxxx
  hosts:
    web1: {ansible_host: ${JSON.stringify(template)}}`;
    const error = await load(text).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "input" });
    expect((error as Error).message).toMatch(/^standard input:42:26: ansible_host: "/u);
    expect((error as Error).message).toContain(expected);
  });
});

describe("Include is ssh's", () => {
  async function aliases(name: string, contents: Record<string, string>): Promise<readonly string[]> {
    const root = await files(name, contents);
    const given = join(root, "ssh_config");
    const { hosts, warnings } = await loadInventory([given], { environment, home: root });
    return [...hosts.map((host) => host.name), ...warnings.map((line) => line.replace(`${root}/`, ""))];
  }

  test("folders are passed over, braces and ** are no more than glob(3) makes of them", async () => {
    expect(
      await aliases("include", {
        ssh_config:
          "Include conf.d/*\nInclude {a,b}\nInclude **/deep\nInclude conf.d/[!b]x conf.d/q\\?\nHost last\n",
        ".ssh/conf.d/folder/x": "Host in-folder\n",
        ".ssh/conf.d/one": "Host one\n",
        ".ssh/conf.d/.hidden": "Host hidden\n",
        ".ssh/conf.d/empty": "",
        ".ssh/conf.d/ax": "Host ax\n",
        ".ssh/conf.d/bx": "Host bx\n",
        ".ssh/conf.d/q?": "Host question\n",
        ".ssh/a": "Host a\n",
        ".ssh/{a,b}": "Host braces\n",
        ".ssh/conf.d/folder/deep": "Host too-deep\n",
        ".ssh/conf.d/deep": "Host deep\n",
      }),
    ).toEqual(["ax", "bx", "deep", "one", "question", "braces", "last"]);
  });

  test("one odd alias is left out, and what curfew cannot expand is said", async () => {
    expect(
      await aliases("odd", {
        ssh_config: "Host web;1 good c++ a/b\nInclude %d/x ~nobody-here/y ~/z missing\n",
        z: "Host home\n",
      }),
    ).toEqual([
      "good",
      "c++",
      "home",
      expect.stringMatching(/^ssh_config:1:1: "web;1" is not a host name.*; this alias is left out/u),
      expect.stringMatching(/^ssh_config:1:1: "a\/b" is not a host name/u),
      expect.stringMatching(/^ssh_config:2:1: Include "%d\/x" is not followed/u),
      expect.stringMatching(/^ssh_config:2:1: Include "~nobody-here\/y" is not followed/u),
    ]);
  });
});

test("a tilde is the account's home, as ssh takes it, and not HOME", async () => {
  const text = "all: {hosts: {a: {ansible_ssh_private_key_file: ~/key}}}";
  const { hosts } = await loadInventory(["-"], { stdin: text, environment: { HOME: "/elsewhere" } });
  expect(hosts[0]?.identityFile).toBe(join(userInfo().homedir, "key"));
});

describe("hosts on the command line", () => {
  test.each([["localhost"], ["localhost,"], ["localhost,web1"]])(
    "-i %s is the machine that curfew runs on",
    async (source) => {
      const { hosts } = await loadInventory([source], { environment });
      expect(hosts[0]).toMatchObject({ name: "localhost", connection: "local" });
    },
  );

  test.each([
    [["root@web1"], ["root@web1:"]],
    [["root@web1:2222"], ["root@web1:2222"]],
    [["admin@[2001:db8::1]:22"], ["admin@2001:db8::1:22"]],
    [["web1,root@web2:23"], ["@web1:", "root@web2:23"]],
    [
      ["root@web1", "web2,"],
      ["root@web1:", "@web2:"],
    ],
    [["stdc++.example.com,"], ["@stdc++.example.com:"]],
  ])("-i %j", async (sources, expected) => {
    const { hosts } = await loadInventory(sources, { environment });
    expect(hosts.map(({ name, user, port }) => `${user ?? ""}@${name}:${port ?? ""}`)).toEqual(expected);
  });

  test.each([
    [["a:b:c,"], 'a:b:c: "b:c" is not a port, 1 to 65535'],
    [["web1,root@web2:99999"], 'root@web2:99999: "99999" is not a port'],
    [["x@web1", "web1,"], 'web1: "web1" is listed twice'],
    [["[::1,"], '[::1: "[::1" is not a host name'],
  ])("what is wrong in -i %j is told of the name itself", async (sources, expected) => {
    const error = await loadInventory(sources, { environment }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "input", message: expect.stringMatching(/^[^\n]+$/u) });
    expect((error as Error).message.startsWith(expected)).toBe(true);
  });

  test("a path that is not there is a missing file, whatever is in its name", async () => {
    await expect(loadInventory(["inventories/root@web1"], { environment })).rejects.toThrow(
      /there is no such inventory file/u,
    );
  });
});
