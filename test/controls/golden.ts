import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The reviewed text of test/fixtures/golden/NAME; UPDATE_GOLDEN=1 takes the present one over first. */
export function golden(name: string, text: string): string {
  const path = join(import.meta.dirname, "..", "fixtures", "golden", name);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return readFileSync(path, "utf8");
}
