/**
 * curfew as one file, for the tests that call it as a person would: the start of the program is most of what a call
 * takes of a processor, and that of one file takes two thirds of it. Tests of the package run what is packed.
 */
import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = join(ROOT, "src/cli.ts");

/** What loads parts of its own while it runs. */
const LEFT_OUT = ["ssh2", "cpu-features", "pg", "pg-native", "pg-boss", "inquirer"];

/** Makes it below the directory of a run of the lab, where it finds what belongs to the package. */
export async function bundleProgram(runDir: string): Promise<void> {
  const { build } = await import("vite");
  const folder = join(runDir, "program");
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true, external: LEFT_OUT },
    build: {
      ssr: "src/cli.ts",
      outDir: join(folder, "src"),
      emptyOutDir: false,
      minify: false,
      target: "node24",
      rolldownOptions: {
        external: LEFT_OUT,
        output: { format: "es", entryFileNames: "cli.js", codeSplitting: false },
      },
    },
  });
  const beside = ["templates", "node_modules", "package.json", "src/curfew.js"];
  await Promise.all(beside.map((name) => symlink(join(ROOT, name), join(folder, name))));
}

/** What to run with Node: the one file where a run of the lab has it, else the sources. */
export function programPath(): string {
  const run = process.env["CURFEW_LAB_RUN"];
  const bundled = run === undefined ? SOURCE : join(run, "program/src/cli.js");
  return existsSync(bundled) ? bundled : SOURCE;
}
