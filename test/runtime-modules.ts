/** What `npm ci --omit=dev` would install, from the checkout's own packages: a test has no registry. */
import { cp } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { execa } from "execa";

const ROOT = resolve(import.meta.dirname, "..");

/** Into `directory/node_modules`; packages that are there already stay. */
export async function copyRuntimeModules(directory: string): Promise<void> {
  const { stdout } = await execa({ cwd: ROOT, reject: false })`npm ls --omit=dev --all --parseable`;
  for (const path of stdout.split("\n").slice(1)) {
    const target = join(directory, relative(ROOT, path));
    await cp(path, target, { recursive: true, force: false, filter: isNoLink });
  }
}

function isNoLink(path: string): boolean {
  return basename(path) !== ".bin";
}
