/**
 * Part of `npm run schema`: templates/kube/gate.cjs, which kubectl waits for with every command. One file of CommonJS
 * from the gate's sources: no loader for modules, no types to strip, nothing to compile at the first start. A test
 * compares the written file with this.
 */
import { writeFile } from "node:fs/promises";
import { build } from "vite";

const PATH = "templates/kube/gate.cjs";
const HEAD = "// Generated from src/cli/kube/gate-entry.ts by npm run schema.\n";

/** The text of the generated file, by path from the repository's root. */
export async function gateBundle(): Promise<readonly [path: string, text: string]> {
  const made = await build({
    root: `${import.meta.dirname}/..`,
    configFile: false,
    logLevel: "error",
    build: {
      ssr: "src/cli/kube/gate-entry.ts",
      write: false,
      minify: false,
      target: "node20",
      rolldownOptions: { output: { format: "cjs", comments: false } },
    },
  });
  const [first] = Array.isArray(made) ? made : [made];
  const [file, ...others] = first !== undefined && "output" in first ? first.output : [];
  if (file === undefined || others.length > 0) throw new Error("the gate does not fit into one file");
  return [PATH, HEAD + file.code];
}

if (import.meta.main) {
  const [path, text] = await gateBundle();
  await writeFile(new URL(`../${path}`, import.meta.url), text);
}
