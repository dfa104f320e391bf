/** What probes type into real shells leaves nothing in anybody's home; a terminal of script(1) stands for the login. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { PlannedProbe } from "../../../src/core/probe/plan.ts";
import { TIME } from "../../../src/host/time.ts";
import { openProgram } from "../../../src/flow/probe/open.ts";
import { PROBE_PROGRAMS } from "../../../src/flow/probe/programs.ts";
import type { HostWatch } from "../../../src/flow/probe/watch.ts";
import type { Connection, SessionEnd, TerminalSession } from "../../../src/model/inventory/connection.ts";
import { patient } from "../../patience.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const HISTORY = "HISTFILE=~/.remembered SAVEHIST=9 HISTSIZE=9 HISTCONTROL=\n";
const RC = {
  bash: [".bashrc", `${HISTORY}PROMPT_COMMAND='history -a'\n`],
  zsh: [".zshrc", HISTORY],
} as const;
const has = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const SHELLS = (["bash", "zsh"] as const).filter((shell) => has(shell) && has("script"));
const KINDS = ["nested-shell", "escaped-shell"] as const;

test.each(SHELLS.flatMap((shell) => KINDS.map((kind) => [kind, shell] as const)))(
  "%s from %s",
  { timeout: patient(30_000) },
  async (kind, shell) => {
    const home = mkdtempSync(join(tmpdir(), "curfew-home-"));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const [file, text] = RC[shell];
    writeFileSync(join(home, file), text);
    if (shell === "bash") writeFileSync(join(home, ".profile"), ". ~/.bashrc\n");
    const before = readdirSync(home);
    const { terminal, typed, hangUp } = loginOf(shell, home);
    const { signal } = new AbortController();
    const program = PROBE_PROGRAMS[kind];

    const opened = await openProgram(
      {
        planned: { session: kind, user: "somebody", scaledLimit: 10 } as PlannedProbe,
        connection: { openTerminal: async () => terminal } as unknown as Connection,
        watch: { programs: async () => [kind === "nested-shell" ? shell : "bash"] } as unknown as HostWatch,
        token: TOKEN,
        shadowPort: undefined,
        ...TIME,
        signal,
        opened: () => undefined,
      },
      program,
    );

    // A prompt after the first: what PROMPT_COMMAND does to a limit shows there only.
    expect(typed()).toBe(2);
    expect(performance.now() - opened.quietSince).toBeGreaterThan(900);
    await hangUp();
    expect(readdirSync(home)).toEqual(before);
  },
);

function loginOf(shell: string, home: string) {
  const path = spawnSync("sh", ["-c", `command -v ${shell}`], { encoding: "utf8" }).stdout.trim();
  const env = { HOME: home, SHELL: path, PATH: "/usr/bin:/bin", TERM: "dumb" };
  const child = spawn("script", ["-qfec", `exec ${path} -l`, "/dev/null"], { env, cwd: home });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<SessionEnd>((resolve) => {
    child.once("close", () =>
      resolve({ at: performance.now(), exitCode: 0, signal: null, connectionLost: false }),
    );
  });
  let transcript = "";
  let lastActivity = performance.now();
  let typed = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    transcript += chunk;
    lastActivity = performance.now();
  });
  const terminal: TerminalSession = {
    transcript: () => transcript,
    lastActivity: () => lastActivity,
    ended,
    close: () => undefined,
    freeze: () => undefined,
    write(line) {
      typed += 1;
      lastActivity = performance.now();
      child.stdin.write(line);
    },
  };
  const hangUp = async (): Promise<void> => {
    const shells = processesBelow(child.pid ?? 0);
    child.kill("SIGKILL");
    await once(child, "close");
    await expect.poll(() => shells.filter(isThere), { timeout: patient(10_000) }).toEqual([]);
  };
  return { terminal, typed: () => typed, hangUp };
}

/** All processes below one. */
function processesBelow(pid: number): number[] {
  const listed = spawnSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).stdout.trim().split("\n");
  const pairs = listed.map((line) => line.trim().split(/\s+/u).map(Number));
  const below: number[] = [];
  for (let found = [pid]; found.length > 0; below.push(...found)) {
    const above = new Set(found);
    found = pairs.flatMap(([own = 0, parent = 0]) => (above.has(parent) ? [own] : []));
  }
  return below;
}

function isThere(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
