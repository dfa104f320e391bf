/** The resident schedule as a real process, and what alerts compare with. The only host refuses every connection. */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Alert } from "../../src/model/record/alert.ts";
import { patient } from "../patience.ts";

const CURFEW = resolve(import.meta.dirname, "../../src/curfew.js");
const POLICY = "name: p\ndefaults: { client_idle_timeout: 15m }\n";
/** An exemption that exempts nobody: a finding without any host. */
const UNUSED = `${POLICY}exemptions:
  - { name: x, users: [x], hosts: [none], justification: y, owner: o@example.com, expires: 2999-01-01 }
`;

let directory: string;
let server: Server;
let alerts: Alert[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-schedule-"));
  alerts = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      alerts.push(JSON.parse(body) as Alert);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await writeFile(join(directory, "policy.yaml"), POLICY);
  await writeFile(
    join(directory, "inventory.yaml"),
    "all: { hosts: { h: { ansible_host: 127.0.0.1, ansible_port: 1 } } }\n",
  );
  await writeFile(
    join(directory, "alerts.yaml"),
    `webhooks: [{ name: n, url: "http://127.0.0.1:${port}/" }]\n`,
  );
});
afterEach(async () => {
  await new Promise((done) => server.close(done));
  await rm(directory, { recursive: true, force: true });
});

const FILES = ["-p", "policy.yaml", "-i", "inventory.yaml"];
function start(...given: string[]) {
  const env = { PATH: process.env["PATH"], HOME: directory, XDG_STATE_HOME: join(directory, "state") };
  return execa(process.execPath, [CURFEW, ...given], {
    cwd: directory,
    env,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
}
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patient(30_000);
  while (performance.now() < end) {
    if (await done()) return;
    await sleep(100);
  }
  throw new Error("it did not happen in time");
}

describe("alerts", () => {
  test("an audit by hand, which tells nobody, takes no news from those who are told", async () => {
    const told = ["audit", ...FILES, "--alerts", "alerts.yaml"];
    await start(...told);
    expect(alerts).toMatchObject([{ first: true, lost: [{ host: "h" }] }]);
    await writeFile(join(directory, "policy.yaml"), UNUSED);
    await start("audit", ...FILES);
    expect(alerts).toHaveLength(1);
    await start(...told);
    expect(alerts[1]).toMatchObject({ first: false, failing: [{ host: "", finding: { outcome: "fail" } }] });
    await start(...told);
    expect(alerts).toHaveLength(2);
  });

  test("whoever is told for the first time hears how things stand, however many audits there were", async () => {
    await start("audit", ...FILES);
    await start("audit", ...FILES, "--alerts", "alerts.yaml");
    expect(alerts).toMatchObject([{ first: true, lost: [{ host: "h" }] }]);
  });

  test("an outbox that cannot be written keeps no audit from the screen", async () => {
    await start("audit", ...FILES);
    await writeFile(join(directory, "state/curfew/alerts"), "in the way");
    const call = await start("audit", ...FILES, "--alerts", "alerts.yaml");
    expect([call.exitCode, call.stdout, call.stderr]).toEqual([
      3,
      expect.stringContaining("refused the connection"),
      expect.stringContaining("not everybody was told: no destination: "),
    ]);
  });
});

describe("schedule run", () => {
  test("audits at once and again, checks its files on SIGHUP, ends on SIGTERM, and does not grow", async () => {
    const run = start("schedule", "run", "--every", "2s", ...FILES);
    let said = "";
    run.stderr.on("data", (data: Buffer) => (said += data.toString()));
    const turns = (): number =>
      said.split("\n").filter((line) => line.includes("could not be judged")).length;
    const memory = async (): Promise<number> => {
      const status = await readFile(`/proc/${run.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+)/mu.exec(status)?.[1]) / 1024;
    };
    await until(() => turns() >= 2);
    const before = await memory();
    await writeFile(join(directory, "policy.yaml"), "nmae: p\n");
    run.kill("SIGHUP");
    await until(() => said.includes('did you mean "name"'));
    await until(() => said.includes("did not finish: it ended with status 64"));
    await writeFile(join(directory, "policy.yaml"), POLICY);
    run.kill("SIGHUP");
    await until(() => said.includes("files read again"));
    await until(() => turns() >= 6);
    expect((await memory()) - before).toBeLessThan(15);
    const begin = performance.now();
    run.kill("SIGTERM");
    const { exitCode } = await run;
    expect(performance.now() - begin).toBeLessThan(patient(10_000));
    // 130 where an audit was broken off.
    expect([0, 130]).toContain(exitCode);
    // Never two lines of the same second: turns do not overlap.
    const times = said.match(/^\S+Z(?= audit: something)/gmu) ?? [];
    expect(new Set(times).size).toBe(times.length);
  });

  test("what keeps an audit from beginning is told, and the next one tries again", async () => {
    const inTheWay = join(directory, "state/curfew/schedules");
    await mkdir(join(directory, "state/curfew"), { recursive: true });
    await writeFile(inTheWay, "");
    const run = start("schedule", "run", "--every", "2s", ...FILES);
    let said = "";
    run.stderr.on("data", (data: Buffer) => (said += data.toString()));
    await until(() => said.includes("EEXIST"));
    await rm(inTheWay);
    await until(() => said.includes("could not be judged"));
    run.kill("SIGTERM");
    expect([0, 130]).toContain((await run).exitCode);
  });

  test("a mistake at the start is told, and nothing is run", async () => {
    await writeFile(join(directory, "policy.yaml"), "nmae: p\n");
    const { exitCode, stderr } = await start("schedule", "run", "--every", "2s", ...FILES);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('did you mean "name"')]);
  });

  test.each<[string[], string]>([
    [["run", ...FILES], "give either --every DURATION or --once"],
    [["run", "--every", "1h", "--once", ...FILES], "give either --every DURATION or --once"],
    [["run", "--calendar", "daily", ...FILES], "schedule run has no calendar"],
    [["run", "--every", "169h", ...FILES], "longer than 168h"],
    [["run", "--name", "../x", "--once", ...FILES], "not of lower case letters"],
    [["install", ...FILES], "give either --every DURATION or --calendar"],
    [["install", "--every", "30s", ...FILES], "--every is at least 1m"],
    [["install", "--every", "6h", "-K", ...FILES], "there is no terminal on which to ask for a password"],
    [["install", "--every", "6h", "-p", "policy.yaml", "-i", "-"], "a schedule has no standard input"],
    [["install", "--every", "6h", "--format", "html", ...FILES], "say where with -o"],
    [
      ["install", "--every", "6h", "--ssh-config", "none", ...FILES],
      "--ssh-config none: there is no such file",
    ],
    [["remove", "--name", "no-such"], "there is no schedule no-such"],
  ])("%j", async (given, said) => {
    const { exitCode, stderr } = await start("schedule", ...given);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining(said)]);
  });

  test("a secret in the environment is refused: a timer has none", async () => {
    await writeFile(join(directory, "alerts.yaml"), "webhooks: [{ name: n, url: { env: HOOK } }]\n");
    const { exitCode, stderr } = await start(
      "schedule",
      "install",
      "--every",
      "6h",
      ...FILES,
      "--alerts",
      "alerts.yaml",
    );
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("environment variable HOOK")]);
  });
});
