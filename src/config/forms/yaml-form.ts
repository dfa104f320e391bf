import { dirname } from "node:path";
import { type InventoryForm, STDIN } from "./form.ts";

/** A `key:` alone on the first line, or the name. The reader is loaded when a file needs it. */
export const yamlForm: InventoryForm = {
  detect: ({ file, first }) => /\.ya?ml$/u.test(file) || isYaml(first),
  async read({ file, text }, { data, variableDirectories }) {
    if (file !== STDIN) variableDirectories.add(dirname(file));
    (await import("./ansible-yaml.ts")).readAnsibleYaml(data, file, text);
  },
};

/** Also a plugin's configuration looks like this. */
export function isYaml(line: string): boolean {
  return line === "---" || line.startsWith("--- ") || /^[^\s[\]=:]+\s*:(?:\s*$|\s+[{#&!|>"'\w])/u.test(line);
}
