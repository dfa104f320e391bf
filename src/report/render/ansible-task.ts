/** What the role's tasks have in common. */
import { CurfewError } from "../../model/terms/error.ts";
import type { Rendering } from "../../model/change/render.ts";
import { shown } from "../../core/text/nearest.ts";
import { handlerName } from "./ansible-handlers.ts";

export type Task = Readonly<Record<string, unknown>>;

const EXIST = "selectattr('stat.exists') | map(attribute='item'))";

/** Of a loop's item that the first look did not find, or found. */
export const NOT_FOUND = `item in (curfew_found.results | rejectattr${EXIST.slice("selectattr".length)}`;
export const FOUND = `item in (curfew_found.results | ${EXIST}`;

export function found(path: string): string {
  return `'${path}' in (curfew_found.results | ${EXIST}`;
}

/** The task, which calls the handler of this activation where it changed something. */
export function notifying(task: Task, activation: string | null): Task {
  return activation === null ? task : { ...task, notify: handlerName(activation) };
}

/**
 * A rendering whose names mean nothing to Jinja, which Ansible reads in all that a task says: what a host calls itself
 * must not become an expression on the machine that runs Ansible.
 * Errors: CurfewError `unsupported` for a path or a unit that cannot be written down so.
 */
export function withPlainWords(rendering: Rendering): Rendering {
  const { system, files, blocks, absent, shared, sshd, sshdMain } = rendering;
  const paths = [...files, ...blocks, ...absent, ...shared].map(({ path }) => path);
  const wrong = [...paths, sshd, sshdMain, system.unit, ...system.ids, ...system.versions].find(
    (word) => !/^[\w.@+/-]*$/u.test(word),
  );
  if (wrong !== undefined) {
    throw new CurfewError("unsupported", `a role of Ansible cannot hold the name ${shown(wrong)}`, {
      hint: "use --as shell",
    });
  }
  const label = system.label.replaceAll(/[^\w .,()/+-]/gu, "");
  return { ...rendering, system: { ...system, label } };
}

/** Text of a task that Jinja leaves alone. */
export function raw(text: string): string {
  if (!/\{[{%#]/u.test(text)) return text;
  if (/\{%[-+]?\s*endraw/u.test(text)) {
    throw new CurfewError("unsupported", "a role of Ansible cannot hold a name with {% endraw %}");
  }
  return `{% raw %}${text}{% endraw %}`;
}
