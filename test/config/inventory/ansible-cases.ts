/** Inventories as people write them, for a comparison with what the real Ansible makes of them. */

/** One inventory: its files, how it is given, and where curfew may differ. */
export interface AnsibleCase {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** What `-i` is given; `hosts` if left out. */
  readonly sources?: readonly string[];
  /** Patterns for `--limit` that select the same hosts. */
  readonly limits?: readonly string[];
  /** Patterns that curfew does not know, and says so. */
  readonly refusedLimits?: readonly string[];
  /** Set where curfew refuses, and what it says: no host is contacted then. */
  readonly refused?: RegExp;
  /** A folder of playbooks, ANSIBLE_PLAYBOOK_DIR. */
  readonly playbooks?: string;
  readonly executable?: readonly string[];
  /** `link: target`. */
  readonly links?: Readonly<Record<string, string>>;
}

const ini = (name: string, text: string, more: Partial<AnsibleCase> = {}): AnsibleCase => ({
  name: `INI: ${name}`,
  files: { hosts: text },
  ...more,
});

const yaml = (name: string, text: string, more: Partial<AnsibleCase> = {}): AnsibleCase => ({
  name: `YAML: ${name}`,
  files: { "hosts.yml": text },
  sources: ["hosts.yml"],
  ...more,
});

const FLEET = "[web]\nweb[1:4]\n[db]\ndb[1:2]\nweb4\n[prod:children]\nweb\ndb\n[empty]\n";

/** A dynamic inventory. */
const SCRIPT = `#!/bin/sh
echo '{"web": {"hosts": ["w1", "w2"], "vars": {"ansible_user": "script"}}, "_meta": {"hostvars": {"w1": {"ansible_port": 1}}}}'
`;

const INI: readonly AnsibleCase[] = [
  ini("a range with a step and zeros", "[web]\nweb[01:20:2]\n"),
  ini("two ranges multiply", "[web]\nr[1:2]-n[08:11].x\n"),
  ini("letters, small and large", "db-[a:f:2].x\ndb-[X:Z].y\n"),
  ini("a range without a beginning", "web[:3]\n"),
  ini("a range of addresses", "10.0.[0:1].[9:11]\n"),
  ini("a range with a port behind it", "[web]\nweb[1:3]:2222 ansible_user=x\n"),
  ini("a port behind a name and an address", "web1:2222\n10.0.0.1:23\n[2001:db8::1]:24\n2001:db8::2\n"),
  ini("a port behind the name is weaker than ansible_port", "web1:2222 ansible_port=23\n"),
  ini("hosts before the first section", "lone\n[web]\nweb1\n"),
  ini(
    "a host in several groups",
    "[a]\nx ansible_user=one\n[b]\nx\ny\n[a:vars]\nansible_port=1\n[b:vars]\nansible_port=2\n",
  ),
  ini("the later line of a host wins", "[a]\nx ansible_user=one ansible_port=1\n[b]\nx ansible_user=two\n"),
  ini(
    "groups of groups",
    "[a:children]\nb\n[b:children]\nc\n[c]\nx\n[a:vars]\nansible_user=a\nansible_port=1\n[c:vars]\nansible_port=3\n",
  ),
  ini("children before they are declared", "[a:vars]\nansible_user=a\n[a:children]\nb\n[b]\nx\n"),
  ini(
    "siblings by name",
    "[zeta]\nx\n[alpha]\nx\n[zeta:vars]\nansible_user=zeta\n[alpha:vars]\nansible_user=alpha\n",
  ),
  ini(
    "priority among siblings",
    "[zeta]\nx\n[alpha]\nx\n[zeta:vars]\nansible_user=zeta\n[alpha:vars]\nansible_user=alpha\nansible_group_priority=10\n",
  ),
  ini(
    "priority is weaker than depth",
    "[top:children]\nlow\n[low]\nx\n[top:vars]\nansible_user=top\nansible_group_priority=50\n[low:vars]\nansible_user=low\n",
  ),
  ini(
    "the deepest of two ways counts",
    "[a:children]\nb\nz\n[b:children]\nz\n[z]\nx\n[c]\nx\n[z:vars]\nansible_user=z\n[c:vars]\nansible_user=c\n[b:vars]\nansible_port=5\n",
  ),
  ini(
    "all and ungrouped as sections",
    "x\n[all:vars]\nansible_user=all\nansible_port=1\n[ungrouped:vars]\nansible_port=2\n",
  ),
  ini("hosts of all itself", "[all]\nx ansible_port=1\n[web]\ny\n"),
  ini(
    "an ungrouped host that a later group takes",
    "x\n[web]\nx\n[web:vars]\nansible_user=web\n[ungrouped:vars]\nansible_user=none\n",
  ),
  ini("quotes of both kinds on a host", `x ansible_user="root" ansible_host='10.0.0.1'\n`),
  ini("quotes inside quotes on a host", `x ansible_user='"root"' ansible_host="'10.0.0.1'"\n`),
  ini("quotes in vars", `[a]\nx\n[a:vars]\nansible_user="root"\nansible_host='10.0.0.1'\n`),
  ini(
    "comments behind hosts, sections and children",
    "# one\n; two\n[a] # three\nx ansible_port=1 # four\n[b:children] # five\na # six\n",
  ),
  ini(
    "a comment behind a number in vars",
    "[a]\nx\n[a:vars]\nansible_port=22 # the usual\nansible_user='me' # quoted\n",
  ),
  ini("a comment behind a word in vars belongs to the word", "[a]\nx\n[a:vars]\nansible_user=me # really\n", {
    refused: /"me # really" is not a login name/u,
  }),
  ini("a semicolon behind a value on a host", "x ansible_port=1;comment\n", { refused: /is not a port/u }),
  ini("blanks around the equals sign in vars", "[a]\nx\n[a:vars]\nansible_port = 2222\nansible_user=  bob\n"),
  ini("a port as text", `x ansible_port="2222"\n[a]\ny\n[a:vars]\nansible_port="'2223'"\n`, {
    refused: /is not a port/u,
  }),
  ini("a port with a leading zero is text", "x ansible_port=022\n"),
  ini("a number in hexadecimal", "x ansible_port=0x16\n", { refused: /Ansible reads "0x16" as 22/u }),
  ini("a number in octal", "[a]\nx\n[a:vars]\nansible_port=0o26\n", {
    refused: /Ansible reads "0o26" as 22/u,
  }),
  ini("a number with underscores", "x ansible_port=2_222\n", { refused: /Ansible reads "2_222" as 2222/u }),
  ini("None is nothing", "x ansible_user=None\n", { refused: /Ansible reads "None" as nothing/u }),
  ini("True as a login", "x ansible_user=True\n"),
  ini("yes as a login", "x ansible_user=yes\n"),
  ini("a number as a login", "x ansible_user=1000\n"),
  ini("a number with a point as an address", "x ansible_host=10.20\n", {
    refused: /Ansible reads "10.20" as 10.2/u,
  }),
  ini("an exponent as a login", "x ansible_user=1e3\n", { refused: /Ansible reads "1e3" as 1000/u }),
  ini("two quoted texts are one", `[a]\nx\n[a:vars]\nansible_user='ro' 'ot'\n`, {
    refused: /not a login name|Ansible reads/u,
  }),
  ini(
    "an escape in a quoted text",
    String.raw`[a]
x
[a:vars]
ansible_user="\x62ob"
`,
    { refused: /not a login name|Ansible reads/u },
  ),
  ini("a raw text", `[a]\nx\n[a:vars]\nansible_user=r'bob'\n`, { refused: /not a login name/u }),
  ini(
    "become as words",
    "a ansible_become=yes\nb ansible_become=true\nc ansible_become=False\nd ansible_become=0\ne ansible_become='no'\n",
  ),
  ini(
    "unicode in names and values",
    "[größe]\nwebä ansible_host=10.0.0.1 ansible_user=jörg\n[größe:vars]\nansible_port=22\n",
  ),
  ini("groups with odd names", "[my-group]\na\n[a.b]\nb\n[x:children]\nmy-group\na.b\n"),
  ini("carriage returns", "[web]\r\nx ansible_port=22\r\n[web:vars]\r\nansible_user=bob\r\n"),
  ini("tabs and blanks", "\t[web]\n  x\tansible_port=22\n\n   \n[web:vars]\n\tansible_user = bob\n"),
  ini("a form feed ends a line as Python's lines end", "[web]\nx\f y\u2028z\n[db]\n# c\u0085d1\n"),
  ini("an equals sign in a value", "x ansible_host=10.0.0.1 note=a=b=c\n"),
  ini(
    "the older spellings",
    "x ansible_ssh_host=10.0.0.1 ansible_ssh_port=23 ansible_ssh_user=old ansible_ssh_private_key_file=/k\n",
  ),
  ini(
    "the older spelling beside the newer one",
    "x ansible_host=10.0.0.1 ansible_ssh_host=10.0.0.2 ansible_user=new ansible_ssh_user=old ansible_port=1 ansible_ssh_port=2\n",
  ),
  ini(
    "the older spelling in a weaker place",
    "[a]\nx ansible_host=10.0.0.1\n[a:vars]\nansible_ssh_host=10.0.0.2\n",
  ),
  ini(
    "templates",
    "x ip=10.0.0.5 ansible_host='{{ ip }}' ansible_port=\"{{ port | default(2222) }}\"\n[all:vars]\nansible_user={{ who | default('deploy') }}\n",
  ),
  ini("a template with a number that is read otherwise", 'x n=022 m=0x16 ansible_port="{{ m }}"\n', {
    refused: /needs "m", which Ansible reads as 22/u,
  }),
  ini(
    "a list in a template",
    `x ips="['10.0.0.7', '10.0.0.8']" ansible_host="{{ ips[1] | default('10.0.0.9') }}"\n`,
    { refused: /needs "ips", which Ansible reads as a list or a mapping/u },
  ),
  ini(
    "ansible_connection of a group",
    "[sw]\ns1\n[web]\nw1\n[sw:vars]\nansible_connection=network_cli\n[all:vars]\nansible_connection=ssh\n",
  ),
  ini("this machine", "localhost ansible_connection=local\nw1\n"),
  ini("an undefined group among children", "[a:children]\nb\n[c]\nx\n", {
    refused: /contains an undefined group "b"/u,
  }),
  ini("variables of an undefined group", "[a:vars]\nx=1\n[c]\nx\n", {
    refused: /variables for an undefined group "a"/u,
  }),
  ini("a group in itself", "[a:children]\nb\n[b:children]\na\n[a]\nx\n", {
    refused: /groups contain each other/u,
  }),
  ini(
    "a backslash and a hash inside quotes",
    String.raw`x ansible_user="a" note="b # c" path=c:\\x ansible_port=23
`,
  ),
  ini("patterns", FLEET, {
    limits: [
      "web*:!web3",
      "web:&db",
      "all:!db",
      "prod:!web1:!web2",
      "web1,db1",
      "web?",
      "!web",
      "&db",
      "web1:web2",
      "db*:&web",
      "*",
      "all",
      "empty",
      "ungrouped",
      "web1,web1",
      " web1 , db1 ",
      "w*:&web4",
      "prod,!w*",
      "?b1",
      "*1",
    ],
    refusedLimits: [
      "web[0]",
      "web[0:1]",
      "web[1:]",
      "web[-1]",
      "web[0:2],!web1",
      "~web[12]",
      "!~web",
      "w*[0:1]",
      "@some.retry",
    ],
  }),
];

const YAML: readonly AnsibleCase[] = [
  yaml(
    "groups of groups with variables at each",
    `
all:
  vars: {ansible_user: all, ansible_port: 1}
  hosts: {lone: {ansible_port: 2}}
  children:
    a:
      vars: {ansible_user: a}
      children:
        b: {hosts: {x: {ansible_host: 10.0.0.1}, y: }, vars: {ansible_port: 9}}
    c: {hosts: {x: }}
`,
  ),
  yaml("ranges and ports", "web: {hosts: {'web[01:03:2]:2222': {ansible_user: x}, 'db-[a:c]': }}\n"),
  yaml(
    "anchors, aliases and merge keys",
    `
x-base: &base {}
all:
  vars: &v {ansible_user: deploy, ansible_port: 22}
  hosts:
    a: &h {ansible_host: 10.0.0.1, ansible_port: 5}
    b: {<<: *h, ansible_host: 10.0.0.2}
    c: {<<: [*v, *h]}
    d: *h
`,
  ),
  yaml(
    "anchors",
    `
all:
  vars: &v {ansible_user: deploy, ansible_port: 22}
  hosts:
    a: &h {ansible_host: 10.0.0.1, ansible_port: 5}
    b: {<<: *h, ansible_host: 10.0.0.2}
    c: {<<: [*v, *h]}
    d: *h
`,
  ),
  yaml("unsafe text is no template", "all: {hosts: {x: {ansible_user: !unsafe 'a{{b', ansible_port: 1}}}\n", {
    refused: /is not a login name/u,
  }),
  yaml(
    "unsafe text without braces",
    "all: {hosts: {x: {ansible_user: !unsafe bob, ansible_host: !unsafe 10.0.0.1}}}\n",
  ),
  yaml(
    "a vault value that counts",
    "all:\n  hosts:\n    x:\n      ansible_user: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        3061\n",
    { refused: /encrypted with ansible-vault/u },
  ),
  yaml(
    "a vault value that does not count",
    "all:\n  hosts:\n    x:\n      secret: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        3061\n      ansible_port: 23\n",
  ),
  yaml("an octal port", "all: {hosts: {x: {ansible_port: 022}}}\n", {
    refused: /Ansible reads "022" as 18/u,
  }),
  yaml("numbers of YAML 1.1", "all: {hosts: {x: {ansible_port: 0x16}}}\n", {
    refused: /Ansible reads "0x16" as 22/u,
  }),
  yaml("underscores in a number", "all: {hosts: {x: {ansible_port: 2_222}}}\n", {
    refused: /Ansible reads "2_222" as 2222/u,
  }),
  yaml("base 60", "all: {hosts: {x: {ansible_port: 1:30}}}\n", { refused: /Ansible reads "1:30" as 90/u }),
  yaml("binary", "all: {hosts: {x: {ansible_port: 0b10110}}}\n", {
    refused: /Ansible reads "0b10110" as 22/u,
  }),
  yaml("an address that is a number", "all: {hosts: {x: {ansible_host: 10.20}}}\n", {
    refused: /Ansible reads "10.20" as 10.2/u,
  }),
  yaml("an address with a zero too many is text", "all: {hosts: {x: {ansible_host: 10.20.030.1}}}\n"),
  yaml("yes as a login", "all: {hosts: {x: {ansible_user: yes}}}\n", {
    refused: /Ansible reads "yes" as True/u,
  }),
  yaml("off as a login", "all: {hosts: {x: {ansible_user: off}}}\n", {
    refused: /Ansible reads "off" as False/u,
  }),
  yaml(
    "quoted words stay words",
    `all: {hosts: {x: {ansible_user: "yes", ansible_port: "2222", ansible_host: '10.20'}}}\n`,
  ),
  yaml(
    "an exponent is text in YAML 1.1",
    "all: {hosts: {x: {ansible_user: 1e3}, y: {ansible_user: 0o17}}}\n",
  ),
  yaml("a date as a login", "all: {hosts: {x: {ansible_user: 2026-01-02}}}\n"),
  yaml(
    "null and empty are not there",
    "all: {vars: {ansible_user: me, ansible_port: 5}, hosts: {x: {ansible_host: , ansible_ssh_host: 10.0.0.1}, y: {ansible_port: 22}}}\n",
  ),
  yaml(
    "null over a value",
    "all: {vars: {ansible_user: me, ansible_port: 5, ansible_private_key_file: /k}, hosts: {x: {ansible_user: , ansible_port: ~, ansible_private_key_file: null}}}\n",
  ),
  yaml(
    "booleans for become",
    "all: {hosts: {a: {ansible_become: yes}, b: {ansible_become: off}, c: {ansible_become: 'true'}, d: {ansible_become: 1}}}\n",
  ),
  yaml(
    "block and folded text",
    "all:\n  hosts:\n    x:\n      ansible_user: >-\n        bob\n      ansible_host: |-\n        10.0.0.1\n",
  ),
  yaml("folded text with its line end", "all:\n  hosts:\n    x:\n      ansible_user: >\n        bob\n", {
    refused: /is not a login name/u,
  }),
  yaml(
    "templates with default()",
    `
all:
  vars: {net: {ip: 10.0.0.1}, list: [a, b], ansible_host: "{{ net.ip }}", ansible_user: "{{ list[1] }}", ansible_port: "{{ p | default(22) | int }}"}
  hosts: {x: , y: {p: 2222, ansible_host: "{{ inventory_hostname }}.example.com"}, z.example.com: {ansible_user: "{{ inventory_hostname_short }}"}}
`,
  ),
  yaml("a template of an octal number", 'all: {hosts: {x: {p: 022, ansible_port: "{{ p }}"}}}\n', {
    refused: /needs "p", which Ansible reads as 18/u,
  }),
  yaml(
    "a template of a nested octal number",
    'all: {hosts: {x: {p: {a: 022}, ansible_port: "{{ p.a }}"}}}\n',
    { refused: /needs "p", which is not plain data/u },
  ),
  yaml("a template of yes", 'all: {hosts: {x: {p: yes, ansible_user: "u{{ p }}"}}}\n'),
  yaml(
    "a template beyond what is evaluated",
    `all: {hosts: {x: {ansible_host: "{{ hostvars['y'].ip }}"}}}\n`,
    { refused: /uses "hostvars"/u },
  ),
  yaml("a statement", 'all: {hosts: {x: {ansible_host: "{% if true %}10.0.0.1{% endif %}"}}}\n', {
    refused: /uses the statement/u,
  }),
  yaml("a lookup", `all: {hosts: {x: {ansible_user: "{{ lookup('env', 'USER') }}"}}}\n`, {
    refused: /uses "lookup"/u,
  }),
  yaml("unicode", "größe: {hosts: {webä: {ansible_host: 10.0.0.1, ansible_user: jörg}}}\n"),
  yaml("documents begin with dashes", "---\nall:\n  hosts:\n    x:\n...\n"),
  yaml("a host as a word", "web: {hosts: w1}\nall: {children: db}\ndb: {hosts: {d1: }}\n"),
  yaml("hosts as a list", "web: {hosts: [w1, w2]}\n", {
    refused: /expected a mapping, each name followed by a colon/u,
  }),
  yaml(
    "a priority as text",
    "b: {hosts: {x: }, vars: {ansible_user: b, ansible_group_priority: '5'}}\nc: {hosts: {x: }, vars: {ansible_user: c}}\n",
  ),
  yaml(
    "JSON in a YAML inventory",
    '{"all": {"hosts": {"x": {"ansible_port": 2222, "ansible_user": "bob"}}, "children": {"web": {"hosts": {"x": null}}}}}\n',
  ),
];

const BESIDE: readonly AnsibleCase[] = [
  {
    name: "group_vars and host_vars in every form",
    files: {
      hosts: "[web]\nw1\nw2\n[db]\nd1\n[prod:children]\nweb\n",
      "group_vars/all": "ansible_user: all\n",
      "group_vars/web.yml": "ansible_port: 1\n",
      "group_vars/prod.yaml": "ansible_port: 2\nansible_private_key_file: /prod\n",
      "group_vars/db.json": '{"ansible_port": 3}\n',
      "host_vars/w1.yml": "ansible_host: 10.0.0.1\n",
      "host_vars/w2": "ansible_host: 10.0.0.2\n",
    },
  },
  {
    name: "a folder of variables, in the order of its names",
    files: {
      hosts: "[web]\nw1\n",
      "group_vars/web/20.yml": "ansible_port: 20\n",
      "group_vars/web/10.yml": "ansible_port: 10\nansible_user: ten\n",
      "group_vars/web/.hidden.yml": "ansible_user: hidden\n",
      "group_vars/web/old.yml~": "ansible_user: old\n",
      "group_vars/web/notes.txt": "ansible_user: notes\n",
      "group_vars/web/deep/x": "ansible_private_key_file: /deep\n",
      "group_vars/web/old.d/x.yml": "ansible_user: disabled\n",
    },
  },
  {
    name: "a folder hides the file of the same name",
    files: {
      hosts: "[web]\nw1\n",
      "group_vars/web/a.yml": "ansible_port: 1\n",
      "group_vars/web.yml": "ansible_port: 2\nansible_user: file\n",
    },
  },
  {
    name: "a file without an ending hides those with one",
    files: {
      hosts: "[web]\nw1\n",
      "group_vars/web": "ansible_port: 1\n",
      "group_vars/web.yml": "ansible_port: 2\nansible_user: yml\n",
      "host_vars/w1.yml": "ansible_host: yml\n",
      "host_vars/w1.yaml": "ansible_host: yaml\n",
      "host_vars/w1.json": '{"ansible_host": "json"}',
    },
  },
  {
    name: "a folder whose name ends as a file's does",
    files: { hosts: "[web]\nw1\n", "group_vars/web.yml/a.yml": "ansible_port: 1\n" },
  },
  {
    name: "names with an ending of their own",
    files: { hosts: "[web.yml]\nw1\n[web]\nw2\n", "group_vars/web.yml": "ansible_port: 1\n" },
  },
  {
    name: "links to folders and files of variables",
    files: {
      hosts: "[web]\nw1\n",
      "shared/web/a.yml": "ansible_port: 1\n",
      "shared/w1.yml": "ansible_user: linked\n",
      "group_vars/keep": "",
      "host_vars/keep": "",
    },
    links: { "group_vars/web": "../shared/web", "host_vars/w1.yml": "../shared/w1.yml" },
  },
  {
    name: "group_vars of all are stronger than a group's own in the inventory",
    files: {
      hosts: "[web]\nw1\n[web:vars]\nansible_user=inline\n",
      "group_vars/all.yml": "ansible_user: filed\n",
    },
  },
  {
    name: "host_vars are stronger than the host's own line",
    files: { hosts: "w1 ansible_user=inline ansible_port=1\n", "host_vars/w1.yml": "ansible_user: filed\n" },
  },
  {
    name: "the older spelling in host_vars over the newer one of the line",
    files: { hosts: "w1 ansible_host=10.0.0.1\n", "host_vars/w1.yml": "ansible_ssh_host: 10.0.0.2\n" },
  },
  {
    name: "a plain list of hosts has group_vars as well",
    files: {
      hosts: "w1\nw2:2222\n",
      "group_vars/all.yml": "ansible_user: deploy\nansible_port: 23\n",
      "host_vars/w2.yml": "ansible_host: 10.0.0.2\n",
    },
  },
  {
    name: "hosts with a comma have none",
    files: { "group_vars/all.yml": "ansible_user: deploy\n", keep: "" },
    sources: ["w1,w2,"],
  },
  {
    name: "hosts with a comma beside a file have those beside the file",
    files: { "inv/hosts": "w1\n", "inv/group_vars/all.yml": "ansible_user: deploy\n" },
    sources: ["w1,w9,", "inv/hosts"],
  },
  {
    name: "an empty file of variables, and one of comments",
    files: { hosts: "[web]\nw1\n", "group_vars/web.yml": "", "group_vars/all.yml": "---\n# nothing\n" },
  },
  {
    name: "a priority in group_vars does not count",
    files: {
      hosts: "[zeta]\nx\n[alpha]\nx\n",
      "group_vars/zeta.yml": "ansible_user: zeta\n",
      "group_vars/alpha.yml": "ansible_user: alpha\nansible_group_priority: 10\n",
    },
  },
  {
    name: "two inventories, each with variables beside it",
    files: {
      "one/hosts": "[prod:children]\nweb\n[web]\nw1\n[prod:vars]\nansible_port=1\n",
      "one/group_vars/web.yml": "ansible_user: child-of-one\nansible_port: 11\n",
      "two/hosts": "[web]\nw2\n[prod]\n",
      "two/group_vars/prod.yml": "ansible_user: parent-of-two\n",
      "two/group_vars/all.yml": "ansible_port: 2\n",
    },
    sources: ["one/hosts", "two/hosts"],
  },
  {
    name: "the same two, the other way round",
    files: {
      "one/hosts": "[prod:children]\nweb\n[web]\nw1 ansible_host=one\n",
      "one/group_vars/web.yml": "ansible_user: child-of-one\n",
      "one/host_vars/w1.yml": "ansible_port: 1\n",
      "two/hosts": "[web]\nw1 ansible_host=two\n[prod]\n",
      "two/group_vars/prod.yml": "ansible_user: parent-of-two\n",
      "two/host_vars/w1.yml": "ansible_port: 2\n",
    },
    sources: ["two/hosts", "one/hosts"],
  },
  {
    name: "one inventory given twice, another between",
    files: {
      "a/hosts": "w1 ansible_user=a\n",
      "b/hosts": "w1 ansible_user=b\n",
      "a/group_vars/all.yml": "ansible_port: 1\n",
      "b/group_vars/all.yml": "ansible_port: 2\n",
    },
    sources: ["a/hosts", "b/hosts", "a/hosts"],
  },
  {
    name: "a folder of inventories",
    files: {
      "inv/01-static": "[web]\nw1\n",
      "inv/02.yml": "web: {hosts: {w2: {ansible_port: 2}}}\n",
      "inv/group_vars/web.yml": "ansible_user: web\n",
      "inv/host_vars/w1.yml": "ansible_port: 1\n",
      "inv/README.md": "[no]\nn1\n",
      "inv/old.bak": "[no]\nn2\n",
      "inv/hosts~": "n3\n",
      "inv/.hidden": "n4\n",
      "inv/ansible.cfg": "[defaults]\n",
      "inv/a.orig": "n5\n",
      "inv/notes.txt": "n6\n",
      "inv/x.retry": "n7\n",
      "inv/y.rst": "n8\n",
      "inv/z.swp": "n9\n",
    },
    sources: ["inv"],
  },
  {
    name: "folders in a folder of inventories",
    files: {
      "inv/a": "[web]\nw1\n",
      "inv/site/hosts": "[web]\nw2\n",
      "inv/site/group_vars/web.yml": "ansible_user: inner\n",
      "inv/group_vars/web.yml": "ansible_port: 7\n",
    },
    sources: ["inv"],
  },
  {
    name: "a folder of inventories without variables beside, its parent with them",
    files: { "inv/hosts": "w1\n", "group_vars/all.yml": "ansible_user: parent\n" },
    sources: ["inv"],
  },
  {
    name: "a file inside a folder that has variables above",
    files: { "inv/prod/hosts": "w1\n", "inv/group_vars/all.yml": "ansible_user: above\n" },
    sources: ["inv/prod/hosts"],
  },
  {
    name: "playbooks in another folder, with variables of their own",
    files: {
      "inv/hosts": "[web]\nw1\n[prod:children]\nweb\n",
      "inv/group_vars/web.yml": "ansible_user: beside\nansible_port: 1\n",
      "site/group_vars/prod.yml": "ansible_user: playbooks\n",
      "site/group_vars/all.yml": "ansible_port: 9\n",
      "site/host_vars/w1.yml": "ansible_host: 10.0.0.9\n",
      "inv/host_vars/w1.yml": "ansible_host: 10.0.0.1\n",
    },
    sources: ["inv/hosts"],
    playbooks: "site",
  },
  {
    name: "variables of the folder where one stands do not count",
    files: { "inv/hosts": "[web]\nw1\n", "group_vars/web.yml": "ansible_user: here\n" },
    sources: ["inv/hosts"],
  },
  {
    name: "a program, with variables beside it",
    files: {
      "inv/script": SCRIPT,
      "inv/group_vars/web.yml": "ansible_user: filed\n",
      "inv/host_vars/w2.yml": "ansible_port: 7\n",
    },
    sources: ["inv/script"],
    executable: ["inv/script"],
  },
  {
    name: "a program and a file: a group's variables of the file are weaker than a host's of the program",
    files: {
      "inv/script": SCRIPT,
      "inv/static":
        "[web]\nw3\n[web:vars]\nansible_user=static\nansible_port=9\n[deep]\nw1\n[deep:vars]\nansible_user=deep\n[web:children]\ndeep\n",
    },
    sources: ["inv/script", "inv/static"],
    executable: ["inv/script"],
  },
  {
    name: "a folder with a program and a file in it",
    files: {
      "inv/a-script": SCRIPT,
      "inv/b-static": "[web]\nw3\n[web:vars]\nansible_user=static\n",
      "inv/group_vars/web.yml": "ansible_port: 8\n",
    },
    sources: ["inv"],
    executable: ["inv/a-script"],
  },
  {
    name: "the constructed plugin over a file",
    files: {
      "inv/1-hosts": "[web]\nw1 site=a\nw2 site=b\n",
      "inv/2-constructed.yml":
        "plugin: ansible.builtin.constructed\nstrict: true\ngroups: {sitea: site == 'a'}\ncompose: {ansible_port: \"2200 if site == 'a' else 22\"}\nkeyed_groups: [{key: site, prefix: at}]\n",
      "inv/group_vars/sitea.yml": "ansible_user: at-a\n",
    },
    sources: ["inv"],
  },
  {
    name: "the generator plugin",
    files: {
      "gen.yml":
        "plugin: ansible.builtin.generator\nhosts: {name: \"{{ env }}-{{ n }}\", parents: [{name: \"{{ env }}\"}]}\nlayers: {env: [dev, prod], n: ['1', '2']}\n",
      "group_vars/prod.yml": "ansible_port: 2222\n",
    },
    sources: ["gen.yml"],
  },
  {
    name: "inventory_dir in a template",
    files: { "inv/hosts": "w1 ansible_private_key_file='{{ inventory_dir }}/key'\n" },
    sources: ["inv/hosts"],
  },
  {
    name: "a JSON inventory of the YAML kind by its name",
    files: {
      "hosts.json": '{"web": {"hosts": {"w1": {"ansible_port": 2222}}, "vars": {"ansible_user": "bob"}}}',
      "group_vars/all.yml": "ansible_host: 10.0.0.1\n",
    },
    sources: ["hosts.json"],
  },
];

export const ANSIBLE_CASES: readonly AnsibleCase[] = [...INI, ...YAML, ...BESIDE];
