/** Scripts over a real sshd: what comes back, what is streamed, and what happens when it goes wrong. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectThrough } from "../../src/host/connect.ts";
import type { Connection } from "../../src/model/inventory/connection.ts";
import { connectTo, NEVER, openBench, output, sshdUnavailable, type Bench, type LocalSshd } from "./sshd.ts";
import { patient } from "../patience.ts";

/**
 * bash reads ~/.bashrc where sshd started it, unless it is a shell within another (shell.c, run_startup_files): what root of
 * this machine has in there, and what that says while two log in at once, is not what is tested.
 */
const NO_RC = "SetEnv SHLVL=1";
const lacks = sshdUnavailable();
const QUICK = { signal: NEVER, timeoutSeconds: patient(20) };
const KEEP = { ...QUICK, keepShell: true };

describe.skipIf(lacks !== null)(`scripts${lacks === null ? "" : ` (${lacks})`}`, () => {
  let bench: Bench;
  let server: LocalSshd;
  let connection: Connection;
  beforeAll(async () => {
    bench = openBench();
    server = await bench.sshd({ config: NO_RC });
    connection = await connectTo(bench, server.name);
  });
  afterAll(async () => {
    connection.close();
    await bench.close();
  });

  describe.each([
    ["a shell of its own", QUICK],
    ["a shell that is kept", KEEP],
  ])("in %s", (_, options) => {
    test.each([
      ["echo out; echo err >&2; exit 3", { stdout: "out\n", stderr: "err\n", exitCode: 3 }],
      ["true", { stdout: "", stderr: "", exitCode: 0 }],
      ["exit 0", { stdout: "", stderr: "", exitCode: 0 }],
      ["printf 'no newline'", { stdout: "no newline", stderr: "", exitCode: 0 }],
      ["printf '\\n\\n'", { stdout: "\n\n", stderr: "", exitCode: 0 }],
      ["f() { return 7; }\nf", { stdout: "", stderr: "", exitCode: 7 }],
      ["cat <<'x'\n$HOME `id`\nx", { stdout: "$HOME `id`\n", stderr: "", exitCode: 0 }],
      ["cat", { stdout: "", stderr: "", exitCode: 0 }],
      ["kill -KILL $$", { stdout: "", stderr: "", exitCode: null }],
      ["set -eu; false; echo not here", { stdout: "", stderr: "", exitCode: 1 }],
      ["printf '%s' \"$LC_ALL\"", { stdout: "C", stderr: "", exitCode: 0 }],
      ["head -c 100000 /dev/zero | tr '\\0' x", { stdout: "x".repeat(100_000), stderr: "", exitCode: 0 }],
    ])("%j", async (script, expected) => {
      const { stdout, ...rest } = await connection.runScript(script, options);
      expect({ stdout: stdout.toString(), ...rest }).toEqual(expected);
      expect(await output(connection, "echo on")).toBe("on\n");
    });
  });

  describe("with a shell that is kept", () => {
    let own: Connection;
    beforeAll(async () => (own = await connectTo(bench, server.name)));
    afterAll(() => own.close());
    const shellOf = async (options: typeof QUICK): Promise<string> =>
      (await own.runScript("echo $$", options)).stdout.toString();

    test("the next script runs in it, and after one that is not kept in another", async () => {
      const first = await shellOf(KEEP);
      expect(await shellOf(KEEP)).toBe(first);
      expect(await shellOf(QUICK)).toBe(first);
      expect(await shellOf(KEEP)).not.toBe(first);
    });

    test("none takes a script that is called off before it was handed over", async () => {
      const pid = await shellOf(KEEP);
      const mark = join(bench.dir, "called-off");
      const signal = AbortSignal.abort();
      await expect(own.runScript(`: > ${mark}`, { ...QUICK, signal })).rejects.toMatchObject({
        code: "interrupted",
      });
      await expect(own.startScript(`: > ${mark}`, { signal })).rejects.toMatchObject({ code: "interrupted" });
      expect(await shellOf(QUICK)).toBe(pid);
      expect(existsSync(mark)).toBe(false);
    });

    test("nothing of one script is left for the next", async () => {
      await own.runScript("left=over; trap 'echo trapped' EXIT; set -x; cd /; umask 0", { ...KEEP });
      const { stdout, stderr } = await own.runScript('echo "${left-}" "$(umask)"', QUICK);
      expect(stdout.toString()).not.toContain("over");
      expect(stdout.toString()).not.toContain("0000");
      expect(stderr).toBe("");
    });

    test("one that was killed meanwhile is not waited for", async () => {
      const pid = (await shellOf(KEEP)).trim();
      process.kill(Number(pid), "SIGKILL");
      await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
      await expect.poll(() => output(own, "echo on")).toBe("on\n");
    });

    test("one that is killed before it read the next script has run nothing of it", async () => {
      const pid = Number(await shellOf(KEEP));
      const mark = join(bench.dir, "killed");
      process.kill(pid, "SIGSTOP");
      const next = own.runScript(`: > ${mark}`, QUICK);
      process.kill(pid, "SIGKILL");
      expect(await next).toMatchObject({ exitCode: null, stderr: "" });
      expect(existsSync(mark)).toBe(false);
      expect(await output(own, "echo on")).toBe("on\n");
    });

    test("a script whose input is held open takes it too", async () => {
      const pid = await shellOf(KEEP);
      const running = await own.startScript("echo $$; cat", { signal: NEVER });
      running.write("hello\n");
      running.end();
      const { stdout, exitCode } = await running.ended;
      expect([stdout.toString(), exitCode]).toEqual([`${pid}hello\n`, 0]);
    });

    test("several at once get a shell each", async () => {
      await shellOf(KEEP);
      const pids = await Promise.all([shellOf(KEEP), shellOf(KEEP), shellOf(KEEP)]);
      expect(new Set(pids).size).toBe(3);
    });
  });

  test("a syntax error runs nothing and is the script's own failure", async () => {
    const mark = join(bench.dir, "syntax");
    const result = await connection.runScript(`: > ${mark}\nif then fi (`, QUICK);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/syntax error/iu);
    expect(existsSync(mark)).toBe(false);
  });

  test("bytes come back as they are, 8 MiB of them", async () => {
    const { stdout } = await connection.runScript("head -c 8388608 /dev/zero | tr '\\0' '\\377'", QUICK);
    expect(stdout.length).toBe(8_388_608);
    expect(stdout.every((byte) => byte === 255)).toBe(true);
  });

  test("more than 32 MiB is an error, and the connection goes on", async () => {
    await expect(connection.runScript("cat /dev/zero", QUICK)).rejects.toMatchObject({
      code: "remote",
      message: expect.stringMatching(/more than 32 MiB/u),
    });
    expect(await output(connection, "echo on")).toBe("on\n");
  });

  test("of a long standard error the end is kept", async () => {
    const script =
      "i=0; while [ $i -lt 3000 ]; do printf '%0500d\\n' $i >&2; i=$((i+1)); done; echo last >&2";
    const { stderr } = await connection.runScript(script, QUICK);
    expect(stderr.length).toBeLessThanOrEqual(256 * 1024);
    expect(stderr.endsWith("last\n")).toBe(true);
  });

  test("lines are told as they arrive", async () => {
    const seen: [string, number][] = [];
    const onLine = (line: string): void => void seen.push([line, performance.now()]);
    await connection.runScript("echo one; printf 't'; sleep 0.5; echo 'wö'; printf rest", {
      ...QUICK,
      onLine,
    });
    expect(seen.map(([line]) => line)).toEqual(["one", "twö"]);
    expect((seen[1]?.[1] ?? 0) - (seen[0]?.[1] ?? 0)).toBeGreaterThan(300);
  });

  test("a script much larger than the channel's window arrives whole", async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `: ${index} ${"x".repeat(60)}`);
    expect(await output(connection, `${lines.join("\n")}\necho end`)).toBe("end\n");
  });

  test("many at once on one connection do not mix", async () => {
    const results = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((n) => output(connection, `sleep 0.1; echo ${n}`)),
    );
    expect(results).toEqual(["1\n", "2\n", "3\n", "4\n", "5\n", "6\n"]);
  });

  test("more sessions than the host allows", async () => {
    const strict = await bench.sshd({ config: `${NO_RC}\nMaxSessions 1` });
    const own = await connectTo(bench, strict.name);
    const open = join(bench.dir, "open");
    const slow = own.runScript(`until [ -e ${open} ]; do sleep 0.1; done; echo done`, QUICK);
    await expect(own.runScript("echo second", QUICK)).rejects.toMatchObject({
      code: "remote",
      hint: expect.stringMatching(/MaxSessions/u),
    });
    writeFileSync(open, "");
    expect((await slow).stdout.toString()).toBe("done\n");
    own.close();
  });

  describe("that has to be given up", () => {
    let own: Connection;
    afterEach(() => own.close());

    test("after its time: the connection is closed", async () => {
      own = await connectTo(bench, server.name);
      const begin = performance.now();
      await expect(own.runScript("sleep 60", { signal: NEVER, timeoutSeconds: 0.5 })).rejects.toMatchObject({
        code: "timeout",
      });
      expect(performance.now() - begin).toBeLessThan(patient(3000));
      await own.closed;
      await expect(own.runScript("true", QUICK)).rejects.toMatchObject({ code: "unreachable" });
      await expect(own.openTerminal(NEVER)).rejects.toMatchObject({ code: "unreachable" });
    });

    test("on an abort: the connection stays", async () => {
      own = await connectTo(bench, server.name);
      const aborter = new AbortController();
      const run = own.runScript("sleep 20", { signal: aborter.signal, timeoutSeconds: patient(20) });
      setTimeout(() => aborter.abort(), 200);
      await expect(run).rejects.toMatchObject({ code: "interrupted" });
      expect(await output(own, "echo still")).toBe("still\n");
      await expect(
        own.runScript("true", { signal: aborter.signal, timeoutSeconds: 1 }),
      ).rejects.toMatchObject({ code: "interrupted" });
    });
  });

  describe("cut off", () => {
    /** A relay that passes only so many bytes on to the host, and soon after breaks both connections. */
    async function relay(limit: () => number): Promise<number> {
      const proxy = createServer((near) => {
        const far = connectTcp(server.port, "127.0.0.1");
        let passed = 0;
        near.on("data", (chunk: Buffer) => {
          far.write(chunk.subarray(0, Math.max(0, limit() - passed)));
          passed += chunk.length;
          // Not at once, so that what was passed on arrives.
          if (passed > limit()) setTimeout(() => far.end(() => near.destroy()), 300);
        });
        far.pipe(near);
        for (const socket of [near, far]) socket.on("error", () => undefined);
      }).listen(0, "127.0.0.1");
      await once(proxy, "listening");
      proxy.unref();
      return (proxy.address() as AddressInfo).port;
    }

    test("on the way there: not one command of it runs", async () => {
      let limit = Infinity;
      const port = await relay(() => limit);
      bench.configure(`Host cut\n HostName 127.0.0.1\n Port ${port}\n User root\n HostKeyAlias aliased`);
      bench.configure(` UserKnownHostsFile ${bench.dir}/aliased`);
      const hostKey = readFileSync(`${server.hostKey}.pub`, "utf8");
      writeFileSync(join(bench.dir, "aliased"), `aliased ${hostKey}`);
      const own = await connectTo(bench, "cut");
      limit = 60_000;
      const mark = join(bench.dir, "half");
      const filler = Array.from({ length: 3000 }, (_, index) => `: ${index} ${"x".repeat(60)}`).join("\n");
      await expect(own.runScript(`: > ${mark}\n${filler}\n`, QUICK)).rejects.toMatchObject({
        code: "unreachable",
        host: "cut",
        message: expect.stringMatching(/the connection was lost/u),
      });
      // What the host already has, it has by now; and some of the script it does have.
      await expect.poll(() => server.log()).toMatch(/Connection closed by 127|reset by/u);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(existsSync(mark)).toBe(false);
    });
  });

  describe("with standard input held open", () => {
    test("speaks with its caller and ends when told", async () => {
      const run = await connection.startScript(
        'echo ready; while read -r x; do echo "got $x"; done; exit 4',
        {
          signal: NEVER,
        },
      );
      // Written at once: nothing of it may be taken for more script.
      run.write("exit 99\n");
      run.write("two\n");
      run.end();
      const lines = [];
      for await (const line of run.lines) lines.push(line);
      expect(lines).toEqual(["ready", "got exit 99", "got two"]);
      expect(await run.ended).toMatchObject({ exitCode: 4 });
    });

    test("learns of the end of the connection by the end of its input", async () => {
      const own = await connectTo(bench, server.name);
      const mark = join(bench.dir, "cleaned");
      const run = await own.startScript(`echo ready; cat >/dev/null; : > ${mark}`, { signal: NEVER });
      const first = await run.lines[Symbol.asyncIterator]().next();
      expect(first.value).toBe("ready");
      own.close();
      expect(await run.ended).toMatchObject({ exitCode: null });
      await expect.poll(() => existsSync(mark)).toBe(true);
    });

    test("that ends by itself leaves what is written afterwards unread", async () => {
      const run = await connection.startScript("exit 5", { signal: NEVER });
      expect(await run.ended).toMatchObject({ exitCode: 5 });
      run.write("touch /nowhere/at/all\n");
      run.end();
      expect(await output(connection, "echo on")).toBe("on\n");
    });

    test("may print for ever: lines are told, and only the end is kept", async () => {
      const script = "i=0; while [ $i -lt 400 ]; do printf '%02000d\\n' $i; i=$((i+1)); done; echo last";
      const run = await connection.startScript(script, { signal: NEVER });
      const lines: string[] = [];
      for await (const line of run.lines) lines.push(line);
      expect(lines).toHaveLength(401);
      const { stdout } = await run.ended;
      expect(stdout.length).toBeLessThanOrEqual(256 * 1024);
      expect(stdout.toString().endsWith("last\n")).toBe(true);
    });

    test("whose lines nobody reads is ended before it fills the memory", async () => {
      const run = await connection.startScript("while :; do printf '%0100000d\\n' 1; done", {
        signal: NEVER,
      });
      expect(await run.ended).toMatchObject({ exitCode: null });
    });

    test("with a syntax error has ended", async () => {
      const run = await connection.startScript("if then", { signal: NEVER });
      expect(await run.ended).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/syntax/iu) });
    });

    test("on an abort", async () => {
      const aborter = new AbortController();
      const run = await connection.startScript("echo ready; sleep 30", { signal: aborter.signal });
      aborter.abort();
      expect(await run.ended).toMatchObject({ exitCode: null });
    });
  });

  test("a terminal: what was typed and printed, the exit code, and when it ended", async () => {
    const terminal = await connection.openTerminal(NEVER);
    const begin = performance.now();
    terminal.write("echo $((6*7)) $TERM; stty size; sleep 0.3; exit 9\n");
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: 9, signal: null, connectionLost: false });
    expect(end.at).toBeGreaterThan(begin + 250);
    expect(terminal.transcript()).toMatch(/42 xterm-256color[^]*24 80/u);
    expect(terminal.lastActivity()).toBeGreaterThanOrEqual(begin);
  });

  test("a terminal that is frozen no longer answers, and the drop is seen", async () => {
    const strict = await bench.sshd({ config: `${NO_RC}\nClientAliveInterval 1\nClientAliveCountMax 3` });
    const own = await connectTo(bench, strict.name, {}, { keepAlive: false });
    const terminal = await own.openTerminal(NEVER);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    // An idle client that answers is never dropped.
    expect(strict.log()).not.toMatch(/Timeout, client not responding/u);
    const begin = performance.now();
    terminal.freeze();
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: null, connectionLost: true });
    expect(end.at - begin).toBeGreaterThan(1000);
    expect(end.at - begin).toBeLessThan(patient(15_000));
    expect(strict.log()).toMatch(/Timeout, client not responding/u);
  });

  test("freezing works through another connection's stream as well", async () => {
    const strict = await bench.sshd({ config: `${NO_RC}\nClientAliveInterval 1\nClientAliveCountMax 1` });
    const [, hostKey = ""] = readFileSync(`${strict.hostKey}.pub`, "utf8").split(" ");
    const inner = await connectThrough(
      {
        stream: await connection.openLoopback(strict.port, NEVER),
        host: connection.host,
        user: "root",
        privateKey: readFileSync(bench.key, "utf8"),
        hostKeys: [hostKey],
      },
      { signal: NEVER, timeoutSeconds: patient(10) },
    );
    const terminal = await inner.openTerminal(NEVER);
    const begin = performance.now();
    terminal.freeze();
    expect(await terminal.ended).toMatchObject({ exitCode: null, connectionLost: true });
    expect(performance.now() - begin).toBeLessThan(patient(15_000));
    await inner.closed;
  });

  test("a channel that the server times out ends without a code, the connection stays", async () => {
    const strict = await bench.sshd({ config: `${NO_RC}\nChannelTimeout session:*=2s` });
    const own = await connectTo(bench, strict.name, {}, { keepAlive: false });
    const terminal = await own.openTerminal(NEVER);
    expect(await terminal.ended).toMatchObject({ exitCode: null, signal: null, connectionLost: false });
    expect(await output(own, "echo on")).toBe("on\n");
    own.close();
  });
});
