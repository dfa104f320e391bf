/** Inventories in the shapes in which public projects ship them: every host is found, with what says how to reach it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadInventory } from "../../../src/config/inventory/inventory.ts";
import type { Host } from "../../../src/model/inventory/host.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-public-"));
});
afterAll(() => rm(directory, { recursive: true }));

interface Shape {
  readonly files: Readonly<Record<string, string>>;
  /** What is given to -i; the folder where it is left out. */
  readonly source?: string;
  readonly hosts: readonly string[];
  /** Parts of the warnings, one each. */
  readonly warnings?: readonly string[];
}

const reach = ({ name, user, address, port, groups }: Host): string =>
  `${name} = ${user ?? ""}@${address}:${port ?? ""} ${groups.join(",")}`;

const SHAPES: Readonly<Record<string, Shape>> = {
  "kubespray's INI: comments behind hosts, groups of groups, empty ones": {
    files: {
      hosts: `# Configure 'ip' variable to bind kubernetes services
[kube_control_plane]
node1 ansible_host=95.54.0.12  ip=10.3.0.1 etcd_member_name=etcd1
# node2 ansible_host=95.54.0.13  # ip=10.3.0.2
node3 ansible_host=95.54.0.14 ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q bastion"'

[etcd:children]
kube_control_plane

[kube_node]
node4 ansible_host=95.54.0.15 # ip=10.3.0.4
[calico_rr]
[k8s_cluster:children]
kube_control_plane
kube_node
calico_rr
[k8s_cluster:vars]
kube_network_plugin = calico
`,
    },
    source: "hosts",
    hosts: [
      "node1 = @95.54.0.12: all,etcd,k8s_cluster,kube_control_plane",
      "node3 = @95.54.0.14: all,etcd,k8s_cluster,kube_control_plane",
      "node4 = @95.54.0.15: all,k8s_cluster,kube_node",
    ],
    warnings: ["ansible_ssh_common_args is ignored"],
  },
  "kubespray's YAML: hosts at the top, named again in groups, IPv6 with and without brackets": {
    files: {
      "hosts.yaml": `all:
  hosts:
    node1: {ansible_host: "2001:db8::5", ip: 10.10.1.3}
    node2: {ansible_host: "[2001:db8::6]", ansible_port: "2222"}
  children:
    kube_node: {hosts: {node1: , node2: }}
    k8s_cluster: {children: {kube_node: }}
    calico_rr: {hosts: {}}
`,
    },
    source: "hosts.yaml",
    hosts: [
      "node1 = @2001:db8::5: all,k8s_cluster,kube_node",
      "node2 = @2001:db8::6:2222 all,k8s_cluster,kube_node",
    ],
  },
  "openshift-ansible's INI: values with braces, quotes and equal signs, ranges within names": {
    files: {
      hosts: `[OSEv3:children]
masters
nodes
[OSEv3:vars]
ansible_ssh_user=root
oreg_url=registry.example.com/ose-\${component}:\${version}
openshift_providers=[{'name': 'htpasswd_auth', 'login': 'true', 'filename': '/etc/htpasswd=x'}]
openshift_json='{"BuildDefaults":{"proxy":"http://proxy.example.com:3128"}}'
[masters]
ose-master[1:2]-a.example.com
[nodes]
ose-master[1:2]-a.example.com openshift_node_group_name='node-config-master'
ose-node1.example.com ansible_ssh_host=10.0.0.5 devices='[ "/dev/xvdc", "/dev/xvdd" ]'
`,
    },
    source: "hosts",
    hosts: [
      "ose-master1-a.example.com = root@ose-master1-a.example.com: OSEv3,all,masters,nodes",
      "ose-master2-a.example.com = root@ose-master2-a.example.com: OSEv3,all,masters,nodes",
      "ose-node1.example.com = root@10.0.0.5: OSEv3,all,nodes",
    ],
  },
  "ceph-ansible's folder: ranges with a step and of letters, group_vars with vaults, a lookup that they override":
    {
      files: {
        hosts: `[osds]
osd-[a:c].example.com
osd[01:05:2] ansible_port=2222
[monitoring]
localhost ansible_connection=local
[all:vars]
ansible_user="{{ lookup('env', 'CEPH_USER') }}"
`,
        "group_vars/all.yml": `---
ansible_user: cephadm
ansible_become: "yes"
ansible_become_pass: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          33363965
ceph_conf_overrides: !unsafe "{{ nope }}"
`,
        "group_vars/osds/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n33363965\n",
        "group_vars/osds/main.yml": "osd_auto_discovery: true\n",
      },
      hosts: [
        "osd-a.example.com = cephadm@osd-a.example.com: all,osds",
        "osd-b.example.com = cephadm@osd-b.example.com: all,osds",
        "osd-c.example.com = cephadm@osd-c.example.com: all,osds",
        "osd01 = cephadm@osd01:2222 all,osds",
        "osd03 = cephadm@osd03:2222 all,osds",
        "osd05 = cephadm@osd05:2222 all,osds",
        "localhost = @localhost: all,monitoring",
      ],
      warnings: ["ansible_become_pass is ignored", "vault.yml:1:1: encrypted with ansible-vault"],
    },
  "debops: a controller that is this machine, services as groups of groups": {
    files: {
      hosts: `[debops_all_hosts]
server.example.com  ansible_host=server.example.com ansible_ssh_user=admin ansible_become=true
client[2:3]

[debops_service_bootstrap:children]
debops_all_hosts
[controller]
ansible-controller ansible_connection=local
`,
    },
    source: "hosts",
    hosts: [
      "server.example.com = admin@server.example.com: all,debops_all_hosts,debops_service_bootstrap",
      "client2 = @client2: all,debops_all_hosts,debops_service_bootstrap",
      "client3 = @client3: all,debops_all_hosts,debops_service_bootstrap",
      "ansible-controller = @ansible-controller: all,controller",
    ],
  },
  "a book's INI: addresses, Vagrant's key, host key checks switched off": {
    files: {
      hosts: `[app]
192.168.60.4
192.168.60.5
[db]
192.168.60.6 ansible_ssh_port=2222
[multi:children]
app
db
[multi:vars]
ansible_user=vagrant
ansible_ssh_private_key_file=~/.vagrant.d/insecure_private_key
ansible_ssh_common_args='-o StrictHostKeyChecking=no'
`,
    },
    source: "hosts",
    hosts: [
      "192.168.60.4 = vagrant@192.168.60.4: all,app,multi",
      "192.168.60.5 = vagrant@192.168.60.5: all,app,multi",
      "192.168.60.6 = vagrant@192.168.60.6:2222 all,db,multi",
    ],
    warnings: ["ansible_ssh_common_args is ignored"],
  },
  "ansible-inventory --list: vaulted and unsafe values, Windows, its own additions": {
    files: {
      "list.json": JSON.stringify({
        _meta: {
          hostvars: {
            web1: {
              ansible_host: "10.0.0.1",
              ansible_password: { __ansible_vault: "$ANSIBLE_VAULT;1.1" },
              motd: { __ansible_unsafe: "{{ x }}" },
            },
            win1: { ansible_connection: "winrm", ansible_user: { __ansible_vault: "x" } },
          },
          profile: "inventory_legacy",
        },
        all: { children: ["ungrouped", "web"] },
        ungrouped: {},
        web: { hosts: ["web1", "win1"] },
      }),
    },
    source: "list.json",
    hosts: ["web1 = @10.0.0.1: all,web"],
    warnings: ["ansible_password is ignored", '"win1" is left out'],
  },
  "IPv6 hosts and ports in INI": {
    files: {
      hosts:
        "[v6]\n[2001:db8::1]:2222\n2001:db8::2\nlink ansible_host=fe80::1%eth0\nbadwolf.example.com:5309\n",
    },
    source: "hosts",
    hosts: [
      "2001:db8::1 = @2001:db8::1:2222 all,v6",
      "2001:db8::2 = @2001:db8::2: all,v6",
      "link = @fe80::1%eth0: all,v6",
      "badwolf.example.com = @badwolf.example.com:5309 all,v6",
    ],
  },
};

test.each(Object.entries(SHAPES))("%s", async (name, { files, source = "", hosts, warnings = [] }) => {
  const root = join(directory, name.replaceAll(/\W/gu, "-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const found = await loadInventory([join(root, source)], { environment: {} });
  expect(found.hosts.map(reach)).toEqual(hosts);
  expect(found.warnings).toEqual(warnings.map((part) => expect.stringContaining(part)));
});

test.each([
  ["plugin: amazon.aws.aws_ec2\nregions: [us-east-1]\n", "only ansible-inventory can read this"],
  ["plugin: ansible.builtin.constructed\nstrict: false\n", "only ansible-inventory can read this"],
  [
    "[alpha:children]\nbeta\n[beta:children]\nalpha\n",
    '2:1: groups contain each other: "alpha", then "beta", then "alpha"',
  ],
  [
    "all: {hosts: {a: {ansible_user: !vault x}}}\n",
    "ansible_user: the value is encrypted with ansible-vault",
  ],
])("refused, with the reason: %j", async (text, words) => {
  const file = join(directory, text.startsWith("[") ? "refused" : "refused.yml");
  await writeFile(file, text);
  await expect(loadInventory([file], { environment: {}, filesOnly: true })).rejects.toThrow(words);
});
