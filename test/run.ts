/**
 * `npm test`: prepares the lab where the machine can have one and runs vitest inside it; arguments go on to
 * vitest. Elsewhere vitest runs alone and tests that need hosts say why they are skipped; with CI=true that
 * is a failure.
 */
import { join } from "node:path";
import { enterLab, prepareLab, runToEnd, say } from "./lab/enter.ts";
import { machineLacks } from "./lab/packages.ts";
import { bundleProgram } from "./lab/program.ts";

const root = join(import.meta.dirname, "..");
const config = join(root, "test/vitest.config.ts");
const program = join(root, "node_modules/vitest/vitest.mjs");
const given = process.argv.slice(2);
const projects = given.some((argument) => argument.startsWith("--project"))
  ? []
  : ["--project", "whole", "--project", "quick"];
const vitest = [program, "run", "--config", config, ...projects, ...given];

/** Why there is no lab, as words that follow "needs", or null once it is prepared. */
async function prepare(): Promise<string | null> {
  const lacks = machineLacks();
  if (lacks !== null) return lacks;
  try {
    await prepareLab();
    return null;
  } catch (error) {
    say(`lab: ${error instanceof Error ? error.message : String(error)}`);
    return "Debian packages and host images, and making them failed";
  }
}

/** The tests do without it, only slower. */
function bundle(runDir: string): Promise<void> {
  return bundleProgram(runDir).catch((error: unknown) => say(`lab: curfew as one file: ${String(error)}`));
}

async function test(): Promise<number> {
  const lacks = await prepare();
  if (lacks === null) return enterLab([process.execPath, ...vitest], bundle);
  const impossible = `lab: not possible here, needs ${lacks}`;
  if (process.env["CI"] === "true") {
    say(`${impossible}; with CI=true that is a failure`);
    return 1;
  }
  say(`${impossible}; tests that need hosts are skipped`);
  return runToEnd(process.execPath, vitest, { ...process.env, CURFEW_LAB_LACKS: lacks });
}

process.exitCode = await test();
