import { shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import { isLogin } from "../../core/text/destination.ts";
import { readPort } from "../variables/connection-variables.ts";
import type { InventoryForm } from "./form.ts";
import { splitPort } from "./host-range.ts";
import { type InventoryData, addHost } from "../variables/data.ts";

/** What is nothing else. */
export const listForm: InventoryForm = {
  detect: () => true,
  read: ({ file, text }, { data }) => readHostList(data, file, text),
};

/**
 * Pours a plain list into `data`: one `[user@]host[:port]` per line, IPv6 with a port in brackets,
 * `#` starts a comment at the start of a line or after a blank. All hosts are ungrouped. A host
 * that is listed twice is an error, as nothing says which entry would count. Errors go to
 * `data.errors`.
 */
function readHostList(data: InventoryData, file: string, text: string): void {
  text.split(/\r?\n/u).forEach((raw, index) => {
    const entry = raw.replace(/(?:^|\s)[#;].*$/u, "").trim();
    if (entry === "") return;
    readEntry(data, entry, { file, line: index + 1, column: raw.indexOf(entry) + 1 });
  });
}

/** The same for hosts that are named instead of a file, with commas between; what is wrong is told of the name itself. */
export function readNamedHosts(data: InventoryData, names: string): void {
  for (const entry of names.split(",").map((name) => name.trim())) {
    if (entry !== "") readEntry(data, entry, { file: entry }, true);
  }
}

function readEntry(data: InventoryData, entry: string, position: SourcePosition, named = false): void {
  const fail = (message: string) => void data.errors.push({ position, message });
  if (/\s/u.test(entry)) return fail(`${shown(entry)}: one host per line, written user@host:port`);
  const at = entry.lastIndexOf("@");
  const user = at < 0 ? undefined : entry.slice(0, at);
  const { name, port } = splitPort(entry.slice(at + 1));
  if (user !== undefined && !isLogin(user)) return fail(`${shown(user)} is not a login name`);
  const checked = port === undefined ? undefined : readPort(port);
  if (typeof checked === "string") return fail(checked);
  const earlier = data.hosts.get(name);
  if (earlier !== undefined) {
    const where = earlier.position.line === undefined ? "" : `, first at line ${earlier.position.line}`;
    return fail(`${shown(name)} is listed twice${where}`);
  }
  const { inline } = addHost(data, name, "ungrouped", position, port);
  if (user !== undefined) inline.set("ansible_user", { text: user, encrypted: false, position });
  // This machine, as Ansible's implicit localhost; with a user or a port it is a host like any other.
  if (entry === "localhost" && named)
    inline.set("ansible_connection", { text: "local", encrypted: false, position });
}
