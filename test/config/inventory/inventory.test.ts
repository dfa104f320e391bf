import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadInventory } from "../../../src/config/inventory/inventory.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { Host, LoadedInventory } from "../../../src/model/inventory/host.ts";

const environment = { HOME: "/elsewhere", PATH: process.env["PATH"] };
const home = "/home/me";
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-inventory-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function load(text: string): Promise<LoadedInventory> {
  return loadInventory(["-"], { stdin: text, environment, home, workingDirectory: "/work" });
}

async function refusal(action: Promise<unknown>): Promise<CurfewError> {
  const thrown: unknown = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(CurfewError);
  return thrown as CurfewError;
}

/** `name=address:port/user groups`, one host after the other. */
function brief(hosts: readonly Host[]): string[] {
  return hosts.map(({ name, address, port, user, groups }) => {
    const target = address === name ? "" : `=${address}`;
    return `${name}${target}:${port ?? ""}/${user ?? ""} ${groups.filter((group) => group !== "all").join(" ")}`;
  });
}

async function tree(name: string, files: Record<string, string>): Promise<string> {
  const root = join(directory, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

describe("YAML", () => {
  test("groups, ranges, ports, merge keys and variables, any top-level group", async () => {
    const { hosts, groups } = await load(`
web:
  vars: &vars {ansible_user: deploy, unknown: "{{ never looked at }}", list: [1, 2]}
  hosts:
    web[01:02].example.com: {ansible_host: 10.0.0.1}
    edge:2222:
    own: {<<: *vars, ansible_port: 23}
other:
  hosts: single
  children: {web: , empty: }
`);
    expect(brief(hosts)).toEqual([
      "web01.example.com=10.0.0.1:/deploy other web",
      "web02.example.com=10.0.0.1:/deploy other web",
      "edge:2222/deploy other web",
      "own:23/deploy other web",
      "single:/ other",
    ]);
    expect(groups).toEqual(["all", "empty", "other", "ungrouped", "web"]);
    expect(hosts[0]?.source).toEqual({ file: "standard input", line: 5, column: 5 });
  });

  test("scalars are taken as written where YAML 1.1 takes them so: exponents, quoted words", async () => {
    const { hosts } = await load(
      "all: {hosts: {a: {ansible_user: 1e3}, b: {ansible_user: 0o17}, c: {ansible_user: 'yes'}}}",
    );
    expect(hosts.map(({ user }) => user)).toEqual(["1e3", "0o17", "yes"]);
  });
});

describe("INI", () => {
  test("ranges, ports, quotes, comments, children and vars", async () => {
    const { hosts } = await load(`
; a comment
lone ansible_user="me"     # and another
[web]
web[01:03:2] ansible_port=2222 note="two words"
[2001:db8::1]:2200
[db]
db-[a:b].x ansible_user='root'
[db:vars]
ansible_port = 23  # a number
ansible_user = "somebody"
[prod:children]
web
db   # the databases
[all:vars]
ansible_user=deploy
`);
    expect(brief(hosts)).toEqual([
      "lone:/me ungrouped",
      "web01:2222/deploy prod web",
      "web03:2222/deploy prod web",
      "2001:db8::1:2200/deploy prod web",
      "db-a.x:23/root db prod",
      "db-b.x:23/root db prod",
    ]);
  });
});

describe("precedence as Ansible's", () => {
  test("child over parent, name order at one depth, priority over name, host over all", async () => {
    const { hosts } = await load(`
[all:vars]
ansible_user=all
[a]
h1
h2
h3
h4 ansible_user=host
[b]
h1
h3
[c]
h3
[parent:children]
a
b
c
[parent:vars]
ansible_user=parent
ansible_port=1
[a:vars]
ansible_user=a
[b:vars]
ansible_user=b
ansible_port=2
[c:vars]
ansible_user=c
ansible_group_priority=0
`);
    expect(hosts.map(({ name, user, port }) => [name, user, port])).toEqual([
      ["h1", "b", 2],
      ["h2", "a", 1],
      ["h3", "b", 2],
      ["h4", "host", 1],
    ]);
  });

  test("group_vars above every inline group variable, host_vars above inline host variables", async () => {
    const root = await tree("vars", {
      hosts: "[web]\nw1 ansible_user=inline\nw2\n[db]\nd1\n[web:vars]\nansible_user=web\n",
      "group_vars/all.yml": "ansible_user: everybody\nansible_port: 1\n",
      "group_vars/web/ports.yaml": "ansible_port: 2\n",
      "group_vars/web/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
      "group_vars/unused.yml": ": not even YAML [",
      "host_vars/d1": "ansible_port: 3\nansible_become: no\n",
    });
    const { hosts, warnings } = await loadInventory([join(root, "hosts")], { environment });
    expect(hosts.map(({ name, user, port, become }) => [name, user, port, become?.method])).toEqual([
      ["w1", "inline", 2, undefined],
      ["w2", "everybody", 2, undefined],
      ["d1", "everybody", 3, "none"],
    ]);
    expect(warnings).toEqual([
      `${join(root, "group_vars/web/vault.yml")}:1:1: encrypted with ansible-vault, so the variables in it are not read`,
    ]);
  });

  test("what Ansible would log in by, and curfew does not read, is said", async () => {
    const root = await tree("unread", {
      "inv/hosts": "[web]\nw1\n[db]\nd1\n",
      "inv/more.ini": "w2\n",
      "ansible.cfg":
        "[defaults]\nremote_user = deploy\nforks=5\n[other]\nremote_port=1\n[defaults]\nremote_port: 23\n",
      "group_vars/web/a.yml": "other: 1\n",
      "group_vars/web/b.yml": "ansible_port: 2222\n",
      "group_vars/db.yml": "packages: [x]\n",
      "group_vars/elsewhere.yml": "ansible_port: 1\n",
      "host_vars/d1.yml": "ansible_host: 10.0.0.9\n",
    });
    const unread =
      "not read: Ansible reads it only for playbooks in this folder; with ANSIBLE_PLAYBOOK_DIR=. in the environment both read it";
    const options = { environment, workingDirectory: root };
    const { hosts, warnings } = await loadInventory([join(root, "inv")], options);
    expect(brief(hosts)).toEqual(["w1:/ web", "d1:/ db", "w2:/ ungrouped"]);
    expect(warnings).toEqual([
      `${join(root, "inv/more.ini")}: read as well; Ansible before 2.19 skips what ends in .ini in a folder of inventories`,
      "ansible.cfg:2:1: remote_user is not read: set ansible_user in the inventory",
      "ansible.cfg:7:1: remote_port is not read: set ansible_port in the inventory",
      `group_vars/web/b.yml: ${unread}`,
      `host_vars/d1.yml: ${unread}`,
    ]);
    const told = await loadInventory([join(root, "inv/hosts")], {
      environment: { ...environment, ANSIBLE_PLAYBOOK_DIR: "." },
      workingDirectory: root,
    });
    expect(brief(told.hosts)).toEqual(["w1:2222/ web", "d1=10.0.0.9:/ db"]);
    expect(told.warnings.filter((warning) => !warning.startsWith("ansible.cfg"))).toEqual([]);
  });

  test("a port behind a colon is weaker than an ansible_port, wherever that stands", async () => {
    const { hosts } = await load("[a]\nx ansible_port=1\ny:2\nz\n[b]\nx:3\ny ansible_port=4\nz:5\n");
    expect(hosts.map(({ port }) => port)).toEqual([1, 4, 5]);
  });

  test("older spellings win over newer ones, and an empty value is none", async () => {
    const { hosts } = await load("all: {hosts: {a: {ansible_host: x, ansible_ssh_host: y, ansible_user: }}}");
    expect(brief(hosts)).toEqual(["a=y:/ ungrouped"]);
  });
});

describe("connection variables", () => {
  test.each([
    ["ansible_become: true", { become: { method: "sudo" } }],
    ["ansible_become: 'no'", { become: { method: "none" } }],
    ["ansible_become: no, ansible_become_method: su", { become: { method: "none" } }],
    ["ansible_become_user: root, ansible_become_method: ansible.builtin.sudo", {}],
    ["ansible_ssh_private_key_file: ~/.ssh/fleet", { identityFile: "/home/me/.ssh/fleet" }],
    ["ansible_private_key_file: keys/fleet", { identityFile: "/work/keys/fleet" }],
    ["ansible_private_key_file: /k", { identityFile: "/k" }],
    ["ansible_host: 'fe80::1%eth0'", { address: "fe80::1%eth0" }],
    ["ansible_connection: ssh", {}],
  ])("%s", async (variables, expected) => {
    const { hosts } = await load(`all: {hosts: {h: {${variables}}}}`);
    expect(hosts).toEqual([
      { name: "h", address: "h", groups: ["all", "ungrouped"], source: expect.anything(), ...expected },
    ]);
  });

  test.each([
    ["ansible_port: 0", 'ansible_port: "0" is not a port, 1 to 65535'],
    ["ansible_port: 65536", 'ansible_port: "65536" is not a port'],
    ["ansible_port: '22 -oProxyCommand=x'", "is not a port"],
    ["ansible_host: '{{ ip }}'", 'ansible_host: "{{ ip }}" needs "ip", which is not defined'],
    ["ansible_host: '-oProxyCommand=id'", "is neither a DNS name nor an IP address"],
    ["ansible_host: 'a b'", "is neither a DNS name nor an IP address"],
    ["ansible_host: 'bücher.example'", "is neither a DNS name nor an IP address"],
    ["ansible_host: [a]", "ansible_host: expected a single value"],
    ["ansible_host: !vault x", "ansible_host: the value is encrypted with ansible-vault"],
    ["ansible_user: '-l'", 'ansible_user: "-l" is not a login name'],
    ["ansible_user: 'a;b'", "is not a login name"],
    ["ansible_private_key_file: ~other/key", "this home directory is not known"],
    ['ansible_private_key_file: "a\\nb"', '"a\\nb" is not a usable path'],
    ["ansible_become: maybe", '"maybe" is neither true nor false'],
    [
      "ansible_become_user: oracle",
      'ansible_become_user: "oracle" is not supported, curfew has to become root',
    ],
    ["ansible_become_method: doas", 'ansible_become_method: "doas" is not supported, only sudo is'],
  ])("refused: %s", async (variables, expected) => {
    const error = await refusal(load(`all: {hosts: {h: {${variables}}}}`));
    expect(error.code).toBe("input");
    expect(error.message).toMatch(/^standard input:1:\d+: ansible_/u);
    expect(error.message).toContain(expected);
  });

  test("a wrong group variable is one mistake, however many hosts it reaches, and none when overridden", async () => {
    const wrong = "all:\n  vars: {ansible_port: x}\n  hosts: {a: , b: , c: {ansible_port: 22}}\n";
    expect((await refusal(load(wrong))).message).toBe(
      'standard input:2:24: ansible_port: "x" is not a port, 1 to 65535',
    );
    await expect(load(wrong.replace("a: , b: , ", ""))).resolves.toMatchObject({ hosts: [{ port: 22 }] });
  });

  test.each([
    ["ansible_become_password: hunter2", "asks for the sudo password"],
    ["ansible_password: !vault hunter2", "curfew logs in with keys"],
    ["ansible_ssh_common_args: -J hunter2", "put ProxyJump and other options into your ssh_config"],
  ])("ignored with a warning that does not repeat it: %s", async (variable, expected) => {
    const { warnings } = await load(`all: {vars: {${variable}}, hosts: {a: , b: }}`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(expected);
    expect(warnings[0]).not.toContain("hunter2");
  });

  test("hosts that are not reached over SSH are left out with a warning", async () => {
    const { hosts, warnings } = await load("all: {hosts: {a: , win: {ansible_connection: winrm}}}");
    expect(hosts.map(({ name }) => name)).toEqual(["a"]);
    expect(warnings).toEqual([
      'standard input:1:20: "win" is left out: ansible_connection "winrm" is neither SSH nor local',
    ]);
  });
});

test.each([
  ["bad host name", "all:\n  hosts:\n    web 1:\n", 'standard input:3:5: "web 1" is not a host name'],
  [
    "option as host name",
    "[web]\n-oProxyCommand=id\n",
    'standard input:2:1: "-oProxyCommand=id" is not a host name',
  ],
  ["user in an INI", "[web]\nbob@web\n", "give the login name as ansible_user=bob"],
  [
    "name ssh cannot take",
    "all: {hosts: {büro: }}",
    '"büro" cannot be handed to ssh, give its address as ansible_host',
  ],
  [
    "misspelt key",
    "all:\n  host:\n    a:\n",
    'standard input:2:3: unknown key "host" in group "all", did you mean "hosts"?',
  ],
  [
    "list of hosts",
    "all:\n  hosts:\n    - a\n",
    'hosts of group "all": expected a mapping, each name followed by a colon instead of a dash',
  ],
  ["variables that are none", "all: {hosts: {a: 5}}", 'host "a": expected variables'],
  ["group that is none", "all: 5", 'group "all": expected hosts, children or vars'],
  [
    "duplicate host key",
    "all:\n  hosts:\n    a:\n    a:\n",
    'standard input:4:5: duplicate key "a", first used at line 3',
  ],
  [
    "cycle",
    "a: {children: {b: {children: {c: {children: {a: }}}}}}\nz: {hosts: h}",
    "groups contain each other: ",
  ],
  ["cycle in an INI", "[a:children]\nb\n[b:children]\na\n", "groups contain each other: "],
  ["all inside a group", "web: {children: {all: {hosts: h}}}", "groups contain each other: "],
  [
    "group inside itself",
    "web: {hosts: h, children: {web: }}",
    'groups contain each other: "web", then "web"',
  ],
  ["anchor inside itself", "a: &a {children: {b: *a}, hosts: h}", "nested too deeply"],
  [
    "undefined child",
    "[web]\na\n[p:children]\nwbe\n",
    'standard input:4:1: "p" contains an undefined group "wbe", did you mean "web"?',
  ],
  [
    "vars of an undefined group",
    "[web]\na\n[wbe:vars]\nx=1\n",
    'standard input:3:1: variables for an undefined group "wbe", did you mean "web"?',
  ],
  [
    "section kind",
    "[web:childern]\na\n",
    '"[web:childern]" is not a section: [group], [group:children] or [group:vars], did you mean "children"?',
  ],
  ["open quote", '[web]\na x="y\n', "no closing double quote"],
  ["no variable", "[web]\na 5\n", 'standard input:2:3: "5" is not a variable, write name=value'],
  ["endless range", "[web]\na[1:999999999]\n", "a range stands for at most 100000 hosts"],
  ["endless product", "[web]\na[1:99999]b[1:99999]\n", "stands for more than 100000 hosts"],
  ["JSON syntax", '{"all": {"hosts": ["a",]}}', 'standard input:1:24: not valid JSON, at "]}}"'],
  [
    "JSON group",
    '{"_meta": {}, "web": 5}',
    'standard input:1:15: group "web": expected hosts, children or vars',
  ],
  ["JSON hosts", '{"_meta": {}, "web": {"hosts": [5]}}', "hosts and children are lists of names"],
  ["JSON host name", '{\n"web": {"hosts": ["a b"]}}', 'standard input:2:19: "a b" is not a host name'],
  ["twice in a list", "a\nuser@a:22\n", 'standard input:2:1: "a" is listed twice, first at line 1'],
  ["two in a line", "a b\n", '"a b": one host per line'],
  ["port in a list", "a:0\n", '"0" is not a port'],
  ["user in a list", "-x@a\n", '"-x" is not a login name'],
  ["nothing but comments", "# nothing\n", "the inventory names no host"],
  ["empty", " \n", "standard input: the inventory is empty"],
  ["vault", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "the inventory is encrypted with ansible-vault"],
  ["ssh_config from a pipe", "Host a\n", "it has to be a file"],
])("refused: %s", async (_title, text, expected) => {
  const error = await refusal(load(text));
  expect(error.code).toBe("input");
  expect(error.message).toContain(expected);
});

test("all mistakes of an inventory are reported at once", async () => {
  const error = await refusal(load("[web]\na b\nc ansible_port=x\n[q:nope]\nbob@h\n[web]\n-x\n"));
  expect(error.message.split("\n").map((line) => line.slice(0, 20))).toEqual([
    "standard input:2:3: ",
    "standard input:3:3: ",
    "standard input:4:1: ",
    "standard input:7:1: ",
  ]);
});

describe("sources", () => {
  test("none is a usage error, a missing file an input error", async () => {
    expect(await refusal(loadInventory([], { environment }))).toMatchObject({ code: "usage" });
    const error = await refusal(loadInventory([join(directory, "missing")], { environment }));
    expect(error).toMatchObject({
      code: "input",
      message: `${directory}/missing: there is no such inventory file`,
    });
  });

  test("names with a comma, and several sources that add up", async () => {
    const root = await tree("two", {
      one: "[web]\na\nb ansible_user=one\n",
      two: "[db]\nb ansible_user=two\n",
    });
    const both = await loadInventory([join(root, "one"), join(root, "two"), "me@c:23,"], { environment });
    expect(brief(both.hosts)).toEqual(["a:/ web", "b:/two db web", "c:23/me ungrouped"]);
  });

  test("an empty directory, and one whose files are all skipped", async () => {
    const root = await tree("skipped", {
      "notes.md": "x",
      "old~": "x",
      ".hidden": "x",
      "group_vars/all": "a: b",
    });
    expect((await refusal(loadInventory([root], { environment }))).message).toContain(
      "there is no inventory in this directory",
    );
  });

  test("a stray x bit makes no program", async () => {
    const root = await tree("bits", { hosts: "a\nb\n" });
    await chmod(join(root, "hosts"), 0o755);
    expect((await loadInventory([join(root, "hosts")], { environment })).hosts).toHaveLength(2);
  });

  test("a program that may not be executed says so", async () => {
    const root = await tree("program", { "hosts.py": "#!/usr/bin/env python3\n" });
    const error = await refusal(loadInventory([join(root, "hosts.py")], { environment }));
    expect(error.message).toContain("this is a program, but not an executable one");
    expect(error.hint).toContain("chmod +x");
  });
});

describe("ansible-inventory", () => {
  async function withCommand(name: string, script: string): Promise<{ PATH: string; HOME: string }> {
    const root = await tree(name, { "ansible-inventory": script });
    await chmod(join(root, "ansible-inventory"), 0o755);
    return { PATH: `${root}:/usr/bin:/bin`, HOME: "/root" };
  }

  test.each([
    ["a program", "inv.sh", "#!/bin/sh\n"],
    ["a plugin's configuration", "aws_ec2.yml", "# cloud\nplugin: amazon.aws.aws_ec2\n"],
    ["TOML", "hosts.toml", "[web.hosts]\na = {}\n"],
  ])("reads %s", async (_title, name, text) => {
    const root = await tree(`source-${name}`, { [name]: text });
    await chmod(join(root, name), 0o755);
    const document = '{"_meta": {"hostvars": {"a": {"ansible_port": 23}}}, "web": {"hosts": ["a"]}}';
    const path = await withCommand(
      `ok-${name}`,
      `#!/bin/sh\n[ "$*" = "-i ${root}/${name} --list" ] && echo '${document}'\n`,
    );
    expect(brief((await loadInventory([join(root, name)], { environment: path })).hosts)).toEqual([
      "a:23/ web",
    ]);
  });

  test("an ansible.cfg goes to it as configuration", async () => {
    const root = await tree("cfg", { "ansible.cfg": "[defaults]\ninventory=hosts\n" });
    const path = await withCommand(
      "cfg-command",
      `#!/bin/sh\n[ "$*" = --list ] && [ "$ANSIBLE_CONFIG" = "${root}/ansible.cfg" ] && echo '{"web": ["a", "b"]}'\n`,
    );
    expect((await loadInventory([join(root, "ansible.cfg")], { environment: path })).hosts).toHaveLength(2);
  });

  test("its failure is passed on, made safe to print", async () => {
    const root = await tree("fails", { "x.toml": "a=1\n" });
    const path = await withCommand(
      "fails-command",
      "#!/bin/sh\nprintf 'WARN\\nERROR! no \\033[31mboto\\n' >&2\nexit 1\n",
    );
    const error = await refusal(loadInventory([join(root, "x.toml")], { environment: path }));
    expect(error).toMatchObject({ code: "input" });
    expect(error.message).toContain("ansible-inventory failed: ERROR! no \\u{1b}[31mboto");
  });

  test("where it is not installed the error says what to do", async () => {
    const root = await tree("absent", { "x.toml": "a=1\n" });
    const error = await refusal(
      loadInventory([join(root, "x.toml")], { environment: { PATH: "/nonexistent" } }),
    );
    expect(error.message).toContain("only ansible-inventory can read this, and it is not installed");
    expect(error.hint).toContain("--list > hosts.json");
  });
});

describe("ssh_config", () => {
  test("concrete Host names, Include followed, everything else left to ssh", async () => {
    const root = await tree("ssh", {
      ssh_config: 'Host a "b" *.example !c\n  User x\nInclude included\nhost=d\nMatch host e\n',
      "home/.ssh/included": "Host e f?\n",
    });
    const { hosts } = await loadInventory([join(root, "ssh_config")], {
      environment,
      home: join(root, "home"),
    });
    expect(hosts.map(({ name, configFile }) => [name, configFile])).toEqual(
      ["a", "b", "e", "d"].map((name) => [name, join(root, "ssh_config")]),
    );
  });

  test("the user's own configuration needs no -F", async () => {
    const root = await tree("own", { ".ssh/config": "Host a\n" });
    const { hosts } = await loadInventory([join(root, ".ssh/config")], { environment, home: root });
    expect(hosts).toMatchObject([{ name: "a", address: "a" }]);
    expect(hosts[0]).not.toHaveProperty("configFile");
  });

  test("an Include of itself ends, hostile names are left out", async () => {
    const root = await tree("loop", { ssh_config: "" });
    await writeFile(join(root, "ssh_config"), `Include ${root}/ssh_config\nHost a;b\n`);
    const error = await refusal(loadInventory([join(root, "ssh_config")], { environment }));
    expect(error.message).toContain("Include is nested too deeply");
    await writeFile(join(root, "ssh_config"), `Host a;b c\n`);
    const { hosts, warnings } = await loadInventory([join(root, "ssh_config")], { environment });
    expect(hosts.map(({ name }) => name)).toEqual(["c"]);
    expect(warnings).toEqual([expect.stringContaining('"a;b" is not a host name')]);
  });
});

describe("hostile text", () => {
  const piece = fc.constantFrom(
    ..."[]{}:=,\"'#;@%$\\\n\t -".split(""),
    "all",
    "hosts",
    "children",
    "vars",
    "a",
    "[a]",
    "a[1:3]",
    "ansible_host",
    "&x",
    "*x",
    "<<",
    "\u0000",
    "\u202e",
    "Host",
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((parts) => parts.join("")),
    fc.array(piece, { maxLength: 20 }).map((parts) => `all:\n  hosts:\n    ${parts.join("")}`),
    fc.string({ unit: "binary" }),
    fc.json(),
  );

  test("either loads or is an input error, and no accepted name could be an option or a command", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (written) => {
        expect(await offence(written)).toBe("");
      }),
      { numRuns: 1500 },
    );
  });
});

/** What is wrong with the hosts a text was accepted as, or with the way it was refused. */
async function offence(written: string): Promise<string> {
  try {
    const { hosts } = await load(written);
    const bad = hosts.find(
      ({ name, address, user = "x" }) =>
        !/^[\p{L}\p{N}_:][\p{L}\p{N}\p{M}_.:%+-]*$/u.test(name) ||
        !/^[\w:][\w.:%+-]*$/u.test(address) ||
        !/^[\p{L}\p{N}_.][\p{L}\p{N}\p{M}_.@+=-]*$/u.test(user),
    );
    return bad === undefined ? "" : JSON.stringify(bad);
  } catch (error) {
    if (!(error instanceof CurfewError) || error.code !== "input") return `threw ${String(error)}`;
    return /[\p{Cc}\p{Cf}\p{Cs}]/u.exec(error.message.replaceAll("\n", ""))?.[0] ?? "";
  }
}

test("ten thousand hosts load at once, in every form", async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `web${index}.example.com`);
  const forms = [
    `all:\n  hosts:\n${names.map((name) => `    ${name}: {ansible_user: root}`).join("\n")}`,
    `[web]\n${names.map((name) => `${name} ansible_user=root`).join("\n")}`,
    JSON.stringify({ web: { hosts: names, vars: { ansible_user: "root" } } }),
    names.join("\n"),
  ];
  for (const form of forms) expect((await load(form)).hosts).toHaveLength(10_000);
});
