import { shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import { isLogin } from "../../core/text/destination.ts";
import { readPort } from "../variables/connection-variables.ts";
import { expectVariables, type FormContext, type InventoryForm, type TextSource } from "./form.ts";
import { splitPort } from "./host-range.ts";
import { type InventoryData, addHost } from "../variables/data.ts";

/** Ansible would take a login for a part of the name. */
export const loginListForm: InventoryForm = { by: "curfew", detect: ({ text }) => text.includes("@"), read };

/** What is nothing else. */
export const listForm: InventoryForm = { by: "both", detect: () => true, read };

function read({ file, text }: TextSource, reading: FormContext): void {
  expectVariables(reading);
  readHostList(reading.data, file, text);
}

/**
 * Pours a plain list into `data`: one `[user@]host[:port]` per line, IPv6 with a port in brackets,
 * `#` starts a comment at the start of a line or after a blank. All hosts are ungrouped. A host
 * that is listed twice is an error, as nothing says which entry would count. Errors go to
 * `data.errors`.
 */
function readHostList(data: InventoryData, file: string, text: string): void {
  const list: List = { data, earlier: new Map(), named: false };
  text.split(/\r?\n/u).forEach((raw, index) => {
    const entry = raw.replace(/(?:^|\s)[#;].*$/u, "").trim();
    if (entry === "") return;
    readEntry(list, entry, { file, line: index + 1, column: raw.indexOf(entry) + 1 });
  });
}

/** The same for hosts that are named instead of a file, with commas between; what is wrong is told of the name itself. */
export function readNamedHosts(data: InventoryData, names: string): void {
  const list: List = { data, earlier: new Map(), named: true };
  for (const entry of names.split(",").map((name) => name.trim())) {
    if (entry !== "") readEntry(list, entry, { file: entry });
  }
}

/** Another `-i` that names the host itself. What it says of the user may differ, and neither is stronger. */
function otherwiseNamed(data: InventoryData, name: string): SourcePosition | undefined {
  const position = data.hosts.get(name)?.position;
  return position?.line === undefined ? position : undefined;
}

/** What is listed twice is told of one list: another may say more of the same host. */
interface List {
  readonly data: InventoryData;
  readonly earlier: Map<string, SourcePosition>;
  readonly named: boolean;
}

function readEntry({ data, earlier: known, named }: List, entry: string, position: SourcePosition): void {
  const fail = (message: string) => void data.errors.push({ position, message });
  if (/\s/u.test(entry)) return fail(`${shown(entry)}: one host per line, written user@host:port`);
  const at = entry.lastIndexOf("@");
  const user = at < 0 ? undefined : entry.slice(0, at);
  const { name, port } = splitPort(entry.slice(at + 1));
  if (user !== undefined && !isLogin(user)) return fail(`${shown(user)} is not a login name`);
  const checked = port === undefined ? undefined : readPort(port);
  if (typeof checked === "string") return fail(checked);
  const earlier = known.get(name) ?? (named ? otherwiseNamed(data, name) : undefined);
  if (earlier !== undefined) {
    const where = earlier.line === undefined ? "" : `, first at line ${earlier.line}`;
    return fail(`${shown(name)} is listed twice${where}`);
  }
  known.set(name, position);
  const { inline } = addHost(data, name, "ungrouped", position, port);
  if (user !== undefined) inline.set("ansible_user", { text: user, encrypted: false, position });
  // This machine, as Ansible's implicit localhost; with a user or a port it is a host like any other.
  if (entry === "localhost" && named)
    inline.set("ansible_connection", { text: "local", encrypted: false, position });
}
