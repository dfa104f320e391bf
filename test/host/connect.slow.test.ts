/** Logging in to a real sshd: host keys, keys, algorithms, ways to get there, and what the errors say. */
import { spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { userInfo } from "node:os";
import { join, relative } from "node:path";
import { getEventListeners, once } from "node:events";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createConnect, connectThrough } from "../../src/host/connect.ts";
import {
  connectTo,
  hostNamed,
  NEVER,
  newKey,
  openBench,
  output,
  sshdUnavailable,
  type Bench,
  type LocalSshd,
} from "./sshd.ts";
import { patient } from "../patience.ts";

const lacks = sshdUnavailable();
const fails = (code: string, message: RegExp, hint?: RegExp) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message),
    ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }),
  });

describe.skipIf(lacks !== null)(`a real sshd${lacks === null ? "" : ` (${lacks})`}`, () => {
  let bench: Bench;
  let server: LocalSshd;
  beforeAll(async () => {
    bench = openBench();
    server = await bench.sshd();
  });
  afterAll(() => bench.close());

  test("lets us in with the inventory's key, and says who it is", async () => {
    const connection = await connectTo(bench, server.name);
    expect(connection.user).toBe("root");
    expect(connection.serverIdent).toMatch(/^SSH-2\.0-OpenSSH_\d/u);
    expect(await output(connection, "id -u")).toBe("0\n");
    connection.close();
    await connection.closed;
  });

  test("does not make the host prove all its keys, as the library would", async () => {
    const talkative = await bench.sshd({ config: "LogLevel DEBUG1" });
    const connection = await connectTo(bench, talkative.name);
    await output(connection, "true");
    connection.close();
    await connection.closed;
    expect(talkative.log()).toMatch(/Accepted publickey/u);
    expect(talkative.log()).not.toMatch(/hostkeys-prove/u);
  });

  test("a terminal tells the server to go on as often as ssh does", async () => {
    const talkative = await bench.sshd({ config: "LogLevel DEBUG2" });
    const adjustments = (): number => talkative.log().match(/channel \d+: rcvd adjust \d+/gu)?.length ?? 0;
    // Not all at once: whoever is behind takes it in larger pieces.
    const print = "for i in 1 2 3 4 5 6 7 8; do head -c 60000 /dev/zero | tr '\\0' x; sleep 0.2; done; exit";
    await execa("ssh", ["-F", bench.sshConfig, "-i", bench.key, "-tt", talkative.name, print], {
      stdin: "ignore",
    });
    const bySsh = adjustments();
    expect(bySsh).toBeGreaterThan(6);
    const connection = await connectTo(bench, talkative.name);
    const terminal = await connection.openTerminal(NEVER);
    terminal.write(`${print}\r`);
    await terminal.ended;
    connection.close();
    await connection.closed;
    expect(Math.abs(adjustments() - 2 * bySsh)).toBeLessThan(4);
  });

  test("a bare login is answered, as often as it asks, and opens nothing after it", async () => {
    const connection = await connectTo(bench, server.name);
    await connection.noMoreSessions(NEVER);
    await connection.noMoreSessions(NEVER);
    await expect(connection.openCommand(":", NEVER)).rejects.toEqual(fails("unreachable", /was lost/u));
    await connection.closed;
    await expect(connection.noMoreSessions(NEVER)).rejects.toEqual(fails("unreachable", /was lost/u));
    const other = await connectTo(bench, server.name);
    await expect(other.noMoreSessions(AbortSignal.abort())).rejects.toEqual(
      fails("interrupted", /interrupted/u),
    );
    other.close();
  });

  test("a hundred logins leave no listener, no descriptor and no warning behind", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    const { signal } = new AbortController();
    const host = hostNamed(server.name, { identityFile: bench.key });
    const environment = { PATH: process.env["PATH"], HOME: "/nonexistent" };
    const connect = await createConnect({ hosts: [host], sshConfig: bench.sshConfig, environment, signal });
    const visit = async (): Promise<void> => {
      const connection = await connect(host, { signal, timeoutSeconds: 30 });
      await connection.runScript("true", { signal, timeoutSeconds: 30 });
      connection.close();
      await connection.closed;
    };
    await visit();
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 20; round++) await Promise.all([visit(), visit(), visit(), visit(), visit()]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await expect.poll(() => readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before + 2);
    expect(warnings).toEqual([]);
    process.off("warning", note);
  });

  describe("host keys", () => {
    const fingerprintOf = (path: string): string =>
      spawnSync("ssh-keygen", ["-lf", path], { encoding: "utf8" }).stdout.split(" ")[1] ?? "";

    test("an unknown one is an error with its fingerprint and what to do", async () => {
      const stranger = await bench.sshd({ known: false, config: "" });
      const shown = fingerprintOf(stranger.hostKey).replaceAll("+", "\\+");
      await expect(connectTo(bench, stranger.name)).rejects.toEqual(
        fails(
          "host-key",
          new RegExp(`not known: it presents ssh-ed25519 ${shown}`, "u"),
          /ssh -p \d+ local/u,
        ),
      );
    });

    test("neither StrictHostKeyChecking no nor accept-new loosens that", async () => {
      const stranger = await bench.sshd({ known: false });
      for (const value of ["no", "accept-new"]) {
        bench.configure(`Host loose-${value}\n HostName 127.0.0.1\n Port ${stranger.port}\n User root`);
        bench.configure(` StrictHostKeyChecking ${value}\n UserKnownHostsFile ${bench.knownHosts}`);
        await expect(connectTo(bench, `loose-${value}`)).rejects.toEqual(fails("host-key", /is not known/u));
      }
    });

    test("a changed one names both fingerprints and the line of the old", async () => {
      const changed = await bench.sshd({ known: false });
      const old = newKey(join(bench.dir, "old-host-key"));
      appendFileSync(bench.knownHosts, `[127.0.0.1]:${changed.port} ${old}\n`);
      const line = readFileSync(bench.knownHosts, "utf8").trim().split("\n").length;
      const error = await connectTo(bench, changed.name).catch((caught: unknown) => caught);
      expect(error).toEqual(
        fails("host-key", /CHANGED/u, /'ssh-keygen' '-f' .* '-R' '\[127\.0\.0\.1\]:\d+'/u),
      );
      const { message } = error as Error;
      expect(message).toContain(fingerprintOf(changed.hostKey));
      expect(message).toContain(fingerprintOf(join(bench.dir, "old-host-key")));
      expect(message).toContain(`${bench.knownHosts}:${line}`);
    });

    test("a revoked one is refused", async () => {
      const revoked = await bench.sshd();
      appendFileSync(bench.knownHosts, `@revoked * ${readFileSync(`${revoked.hostKey}.pub`, "utf8")}`);
      await expect(connectTo(bench, revoked.name)).rejects.toEqual(
        fails("host-key", /known_hosts:\d+ revokes/u),
      );
    });

    test("a host known only by a less wanted type of key is asked for that one", async () => {
      const second = join(bench.dir, "second_host_key");
      const rsa = newKey(second, "-t", "rsa", "-b", "2048");
      const both = await bench.sshd({ known: false, config: `HostKey ${second}` });
      appendFileSync(bench.knownHosts, `[127.0.0.1]:${both.port} ${rsa}\n`);
      const connection = await connectTo(bench, both.name);
      expect(both.log()).toContain("Accepted publickey");
      connection.close();
    });

    test("an unknown key beside a certificate authority says that those are not checked", async () => {
      const certified = await bench.sshd({ known: false });
      const ca = newKey(join(bench.dir, "ca"));
      appendFileSync(bench.knownHosts, `@cert-authority [127.0.0.1]:${certified.port} ${ca}\n`);
      await expect(connectTo(bench, certified.name)).rejects.toEqual(
        fails("host-key", /is a certificate authority for it, and curfew cannot check/u),
      );
    });
  });

  describe("keys", () => {
    test("a wrong one: its fingerprint and path, and one connection only", async () => {
      const fresh = await bench.sshd();
      const wrong = join(bench.dir, "wrong");
      newKey(wrong);
      await expect(connectTo(bench, fresh.name, { identityFile: wrong })).rejects.toEqual(
        fails("auth", /lets root in with none of the keys SHA256:\S+ \(.*wrong\)/u, /authorized_keys/u),
      );
      expect(fresh.log().match(/Connection from/gu)).toHaveLength(1);
    });

    test("one that is named below the account's home is found there, wherever HOME is; a missing one is said", async () => {
      const environment = { PATH: process.env["PATH"], HOME: bench.dir };
      const account = userInfo().homedir;
      const named = `~/${relative(account, bench.key)}`;
      const connection = await connectTo(bench, server.name, { identityFile: named }, { environment });
      expect(connection.user).toBe("root");
      connection.close();
      const missing = { identityFile: "~/no-such-key" };
      await expect(connectTo(bench, server.name, missing, { environment })).rejects.toEqual(
        fails("auth", new RegExp(`not used: ${account}/no-such-key: there is no such file`, "u")),
      );
    });

    test("an encrypted one is passed over with the reason, and used through an agent", async () => {
      const locked = join(bench.dir, "locked");
      newKey(locked);
      appendFileSync(join(bench.dir, "authorized_keys"), readFileSync(`${locked}.pub`));
      const open = join(bench.dir, "unlocked");
      writeFileSync(open, readFileSync(locked), { mode: 0o600 });
      spawnSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "s3cret-phrase", "-f", locked]);
      await expect(connectTo(bench, server.name, { identityFile: locked })).rejects.toEqual(
        fails(
          "auth",
          /there is no key to log in with.*locked: it is encrypted, and the agent does not hold it/u,
        ),
      );
      const agent = await startAgent(bench, open);
      const environment = { PATH: process.env["PATH"], HOME: "/nonexistent", SSH_AUTH_SOCK: agent.socket };
      bench.configure(`Host only-named\n HostName 127.0.0.1\n Port ${server.port}\n User root`);
      bench.configure(` IdentitiesOnly yes\n UserKnownHostsFile ${bench.knownHosts}`);
      const connection = await connectTo(bench, "only-named", { identityFile: locked }, { environment });
      expect(await output(connection, "echo in")).toBe("in\n");
      connection.close();
      // IdentitiesOnly: what the agent holds counts only where a file names it.
      const other = join(bench.dir, "other");
      newKey(other);
      await expect(connectTo(bench, "only-named", { identityFile: other }, { environment })).rejects.toEqual(
        fails("auth", /none of the keys SHA256:\S+ \(\S+other\)$/u),
      );
      agent.stop();
    });

    test("an agent that does not answer is named, and the file is used", async () => {
      const environment = {
        PATH: process.env["PATH"],
        HOME: "/nonexistent",
        SSH_AUTH_SOCK: join(bench.dir, "none"),
      };
      const connection = await connectTo(bench, server.name, {}, { environment });
      connection.close();
      const wrong = join(bench.dir, "wrong2");
      newKey(wrong);
      await expect(connectTo(bench, server.name, { identityFile: wrong }, { environment })).rejects.toEqual(
        fails("auth", /not used: the agent at \S+ does not answer/u),
      );
    });

    test("one that others can read is passed over, as ssh does", async () => {
      const open = join(bench.dir, "readable");
      newKey(open);
      spawnSync("chmod", ["644", open]);
      await expect(connectTo(bench, server.name, { identityFile: open })).rejects.toEqual(
        fails("auth", /readable: others can read it/u),
      );
    });

    test("certificates and FIDO keys are named as what is missing", async () => {
      const wrong = join(bench.dir, "wrong3");
      const ca = join(bench.dir, "user-ca");
      newKey(wrong);
      newKey(ca);
      spawnSync("ssh-keygen", ["-q", "-s", ca, "-I", "me", "-n", "root", `${wrong}.pub`]);
      const fido =
        "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=";
      writeFileSync(join(bench.dir, "id_sk"), `sk-ssh-ed25519@openssh.com ${fido} me\n`);
      bench.configure(`Host beyond\n HostName 127.0.0.1\n Port ${server.port}\n User root`);
      bench.configure(` UserKnownHostsFile ${bench.knownHosts}\n CertificateFile ${wrong}-cert.pub`);
      bench.configure(` IdentityFile ${join(bench.dir, "id_sk")}`);
      await expect(connectTo(bench, "beyond", { identityFile: wrong })).rejects.toEqual(
        fails(
          "unsupported",
          /cannot use \S+id_sk \(a FIDO key, sk-ssh-ed25519@openssh\.com\), \S+-cert\.pub \(a cert/u,
        ),
      );
    });

    test.each([
      [
        "AuthenticationMethods publickey,password",
        "auth",
        /accepts root's key SHA256:\S+ \(.*\) but demands password/u,
      ],
      [
        "AuthenticationMethods password\nPermitRootLogin yes",
        "auth",
        /does not accept keys from root, only password/u,
      ],
      [
        "GSSAPIAuthentication yes\nAuthenticationMethods gssapi-with-mic",
        "unsupported",
        /does not accept keys from root, only gssapi-with-mic/u,
      ],
      ["MaxAuthTries 1\nPubkeyAuthentication no", "auth", /does not accept keys|too many/iu],
    ])("a host with %j", async (config, code, message) => {
      const strict = await bench.sshd({ config });
      await expect(connectTo(bench, strict.name)).rejects.toEqual(fails(code, message));
    });

    test("more keys than the host has patience for", async () => {
      const impatient = await bench.sshd({ config: "MaxAuthTries 2" });
      bench.configure(`Host many\n HostName 127.0.0.1\n Port ${impatient.port}\n User root`);
      bench.configure(` UserKnownHostsFile ${bench.knownHosts}`);
      for (let index = 0; index < 4; index++) {
        newKey(join(bench.dir, `many${index}`));
        bench.configure(` IdentityFile ${join(bench.dir, `many${index}`)}`);
      }
      await expect(connectTo(bench, "many", { identityFile: join(bench.dir, "many0") })).rejects.toEqual(
        fails("auth", /too many authentication failures/iu, /IdentitiesOnly/u),
      );
    });
  });

  describe("algorithms", () => {
    test.each([
      [
        "KexAlgorithms sntrup761x25519-sha512@openssh.com",
        /only key exchange sntrup761x25519-sha512@openssh\.com,/u,
      ],
      ["Ciphers aes256-cbc", /only cipher aes256-cbc/u],
      ["Ciphers aes128-ctr\nMACs umac-64@openssh.com", /only MAC umac-64@openssh\.com/u],
    ])("a host with only %j is told from one that is down", async (config, message) => {
      const strict = await bench.sshd({ config });
      await expect(connectTo(bench, strict.name)).rejects.toEqual(
        fails("unsupported", message, /let the host also/u),
      );
    });

    test("a host with nothing but a host certificate", async () => {
      const key = join(bench.dir, "certified");
      newKey(key);
      spawnSync("ssh-keygen", ["-q", "-s", join(bench.dir, "ca2"), "-h", "-I", "h", `${key}.pub`]);
      newKey(join(bench.dir, "ca2"));
      spawnSync("ssh-keygen", ["-q", "-s", join(bench.dir, "ca2"), "-h", "-I", "h", `${key}.pub`]);
      const config = `HostCertificate ${key}-cert.pub\nHostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com`;
      const strict = await bench.sshd({ config, hostKey: key });
      await expect(connectTo(bench, strict.name)).rejects.toEqual(
        fails("unsupported", /only host key algorithm ssh-ed25519-cert-v01@openssh\.com/u),
      );
    });

    test("an ssh_config that leaves nothing we have", async () => {
      bench.configure(
        `Host narrow\n HostName 127.0.0.1\n Port ${server.port}\n KexAlgorithms sntrup761x25519-sha512@openssh.com`,
      );
      await expect(connectTo(bench, "narrow")).rejects.toEqual(
        fails("unsupported", /ssh_config allows narrow only/u),
      );
    });
  });

  describe("ways there", () => {
    test("through two jump hosts, each with its own host key check", async () => {
      const [one, two, end] = [await bench.sshd(), await bench.sshd(), await bench.sshd()];
      bench.configure(`Host behind\n HostName 127.0.0.1\n Port ${end.port}\n User root`);
      bench.configure(` UserKnownHostsFile ${bench.knownHosts}\n ProxyJump ${one.name},root@${two.name}`);
      bench.configure(`Host local*\n IdentityFile ${bench.key}`);
      const connection = await connectTo(bench, "behind");
      expect(await output(connection, "echo $SSH_CONNECTION")).toMatch(new RegExp(` ${end.port}\n$`, "u"));
      expect(one.log()).toContain("Accepted publickey");
      expect(two.log()).toContain("Accepted publickey");
      connection.close();
      await connection.closed;
      await expect.poll(() => one.log()).toMatch(/Received disconnect|Connection closed|Disconnected from/u);
    });

    test("a jump host with an unknown key is refused by name", async () => {
      const stranger = await bench.sshd({ known: false });
      bench.configure(`Host behind-stranger\n HostName 127.0.0.1\n Port ${server.port}\n User root`);
      bench.configure(` UserKnownHostsFile ${bench.knownHosts}\n ProxyJump ${stranger.name}`);
      await expect(connectTo(bench, "behind-stranger")).rejects.toEqual(
        fails("host-key", /^at the jump host local\d+: the host key of .* is not known/u),
      );
    });

    test("jumping in a circle ends", async () => {
      bench.configure("Host circle-a\n ProxyJump circle-b\nHost circle-b\n ProxyJump circle-a");
      await expect(connectTo(bench, "circle-a")).rejects.toEqual(fails("input", /more than 8 jump hosts/u));
    });

    test("through a ProxyCommand, which ends with the connection", async () => {
      const pidFile = join(bench.dir, "proxy.pid");
      const proxy = join(bench.dir, "proxy.mjs");
      writeFileSync(
        proxy,
        `import { connect } from "node:net"; import { writeFileSync } from "node:fs";
         writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
         const [, , host, port] = process.argv; const socket = connect(Number(port), host);
         process.stdin.pipe(socket); socket.pipe(process.stdout);`,
      );
      bench.configure(`Host proxied\n HostName 127.0.0.1\n Port ${server.port}\n User root`);
      bench.configure(
        ` UserKnownHostsFile ${bench.knownHosts}\n ProxyCommand ${process.execPath} ${proxy} %h %p`,
      );
      const connection = await connectTo(bench, "proxied");
      expect(await output(connection, "echo through")).toBe("through\n");
      const pid = Number(readFileSync(pidFile, "utf8"));
      expect(() => process.kill(pid, 0)).not.toThrow();
      connection.close();
      await connection.closed;
      await expect.poll(() => isRunning(pid)).toBe(false);
    });

    test("a ProxyCommand that fails: its own words", async () => {
      bench.configure("Host badly-proxied\n ProxyCommand sh -c 'echo no way to %h >&2; exit 1'");
      await expect(connectTo(bench, "badly-proxied")).rejects.toEqual(
        fails("unreachable", /no way to badly-proxied/u),
      );
    });

    test("through a given stream with a one-time key and known host keys", async () => {
      const outer = await connectTo(bench, server.name);
      const stream = await outer.openLoopback(server.port, NEVER);
      const [, hostKey = ""] = readFileSync(`${server.hostKey}.pub`, "utf8").split(" ");
      const login = { stream, host: outer.host, user: "root", privateKey: readFileSync(bench.key, "utf8") };
      const options = { signal: NEVER, timeoutSeconds: patient(10) };
      const inner = await connectThrough({ ...login, hostKeys: [hostKey] }, options);
      expect(await output(inner, "echo inside")).toBe("inside\n");
      inner.close();
      await inner.closed;
      const second = await outer.openLoopback(server.port, NEVER);
      await expect(connectThrough({ ...login, stream: second, hostKeys: ["AAAA"] }, options)).rejects.toEqual(
        fails("host-key", /is none of the host's own keys/u),
      );
      outer.close();
    });
  });

  test("forwarding that the host prohibits is `unsupported`, a port nobody listens on is not", async () => {
    const strict = await bench.sshd({ config: "AllowTcpForwarding no" });
    const connection = await connectTo(bench, strict.name);
    await expect(connection.openLoopback(server.port, NEVER)).rejects.toEqual(
      fails("unsupported", /prohibits/u),
    );
    connection.close();
    const open = await connectTo(bench, server.name);
    await expect(open.openLoopback(1, NEVER)).rejects.toEqual(fails("remote", /nothing answers/u));
    open.close();
  });

  test("MaxStartups: the connection that is turned away says so or ends early, and is `unreachable`", async () => {
    const busy = await bench.sshd({ config: "MaxStartups 1" });
    const { connect } = await import("node:net");
    const idle = connect(busy.port, "127.0.0.1");
    await once(idle, "data");
    await expect(connectTo(bench, busy.name)).rejects.toEqual(
      fails("unreachable", /too many logins at once|before saying anything/u, /MaxStartups/u),
    );
    idle.destroy();
  });

  test("the deadline and an abort end a login that hangs", async () => {
    const mute = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as { port: number };
    bench.configure(`Host mute\n HostName 127.0.0.1\n Port ${port}`);
    await expect(connectTo(bench, "mute", {}, { timeoutSeconds: 0.3 })).rejects.toEqual(
      fails("unreachable", /not complete within 0\.3 s/u),
    );
    const signal = AbortSignal.timeout(200);
    await expect(connectTo(bench, "mute", {}, { signal })).rejects.toEqual(
      fails("interrupted", /interrupted/u),
    );
    mute.close();
  });
});

describe("something that is no SSH server", () => {
  let server: Server;
  const open = new Set<Socket>();
  afterEach(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  test.each([
    ["Exceeded MaxStartups\r\n", /too many logins at once/u, /MaxStartups/u],
    ["Not allowed at this time\r\n", /being punished for failed logins/u, /PerSourcePenalties/u],
    [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      /answered "HTTP\/1\.1 400 Bad Request": there is no SSH server/u,
      /port/u,
    ],
    ["\u001b[2J\u0007", /answered "\\u\{1b\}\[2J\\u\{7\}"/u, /port/u],
    ["", /closed the connection before saying anything/u, /port/u],
    ["SSH-1.5-old\r\n", /broke off/u, /log/u],
    [`SSH-2.0-x\r\n${"\u0000".repeat(40)}`, /broke off/u, /log/u],
  ])("that says %j", async (words, message, hint) => {
    server = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.end(words, "latin1");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const host = hostNamed("127.0.0.1", { port, user: "root" });
    const environment = { PATH: process.env["PATH"], HOME: "/nonexistent" };
    const connect = await createConnect({ hosts: [host], environment, signal: NEVER });
    await expect(connect(host, { signal: NEVER, timeoutSeconds: 5 })).rejects.toEqual(
      fails("unreachable", message, hint),
    );
  });
});

async function startAgent(bench: Bench, key: string): Promise<{ socket: string; stop: () => void }> {
  const socket = join(bench.dir, "agent.sock");
  const child = execa("ssh-agent", ["-D", "-a", socket], { buffer: false, reject: false });
  const env = { SSH_AUTH_SOCK: socket };
  await expect
    .poll(() => spawnSync("ssh-add", ["-q", key], { env: { ...process.env, ...env } }).status)
    .toBe(0);
  // The agent must be the only one who has it.
  renameSync(key, `${key}.away`);
  return { socket, stop: () => child.kill() };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
