/** Twenty hostile hosts cost fifty good ones neither their results nor a deadline, and this process no memory without end. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CONTROLS } from "../../src/controls/index.ts";
import { TIME } from "../../src/host/time.ts";
import { planFleet } from "../../src/flow/plan.ts";
import type { RunContext } from "../../src/flow/run/context.ts";
import { createConnect } from "../../src/host/connect.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import type { HostPlan } from "../../src/model/change/plan.ts";
import { BOOKWORM_ANSWER, EVERYBODY, GUARD_RECORD } from "../fixtures/bookworm-answer.ts";
import { patient } from "../patience.ts";
import { hostNamed, newKey, NEVER } from "./sshd.ts";

const HOSTILE = [
  "packets",
  "lines",
  "survey",
  "processes",
  "endless",
  "complaints",
  "drip",
  "silent",
] as const;
const GOOD = 50;
const MiB = 1024 * 1024;
const FACTS = BOOKWORM_ANSWER.replace(GUARD_RECORD, "\n");
const policy = EVERYBODY;

let dir = "";
/** Two processes, so that the good ones have not to wait until the others have written. */
const servers: ChildProcess[] = [];
const ports: number[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "curfew-crowd-"));
  newKey(join(dir, "id"));
  const hostKey = newKey(join(dir, "host"));
  writeFileSync(join(dir, "answer"), FACTS, "latin1");
  for (const _ of ["good", "hostile"]) {
    const server = fork(new URL("crowd-server.ts", import.meta.url), [
      join(dir, "host"),
      join(dir, "answer"),
    ]);
    servers.push(server);
    const [{ port }] = await once(server, "message");
    ports.push(port);
  }
  const known = ports.map((port) => `[127.0.0.1]:${port} ${hostKey}\n`);
  writeFileSync(join(dir, "known_hosts"), known.join(""));
  const files = `UserKnownHostsFile ${join(dir, "known_hosts")}\nGlobalKnownHostsFile /dev/null\n`;
  writeFileSync(join(dir, "ssh_config"), `Host *\n${files}`);
}, patient(30_000));
afterEach(() => {
  for (const server of servers.splice(0)) server.kill("SIGKILL");
  ports.length = 0;
  rmSync(dir, { recursive: true });
});

function fleetOf(users: readonly string[]): Host[] {
  const reached = {
    address: "127.0.0.1",
    identityFile: join(dir, "id"),
    become: { method: "none" },
  } as const;
  return users.map((user, at) =>
    hostNamed(`${user}${at}`, { ...reached, user, port: ports[user === "good" ? 0 : 1] ?? 0 }),
  );
}

/** None of them last. */
function between(good: readonly string[], others: readonly string[]): string[] {
  return good.flatMap((user, at) => [...others.slice(at, at + 1), user]);
}

interface Outcome {
  readonly plans: ReadonlyMap<string, HostPlan>;
  /** Milliseconds until the last good host was done. */
  readonly took: number;
  readonly peak: number;
}

/** Plans them all; the hosts that would go on for ever are given up once every good one is done. */
async function plan(users: readonly string[]): Promise<Outcome> {
  const hosts = fleetOf(users);
  const aborting = new AbortController();
  const setup = { hosts, sshConfig: join(dir, "ssh_config"), environment: { PATH: process.env["PATH"] } };
  const connect = await createConnect({ ...setup, signal: NEVER });
  let left = users.filter((user) => user === "good").length;
  let took = 0;
  const begun = performance.now();
  const context = {
    connect,
    controls: CONTROLS,
    emit(event) {
      if (event.type !== "host-finished" || !event.host.startsWith("good")) return;
      left -= 1;
      if (left > 0) return;
      took = performance.now() - begun;
      aborting.abort();
    },
    ...TIME,
    now: () => new Date("2026-11-22T00:00:00Z"),
    token: () => "0".repeat(32),
    stopping: NEVER,
    aborting: aborting.signal,
    concurrency: users.length,
    connectTimeoutSeconds: patient(30),
  } satisfies Partial<RunContext> as unknown as RunContext;
  let peak = 0;
  const before = memory();
  const timer = setInterval(() => (peak = Math.max(peak, memory() - before)), 20);
  const plans = await planFleet({ policy, hosts }, context);
  clearInterval(timer);
  return { plans: new Map(plans.map((each) => [each.host, each])), took, peak };
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("the good ones' results are right, and memory has a bound", { timeout: patient(120_000) }, async () => {
  const good = Array.from({ length: GOOD }, () => "good");
  // Everything is loaded and compiled once.
  await plan(good.slice(0, 5));
  const quiet = Array.from({ length: 20 }, () => "silent");
  const alone = await plan(between(good, quiet));
  const hostile = Array.from({ length: 20 }, (_, at) => HOSTILE[at % HOSTILE.length] ?? "silent");
  const beside = await plan(between(good, hostile));
  const changes = (outcome: Outcome): string[] =>
    [...outcome.plans].flatMap(([name, { changes: made, error }]) =>
      name.startsWith("good")
        ? [JSON.stringify([error, made.map(({ path, after }) => [path, after?.content])])]
        : [],
    );
  expect(new Set(changes(alone)).size).toBe(1);
  expect(changes(alone)[0]).toMatch(/^\[null,\[\["\/etc\/ssh/u);
  expect(changes(beside)).toEqual(changes(alone));
  const bad = [...beside.plans].filter(([name]) => !name.startsWith("good"));
  expect(bad.filter(([, { error }]) => error === undefined)).toEqual([]);
  // What four endless ones may fill before they are refused, and half as much again.
  expect(beside.peak).toBeLessThan(6 * 32 * MiB);
  console.log(
    `50 good hosts: ${Math.round(alone.took)} ms beside 20 silent ones, ${Math.round(beside.took)} ms beside 20 hostile ones, ${Math.round(beside.peak / MiB)} MiB`,
  );
});

test("a deadline fires when it is due, whatever the others print", { timeout: patient(60_000) }, async () => {
  const hosts = fleetOf([...HOSTILE.slice(0, 6), ...HOSTILE.slice(0, 6), "drip", "silent"]);
  const setup = { hosts, sshConfig: join(dir, "ssh_config"), environment: { PATH: process.env["PATH"] } };
  const connect = await createConnect({ ...setup, signal: NEVER });
  const connections = await Promise.all(
    hosts.map((host) => connect(host, { signal: NEVER, timeoutSeconds: patient(30) })),
  );
  const script = "  token='00000000000000000000000000000000'";
  const late = await Promise.all(
    connections.map(async (connection) => {
      const begun = performance.now();
      const running = connection.runScript(script, { signal: NEVER, timeoutSeconds: 2 });
      const error: unknown = await running.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return { error, seconds: (performance.now() - begun) / 1000, host: connection.host.user };
    }),
  );
  for (const connection of connections) connection.close();
  for (const { host, error, seconds } of late.filter((each) =>
    ["drip", "silent"].includes(each.host ?? ""),
  )) {
    expect(error, host).toMatchObject({ code: "timeout" });
    expect(seconds).toBeGreaterThan(1.9);
    expect(seconds).toBeLessThan(2 + patient(1));
  }
  for (const { seconds } of late) expect(seconds).toBeLessThan(2 + patient(1.5));
});
