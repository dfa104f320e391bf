/** The shadow instance: where it can run, what it shows when everything is scaled, and that it never outlives its run. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { SSH_KINDS } from "../../src/model/terms/session-kind.ts";
import type { LabHost } from "../lab/host.ts";
import { CurfewError } from "../../src/model/terms/error.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { bySession, LOOK, looksLike, peopledHost, verify, type Target } from "./verify-host.ts";
import { patient } from "../patience.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const lacks = labUnavailable();
const ALL = ["idle-shell", "frozen-client", "typing"] as const;
const SHORT = {
  name: "lab",
  defaults: { client_idle_timeout: "5s" },
  roles: { bash: { groups: ["bashers"] } },
};
const LONG = {
  name: "lab",
  defaults: { client_idle_timeout: "10m" },
  roles: { bash: { groups: ["bashers"] } },
};
/** Leaves its parent, its terminal, its session and its environment. */
const RUNAWAY = "(setsid env -i sleep 98765 </dev/null >/dev/null 2>&1 &)\n";

/** Without logind and PAM's session numbers only ancestry, sockets and the environment tell what is ours. */
const BARE_LOOK =
  "ps -eo args= | grep -e curfew -e 'sshd: [a-z]' -e 98765 | grep -v grep; ls /run | grep -v motd | sort; ss -Htln | awk '{ print $4 }' | sort";

describe.skipIf(lacks !== null)(`the shadow instance${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let target: Target;
  beforeAll(async () => {
    lab = await openLab();
    // What is in the machine's own may be another run's.
    process.env["TMPDIR"] = lab.dir;
    host = await lab.host(peopledHost("trixie"));
    target = { name: host.name, sshConfig: lab.sshConfigPath };
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    await host.exec("rm -f /etc/profile.d/10-* /etc/ssh/sshd_config.d/*; rm -f /home/bea/.bash_profile");
    await host.writeFile("/etc/zsh/zshrc", "");
  });

  test("works where forwarding is forbidden, an address is configured, and logins need a second factor", async () => {
    await limit(5);
    await configure(
      "DisableForwarding yes\nListenAddress 0.0.0.0\nAuthenticationMethods publickey,password publickey\n",
    );
    const verification = await verify(target, SHORT, { sessions: ["idle-shell"], roles: ["bash"] });
    expect(verification.error).toBeUndefined();
    expect(verification.probes).toMatchObject([{ user: "bea", via: "shadow", outcome: "pass", by: "TMOUT" }]);
  });

  test("what a Match block forbids is unknown with the reason, never a pass", async () => {
    await limit(5);
    await configure(
      "Match User bea\n  ForceCommand /bin/true\nMatch User zoe\n  AuthorizedKeysFile /etc/keys/%u\n",
    );
    const roles = {
      bash: { groups: ["bashers"] },
      zsh: { groups: ["zshers"] },
      none: { groups: ["locked"] },
      ghosts: { groups: ["ghosts"] },
    };
    const verification = await verify(
      target,
      { ...SHORT, roles },
      { sessions: ["idle-shell"], roles: Object.keys(roles) },
    );
    const idle = bySession(verification, "idle-shell");
    expect(idle["bash bea shadow"]).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("ForceCommand"),
    });
    expect(idle["zsh zoe shadow"]).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("AuthorizedKeysFile"),
    });
    expect(verification.findings).toMatchObject([
      { role: "ghosts", outcome: "pass", actual: `no account on ${host.name} is in role ghosts` },
      { role: "none", outcome: "unknown", actual: expect.stringContaining("its shell is /usr/sbin/nologin") },
    ]);
  });

  test("who comes in from outside in another way, or with keys of their own kind, is unknown", async () => {
    await limit(5);
    await configure("Match Address *,!127.0.0.1 User bea\n  SetEnv TMOUT=0\n");
    const zoe = "/home/zoe/.ssh/authorized_keys";
    const key = (await host.readFile("/root/.ssh/authorized_keys")).trim();
    await host.exec("mkdir -p /home/zoe/.ssh");
    await host.writeFile(zoe, `# mine\n${key}\nno-pty,command="sleep 9, \\"10" ${key}\n`);
    try {
      const roles = {
        bash: { groups: ["bashers"] },
        zsh: { groups: ["zshers"] },
        tcsh: { groups: ["tcshers"] },
      };
      const options = { sessions: ["idle-shell"], roles: Object.keys(roles) } as const;
      const idle = bySession(await verify(target, { ...SHORT, roles }, options), "idle-shell");
      expect(idle["bash bea shadow"]).toMatchObject({
        outcome: "unknown",
        reason: expect.stringContaining("from outside differently (setenv)"),
      });
      expect(idle["zsh zoe shadow"]).toMatchObject({
        outcome: "unknown",
        reason: "a key of zoe's own has command= in authorized_keys: its sessions are others",
      });
      expect(idle["tcsh tim shadow"]?.reason).not.toMatch(/outside|own/u);
    } finally {
      await host.exec(`rm -r /home/zoe/.ssh`);
    }
  });

  test("a login that goes on in tmux, as the STIGs ask for, is a session like any other", async () => {
    const tmux = 'if [ "$PS1" ] && [ -z "$TMUX" ]; then exec tmux; fi\n';
    await host.writeFile("/etc/profile.d/90-tmux.sh", tmux);
    await host.writeFile("/etc/tmux.conf", "set -g lock-after-time 900\nset -g status off\n");
    await host.writeFile("/etc/bash.bashrc", "case $- in *i*) readonly TMOUT=6 ;; esac\n");
    try {
      const options = { sessions: ["idle-shell"], roles: ["bash"] } as const;
      const { probes } = await verify(target, { ...SHORT, defaults: { client_idle_timeout: "6s" } }, options);
      expect(probes).toMatchObject([{ user: "bea", outcome: "pass" }]);
    } finally {
      await host.exec("rm /etc/profile.d/90-tmux.sh /etc/tmux.conf; : > /etc/bash.bashrc");
    }
  });

  test("a limit for the first prompt only, which bash reads before PROMPT_COMMAND takes it away: fails", async () => {
    const text = `case $- in *i*) TMOUT=5; PROMPT_COMMAND="unset TMOUT" ;; esac\n`;
    await host.writeFile("/etc/profile.d/10-limit.sh", text);
    const { probes } = await verify(target, SHORT, {
      sessions: ["idle-shell", "frozen-client"],
      roles: ["bash"],
    });
    expect(probes.map(({ session, outcome, by }) => `${session} ${outcome} ${by}`)).toEqual([
      "idle-shell fail none",
      "frozen-client fail none",
      "frozen-client fail none",
    ]);
  });

  test("what sshd refuses, and what Match asks for: the instance comes up, or says why it does not", async () => {
    await limit(5);
    await configure("Match LocalPort 2222\n  PermitTTY no\nMatch Address 192.0.2.0/24\n  PermitTTY no\n");
    const options = { sessions: ["idle-shell"], roles: ["bash"] } as const;
    expect((await verify(target, SHORT, options)).probes).toMatchObject([{ via: "shadow", outcome: "pass" }]);
    // Nobody reloads: the host's own daemon goes on as it was.
    await host.writeFile("/etc/ssh/sshd_config.d/20-lab.conf", "Nonsense yes\n");
    try {
      for (let tries = 0; tries < 3; tries++) {
        const { probes } = await verify(target, SHORT, options);
        expect(probes.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual([
          expect.stringMatching(
            /^unknown .*sshd refuses the host's configuration: .*20-lab\.conf: line 1: Bad/u,
          ),
        ]);
      }
    } finally {
      await host.exec("rm /etc/ssh/sshd_config.d/20-lab.conf");
    }
  });

  test("scaled: the host's own values in proportion, wrong ones fail, and /etc is untouched", async () => {
    await host.writeFile(
      "/etc/profile.d/10-a.sh",
      "case $(id -un) in bea) readonly TMOUT=300 ;; *) TMOUT=900 ;; esac\n",
    );
    await host.writeFile("/etc/zsh/zshrc", "TMOUT=480\n");
    await configure("ClientAliveInterval 60\nClientAliveCountMax 2\n");
    const policy = {
      name: "lab",
      defaults: { client_idle_timeout: "10m", unresponsive_timeout: "3m" },
      roles: {
        bash: { groups: ["bashers"], client_idle_timeout: "5m" },
        zsh: { groups: ["zshers"], client_idle_timeout: "5m" },
        tcsh: { groups: ["tcshers"] },
      },
    };
    const etc = await host.etcDigest();
    const verification = await verify(target, policy, { sessions: ALL, scaled: 20 });
    expect(await host.etcDigest()).toEqual(etc);
    const idle = bySession(verification, "idle-shell");
    expect(idle["bash bea shadow"]).toMatchObject({
      outcome: "pass",
      by: "TMOUT",
      scaled: 20,
      withinSeconds: 10,
    });
    expect(idle["zsh zoe shadow"]).toMatchObject({ outcome: "fail", withinSeconds: 10 });
    expect(idle["default ops shadow"]).toMatchObject({ outcome: "fail", withinSeconds: 20 });
    // tcsh heeds no TMOUT, and nothing sets its autologout: what is known to end nothing excuses nothing.
    expect(idle["tcsh tim shadow"]).toMatchObject({
      outcome: "fail",
      reason: expect.stringContaining("not for tim's tcsh"),
    });
    expect(verification.probes.every(({ via }) => via === "shadow")).toBe(true);
    for (const frozen of Object.values(bySession(verification, "frozen-client"))) {
      expect(frozen, frozen.reason).toMatchObject({ outcome: "pass", by: "ClientAlive", withinSeconds: 6 });
    }
  });

  test("a client is silent in two ways: stopped, it still acknowledges; without a network, it does not", async () => {
    await configure("ClientAliveInterval 4\nClientAliveCountMax 2\n");
    const policy = { ...SHORT, defaults: { client_idle_timeout: "13s" } };
    const waiting: Promise<string>[] = [];
    const unacknowledged = async (): Promise<string> => {
      // What sshd sent to its own loopback and nobody acknowledged: those are being sent again (ss(8), timer:on).
      const sentAgain = async (): Promise<string> =>
        (await host.exec("ss -Htno state established '( src 127.0.0.1 )' | grep -c 'timer:(on,'")).stdout;
      await expect.poll(sentAgain, { timeout: patient(20_000), interval: 200 }).not.toBe("0\n");
      // By now sshd has asked both of them.
      await new Promise((resolve) => setTimeout(resolve, 4000));
      return sentAgain();
    };
    const options = { sessions: ["frozen-client"], roles: ["bash"] } as const;
    const { probes } = await verify(target, policy, options, ({ type }) => {
      if (type === "probe-started" && waiting.length === 0) waiting.push(unacknowledged());
    });
    expect(await Promise.all(waiting)).toEqual(["1\n"]);
    expect(probes.map(({ variant, outcome, by }) => `${variant} ${outcome} ${by}`)).toEqual([
      "stopped pass ClientAlive",
      "network-gone pass ClientAlive",
    ]);
    for (const { reason } of probes) expect(reason).toMatch(/\((?:client process stopped|network gone)\)$/u);
  });

  test("without perl and python the network cannot go: the stopped client decides, and it is said", async () => {
    await limit(5);
    await host.exec("for each in perl python3; do p=$(command -v $each) && mv $p $p.away; done; true");
    try {
      const options = { sessions: ["frozen-client"], roles: ["bash"] } as const;
      const { probes, findings } = await verify(target, SHORT, options);
      expect(probes).toMatchObject([{ variant: "stopped", outcome: "pass", by: "TMOUT" }]);
      const remark = findings.find(({ subject }) => subject === "network-gone");
      expect(remark).toMatchObject({ outcome: "pass", actual: expect.stringContaining("neither perl nor") });
    } finally {
      await host.exec("for each in /usr/bin/*.away; do mv $each ${each%.away}; done");
    }
  });

  test("the ssh that people use opens one shell, with a key that is gone at once", async () => {
    await limit(6);
    // Others on this machine, tests too, have theirs in the folder for all.
    const own = await mkdtemp(join(tmpdir(), "curfew-verify-"));
    vi.stubEnv("TMPDIR", own);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(own, { recursive: true, force: true });
    });
    const seen: Promise<{ readonly processes: string; readonly files: string[] }>[] = [];
    const glance = async (): Promise<{ processes: string; files: string[] }> => {
      const { stdout } = await execa("ps", ["-eo", "pid=,args="]);
      const ours = stdout.split("\n").filter((line) => worksIn(line.trim().split(" ", 1)[0] ?? "", own));
      const processes = ours.map((line) => line.replace(/^ *\d+ /u, "")).join("\n");
      return { processes, files: readdirSync(own) };
    };
    const options = { sessions: ["idle-shell"], roles: ["bash", "zsh"] } as const;
    const roles = { bash: { groups: ["bashers"] }, zsh: { groups: ["zshers"] } };
    // Another session may begin while this login is still under way and needs its key.
    const { probes } = await verify(target, { ...SHORT, roles }, options, (event) => {
      if (event.type === "probe-started" && event.user === "bea") seen.push(glance());
    });
    expect(probes.map(({ user, client }) => `${user} ${client}`)).toEqual(["bea ssh", "zoe ssh2"]);
    expect(probes[0]).toMatchObject({ outcome: "pass", by: "TMOUT", via: "shadow" });
    expect(probes[0]?.clientSaw).toMatch(/timed out waiting for input[^]*Connection to 127\.0\.0\.1 closed/u);
    const glances = await Promise.all(seen);
    expect(glances).toHaveLength(1);
    expect(glances.some(({ processes }) => /^ssh -F none -tt -l bea /mu.test(processes))).toBe(true);
    expect(glances.flatMap(({ files }) => files)).toEqual([]);
    expect((await glance()).processes).not.toMatch(/^ssh -F none -tt -l bea /mu);
  });

  test("where no ssh is installed the library does it, and that is said", async () => {
    await limit(5);
    const options = { sessions: ["idle-shell"], roles: ["bash"] } as const;
    const { probes } = await verify({ ...target, path: "/nonexistent" }, SHORT, options);
    expect(probes).toMatchObject([
      { outcome: "pass", client: "ssh2", reason: expect.stringContaining("no ssh client is installed") },
    ]);
  });

  test("people exempt from everything are kept, whatever they do", async () => {
    await host.writeFile("/etc/profile.d/10-a.sh", "case $(id -un) in bea) ;; *) TMOUT=5 ;; esac\n");
    const exemption = {
      name: "backup",
      users: ["bea", "root"],
      justification: "x",
      owner: "y",
      expires: "2027-01-31",
    };
    const policy = { ...SHORT, roles: { bash: { groups: ["bashers"] } }, exemptions: [exemption] };
    const verification = await verify(target, policy, { sessions: SSH_KINDS });
    expect(bySession(verification, "idle-shell")).toMatchObject({
      "bash bea shadow": { expect: "kept", outcome: "pass" },
      "default root live": { expect: "kept", outcome: "fail", by: "TMOUT" },
      "default ops shadow": { expect: "dropped", outcome: "pass", by: "TMOUT" },
    });
    const kept = verification.probes.filter(({ user }) => user === "bea");
    expect(kept.map(({ session }) => session).toSorted()).toEqual([...SSH_KINDS, "frozen-client"].toSorted());
    for (const probe of kept) {
      expect(probe, `${probe.session}: ${probe.reason}`).toMatchObject({ expect: "kept", outcome: "pass" });
    }
  });

  test("people exempt from a part are dropped by the rest, and by nothing else", async () => {
    await limit(5);
    const policy = (controls: string[]): object => {
      const exemption = { name: "part", users: ["bea"], controls, justification: "x", owner: "y" };
      return { ...SHORT, exemptions: [{ ...exemption, expires: "2027-01-31" }] };
    };
    const options = { sessions: ["idle-shell"], roles: ["bash"] } as const;
    const rest = await verify(target, policy(["sshd"]), options);
    expect(rest.probes).toMatchObject([{ user: "bea", expect: "dropped", outcome: "pass", by: "TMOUT" }]);
    const wrong = await verify(target, policy(["shell-timeout"]), options);
    expect(wrong.probes).toMatchObject([
      { outcome: "fail", by: "TMOUT", reason: expect.stringContaining("bea is exempt from shell-timeout") },
    ]);
  });

  test("nothing remains of a session that is over, not even what ran away from it", async () => {
    await limit(5);
    await host.writeFile("/home/bea/.bash_profile", RUNAWAY);
    const before = await look();
    const options = { sessions: ["idle-shell", "typing"], roles: ["bash"] } as const;
    const verification = await verify(target, SHORT, options);
    expect(verification.probes).toMatchObject([{ by: "TMOUT" }, { outcome: "pass" }]);
    expect(await looksLike(host, before)).toBe(before);
  });

  test("nothing remains when the controller is killed, not even what ran away from its session", async () => {
    await host.writeFile("/home/bea/.bash_profile", RUNAWAY);
    const before = await look();
    const controller = await waitingController();
    expect((await host.exec("pgrep -f 'sleep 98765' && ls -d /run/curfew-shadow-*")).exitCode).toBe(0);
    controller.kill("SIGKILL");
    expect(await looksLike(host, before)).toBe(before);
  });

  test.each([
    ["the supervising script", "cat /run/curfew-shadow-*/supervisor"],
    ["the guard", "pgrep -f 'guard.sh launch'"],
    ["both", "cat /run/curfew-shadow-*/supervisor; pgrep -f 'guard.sh launch'"],
  ])("nothing remains when %s is killed", async (_, pids) => {
    await host.writeFile("/home/bea/.bash_profile", RUNAWAY);
    const before = await look();
    const controller = await waitingController();
    await host.exec(`kill -9 $(${pids})`);
    const ended = once(controller, "exit");
    expect(
      (
        await host.exec(
          "for i in $(seq 300); do [ -e /run/curfew-shadow-* ] || break; sleep 0.2; done; ls /run | grep curfew",
        )
      ).stdout,
    ).toBe("");
    controller.kill("SIGKILL");
    await ended;
    expect(await looksLike(host, before)).toBe(before);
  });

  test("what a kill left before there was a guard goes when the next instance begins", async () => {
    const before = await look();
    await host.exec(`cd /run && mkdir curfew-shadow-dead curfew-shadow-young && touch curfew-shadow-dead.error
      echo 4194303 >curfew-shadow-dead/supervisor && touch -d '5 minutes ago' curfew-shadow-dead`);
    const controller = await waitingController();
    expect((await host.exec("cd /run; ls -d curfew-shadow-dead* curfew-shadow-young")).stdout).toBe(
      "curfew-shadow-young\n",
    );
    await host.exec("rmdir /run/curfew-shadow-young");
    controller.kill("SIGKILL");
    expect(await looksLike(host, before)).toBe(before);
  });

  test(
    "nothing remains a minute after the network went away without a word",
    { timeout: patient(150_000) },
    async () => {
      const before = await look();
      const controller = await waitingController();
      await host.linkDown();
      controller.kill("SIGKILL");
      try {
        await new Promise((resolve) => setTimeout(resolve, 30_000));
        expect((await host.exec("ls /run | grep -c curfew-shadow")).stdout).toBe("1\n");
        const gone =
          "for i in $(seq 60); do ls /run | grep -q curfew || break; sleep 0.5; done; ls /run | grep curfew; pgrep -f curfew-shadow";
        expect((await host.exec(gone, { timeoutSeconds: 60 })).stdout).toBe("");
      } finally {
        await host.linkUp();
      }
      // The killed connection itself belongs to the host's sshd, which has not noticed yet.
      await host.exec("pkill -f 'sshd-session: root'");
      expect(await looksLike(host, before)).toBe(before);
    },
  );

  test("an interrupt ends the run at once and leaves nothing", async () => {
    const before = await look();
    const interrupt = new AbortController();
    let started = 0;
    const begun = performance.now();
    const verification = await verify(
      target,
      LONG,
      { sessions: ["idle-shell"] },
      ({ type }) => {
        if (type === "probe-started" && ++started === 3)
          interrupt.abort(new CurfewError("interrupted", "interrupted"));
      },
      interrupt.signal,
    );
    expect(performance.now() - begun).toBeLessThan(patient(40_000));
    expect(verification.probes.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual(
      Array.from({ length: 3 }, () => "unknown interrupted"),
    );
    expect(await looksLike(host, before)).toBe(before);
  });

  test("without a service manager", async () => {
    const bare = await lab.host({ ...peopledHost("bookworm"), init: "none" });
    try {
      await bare.writeFile("/etc/profile.d/10-limit.sh", "case $- in *i*) readonly TMOUT=5 ;; esac\n");
      await bare.writeFile(
        "/home/bea/.bash_profile",
        `${RUNAWAY.replace("env -i ", "")}. /etc/profile.d/10-limit.sh\n`,
      );
      const before = (await bare.exec(BARE_LOOK)).stdout;
      const at = { name: bare.name, sshConfig: lab.sshConfigPath };
      const verification = await verify(at, SHORT, { sessions: ["idle-shell", "frozen-client"] });
      expect(verification.error).toBeUndefined();
      for (const probe of verification.probes)
        expect(probe, probe.reason).toMatchObject({ outcome: "pass", by: "TMOUT" });
      expect(verification.probes.filter(({ via }) => via === "shadow")).toHaveLength(6);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect((await bare.exec(BARE_LOOK)).stdout).toBe(before);
    } finally {
      await bare.stop();
    }
  });

  async function limit(seconds: number): Promise<void> {
    await host.writeFile("/etc/profile.d/10-limit.sh", `case $- in *i*) readonly TMOUT=${seconds} ;; esac\n`);
  }

  async function configure(text: string): Promise<void> {
    await host.writeFile("/etc/ssh/sshd_config.d/10-lab.conf", text);
    const { stderr, exitCode } = await host.exec(`sshd -t && ${RELOAD_SSHD}`);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  }

  async function look(): Promise<string> {
    await host.exec(`${RELOAD_SSHD}; touch /tmp/before; sleep 1.1`);
    return (await host.exec(LOOK)).stdout;
  }

  /** A controller in a process of its own, once both its sessions wait. */
  async function waitingController(): Promise<ChildProcess> {
    const script = join(import.meta.dirname, "verify-killed.ts");
    const child = spawn(process.execPath, [script, JSON.stringify([target]), JSON.stringify(LONG)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const chunk of child.stdout) if (String(chunk).includes("waiting 3")) return child;
    throw new Error("the controller ended before its sessions waited");
  }
});

/** Whether a process has its working directory there; one that is gone has not. */
function worksIn(pid: string, directory: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`);
  } catch {
    return false;
  }
}
