/** What kubectl itself does with the gate and around it: the rows that are not about the gate's own state. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patient } from "../patience.ts";
import { type Desk, installAndLogIn, openDesk, writePlugin } from "./desk.ts";
import { everyKubectl } from "./kubectl.ts";

const found = await everyKubectl();

describe.for(found)("$title", ({ kubectl, release }) => {
  const path = "path" in kubectl ? kubectl.path : "";
  const skip = "reason" in kubectl;
  let desk: Desk;
  const k = (...given: string[]) => desk.run(path, given);
  beforeEach(async () => {
    desk = await openDesk();
  });
  afterEach(() => desk.close());
  const gated = (...options: string[]) => installAndLogIn(desk, options);
  const change = async (from: string | RegExp, to: string) =>
    writeFile(desk.environment["KUBECONFIG"] ?? "", (await desk.config()).replace(from, to), { mode: 0o600 });

  test.skipIf(skip)(
    "auth can-i that is refused says it with every request it makes, so the message is one line",
    async () => {
      expect((await desk.curfew("kube", "install", "dev", "--idle", "15m")).exitCode).toBe(0);
      const refused = await k("auth", "can-i", "get", "pods");
      expect(refused.exitCode).toBe(1);
      const said = refused.stderr
        .split("\n")
        .filter((line) => line.startsWith("curfew: there is no login yet"));
      // At least for what the server has, and for the question itself.
      expect(said.length).toBeGreaterThanOrEqual(2);
      expect(new Set(said).size).toBe(1);
      expect(await desk.runs()).toBe(0);
    },
  );

  test.skipIf(skip)(
    "exec beside an auth-provider: kubectl refuses the user, and the audit says so",
    async () => {
      await change("    exec:\n", "    auth-provider: {name: oidc}\n    exec:\n");
      const refused = await k("get", "pods");
      expect([refused.exitCode, await desk.runs()]).toEqual([1, 0]);
      expect(refused.stderr).toMatch(/auth.?provider|exec/iu);
      const audit = await desk.curfew("kube", "audit", "--json");
      expect(audit.stdout).toContain("kubectl refuses to use this user");
    },
  );

  test.skipIf(skip)(
    "provideClusterInfo: the plugin behind the gate gets the cluster, never the user",
    async () => {
      const name = "client.authentication.k8s.io/exec";
      const extension = `, extensions: [{name: "${name}", extension: {audience: here}}]}`;
      await change(/(certificate-authority-data: [^}]*)\}/u, `$1${extension}`);
      const info = join(desk.directory, "info");
      await writePlugin(desk.directory, "v1", '{"token":"good"}', `printenv KUBERNETES_EXEC_INFO >"${info}"`);
      await gated();
      expect((await k("get", "pods")).exitCode).toBe(0);
      const text = await readFile(info, "utf8");
      expect(JSON.parse(text)).toMatchObject({
        kind: "ExecCredential",
        spec: {
          cluster: {
            server: desk.cluster.url,
            "certificate-authority-data": desk.cluster.ca,
            config: { audience: "here" },
          },
        },
      });
      expect(text).not.toContain("dev");
    },
  );

  test.skipIf(skip)("KUBECONFIG=a:b: the first file's user wins whole, its gate with it", async () => {
    await gated();
    const other = join(desk.directory, "other");
    await writeFile(other, "apiVersion: v1\nkind: Config\nusers:\n- {name: dev, user: {token: good}}\n", {
      mode: 0o600,
    });
    const own = desk.environment["KUBECONFIG"] ?? "";
    const merged = async (...files: string[]) => {
      const env = { ...desk.environment, KUBECONFIG: files.join(":") };
      expect((await desk.run(path, ["get", "--raw", "/version"], { env })).exitCode).toBe(0);
      return desk.runs();
    };
    expect(await merged(own, other)).toBe(1);
    expect(await merged(other, own)).toBe(1);
  });

  test.skipIf(skip)("logs -f goes on past the session's end; with --end-streams it is ended", async () => {
    // Long enough for a kubectl that starts on a busy machine: before it has asked, the session must not be over.
    const limit = `${Math.ceil(patient(4000) / 1000)}s`;
    await gated("--max", limit);
    const stop = new AbortController();
    const following = desk.run(path, ["logs", "-f", "first"], { cancelSignal: stop.signal });
    await expect.poll(() => desk.cluster.streams(), { timeout: patient(10_000) }).toBe(1);
    const later = async () => (await k("get", "--raw", "/version")).exitCode;
    await expect.poll(later, { timeout: patient(20_000) }).toBe(1);
    expect(desk.cluster.streams()).toBe(1);
    stop.abort();
    expect((await following).stdout).toContain("a line");
    await desk.curfew("kube", "remove", "dev");
    await gated("--idle", limit, "--end-streams");
    const ended = await desk.run(path, ["logs", "-f", "first"], { timeout: patient(30_000) });
    expect([ended.exitCode === 0, ended.stdout]).toEqual([false, "a line"]);
    await expect.poll(() => desk.cluster.streams(), { timeout: patient(5000) }).toBe(0);
  });

  test.skipIf(skip)(
    "kubectl proxy asks again once the credential has expired; a refusal is HTTP 500",
    async () => {
      // Over with every request, so that the session can end when the test says so and not while kubectl starts.
      await writePlugin(
        desk.directory,
        "v1",
        '{"token":"good","expirationTimestamp":"2020-01-01T00:00:00Z"}',
      );
      await gated("--max", "8h");
      const proxy = spawn(path, ["proxy", "--port=0"], {
        env: desk.environment,
        cwd: desk.directory,
        stdio: ["ignore", "pipe", "ignore"],
      });
      const gone = once(proxy, "exit");
      try {
        const [said] = (await once(proxy.stdout, "data")) as [Buffer];
        const port = /:(\d+)/u.exec(said.toString())?.[1] ?? "";
        const answer = async () => (await fetch(`http://127.0.0.1:${port}/version`)).status;
        expect(await answer()).toBe(200);
        const runs = await desk.runs();
        expect(runs).toBeGreaterThan(0);
        await desk.state((state, { wall, uptime, boot }) => ({
          ...state,
          login: { wall: wall - 9 * 3600, uptime, boot },
        }));
        await expect.poll(answer, { timeout: patient(15_000) }).toBe(500);
        expect(await desk.runs()).toBe(runs);
      } finally {
        proxy.kill();
        await gone;
      }
    },
  );

  test.skipIf(skip)("a plugin of v1beta1 is asked and answers in v1beta1", async () => {
    await desk.close();
    desk = await openDesk("v1beta1");
    await gated();
    const { exitCode, stderr } = await k("get", "pods");
    expect([exitCode, stderr, await desk.runs()]).toEqual([0, "", 1]);
  });

  test.skipIf(skip)(
    "kuberc: DenyAll keeps the gate from running, except with KUBERC=off and in 1.32",
    async () => {
      await gated();
      await mkdir(join(desk.environment["HOME"] ?? "", ".kube"), { recursive: true });
      const text =
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n";
      await writeFile(join(desk.environment["HOME"] ?? "", ".kube/kuberc"), text);
      const denied = await k("get", "pods");
      expect(denied.exitCode).toBe(release === "sid" ? 1 : 0);
      expect(await desk.runs().then((runs) => runs > 0)).toBe(release !== "sid");
      const env = { ...desk.environment, KUBERC: "off" };
      expect((await desk.run(path, ["get", "pods"], { env })).exitCode).toBe(0);
    },
  );
});
