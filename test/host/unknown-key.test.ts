/** A host key that is new is accepted as ssh does it; the system's own client is the judge. */
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { knownHostLine } from "../../src/core/sshd/known-host-line.ts";
import { acceptHostKey, unknownKeyIn } from "../../src/host/keys/unknown-key.ts";
import { connectTo, newKey, openBench, sshdUnavailable, type Bench } from "./sshd.ts";

const lacks = sshdUnavailable();

test("a hashed name is the one that ssh-keygen finds", () => {
  const key = "AAAAC3NzaC1lZDI1NTE5AAAAIBw0oSYbBmoQJdTjEn1nWUzdPyr3cIgS1cSCzY0CF1Yg";
  const line = knownHostLine({ name: "[web1]:2222", type: "ssh-ed25519", key }, Buffer.alloc(20, 7));
  expect(line).toMatch(/^\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}= ssh-ed25519 AAAA/u);
  expect(line).not.toContain("web1");
});

describe.skipIf(lacks !== null)(`unknown host keys${lacks === null ? "" : ` (${lacks})`}`, () => {
  let bench: Bench;
  beforeAll(() => {
    bench = openBench();
  });
  afterAll(() => bench.close());

  const failure = (name: string) =>
    connectTo(bench, name).then(
      () => undefined,
      (error: unknown) => error,
    );

  test.each([
    ["plain", "no"],
    ["hashed", "yes"],
  ])("an accepted key is written %s and known from then on", async (_, hash) => {
    const server = await bench.sshd({ known: false, config: "" });
    bench.configure(`Host new-${hash}\n HostName 127.0.0.1\n Port ${server.port}\n User root`);
    bench.configure(` UserKnownHostsFile ${bench.knownHosts}\n HashKnownHosts ${hash}`);
    // As an editor leaves it: the last line has no end.
    writeFileSync(bench.knownHosts, "# mine");
    const key = unknownKeyIn(await failure(`new-${hash}`));
    expect(key).toMatchObject({ type: "ssh-ed25519", file: bench.knownHosts, hashed: hash === "yes" });
    await acceptHostKey(key!);
    (await connectTo(bench, `new-${hash}`)).close();
    const name = `[127.0.0.1]:${server.port}`;
    expect(execFileSync("ssh-keygen", ["-F", name, "-f", bench.knownHosts], { encoding: "utf8" })).toContain(
      readFileSync(`${server.hostKey}.pub`, "utf8").split(" ")[1],
    );
    const lines = readFileSync(bench.knownHosts, "utf8").split("\n");
    expect(lines).toEqual(["# mine", expect.stringMatching(/ ssh-ed25519 \S+$/u), ""]);
    expect(lines[1]?.includes("127.0.0.1")).toBe(hash === "no");
  });

  test("a missing file and its directory are made for the user alone", async () => {
    const server = await bench.sshd({ known: false, config: "" });
    const file = join(bench.dir, "fresh/ssh/known_hosts");
    rmSync(join(bench.dir, "fresh"), { recursive: true, force: true });
    bench.configure(`Host fresh\n HostName 127.0.0.1\n Port ${server.port}\n UserKnownHostsFile ${file}`);
    const key = unknownKeyIn(await failure("fresh"));
    await acceptHostKey(key!);
    expect(execFileSync("stat", ["-c", "%a", file, join(bench.dir, "fresh/ssh")], { encoding: "utf8" })).toBe(
      "600\n700\n",
    );
  });

  test("where StrictHostKeyChecking is yes, nobody is asked", async () => {
    const server = await bench.sshd({ known: false, config: "" });
    bench.configure(`Host strict\n HostName 127.0.0.1\n Port ${server.port}\n StrictHostKeyChecking yes`);
    bench.configure(` UserKnownHostsFile ${bench.knownHosts}`);
    expect(unknownKeyIn(await failure("strict"))).toBeUndefined();
  });

  test("neither a changed key nor one beside others can be accepted", async () => {
    for (const type of ["ed25519", "ecdsa"]) {
      const server = await bench.sshd({ known: false });
      const old = newKey(join(bench.dir, `old-${type}`), "-t", type);
      appendFileSync(bench.knownHosts, `[127.0.0.1]:${server.port} ${old}\n`);
      const error = await failure(server.name);
      expect(error).toMatchObject({ code: "host-key" });
      expect(unknownKeyIn(error)).toBeUndefined();
    }
  });
});
