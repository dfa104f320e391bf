/** What the gate before a kubectl login program costs each kubectl command, beside that program and Node alone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gateArguments } from "../../src/core/kube/gate/words.ts";
import { stateDirectory } from "../../src/store/file/xdg.ts";
import { gateDirectory, writeGateState } from "../../src/store/kube/gate-store.ts";
import { readMoment } from "../../src/store/kube/processes.ts";
import { CURFEW } from "./fleet.ts";
import type { Goal } from "./table.ts";

/** Milliseconds from start to end, the least of all runs: what other programs take is in the others. */
export interface GateCost {
  readonly runs: number;
  readonly gate: number;
  readonly plugin: number;
  readonly emptyNode: number;
}

const ID = "0123456789abcdef";
const ANSWER = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"x"}}`;

/** Runs all three in turn, so that they see the same load. */
export async function measureGate(runs: number): Promise<GateCost> {
  const home = await mkdtemp(join(tmpdir(), "curfew-bench-gate-"));
  try {
    const plugin = join(home, "plugin");
    await writeFile(plugin, `#!/bin/sh\necho '${ANSWER}'\n`);
    await chmod(plugin, 0o755);
    const now = readMoment(Date.now());
    writeGateState(gateDirectory(stateDirectory({}, home)), ID, {
      schema: "curfew/kube-gate/1",
      context: "bench",
      idle: 36_000,
      max: null,
      login: now,
      use: now,
      callers: [],
    });
    const least = { gate: Infinity, plugin: Infinity, emptyNode: Infinity };
    for (let run = 0; run < runs; run += 1) {
      const gate = await wallOf(process.execPath, [CURFEW, ...gateArguments(ID, false), plugin], home);
      const emptyNode = await wallOf(process.execPath, ["-e", "0"], home);
      const alone = await wallOf(plugin, [], home);
      least.gate = Math.min(least.gate, gate);
      least.emptyNode = Math.min(least.emptyNode, emptyNode);
      least.plugin = Math.min(least.plugin, alone);
    }
    return { runs, ...least };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

export function gateGoals({ gate, plugin, emptyNode }: GateCost): Goal[] {
  return [
    {
      what: "curfew kube gate, wall without its plugin / empty node",
      ratio: (gate - plugin) / emptyNode,
      limit: 1.3,
    },
  ];
}

export function gateText({ runs, gate, plugin, emptyNode }: GateCost): string {
  const row = (what: string, ms: number) => `${what.padEnd(34)}${ms.toFixed(1).padStart(7)} ms\n`;
  return `Least of ${runs} runs:\n${row("node -e 0", emptyNode)}${row("the inner plugin alone", plugin)}${row("the gate before the inner plugin", gate)}`;
}

async function wallOf(program: string, argv: readonly string[], home: string): Promise<number> {
  const begin = performance.now();
  const env = { PATH: process.env["PATH"], HOME: home };
  const [code] = await once(spawn(program, argv, { stdio: "ignore", env }), "exit");
  if (code !== 0) throw new Error(`${program} ${argv.join(" ")} ended with ${String(code)}`);
  return performance.now() - begin;
}

if (import.meta.main) {
  const cost = await measureGate(Number(process.argv[2] ?? 40));
  process.stdout.write(gateText(cost));
}
