/** Real hosts and a real network: cut lines, hosts behind hosts, clients that stop answering. */
import { appendFile, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Connection } from "../../src/model/inventory/connection.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { connectTo, NEVER, output } from "./sshd.ts";
import { patient } from "../patience.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const lacks = labUnavailable();
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(lacks !== null)(`a network of hosts${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let near: LabHost;
  let far: LabHost;
  const login = (host: string, more: Partial<Host> = {}, options = {}): Promise<Connection> =>
    connectTo(
      { sshConfig: lab.sshConfigPath, key: lab.key.privatePath },
      host,
      { user: "root", ...more },
      options,
    );

  beforeAll(async () => {
    lab = await openLab();
    [near, far] = await Promise.all([
      lab.host({ release: "trixie", users: [{ name: "ops", sudo: "nopasswd" }] }),
      lab.host({ release: "bookworm" }),
    ]);
  });
  afterAll(() => lab.close());

  test("a host behind another, and the hop ends with the connection", async () => {
    await appendFile(
      lab.sshConfigPath,
      `Host behind\n HostName ${far.address}\n HostKeyAlias ${far.name}\n ProxyJump ops@${near.name}\n`,
    );
    const connection = await login("behind");
    expect(await output(connection, "hostname; echo $SSH_CONNECTION")).toMatch(
      new RegExp(`^${far.name}\n${near.address} `, "u"),
    );
    const others = "ps -eo args= | grep -c '[s]shd.*: ops' || true";
    expect((await near.exec(others)).stdout.trim()).not.toBe("0");
    connection.close();
    await connection.closed;
    await expect
      .poll(async () => (await near.exec(others)).stdout.trim(), { timeout: patient(5000) })
      .toBe("0");
  });

  test("a line that is cut during a script is noticed within half a minute", async () => {
    const connection = await login(near.name);
    const script = connection.runScript("sleep 120", { signal: NEVER, timeoutSeconds: 90 });
    await wait(1000);
    const begin = performance.now();
    await near.linkDown();
    await expect(script).rejects.toMatchObject({
      code: "unreachable",
      host: near.name,
      message: expect.stringMatching(/the connection was lost: keepalive timeout/iu),
    });
    expect(performance.now() - begin).toBeLessThan(patient(30_000));
    await connection.closed;
    await near.linkUp();
  });

  test("a host that is off, and one whose port is dropped", async () => {
    await far.blockPort();
    const begin = performance.now();
    await expect(login(far.name, {}, { timeoutSeconds: 2 })).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/not complete within 2 s/u),
    });
    expect(performance.now() - begin).toBeLessThan(patient(4000));
    await far.unblockPort();
    await expect(login("10.77.0.250")).rejects.toMatchObject({ code: "unreachable" });
  });

  test("a frozen client is dropped by ClientAlive, one that answers is not", async () => {
    await near.writeFile(
      "/etc/ssh/sshd_config.d/00-t.conf",
      "ClientAliveInterval 2\nClientAliveCountMax 1\n",
    );
    await near.exec(RELOAD_SSHD);
    const [frozen, awake] = await Promise.all([
      login(near.name, { user: "ops" }, { keepAlive: false }),
      login(near.name, { user: "ops" }, { keepAlive: false }),
    ]);
    const [one, other] = await Promise.all([frozen.openTerminal(NEVER), awake.openTerminal(NEVER)]);
    await wait(500);
    const begin = performance.now();
    one.freeze();
    const end = await one.ended;
    expect(end).toMatchObject({ exitCode: null, connectionLost: true });
    const seconds = (end.at - begin) / 1000;
    expect(seconds).toBeGreaterThan(2);
    expect(seconds).toBeLessThan(patient(9));
    other.write("echo still $((1+1))\n");
    await expect.poll(() => other.transcript()).toContain("still 2");
    awake.close();
  });

  test("a dropped idle shell: TMOUT gives exit 1 and leaves the connection", async () => {
    const connection = await login(near.name, { user: "ops" }, { keepAlive: false });
    const terminal = await connection.openTerminal(NEVER);
    await wait(500);
    terminal.write("TMOUT=2\n");
    const from = terminal.lastActivity();
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: 1, connectionLost: false });
    expect((end.at - from) / 1000).toBeGreaterThan(1.5);
    expect(terminal.transcript()).toContain("timed out waiting for input: auto-logout");
    connection.close();
  });

  test("known_hosts of the lab has not been touched", async () => {
    const text = await readFile(lab.knownHostsPath, "utf8");
    expect(text.trim().split("\n").toSorted()).toEqual(
      [...near.hostKeyLines, ...far.hostKeyLines].toSorted(),
    );
  });
});
