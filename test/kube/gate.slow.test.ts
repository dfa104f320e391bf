/** Each row of what kubectl does with an exec plugin, and the gate before it, with the real kubectl. */
import { chmod, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patient } from "../patience.ts";
import { type Desk, installAndLogIn, openDesk, writePlugin } from "./desk.ts";
import { everyKubectl } from "./kubectl.ts";

const found = await everyKubectl();

describe.for(found)("$title", ({ kubectl }) => {
  const path = "path" in kubectl ? kubectl.path : "";
  const skip = "reason" in kubectl;
  let desk: Desk;
  const k = (...given: string[]) => desk.run(path, given);
  beforeEach(async () => {
    desk = await openDesk();
  });
  afterEach(() => desk.close());
  const gated = (...options: string[]) => installAndLogIn(desk, options);

  test.skipIf(skip)(
    "the plugin runs once per process; without a login the gate refuses in one line, with one it hands on",
    async () => {
      const { stderr } = await desk.curfew("kube", "install", "dev", "--idle", "15m", "--max", "8h");
      expect(stderr).toBe("");
      const refused = await k("get", "pods");
      expect([refused.exitCode, await desk.runs()]).toEqual([1, 0]);
      expect(refused.stderr).toMatch(/^curfew: there is no login yet; log in with: curfew kube login dev\n/u);
      const login = await desk.curfew("kube", "login", "dev");
      expect([login.exitCode, login.stdout + login.stderr]).toEqual([0, expect.not.stringContaining("good")]);
      expect((await k("get", "pods")).exitCode).toBe(0);
      expect((await k("get", "pods")).exitCode).toBe(0);
      expect(await desk.runs()).toBe(3);
      expect(await readFile(await desk.statePath(), "utf8")).not.toContain("good");
      expect((await stat(await desk.statePath())).mode & 0o777).toBe(0o600);
    },
  );

  test.skipIf(skip)(
    "after the idle limit, after the absolute one, with the clock set back, after a reboot: refused",
    async () => {
      await gated();
      const ends: Parameters<Desk["state"]>[0][] = [
        (state, now) => ({ ...state, use: { ...now, wall: now.wall - 901 } }),
        (state, now) => ({ ...state, use: { ...now, wall: now.wall + 5000, uptime: now.uptime - 901 } }),
        (state, now) => ({ ...state, use: now, login: { ...now, wall: now.wall - 28_801 } }),
        (state, now) => ({ ...state, use: { wall: now.wall + 5, uptime: 1, boot: "another" } }),
      ];
      const fresh = await desk.state();
      for (const end of ends) {
        expect((await k("get", "pods")).exitCode).toBe(0);
        await desk.state(end);
        expect((await k("get", "pods")).stderr).toMatch(
          /^curfew: the session ended .*; log in with: curfew kube login dev\n/u,
        );
        await desk.state((_, now) => ({ ...fresh, login: now, use: now }));
      }
      expect((await desk.curfew("kube", "login")).exitCode).toBe(0);
      expect((await k("get", "pods")).exitCode).toBe(0);
    },
  );

  test.skipIf(skip)(
    "a state that is broken, a link, another's or gone: refused, the plugin not asked",
    async () => {
      await gated();
      const state = await desk.statePath();
      const text = await readFile(state, "utf8");
      const breaks: (() => Promise<void>)[] = [
        () => rm(state),
        () => writeFile(state, text.slice(0, 40)),
        () => writeFile(state, "{}"),
        () => writeFile(state, text.replace('"idle":900', '"idle":-1')),
        () => writeFile(state, text.replace(/"wall":[\d.]+/u, '"wall":"x"')),
        async () => {
          await rename(state, `${state}.real`);
          await symlink(`${state}.real`, state);
        },
        () => chmod(state, 0o666),
      ];
      for (const damage of breaks) {
        await rm(state, { force: true });
        await writeFile(state, text, { mode: 0o600 });
        await damage();
        const refused = await k("get", "pods");
        expect([refused.exitCode, refused.stderr.split("\n")[0]]).toEqual([
          1,
          expect.stringMatching(/^curfew: there is no login yet/u),
        ]);
      }
      expect(await desk.runs()).toBe(0);
    },
  );

  test.skipIf(skip)("the expiry is the session's end, or the plugin's where that is earlier", async () => {
    await gated("--max", "8h");
    const until = async () => {
      const { stdout } = await desk.run(`${desk.directory}/ask`, []);
      const { status } = JSON.parse(stdout) as { status: { expirationTimestamp: string } };
      return (Date.parse(status.expirationTimestamp) - Date.now()) / 3_600_000;
    };
    const gate = /"kube"[\s\S]*?plugin"/u.exec(await desk.config())?.[0].replaceAll(/\n\s+- /gu, " ") ?? "";
    const program = /command: "(.*)"/u.exec(await desk.config())?.[1] ?? "";
    await writeFile(`${desk.directory}/ask`, `#!/bin/sh\n"${program}" ${gate}\n`, { mode: 0o755 });
    expect(await until()).toBeCloseTo(8, 1);
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await writePlugin(desk.directory, "v1", `{"token":"good","expirationTimestamp":"${soon}"}`);
    expect(await until()).toBeCloseTo(1, 1);
  });

  test.skipIf(skip)("a plugin that fails, is missing, or answers something else", async () => {
    await gated();
    await writePlugin(desk.directory, "v1", "{}", "echo no luck >&2; exit 7");
    const failed = await k("get", "pods");
    expect(failed.stderr).toMatch(/^no luck\n[\s\S]*Unable to connect .*failed with exit code 7/u);
    await writeFile(`${desk.directory}/plugin`, "#!/bin/sh\necho hello\n");
    expect((await k("get", "pods")).stderr).toMatch(
      /^curfew: .*plugin did not answer with an ExecCredential\n/u,
    );
    await rm(`${desk.directory}/plugin`);
    expect((await k("get", "pods")).stderr).toMatch(/^curfew: cannot run .*plugin: .*ENOENT\n/u);
    expect((await desk.curfew("kube", "login")).exitCode).toBe(3);
  });

  test.skipIf(skip)("401: the plugin runs again, the request is not repeated, exit 1", async () => {
    await gated();
    await writePlugin(desk.directory, "v1", '{"token":"bad"}');
    expect((await k("get", "--raw", "/version")).exitCode).toBe(1);
    expect(await desk.runs()).toBe(2);
    expect((await desk.state()).callers).toHaveLength(1);
  });

  test.skipIf(skip)("an expiry in the past: asked again within the command, and accepted", async () => {
    await gated();
    await writePlugin(desk.directory, "v1", '{"token":"good","expirationTimestamp":"2020-01-01T00:00:00Z"}');
    expect((await k("get", "pods")).exitCode).toBe(0);
    expect(await desk.runs()).toBeGreaterThan(1);
  });

  test.skipIf(skip)("parallel commands all pass and all count", async () => {
    await gated();
    const ended = await Promise.all(Array.from({ length: 6 }, () => k("get", "--raw", "/version")));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await desk.runs()).toBe(6);
    await writeFile((await desk.statePath()).replace(/json$/u, "lock"), "999999 1");
    expect((await k("get", "--raw", "/version")).exitCode).toBe(0);
  });

  test.skipIf(skip)(
    "a client-side dry run asks nobody; a token beside exec bypasses the gate, and install refuses it",
    async () => {
      await gated();
      expect((await k("create", "namespace", "x", "--dry-run=client")).exitCode).toBe(0);
      expect(await desk.runs()).toBe(0);
      expect((await k("config", "set-credentials", "dev", "--token=good")).exitCode).toBe(0);
      await rm(await desk.statePath().catch(() => `${desk.directory}/none`), { force: true });
      expect((await k("get", "pods")).exitCode).toBe(0);
      expect(await desk.runs()).toBe(0);
      const refused = await desk.curfew("kube", "install", "dev", "--idle", "15m");
      expect([refused.exitCode, refused.stderr]).toEqual([
        64,
        expect.stringMatching(/config:\d+:\d+: token of user dev bypasses any gate/u),
      ]);
      const audit = await desk.curfew("kube", "audit", "--json");
      expect(audit.stdout).toContain('"check":"kube-bypass"');
      expect(audit.exitCode).toBe(2);
    },
  );

  test.skipIf(skip)(
    "remove: byte for byte, and by its values once kubectl has rewritten the file",
    async () => {
      const before = await desk.config();
      await gated();
      expect((await desk.curfew("kube", "install", "dev", "--idle", "5m")).stdout).toContain("unchanged");
      expect((await desk.state()).idle).toBe(300);
      expect((await desk.curfew("kube", "remove", "dev")).exitCode).toBe(0);
      expect(await desk.config()).toBe(before);
      expect((await k("get", "pods")).exitCode).toBe(0);
      await gated();
      expect((await k("config", "set-context", "dev", "--namespace=default")).exitCode).toBe(0);
      expect((await k("get", "pods")).exitCode).toBe(0);
      expect((await desk.curfew("kube", "remove", "dev")).stdout).toContain("rewritten since");
      expect(await desk.config()).toMatch(/args:\n\s+- --flag\n\s+- two words\n\s+command: .\/plugin\n/u);
      expect((await k("get", "pods")).exitCode).toBe(0);
    },
  );

  test.skipIf(skip)("a watch goes on past the expiry; with --end-streams it is ended", async () => {
    // Long enough for a kubectl that starts on a busy machine: before it has asked, the session must not be over.
    const limit = `${Math.ceil(patient(3000) / 1000)}s`;
    await gated("--max", limit);
    const stop = new AbortController();
    const watching = desk.run(path, ["get", "pods", "-w"], { cancelSignal: stop.signal });
    await expect.poll(() => desk.cluster.streams(), { timeout: patient(5000) }).toBe(1);
    const later = async () => (await k("get", "--raw", "/version")).exitCode;
    await expect.poll(later, { timeout: patient(20_000) }).toBe(1);
    expect(desk.cluster.streams()).toBe(1);
    stop.abort();
    await watching;
    await desk.curfew("kube", "remove", "dev");
    await gated("--idle", limit, "--end-streams");
    const begin = performance.now();
    const ended = await desk.run(path, ["get", "pods", "-w"], { timeout: patient(30_000) });
    expect(ended.exitCode).not.toBe(0);
    expect(performance.now() - begin).toBeGreaterThan(2000);
    await expect.poll(() => desk.cluster.streams(), { timeout: patient(5000) }).toBe(0);
  });

  test.skipIf(skip)(
    "verify shows it: within answered, after refused, the stream ended; the session is kept",
    async () => {
      await gated("--idle", "15m", "--end-streams");
      const before = await desk.state();
      const verify = ["kube", "verify", "dev", "--scaled", "4", "--kubectl", path, "--json"];
      const shown = await desk.curfew(...verify);
      const { probes } = JSON.parse(shown.stdout) as { probes: { session: string; outcome: string }[] };
      expect(probes).toMatchObject([
        { session: "within", outcome: "pass" },
        { session: "after", outcome: "pass" },
        { session: "stream", outcome: "pass" },
      ]);
      expect([shown.exitCode, await desk.state()]).toEqual([0, before]);
      await writePlugin(desk.directory, "v1", '{"token":"bad"}');
      expect((await desk.curfew(...verify)).exitCode).toBe(3);
    },
  );
});
