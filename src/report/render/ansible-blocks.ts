/** The role's tasks about files of others, and about files of curfew that must not be there. */
import type { RenderedBlock, Rendering, TouchedFile } from "../../model/change/render.ts";
import { FOUND, found, notifying, raw, type Task } from "./ansible-task.ts";

export function blockTask(block: RenderedBlock, { sshd, sshdMain }: Rendering): Task {
  const { path, name, body, create, activation } = block;
  const made = create === null ? {} : { create: true, owner: "root", group: "root", mode: create };
  const validate = path === sshdMain ? { validate: `${sshd} -t -f %s` } : {};
  return notifying(
    {
      name: `Put the block ${name} into ${path}`,
      "ansible.builtin.blockinfile": {
        path,
        marker: `# {mark} curfew ${name}`,
        ...placeOf(block),
        block: raw(body.join("\n")),
        ...made,
        ...validate,
      },
      ...(create === null ? { when: found(path) } : {}),
    },
    activation,
  );
}

/** Before ansible-core 2.16 `insertbefore` means the last line that matches; the system was checked for that. */
function placeOf({ place }: RenderedBlock): Task {
  switch (place.at) {
    case "top":
      return { insertbefore: "BOF" };
    case "end":
      return { insertafter: "EOF" };
    case "match":
      return { insertbefore: "(?im)^[ \\t]*match[ \\t]" };
    case "section":
      return { insertafter: `^\\s*${place.after.replaceAll(/[[\]().*+?]/gu, "\\$&")}\\s*$` };
  }
}

/** Files of others in which nothing of curfew is wanted. */
export function withoutBlocks({ shared, blocks }: Rendering): Task[] {
  const bare = shared.filter(({ path }) => blocks.every((block) => block.path !== path));
  return byActivation(bare).map(([activation, loop]) =>
    notifying(
      {
        name: `Take blocks of curfew out of files that need none${forWhat(activation)}`,
        "ansible.builtin.replace": {
          path: "{{ item }}",
          regexp: "(?m)^# BEGIN curfew .*\\n(?:(?!# END curfew ).*\\n)*# END curfew .*\\n?",
        },
        loop,
        when: FOUND,
      },
      activation,
    ),
  );
}

/** The paths that need the same afterwards. */
function byActivation(files: readonly TouchedFile[]): [string | null, string[]][] {
  const grouped = new Map<string | null, string[]>();
  for (const { path, activation } of files)
    grouped.set(activation, [...(grouped.get(activation) ?? []), path]);
  return [...grouped];
}

function forWhat(activation: string | null): string {
  return activation === null ? "" : ` (${activation})`;
}

export function removed({ absent }: Rendering): Task[] {
  return byActivation(absent).map(([activation, loop]) =>
    notifying(
      {
        name: `Remove files of curfew that the policy does not need${forWhat(activation)}`,
        "ansible.builtin.file": { path: "{{ item }}", state: "absent" },
        loop,
      },
      activation,
    ),
  );
}
