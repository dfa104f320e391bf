/** The scripts that verify runs on hosts, and the parts of it that need no host. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { remoteScript } from "../../src/template/remote-script.ts";
import { makeProbeKey } from "../../src/host/keys/probe-key.ts";

const WORD = "x'y z";
const SCRIPTS: Readonly<Record<string, Parameters<typeof remoteScript>[1]>> = {
  shadow: {
    token: "0",
    sshd: WORD,
    deadline: "1",
    launch: WORD,
    guard: WORD,
    clean: WORD,
    keys: [WORD, WORD],
    files: [],
  },
  "shadow-launch": {
    token: "0",
    sshd: WORD,
    main: "",
    ports: ["1", "2"],
    listener: "",
    outside: WORD,
    accounts: [WORD, WORD],
    options: [WORD, WORD],
  },
  "shadow-guard": { token: "0" },
  "shadow-clean": { token: "0" },
  "probe-facts": { accounts: [WORD, WORD], minutes: "/x" },
  "shadow-relay": {},
  "watch-sessions": {},
};
const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

describe.each(Object.entries(SCRIPTS))("%s", (name, values) => {
  test("is a POSIX shell script with any values", () => {
    const { status, stderr } = spawnSync("sh", ["-n"], {
      input: remoteScript(name, values),
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test.skipIf(!hasShellcheck)("has nothing that shellcheck warns about", () => {
    const directory = mkdtempSync(join(tmpdir(), "curfew-scripts-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, `${name}.sh`);
    writeFileSync(file, remoteScript(name, values));
    const { stdout } = spawnSync("shellcheck", ["-S", "warning", "-s", "sh", file], { encoding: "utf8" });
    expect(stdout).toBe("");
  });
});

test("ssh-keygen reads the one-time key and finds the same fingerprint", () => {
  const { privateKey, publicLine, fingerprint } = makeProbeKey();
  const directory = mkdtempSync(join(tmpdir(), "curfew-key-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "key"), privateKey, { mode: 0o600 });
  const derived = spawnSync("ssh-keygen", ["-y", "-P", "", "-f", join(directory, "key")], {
    encoding: "utf8",
  });
  expect(derived.stdout.trim()).toBe(publicLine);
  const listed = spawnSync("ssh-keygen", ["-lf", "-"], { input: publicLine, encoding: "utf8" });
  expect(listed.stdout).toContain(`${fingerprint} `);
});

describe.skipIf(process.getuid?.() !== 0)("the watch over sessions", () => {
  const token = () => randomBytes(16).toString("hex");
  const program = (mark: string, ...command: [string, ...string[]]) => {
    const [file, ...args] = command;
    return spawn(file, args, { env: { PATH: "/usr/bin:/bin", CURFEW_PROBE: mark }, stdio: "ignore" });
  };

  test("names and ends the programs of a probe, and no others", async () => {
    const [mine, other] = [token(), token()];
    // Deaf to everything but KILL.
    const deaf = program(mine, "sh", "-c", "trap '' HUP TERM; while :; do sleep 0.2; done");
    const stranger = program(other, "sleep", "30");
    const gone = once(deaf, "exit");
    const watch = execa("sh", ["-c", remoteScript("watch-sessions", {})], { reject: false });
    watch.stdin.write(`programs ${mine}\nreap ${mine}\nreap ../x\n`);
    const seen: string[] = [];
    for await (const line of watch) {
      seen.push(line);
      if (line === `reaped ${mine}`) watch.stdin.end();
    }
    expect(seen).toEqual(expect.arrayContaining([`program ${mine} sh`, `listed ${mine}`, `reaped ${mine}`]));
    expect((await gone)[1]).toBe("SIGKILL");
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
  });

  test("ends what it was asked about when its controller is gone", async () => {
    const mine = token();
    const orphan = program(mine, "sleep", "30");
    const gone = once(orphan, "exit");
    const watch = execa("sh", ["-c", remoteScript("watch-sessions", {})], { reject: false });
    watch.stdin.end(`programs ${mine}\n`);
    expect((await gone)[1]).toBe("SIGHUP");
    await watch;
  });
});

const relayIn = (program: string): string =>
  remoteScript("shadow-relay", {}).replace(program === "perl" ? "-v python3" : "-v perl", "-v missing");

describe.each(["perl", "python3"])("the relay in %s", (program) => {
  const missing = spawnSync(program, ["--version"]).status !== 0;
  test.skipIf(missing)("carries every byte both ways, and says what it cannot reach", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, index) => index % 256));
    const relay = execa("sh", ["-c", relayIn(program)], { reject: false });
    relay.stdin.write(`open a ${port}\nopen b 1\n`);
    for (let at = 0; at < bytes.length; at += 16_384)
      relay.stdin.write(`data a ${bytes.toString("hex", at, at + 16_384)}\n`);
    let received = "";
    const seen: string[] = [];
    for await (const line of relay) {
      const [word, id, hex] = line.split(" ");
      if (word === "data") received += hex ?? "";
      else seen.push(`${word} ${id ?? ""}`.trim());
      if (received.length === bytes.length * 2 && seen.includes("closed b")) relay.stdin.end();
    }
    expect(seen).toEqual(expect.arrayContaining(["ready", "opened a", "closed b"]));
    expect(received).toBe(bytes.toString("hex"));
    await new Promise((resolve) => server.close(resolve));
  });

  // Newer kernels want CAP_NET_ADMIN for the filter.
  test.skipIf(missing || process.getuid?.() !== 0)(
    "lets a network go, and lets the end through",
    async () => {
      const peers: Socket[] = [];
      const server = createServer((socket) => peers.push(socket)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const relay = execa("sh", ["-c", relayIn(program)], { reject: false });
      relay.stdin.write(`open a ${port}\nopen b ${port}\n`);
      const seen: string[] = [];
      for await (const line of relay) {
        seen.push(line);
        if (line === "opened b") relay.stdin.write("cut a\n");
        // Its other stream is as it was: the end of this look.
        if (line.startsWith("data b")) relay.stdin.end();
        if (line !== "cut a") continue;
        // What goes into the cut one is neither carried nor acknowledged.
        await expect.poll(() => peers.length).toBe(2);
        peers[0]?.write("word");
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await unacknowledged(port)).toBe("word".length);
        relay.stdin.write("data a ff\nclose a\n");
        await once(peers[0]?.resume() ?? server, "end");
        expect(peers.map(({ bytesRead }) => bytesRead)).toEqual([0, 0]);
        peers[1]?.write("word");
      }
      expect(seen.filter((line) => line.startsWith("data"))).toEqual(["data b 776f7264"]);
      for (const peer of peers) peer.destroy();
      server.close();
    },
  );
});

/** Bytes that the server sent and nobody acknowledged (proc(5), /proc/net/tcp: tx_queue). */
async function unacknowledged(port: number): Promise<number> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = (await readFile("/proc/net/tcp", "utf8"))
    .split("\n")
    .map((line) => line.trim().split(/\s+/u));
  const queues = lines.filter(([, from, , state]) => from === local && state === "01").map((line) => line[4]);
  return queues.reduce((sum, queue = "") => sum + Number.parseInt(queue, 16), 0);
}
