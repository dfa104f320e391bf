/** `curfew serve` as a process: how it begins, how it ends, and what it refuses. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/store/history/database.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { MIGRATIONS } from "../../src/store/history/schema.ts";
import { auditedHost, auditRun, store } from "../fixtures/audits.ts";
import { ask } from "../flow/serve/serving.ts";
import { patient } from "../patience.ts";
import { runHere } from "./run-here.ts";

const CURFEW = fileURLToPath(new URL("../../src/curfew.js", import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-serve-cli-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function remember(): Promise<void> {
  const history = await openHistory({ state: join(directory, "curfew"), now: () => new Date() });
  await store(history, auditRun(1, [auditedHost("web1")]));
  await history.close();
}

const refused = (...given: string[]) =>
  runHere(["serve", ...given], { directory, environment: { XDG_STATE_HOME: directory } });

test.each(["SIGTERM", "SIGINT"] as const)(
  "it says where it is, answers there, and ends at once with 0 on %s, whoever is connected",
  async (signal) => {
    await remember();
    const argv = [CURFEW, "serve", "--port", "0", "--json"];
    const env = { PATH: process.env["PATH"], XDG_STATE_HOME: directory };
    const child = spawn(process.execPath, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const { schema, url, address, port } = JSON.parse(line);
    expect({ schema, url, address }).toEqual({
      schema: "curfew/serve/1",
      url: `http://127.0.0.1:${port}/`,
      address: "127.0.0.1",
    });
    expect((await ask(port, "/")).body).toContain("The one host is in compliance");
    const idle = connect(port, "127.0.0.1");
    idle.on("error", () => {});
    await once(idle, "connect");
    child.kill(signal);
    const [code] = await once(child, "exit");
    expect([code, said]).toEqual([0, ""]);
    idle.destroy();
  },
  patient(30_000),
);

test("without a history, with one that another curfew wrote, or where nobody may listen, it says so and ends with 64", async () => {
  const none = await refused();
  expect([none.exitCode, none.stdout]).toEqual([64, ""]);
  expect(none.stderr).toMatch(/there is no history .*history\.sqlite yet/u);
  expect(none.stderr).toContain("hint: curfew audit makes one");
  expect(existsSync(join(directory, "curfew"))).toBe(false);

  (await openDatabase(join(directory, "curfew"), MIGRATIONS.slice(0, 1))).close();
  expect((await refused()).stderr).toContain("was written by an older curfew; nothing was touched");
  await remember();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const busy = await refused("--port", String(port), "--json");
  expect(busy.exitCode).toBe(64);
  expect(JSON.parse(busy.stdout)).toMatchObject({
    schema: "curfew/error/1",
    error: { message: `cannot listen on 127.0.0.1 port ${port}: another program listens there` },
  });
  taken.close();
  const foreign = await refused("--listen", "192.0.2.1", "--port", "0");
  expect([foreign.exitCode, foreign.stderr.split("\n")[0]]).toEqual([
    64,
    "error: cannot listen on 192.0.2.1 port 0: this machine has no such address",
  ]);

  (await openDatabase(join(directory, "curfew"), [...MIGRATIONS, "SELECT 1"])).close();
  expect((await refused()).stderr).toContain("was written by a newer curfew; nothing was touched");
});

test.each([
  [["--listen", "everywhere"], "not an IP address such as 127.0.0.1 or ::1"],
  [["--listen", "127.0.0.1:80"], "not an IP address"],
  [["--listen", "256.1.1.1"], "not an IP address"],
  [["--port", "65536"], "not a port from 0 to 65535"],
  [["--port", "http"], "not a port"],
  [["--port", "-1"], "not a port"],
  [["--name", "a b"], "not a host name"],
  [["--name", "https://x"], "not a host name"],
  [["--name", "*"], "not a host name"],
  [["extra"], "too many arguments"],
])("%j is refused", async (given, said) => {
  const { exitCode, stderr } = await refused(...given);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(said);
});
