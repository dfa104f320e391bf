/** Real timeouts, real failed logins, and lines that somebody forged, on every release: what an audit makes of them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession, type OpenSession } from "../controls/ssh-session.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { quote } from "../lab/provision.ts";
import { patient } from "../patience.ts";
import { documentOf, openDesk, outcomes, RELEASES, type Desk } from "./curfew.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const POLICY = `
name: misuse
controls: [watchdog]
defaults: {client_idle_timeout: 15m}
roles:
  watched: {users: [wanda], client_idle_timeout: 20s}
failed_logins_after_timeout: {look_back: 1h}
`;
const NEWER = "ChannelTimeout session:*=15s\nUnusedConnectionTimeout 4s\n";
const SETTINGS: Readonly<Record<(typeof RELEASES)[number], string>> = {
  bullseye: "",
  bookworm: NEWER,
  trixie: `${NEWER}PerSourcePenalties no\n`,
  sid: `${NEWER}PerSourcePenalties no\n`,
};
const USERS = ["wanda", "carl", "uma", "unus", "chan", "chad", "dora", "bob"];

interface Found {
  readonly check: string;
  readonly subject?: string;
  readonly outcome: string;
  readonly actual: string;
  readonly level?: string;
  readonly counts?: object;
}

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`failed logins after timeouts${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let desk: Desk;
  let hosts: LabHost[];
  let audited: any;
  const open: OpenSession[] = [];

  beforeAll(async () => {
    lab = await openLab();
    hosts = await Promise.all(
      RELEASES.map((release) =>
        lab.host({
          release,
          users: USERS.map((name) => ({ name, password: `right ${name}` })),
          files: {
            "/etc/ssh/sshd_config.d/00-misuse.conf": `LogLevel VERBOSE\n${SETTINGS[release]}Match User carl,uma,chan\nClientAliveInterval 2\nClientAliveCountMax 1\n`,
          },
        }),
      ),
    );
    desk = await openDesk(lab, hosts, POLICY);
    await writeFile(join(lab.dir, "wrong"), "#!/bin/sh\necho wrong\n", { mode: 0o755 });
    const applied = await desk.run(["apply", "--yes", "--json"]);
    expect(Object.values(outcomes(applied)), applied.stderr).toEqual(RELEASES.map(() => "confirmed"));
    await Promise.all(hosts.map(misuse));
  }, patient(240_000));
  afterAll(async () => {
    await Promise.all(open.map((session) => session.close()));
    await lab?.close();
  });

  async function misuse(host: LabHost): Promise<void> {
    const misused = [watched(host), frozen(host), unused(host), idle(host)];
    await Promise.all([...misused, mistyped(host), agent(host), forged(host)]);
  }

  /** With a terminal, its output goes on: ChannelTimeout takes that for activity, the watchdog does not. */
  async function enter(host: LabHost, user: string, tty = true): Promise<OpenSession> {
    const command = tty ? "echo rea''dy; while sleep 2; do echo; done" : "echo ready; exec sleep 600";
    const session = await openSession({ config: lab.sshConfigPath, host: host.name, user, command, tty });
    open.push(session);
    return session;
  }

  /** Three wrong passwords in one connection from here, or as many as are said. */
  async function wrong(host: LabHost, user: string, prompts = 3): Promise<void> {
    const env = { SSH_ASKPASS: join(lab.dir, "wrong"), SSH_ASKPASS_REQUIRE: "force", DISPLAY: ":0" };
    const options = `BatchMode=no PubkeyAuthentication=no NumberOfPasswordPrompts=${prompts}`.split(" ");
    const argv = ["-F", lab.sshConfigPath, ...options.flatMap((option) => ["-o", option])];
    await execa("ssh", [...argv, `${user}@${host.name}`, "true"], { reject: false, env, stdin: "ignore" });
  }

  /** The same from the host itself: another address. */
  async function wrongInside(host: LabHost, user: string): Promise<void> {
    const said = await host.exec(
      `printf '#!/bin/sh\\necho wrong\\n' >/tmp/wrong; chmod 755 /tmp/wrong; DISPLAY=:0 SSH_ASKPASS_REQUIRE=force SSH_ASKPASS=/tmp/wrong setsid ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no ${user}@127.0.0.1 true </dev/null`,
      { timeoutSeconds: 60 },
    );
    expect(said.stderr).toContain("Permission denied");
  }

  /** The watchdog ends it; then six wrong passwords from where the session was. */
  async function watched(host: LabHost): Promise<void> {
    const session = await enter(host, "wanda");
    await session.ended;
    await wrong(host, "wanda");
    await wrong(host, "wanda");
  }

  /** Its client stops answering; then six wrong passwords from elsewhere. */
  async function frozen(host: LabHost): Promise<void> {
    const session = await enter(host, "carl", false);
    session.freeze();
    await logged(host, "client not responding from user carl");
    await wrongInside(host, "carl");
    await wrongInside(host, "carl");
  }

  /** A connection without a session, until UnusedConnectionTimeout ends it. */
  async function connection(host: LabHost, user: string): Promise<void> {
    const argv = ["-F", lab.sshConfigPath, "-N", `${user}@${host.name}`];
    await execa("ssh", argv, { reject: false, stdin: "ignore" });
  }

  /** Nobody used it; then six wrong passwords from elsewhere. Debian 11 has no such timeout. */
  async function unused(host: LabHost): Promise<void> {
    if (host.release === "bullseye") return;
    await connection(host, "unus");
    await wrongInside(host, "unus");
    await wrongInside(host, "unus");
  }

  /** ChannelTimeout; then six wrong passwords from where the session was. Debian 11 has no such timeout. */
  async function idle(host: LabHost): Promise<void> {
    if (host.release === "bullseye") return;
    const session = await enter(host, "chad", false);
    await session.ended;
    await wrong(host, "chad");
    await wrong(host, "chad");
  }

  /** A timeout, a password mistyped twice, and then the right key. */
  async function mistyped(host: LabHost): Promise<void> {
    if (host.release === "bullseye") {
      const session = await enter(host, "uma", false);
      session.freeze();
      await logged(host, "client not responding from user uma");
    } else await connection(host, "uma");
    await wrong(host, "uma", 1);
    await wrong(host, "uma", 1);
    await enter(host, "uma", false);
  }

  /** ChannelTimeout; then an agent offers five keys, twice, and none of them is right. */
  async function agent(host: LabHost): Promise<void> {
    const session = await enter(host, "chan", false);
    if (host.release === "bullseye") session.freeze();
    else await session.ended;
    await logged(
      host,
      host.release === "bullseye" ? "client not responding from user chan" : "Close session: user chan",
    );
    const keys = await Promise.all(
      [1, 2, 3, 4, 5].map(async (number) => {
        const path = join(lab.dir, `${host.name}-${number}`);
        await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
        return `IdentityFile=${path}`;
      }),
    );
    const known = [
      `UserKnownHostsFile=${lab.knownHostsPath}`,
      "IdentitiesOnly=yes",
      "BatchMode=yes",
      ...keys,
    ];
    const argv = [
      "-F",
      "/dev/null",
      ...known.flatMap((option) => ["-o", option]),
      `chan@${host.address}`,
      "true",
    ];
    for (let times = 0; times < 2; times += 1) await execa("ssh", argv, { reject: false, stdin: "ignore" });
  }

  /** bob makes up a timeout of dora's and her failed logins; root does so with logger(1); and a name is an address. */
  async function forged(host: LabHost): Promise<void> {
    const from = "from 10.9.9.9 port 22";
    const lines = [
      "Timeout, client not responding from user dora 10.9.9.9 port 22",
      ...[1, 2, 3, 4, 5, 6].map((port) => `Failed password for dora ${from}${port} ssh2`),
      ...[1, 2, 3, 4, 5, 6].map(
        (port) => `Connection closed by authenticating user dora 10.9.9.9 port 22${port} [preauth]`,
      ),
      `ended the session of "dora" on pts/1 from 10.9.9.9: no input for 90 s, limit 20 s, role "watched"`,
      `Session 3 of user dora is idle, stopping.`,
    ];
    const tags = ["sshd", "sshd-session", "curfew-watchdog", "systemd-logind"];
    const all = tags.flatMap((tag) => lines.map((line) => `logger -t ${tag} -p auth.info -- ${quote(line)}`));
    const script = [
      "cp /usr/bin/logger /tmp/bob-sshd",
      ...all,
      ...all.map((line) => line.replace("logger", "/tmp/bob-sshd -i")),
    ];
    const said = await host.exec(`su bob -s /bin/sh -c ${quote(script.join("\n"))}`);
    expect([said.exitCode, said.stderr]).toEqual([0, ""]);
    const byRoot = lines.slice(0, 13).map((line) => `logger -i -t sshd -p auth.info -- ${quote(line)}`);
    await host.exec(byRoot.join("\n"));
    await wrong(host, `dora from 10.9.9.9 port 1`, 1);
  }

  /** Waits for a line of the log. */
  async function logged(host: LabHost, text: string): Promise<void> {
    const script = `n=0; until journalctl -q --no-pager -o cat | grep -qF ${quote(text)}; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.2; done`;
    expect((await host.exec(script, { timeoutSeconds: 90 })).exitCode, `${host.name}: ${text}`).toBe(0);
  }

  const findingsOf = (document: any, host: LabHost): Found[] =>
    document.hosts
      .find((each: any) => each.host === host.name)
      .findings.filter(({ check }: Found) => check === "failed-logins-after-timeout");

  test(
    "who tried passwords after a timeout is found, with counts and level; nobody else is",
    async () => {
      audited = documentOf(await desk.run(["audit", "--json"]));
      for (const host of hosts) {
        const found = findingsOf(audited, host);
        const failed = found.filter(({ outcome }) => outcome === "fail");
        const older = host.release === "bullseye";
        const expected = {
          carl: /^high: 6 failed logins in 2 connections from another address \(127\.0\.0\.1\), .* after ClientAlive had /u,
          ...(older ? {} : { chad: /^medium: 6 .* after ChannelTimeout had ended the session$/u }),
          ...(older ? {} : { unus: /^high: 6 .* after UnusedConnectionTimeout had /u }),
          wanda:
            /^medium: 6 failed logins in 2 connections from the address of the session \(10\.77\.0\.1\), from \d+s to \d+s after watchdog had ended the session$/u,
        };
        const users = failed.map(({ subject }) => subject?.replace(/, timeout of .*/u, ""));
        expect(users.toSorted(), host.name).toEqual(Object.keys(expected));
        for (const [user, actual] of Object.entries(expected)) {
          const one = failed.find(({ subject }) => subject?.startsWith(user));
          const level = actual.source.slice(1).split(":")[0];
          expect(one, host.name).toMatchObject({
            actual: expect.stringMatching(actual),
            level,
            counts: { attempts: 6, connections: 2, addresses: 1 },
          });
        }
        // Everything that ended a session here was seen.
        expect(
          found.filter(({ outcome }) => outcome === "unknown"),
          host.name,
        ).toEqual([]);
      }
    },
    patient(60_000),
  );

  test(
    "the next audit tells nothing anew, and one that sshd hides timeouts from says what to set",
    async () => {
      const [first] = hosts.slice(1);
      if (first === undefined) throw new Error("there is no host");
      await first.exec(`sed -i 's/VERBOSE/INFO/' /etc/ssh/sshd_config.d/00-misuse.conf; ${RELOAD_SSHD}`);
      const before = findingsOf(audited, first).filter(({ outcome }) => outcome === "fail");
      const found = findingsOf(documentOf(await desk.run(["audit", "--json"])), first);
      expect(found.filter(({ outcome }) => outcome === "fail")).toEqual(before);
      const unknown = found.filter(({ outcome }) => outcome === "unknown");
      expect(unknown).toMatchObject([
        { subject: "ChannelTimeout", actual: expect.stringContaining("set LogLevel VERBOSE") },
      ]);
    },
    patient(60_000),
  );
});
