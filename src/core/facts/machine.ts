/** What system a host runs. */
import type { Facts } from "../../model/facts.ts";
import { known, unreadable } from "../../model/reading.ts";
import type { ParsedFiles } from "./files.ts";
import { visible } from "../text/visible.ts";

/** os-release(5). */
export function parseOs(files: ParsedFiles): Facts["os"] {
  const state = files.of("os")[0]?.state ?? unreadable("it was not read");
  if (state.state !== "known") return state;
  const values = new Map<string, string>();
  for (const line of state.value.content.split("\n")) {
    const match = /^([A-Z_]+)=(["']?)(.*)\2$/u.exec(line);
    if (match !== null) values.set(match[1] ?? "", visible((match[3] ?? "").slice(0, 200)));
  }
  const id = values.get("ID") ?? "linux";
  const like = (values.get("ID_LIKE") ?? "").split(/\s+/u, 20).filter((name) => name !== "");
  const base = { id, versionId: values.get("VERSION_ID") ?? "", name: values.get("PRETTY_NAME") ?? id };
  return known(like.length === 0 ? base : { ...base, like });
}
