import { expectVariables, type InventoryForm } from "./form.ts";

/** A `key:` alone on the first line, or the name. The reader is loaded when a file needs it. */
export const yamlForm: InventoryForm = {
  by: "both",
  detect: ({ file, first }) => /\.ya?ml$/u.test(file) || isYaml(first),
  async read({ file, text }, reading) {
    expectVariables(reading);
    (await import("./ansible-yaml.ts")).readAnsibleYaml(reading.data, file, text);
  },
};

/** Also a plugin's configuration looks like this. */
export function isYaml(line: string): boolean {
  return line === "---" || line.startsWith("--- ") || /^[^\s[\]=:]+\s*:(?:\s*$|\s+[{#&!|>"'\w])/u.test(line);
}
