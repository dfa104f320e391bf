/**
 * `npm run build`: the program as the package has it, in `dist`. Plain JavaScript in fewer files, and in them the parts of
 * others that every command loads: to find and read hundreds of files takes two fifths of a short command's time.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Loaded by every command, or by everyone that reads a file. The others stay packages, which load when they are needed. */
const INLINED = ["commander", "yaml", "zod"];

await rm(join(ROOT, "dist"), { recursive: true, force: true });
const made = await build({
  root: ROOT,
  configFile: false,
  logLevel: "error",
  ssr: { noExternal: INLINED },
  build: {
    ssr: "src/cli.ts",
    outDir: "dist/src",
    minify: false,
    target: "node24",
    rolldownOptions: {
      // Which release is installed is asked of the package itself.
      external: /^pg-boss\//u,
      output: { format: "es", entryFileNames: "cli.js", chunkFileNames: "[name]-[hash].js" },
    },
  },
});
await writeFile(join(ROOT, "dist/LICENSES"), (await Promise.all(inside(made).map(license))).join("\n"));

/** The packages that are in it now. */
function inside(result: typeof made): string[] {
  const outputs = [result].flat().flatMap((each) => ("output" in each ? each.output : []));
  const ids = outputs.flatMap((each) => (each.type === "chunk" ? each.moduleIds : []));
  const names = ids.flatMap((id) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(id)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}

/** What its licence asks to be kept with it. */
async function license(name: string): Promise<string> {
  const folder = join(ROOT, "node_modules", name);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  return `${name} ${version}\n\n${await readFile(join(folder, "LICENSE"), "utf8")}`;
}
