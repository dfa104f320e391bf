/** The role's first tasks: files for another system may limit nothing there, so such a host is refused. */
import type { OpenSshVersion } from "../../model/facts/facts.ts";
import type { Rendering } from "../../model/change/render.ts";

type Task = Readonly<Record<string, unknown>>;

export function checkedSystem(rendering: Rendering): Task[] {
  const { system, sshd, sshdMain, blocks } = rendering;
  return [
    {
      name: "Read which system this is",
      "ansible.builtin.slurp": { src: "/etc/os-release" },
      register: "curfew_os_release",
    },
    {
      name: "Ask which OpenSSH this is",
      "ansible.builtin.command": `${sshd} -V`,
      register: "curfew_sshd",
      changed_when: false,
      failed_when: "'OpenSSH_' not in curfew_sshd.stdout ~ curfew_sshd.stderr",
      check_mode: false,
    },
    {
      name: `Refuse what is not ${system.label}`,
      "ansible.builtin.assert": {
        that: [...systemTests(rendering), ...releaseTests(rendering)],
        fail_msg: `these files are for ${system.label}; curfew_any_system=true puts them here nevertheless`,
        quiet: true,
      },
      when: "not curfew_any_system | bool",
    },
    ...(blocks.some(({ place }) => place.at === "match") ? oneMatch(sshdMain) : []),
    {
      name: "Ask sshd whether it accepts its configuration as it is",
      "ansible.builtin.command": `${sshd} -t`,
      changed_when: false,
      check_mode: false,
    },
  ];
}

function systemTests({ system: { ids, versions } }: Rendering): string[] {
  const text = "curfew_os_release.content | b64decode";
  return [
    ...(ids.length === 0 ? [] : [`${text} is search('(?m)^ID=["\\']?(${any(ids)})["\\']?$')`]),
    ...(versions.length === 0
      ? []
      : [`${text} is search('(?m)^VERSION_ID=["\\']?(${any(versions)})([.][0-9.]+)?["\\']?$')`]),
  ];
}

function releaseTests({ system: { openssh } }: Rendering): string[] {
  const said =
    "(curfew_sshd.stdout ~ curfew_sshd.stderr) | regex_search('OpenSSH_([0-9]+[.][0-9]+)', '\\\\1') | first";
  const test = ({ major, minor }: OpenSshVersion, operator: string): string =>
    `(${said}) is version('${major}.${minor}', '${operator}')`;
  return [test(openssh.from, ">="), ...(openssh.before === null ? [] : [test(openssh.before, "<")])];
}

/** Before ansible-core 2.16 a block can only be put before the last of several Match lines. */
function oneMatch(sshdMain: string): Task[] {
  return [
    {
      name: "Read where the first Match is",
      "ansible.builtin.slurp": { src: sshdMain },
      register: "curfew_main",
    },
    {
      name: "Refuse a place that this Ansible cannot find",
      "ansible.builtin.assert": {
        that: [
          "ansible_version.full is version('2.16', '>=') or (curfew_main.content | b64decode | regex_findall('(?im)^[ \\t]*match[ \\t]') | length) < 2",
        ],
        fail_msg: `${sshdMain} has several Match lines: ansible-core 2.16 or newer is needed`,
        quiet: true,
      },
    },
  ];
}

/** A pattern for one of these. */
function any(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(".", "[.]")).join("|");
}
