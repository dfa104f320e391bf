#!/usr/bin/env node
/**
 * The `bin`: makes sure that a Node that can run curfew runs it, and says so in one line where
 * there is none. Plain JavaScript that any Node from 12.20 parses, so no optional chaining and no
 * top-level await here. It answers `--version` by itself, and runs the gate of `curfew kube`: loading
 * nothing is what makes them quick, so it imports what it needs only where it needs it.
 */

/** Type stripping is stable from here on (Node 24.12 release notes). */
const NEEDED = [24, 12];

const given = process.argv.slice(2);

// The gate is one file of plain JavaScript, so an older Node runs it as well: each one with this function.
if (isGate() && process.getBuiltinModule !== undefined) runGate(process.getBuiltinModule("node:module"));
else start().catch(refuse);

function isGate() {
  return given[0] === "kube" && given[1] === "gate" && given[2] !== "--help" && given[2] !== "-h";
}

/** kubectl waits for it with every command: one file, without the whole program and the loader of modules. */
function runGate({ createRequire }) {
  try {
    createRequire(import.meta.url)("../templates/kube/gate.cjs");
  } catch (error) {
    refuse(error);
  }
}

async function start() {
  const { existsSync, readFileSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));
  if (given.length === 1 && (given[0] === "--version" || given[0] === "-V")) {
    const { version } = JSON.parse(readFileSync(pathOf("../package.json"), "utf8"));
    process.stdout.write(`${version}\n`);
    return undefined;
  }
  const localNode = pathOf("../node_modules/node/bin/node");
  if (isNewEnough(process.versions.node)) {
    if (existsSync(pathOf("../node_modules"))) await keepCompiled(pathOf("../node_modules/.cache/curfew"));
    return import(existsSync(pathOf("cli.ts")) ? "./cli.ts" : "../dist/src/cli.js");
  }
  if (existsSync(localNode)) return runUnder(localNode, pathOf("curfew.js"));
  return refuse(`needs Node ${NEEDED.join(".")} or newer, this is ${process.versions.node}`);
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/**
 * In a checkout every start would strip the types of a hundred files: more CPU than thirty logins and
 * 40 MB of memory. Node keeps the result beside the other packages' caches, whose owner is the code's
 * owner; where it cannot, it goes without. An installed package has no such folder and no types.
 */
async function keepCompiled(directory) {
  const { enableCompileCache } = await import("node:module");
  enableCompileCache(directory);
}

/** Runs the same command under another Node and ends as that one ends. */
async function runUnder(node, program) {
  const { spawn } = await import("node:child_process");
  // The gate has to know kubectl, which is this process's parent.
  const env = { ...process.env, CURFEW_RUN_UNDER: String(process.pid) };
  const child = spawn(node, [program, ...given], { stdio: "inherit", env });
  // A terminal sends its signals to both processes; cli/progress/interrupts.ts counts such a pair as one.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", refuse);
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function refuse(reason) {
  const message = reason instanceof Error ? reason.message : reason;
  process.stderr.write(`curfew: ${message}\n`);
  process.exitCode = 1;
}
