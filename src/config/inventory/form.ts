/** Which of the accepted forms a text is. */
export type InventoryForm = "yaml" | "ini" | "json" | "list" | "ssh-config" | "ansible" | "vault";

/**
 * Told by what the text says, and by its file name only where the text leaves it open: JSON opens
 * with a brace; `Host`, `Match` or `Include` as the first word is an ssh_config; a `key:` alone on
 * the first line is YAML (`plugin:` at the start of a line makes it a plugin's configuration);
 * a `[section]`, `name=value` or a range is INI; the rest is a plain list.
 */
export function inventoryForm(file: string, text: string): InventoryForm {
  const first = firstLine(text);
  if (first.startsWith("$ANSIBLE_VAULT;")) return "vault";
  if (/(?:^|\/)ansible\.cfg$|\.toml$/u.test(file)) return "ansible";
  if (first.startsWith("{")) return "json";
  if (file.endsWith("ssh_config") || /^(?:Host|Match|Include)(?:\s|=)/iu.test(first)) return "ssh-config";
  if (/\.ya?ml$/u.test(file) || isYaml(first)) return /^plugin\s*:/mu.test(text) ? "ansible" : "yaml";
  if (file.endsWith(".ini") || INI.test(text)) return "ini";
  return "list";
}

const INI =
  /^\s*\[[^\]\s:]+(?::(?:children|vars|hosts))?\]\s*(?:[#;].*)?$|^[^#;\n]*\S=|^[^#;\n]*\[\w*:\w+(?::\d+)?\]/mu;

/** The first line that is neither blank nor a comment; INI comments may begin with a semicolon. */
function firstLine(text: string): string {
  const match = /^[^\S\n]*([^#;\s].*)$/mu.exec(text);
  return match?.[1]?.trimEnd() ?? "";
}

function isYaml(line: string): boolean {
  return line === "---" || line.startsWith("--- ") || /^[^\s[\]=:]+\s*:(?:\s*$|\s+[{#&!|>"'\w])/u.test(line);
}
