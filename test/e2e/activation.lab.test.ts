/**
 * However a host starts its sshd, a change is taken up and taken back by what runs at that moment, sessions in
 * progress live on, and whatever somebody does to sshd meanwhile, a new login works afterwards.
 */
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { remoteScript } from "../../src/template/remote-script.ts";
import type { HostSpec, LabHost } from "../lab/host.ts";
import { patient } from "../patience.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { canLogIn, type Desk, documentOf, etcDifferences, eventsIn, openDesk, outcomes } from "./curfew.ts";

const POLICY = `
name: activation
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
`;
const WITHIN = 6;
const APPLY = ["apply", "--yes", "--json", "--confirm-within", `${WITHIN}s`];

/** A unit of the host's own, and what systemctl enable or disable would do to the others. */
interface Units {
  readonly files?: Readonly<Record<string, string>>;
  readonly enabled: Readonly<Record<string, string>>;
}

const SOCKET = "/etc/systemd/system/sockets.target.wants/ssh.socket";
const DEBIAN_SOCKET: Units = { enabled: { [SOCKET]: "/usr/lib/systemd/system/ssh.socket" } };

/** Ubuntu 24.04's socket, with what its generator makes of `Port` and `ListenAddress`. */
const UBUNTU_SOCKET: Units = {
  files: {
    "/etc/systemd/system/ssh.socket": `[Unit]
Description=OpenBSD Secure Shell server socket
Before=sockets.target ssh.service
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
[Socket]
ListenStream=22
Accept=no
FreeBind=yes
[Install]
WantedBy=sockets.target
RequiredBy=ssh.service
`,
    "/etc/systemd/system/ssh.socket.d/addresses.conf":
      "[Socket]\nListenStream=\nListenStream=0.0.0.0:22\nListenStream=[::]:22\nListenStream=0.0.0.0:2222\nBindIPv6Only=ipv6-only\n",
    "/etc/ssh/sshd_config.d/50-port.conf": "Port 22\nPort 2222\n",
  },
  enabled: {
    [SOCKET]: "/etc/systemd/system/ssh.socket",
    "/etc/systemd/system/ssh.service.requires/ssh.socket": "/etc/systemd/system/ssh.socket",
  },
};

/** Whose service would end all sessions with itself, which PAM moves nowhere. */
const DEADLY_SOCKET: Units = {
  files: {
    "/etc/systemd/system/ssh.service.d/kill.conf": "[Service]\nKillMode=control-group\n",
    "/etc/ssh/sshd_config.d/50-pam.conf": "UsePAM no\n",
  },
  enabled: DEBIAN_SOCKET.enabled,
};

/** An sshd for each connection, under Red Hat's names. */
const PER_CONNECTION: Units = {
  files: {
    "/etc/systemd/system/sshd.socket":
      "[Unit]\nConflicts=ssh.service\n[Socket]\nListenStream=22\nAccept=yes\n[Install]\nWantedBy=sockets.target\n",
    "/etc/systemd/system/sshd@.service":
      "[Service]\nExecStart=-/usr/sbin/sshd -i\nStandardInput=socket\nRuntimeDirectory=sshd\nRuntimeDirectoryPreserve=yes\n",
  },
  enabled: {
    "/etc/systemd/system/sockets.target.wants/sshd.socket": "/etc/systemd/system/sshd.socket",
  },
};

const LAYOUTS: readonly [string, HostSpec][] = [
  ["bullseye, Debian's socket with an sshd for each connection", host("bullseye", DEBIAN_SOCKET)],
  ["bookworm, ssh.socket", host("bookworm", DEBIAN_SOCKET)],
  ["trixie, ssh.socket", host("trixie", DEBIAN_SOCKET)],
  ["sid, ssh.socket", host("sid", DEBIAN_SOCKET)],
  ["trixie, Ubuntu's ssh.socket on another port as well", host("trixie", UBUNTU_SOCKET)],
  ["bookworm, ssh.socket whose service ends all sessions with itself", host("bookworm", DEADLY_SOCKET)],
  ["sid, an sshd for each connection", host("sid", PER_CONNECTION)],
];

/** Where somebody who masks the unit puts a link. */
const MASKED = "/etc/systemd/system/ssh.service";
const STOP = "systemctl stop ssh.socket ssh.service 2>/dev/null;";
/** What somebody may do to sshd while a change is armed and nobody is there to confirm it. */
const HARMS: Readonly<Record<string, string>> = {
  "masks its unit": "systemctl mask ssh.service",
  "masks and unmasks it": "systemctl mask ssh.service; systemctl daemon-reload; systemctl unmask ssh.service",
  "masks and stops it": "systemctl mask --now ssh.service",
  "stops it": STOP,
  "stops it and starts sshd by hand": `${STOP} mkdir -p /run/sshd; /usr/sbin/sshd`,
  "lets its unit fail over an sshd started by hand": `${STOP} mkdir -p /run/sshd; /usr/sbin/sshd; systemctl start ssh.service`,
  "takes the privilege separation directory away": "rm -r /run/sshd",
  "opens that directory to everybody": "chmod 0777 /run/sshd",
  "kills it so that its unit fails":
    "mkdir -p /run/systemd/system/ssh.service.d; printf '[Service]\\nRestart=no\\n' >/run/systemd/system/ssh.service.d/x.conf;" +
    "systemctl daemon-reload; systemctl kill -s KILL --kill-whom=main ssh.service || kill -9 $(systemctl show -p MainPID ssh.service | sed 's/.*=//')",
  "halts it (SIGSTOP)": "kill -STOP $(systemctl show -p MainPID ssh.service | sed 's/.*=//')",
  "turns from the socket to the service": `${STOP} systemctl start ssh.service`,
  "turns from the service to the socket": `${STOP} systemctl start ssh.socket`,
};

/** Those that go differently from release to release. */
const EVERYWHERE = [
  "masks and unmasks it",
  "lets its unit fail over an sshd started by hand",
  "turns from the service to the socket",
];

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`activation${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let machine: LabHost;
  let desk: Desk;
  let before: Record<string, string>;

  async function open(spec: HostSpec): Promise<void> {
    lab = await openLab();
    machine = await lab.host(spec);
    desk = await openDesk(lab, [machine], POLICY);
    before = await machine.etcDigest();
  }

  /** Files, logins and the guard are as if nothing had been, within the guard's time. */
  async function expectHealed(): Promise<void> {
    await expect
      .poll(async () => etcDifferences(before, await machine.etcDigest()).filter((path) => path !== MASKED), {
        timeout: patient(60_000),
        interval: 500,
      })
      .toEqual([]);
    const armed =
      "ls -d /var/lib/curfew/lock /var/lib/curfew/guard/*/armed /var/lib/curfew/guard/*/reverting";
    await expect
      .poll(async () => (await machine.exec(armed)).stdout, { timeout: patient(60_000), interval: 500 })
      .toBe("");
    expect(await canLogIn(lab, machine)).toBe(true);
  }

  /** Dies when the step is reported, having done something to the host first where that is wanted. */
  async function applyAndDie(step: string, harm?: string): Promise<void> {
    const run = desk.start([...APPLY, "--events"]);
    let harmed: Promise<unknown> = Promise.resolve();
    let died = false;
    run.onProgress((seen) => {
      if (died || !eventsIn(seen).some((event) => event.type === "host-step" && event.step === step)) return;
      died = true;
      run.kill("SIGKILL");
      if (harm !== undefined) harmed = machine.exec(harm);
    });
    const { signal, stderr } = await run.done;
    expect(signal, stderr).toBe("SIGKILL");
    await harmed;
  }

  describe("the host asks its own sshd", () => {
    beforeAll(() => open({ release: "bookworm" }), patient(120_000));
    afterAll(() => lab?.close());

    test.each(["ssh", "ssh-keyscan", "bash", "nc"])(
      "with %s, which tells silence from an answer",
      async (tool) => {
        const ask = withFunctions(`find_daemon; tool=${tool}
        knock 127.0.0.1 22 && echo answers; knock ::1 22 && echo answers
        knock 127.0.0.1 21 || echo silent
        rm -r /run/sshd; knock 127.0.0.1 22 || echo silent; mkdir -m 755 /run/sshd`);
        const { stdout } = await machine.exec("sh -s", { input: ask });
        expect(stdout.trim().split("\n")).toEqual(["answers", "answers", "silent", "silent"]);
      },
      patient(60_000),
    );

    test(
      "on the address where somebody is connected when the loopback is barred",
      async () => {
        const session = openSession(lab, machine);
        await session.answers();
        await machine.exec("cp -p /etc/hosts.deny /run/deny; echo 'sshd: 127.0.0.1 [::1]' >/etc/hosts.deny");
        const { stdout } = await machine.exec("sh -s", { input: withFunctions("find_daemon; survey") });
        await machine.exec("cp -p /run/deny /etc/hosts.deny");
        session.end();
        expect(stdout).toBe(`${machine.address} 22\n`);
      },
      patient(60_000),
    );

    test(
      "and where it cannot, the run says so and looks whether sshd listens",
      async () => {
        await machine.exec(
          "nft add table inet bar && nft add chain inet bar in '{ type filter hook input priority 0; }' && nft add rule inet bar in iif lo tcp dport 22 reject",
        );
        const call = await desk.run(APPLY);
        expect(outcomes(call), call.stderr).toEqual({ [machine.name]: "confirmed" });
        expect(documentOf(call).hosts[0].message).toMatch(/cannot open a connection to its own sshd/u);
        await machine.exec("nft delete table inet bar");
        expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({
          [machine.name]: "confirmed",
        });
      },
      patient(60_000),
    );

    test(
      "a change after which it gets no answer is taken back at once",
      async () => {
        await machine.exec("nft add table inet bar");
        const run = desk.start([...APPLY, "--events"]);
        let barred: Promise<unknown> | undefined;
        run.onProgress((seen) => {
          if (barred === undefined && eventsIn(seen).some((event) => event.step === "armed"))
            barred = machine.exec(
              "nft add chain inet bar in '{ type filter hook input priority 0; }' && nft add rule inet bar in iif lo tcp dport 22 reject",
            );
        });
        const call = await run.done;
        await barred;
        await machine.exec("nft delete table inet bar");
        expect(["rolled-back", "unknown"]).toContain(outcomes(call)[machine.name]);
        const { message } = documentOf(call).hosts[0];
        expect(message).toMatch(/does not answer a new connection on 127\.0\.0\.1 port 22/u);
        // It read the files; that it does not answer is all that is known.
        expect(message).not.toContain("did not read");
        await expectHealed();
      },
      patient(120_000),
    );
  });

  describe.each([
    ["bullseye", { release: "bullseye" }, EVERYWHERE],
    ["bookworm", { release: "bookworm" }, Object.keys(HARMS)],
    ["trixie", { release: "trixie" }, EVERYWHERE],
    ["sid", { release: "sid" }, EVERYWHERE],
    ["bookworm, ssh.socket", host("bookworm", DEBIAN_SOCKET), EVERYWHERE],
    ["trixie, ssh.socket", host("trixie", DEBIAN_SOCKET), Object.keys(HARMS)],
    ["sid, ssh.socket", host("sid", DEBIAN_SOCKET), EVERYWHERE],
  ] as [string, HostSpec, string[]][])("%s, and somebody", (_, spec, harms) => {
    beforeAll(() => open(spec), patient(120_000));
    afterAll(() => lab?.close());
    // The state of a fresh host, as far as sshd goes, for the next one.
    afterEach(async () => {
      const own = spec.prepare === undefined ? "ssh.service" : "ssh.socket";
      await machine.exec(`systemctl unmask ssh.service; rm -rf /run/systemd/system/ssh.service.d; ${STOP}
        systemctl stop 'curfew-sshd-*'; systemctl reset-failed; systemctl daemon-reload
        for pid in $(pgrep -x sshd); do kill -CONT $pid; kill $pid; done; systemctl start ${own}`);
      await expect
        .poll(async () => canLogIn(lab, machine), { timeout: patient(20_000), interval: 500 })
        .toBe(true);
    });

    test.each(harms)(
      "%s",
      async (what) => {
        const session = openSession(lab, machine);
        await session.answers();
        await applyAndDie("reloaded", HARMS[what]);
        await expectHealed();
        await session.answers();
        session.end();
        // systemd restarts no masked unit, and nobody else has its socket: till then the old sshd answers.
        if (what === "masks its unit" && spec.prepare !== undefined)
          await machine.exec("systemctl unmask ssh.service; systemctl try-restart ssh.service");
        // Refused where sshd did not read the files that were put back.
        const call = await desk.run(APPLY);
        expect(outcomes(call), call.stdout + call.stderr).toEqual({ [machine.name]: "confirmed" });
        expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({
          [machine.name]: "confirmed",
        });
      },
      patient(180_000),
    );
  });

  describe.each(LAYOUTS)("%s", (_, spec) => {
    beforeAll(() => open(spec), patient(120_000));
    afterAll(() => lab?.close());

    test(
      "plan and apply; sessions live on; a second apply changes nothing; revert",
      async () => {
        const session = openSession(lab, machine);
        await session.answers();
        const plan = await desk.run(["plan", "--json"]);
        expect(documentOf(plan).hosts[0].error, plan.stderr).toBeUndefined();
        const call = await desk.run(APPLY);
        expect(outcomes(call), call.stdout + call.stderr).toEqual({ [machine.name]: "confirmed" });
        expect(documentOf(call).hosts[0].message).toBeUndefined();
        await session.answers();
        expect(outcomes(await desk.run(APPLY))).toEqual({ [machine.name]: "unchanged" });
        const reverted = await desk.run(["revert", "--yes", "--json"]);
        expect(outcomes(reverted), reverted.stdout + reverted.stderr).toEqual({
          [machine.name]: "confirmed",
        });
        await session.answers();
        session.end();
        await expectHealed();
      },
      patient(120_000),
    );

    test.each(["applied", "reloaded"])(
      "the controller dies at %s",
      async (step) => {
        const session = openSession(lab, machine);
        await session.answers();
        await applyAndDie(step);
        await expectHealed();
        await session.answers();
        session.end();
        // Refused where sshd did not read the files that were put back.
        const call = await desk.run(APPLY);
        expect(outcomes(call), call.stdout + call.stderr).toEqual({ [machine.name]: "confirmed" });
        expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({
          [machine.name]: "confirmed",
        });
      },
      patient(120_000),
    );
  });
});

/** The guard's functions about sshd, and a few lines that call them. */
function withFunctions(lines: string): string {
  const values = { sshd: "/usr/sbin/sshd", main: "/etc/ssh/sshd_config", manager: "systemd" };
  const functions = remoteScript(["guard-undo/sshd", "guard-undo/answers"], {
    ...values,
    unit: "ssh.service",
    perconnection: "no",
    pid: "",
  });
  return `guard=/run/guard token=x mode=reload; mkdir -p $guard\n${functions}\n${lines}\n`;
}

function host(release: HostSpec["release"], units: Units): HostSpec {
  return {
    release,
    files: units.files ?? {},
    removeFiles: ["/etc/systemd/system/multi-user.target.wants/ssh.service"],
    prepare: async (root) => {
      for (const [link, target] of Object.entries(units.enabled)) {
        await mkdir(dirname(join(root, link)), { recursive: true });
        await symlink(target, join(root, link));
      }
    },
  };
}

/** A session of the system's own client that answers each line it is sent. */
function openSession(lab: Lab, { name }: LabHost): { answers(): Promise<void>; end(): void } {
  const child = execa("ssh", ["-F", lab.sshConfigPath, `root@${name}`, "cat"], {
    reject: false,
    buffer: false,
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  let sent = 0;
  return {
    async answers() {
      sent += 1;
      child.stdin?.write(`line ${sent}\n`);
      await expect.poll(() => said, { timeout: patient(20_000) }).toContain(`line ${sent}\n`);
    },
    end: () => void child.kill(),
  };
}
