/** How long the program takes that does nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { CURFEW } from "./fleet.ts";
import { median } from "./table.ts";

/** Milliseconds from start to end, medians. */
export interface StartUp {
  readonly version: number;
  readonly emptyNode: number;
}

/** Runs `curfew --version` and an empty program in turn, so that both see the same load. */
export async function measureStartUp(runs: number): Promise<StartUp> {
  const version: number[] = [];
  const emptyNode: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    emptyNode.push(await wallOf(["-e", "0"]));
    version.push(await wallOf([CURFEW, "--version"]));
  }
  return { version: median(version), emptyNode: median(emptyNode) };
}

async function wallOf(argv: readonly string[]): Promise<number> {
  const begin = performance.now();
  const [code] = await once(spawn(process.execPath, argv, { stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`node ${argv.join(" ")} ended with ${String(code)}`);
  return performance.now() - begin;
}
