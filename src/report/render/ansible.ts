/** A role of Ansible that leaves a host as `apply` would: no file is written that sshd refuses, none is written twice. */
import { posix } from "node:path";
import { stringify } from "yaml";
import type { ActivatedUnits, OutputFile, RenderedFile, Rendering } from "../../model/change/render.ts";
import { blockTask, removed, withoutBlocks } from "./ansible-blocks.ts";
import { roleHandlers } from "./ansible-handlers.ts";
import { checkedSystem } from "./ansible-system.ts";
import { NOT_FOUND, notifying, type Task, withPlainWords } from "./ansible-task.ts";
import { headerComment, headerLines } from "./header.ts";

/** In the order of their paths. Names of variables begin with `curfew_`, as they do in a role called curfew. */
export function ansibleRole(given: Rendering, units: readonly ActivatedUnits[]): OutputFile[] {
  const rendering = withPlainWords(given);
  const yaml = (path: string, content: unknown): OutputFile => plain(path, yamlText(rendering, content));
  return [
    plain("README.md", pageText(rendering)),
    yaml("defaults/main.yml", { curfew_any_system: false }),
    ...rendering.files.map(({ path, content }) => plain(`files${path}`, content)),
    yaml("handlers/main.yml", roleHandlers(rendering, units)),
    yaml("meta/main.yml", META),
    yaml("tasks/main.yml", [...checkedSystem(rendering), ...remembered(rendering), changed(rendering)]),
  ];
}

function plain(path: string, content: string): OutputFile {
  return { path, content, mode: "0644" };
}

function yamlText(rendering: Rendering, content: unknown): string {
  return `---\n${headerComment(rendering)}\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

const META = {
  galaxy_info: {
    role_name: "curfew",
    author: "curfew",
    description: "Ends idle SSH sessions as a policy of curfew says",
    license: "Apache-2.0",
    min_ansible_version: "2.14",
    platforms: [{ name: "GenericLinux", versions: ["all"] }],
  },
  dependencies: [],
};

function pageText(rendering: Rendering): string {
  const lines = headerLines(rendering).map((line) =>
    line.startsWith("-") || line.startsWith(" ") ? line : `\n${line}`,
  );
  return `# curfew\n${lines.join("\n")}

Use it as roles/curfew, and as root:

    - hosts: servers
      become: true
      roles: [curfew]

\`curfew_any_system: true\` puts the files on systems as well that they were not rendered for.
`;
}

/** What the rescue puts back, and what is there at all. */
function remembered({ files, shared, sshdMain }: Rendering): Task[] {
  const watched = [
    ...new Set([...files.map(({ path }) => posix.dirname(path)), ...shared.map(({ path }) => path)]),
  ].toSorted();
  return [
    {
      name: "Look which files and directories are there",
      "ansible.builtin.stat": { path: "{{ item }}" },
      loop: watched,
      register: "curfew_found",
    },
    {
      name: "Remember what sshd reads",
      "ansible.builtin.slurp": { src: "{{ item }}" },
      loop: [...sshdFiles(files).map(({ path }) => path), sshdMain],
      register: "curfew_before",
      failed_when: false,
    },
    {
      name: "Remember its modes",
      "ansible.builtin.stat": { path: "{{ item }}" },
      loop: [...sshdFiles(files).map(({ path }) => path), sshdMain],
      register: "curfew_modes",
    },
  ];
}

function sshdFiles(files: readonly RenderedFile[]): RenderedFile[] {
  return files.filter(({ activation }) => activation === "reload-sshd");
}

function changed(rendering: Rendering): Task {
  return {
    name: "Put everything in place, or back as it was",
    block: [
      ...directories(rendering),
      ...rendering.files.map((file) => copied(file, rendering)),
      ...rendering.blocks.map((block) => blockTask(block, rendering)),
      ...withoutBlocks(rendering),
      ...removed(rendering),
      {
        name: "Ask sshd whether it accepts the whole configuration",
        "ansible.builtin.command": `${rendering.sshd} -t`,
        changed_when: false,
      },
    ],
    rescue: takenBack(rendering),
  };
}

function directories({ files }: Rendering): Task[] {
  const loop = [...new Set(files.map(({ path }) => posix.dirname(path)))].toSorted();
  if (loop.length === 0) return [];
  return [
    {
      name: "Make directories that are not there",
      "ansible.builtin.file": {
        path: "{{ item }}",
        state: "directory",
        owner: "root",
        group: "root",
        mode: "0755",
      },
      loop,
      when: NOT_FOUND,
    },
  ];
}

function copied({ path, mode, uid, gid, activation }: RenderedFile, { sshd }: Rendering): Task {
  const who = { owner: uid === 0 ? "root" : String(uid), group: gid === 0 ? "root" : String(gid) };
  const validate = activation === "reload-sshd" ? { validate: `${sshd} -t -f %s` } : {};
  const task = {
    name: `Write ${path}`,
    "ansible.builtin.copy": { src: path.slice(1), dest: path, ...who, mode, ...validate },
  };
  return notifying(task, activation);
}

function takenBack({ sshdMain }: Rendering): Task[] {
  const each = {
    loop: "{{ curfew_before.results | zip(curfew_modes.results) | list }}",
    loop_control: { label: "{{ item.0.item }}" },
  };
  return [
    {
      name: "Put back what sshd read before",
      "ansible.builtin.copy": {
        content: "{{ item.0.content | b64decode }}",
        dest: "{{ item.0.item }}",
        owner: "{{ item.1.stat.uid }}",
        group: "{{ item.1.stat.gid }}",
        mode: "{{ item.1.stat.mode }}",
      },
      ...each,
      when: "item.0.content is defined",
    },
    {
      name: "Remove what sshd did not read before",
      "ansible.builtin.file": { path: "{{ item.0.item }}", state: "absent" },
      ...each,
      when: ["item.0.content is not defined", `item.0.item != '${sshdMain}'`],
    },
    {
      name: "Say what failed",
      "ansible.builtin.fail": {
        msg: "{{ ansible_failed_task.name }}: failed; what sshd reads is as it was before",
      },
    },
  ];
}
