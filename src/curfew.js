#!/usr/bin/env node
/**
 * The `bin`: makes sure that a Node that can run curfew runs it, and says so in one line where
 * there is none. Plain JavaScript that any Node from 12.20 parses, so no optional chaining and no
 * top-level await here. It answers `--version` by itself: loading nothing is what makes it quick.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
// Not by name: a Node that lacks the function must still be able to say that it is too old.
import module from "node:module";
import { fileURLToPath } from "node:url";

/** Type stripping is stable from here on (Node 24.12 release notes). */
const NEEDED = [24, 12];

const given = process.argv.slice(2);
const localNode = pathOf("../node_modules/node/bin/node");

if (given.length === 1 && (given[0] === "--version" || given[0] === "-V")) {
  process.stdout.write(`${JSON.parse(readFileSync(pathOf("../package.json"), "utf8")).version}\n`);
} else if (isNewEnough(process.versions.node)) {
  keepCompiled();
  // kubectl waits for it with every command, so it loads a handful of files instead of the whole program.
  const isGate = given[0] === "kube" && given[1] === "gate" && given[2] !== "--help" && given[2] !== "-h";
  const name = isGate ? "cli/kube/gate-entry" : "cli";
  import(existsSync(pathOf("cli.ts")) ? `./${name}.ts` : `../dist/src/${name}.js`).catch(refuse);
} else if (existsSync(localNode)) {
  runUnder(localNode);
} else {
  refuse(`needs Node ${NEEDED.join(".")} or newer, this is ${process.versions.node}`);
}

function pathOf(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
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
function keepCompiled() {
  if (existsSync(pathOf("../node_modules")))
    module.enableCompileCache(pathOf("../node_modules/.cache/curfew"));
}

/** Runs the same command under another Node and ends as that one ends. */
function runUnder(node) {
  // The gate has to know kubectl, which is this process's parent.
  const env = { ...process.env, CURFEW_RUN_UNDER: String(process.pid) };
  const child = spawn(node, [fileURLToPath(import.meta.url), ...given], { stdio: "inherit", env });
  // A terminal sends its signals to both processes; cli/interrupts.ts counts such a pair as one.
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
