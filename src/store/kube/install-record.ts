import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readOwnFile, writeOwnFile } from "./gate-store.ts";

const edit = z.strictObject({ at: z.number(), removed: z.string(), inserted: z.string() });

/** What a gate needs to begin anew, and to go. No argument of the plugin is in it. */
const record = z.strictObject({
  schema: z.literal("curfew/kube-install/1"),
  context: z.string(),
  file: z.string(),
  idle: z.number().positive().nullable(),
  max: z.number().positive().nullable(),
  edits: z.array(edit).length(2),
});

export type InstallRecord = z.output<typeof record>;

/** Undefined where there is none, or where it cannot be read as one. */
export function readInstallRecord(directory: string, id: string): InstallRecord | undefined {
  try {
    return record.parse(JSON.parse(readOwnFile(join(directory, `${id}.install.json`))));
  } catch {
    return undefined;
  }
}

/** Errors: those of node:fs. */
export function writeInstallRecord(directory: string, id: string, data: InstallRecord): void {
  writeOwnFile(directory, `${id}.install.json`, `${JSON.stringify(data)}\n`);
}

/** Everything that is kept of a gate. */
export function forgetGate(directory: string, id: string): void {
  for (const name of [`${id}.json`, `${id}.install.json`, `${id}.lock`])
    rmSync(join(directory, name), { force: true });
}
