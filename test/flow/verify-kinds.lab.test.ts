/** Every kind of session on every release, cell by cell: what sshd ends, what it cannot end, and what stays behind. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CurfewError } from "../../src/model/terms/error.ts";
import type { ProbeResult } from "../../src/model/change/run.ts";
import { SSH_KINDS, type SshKind } from "../../src/model/terms/session-kind.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { bySession, LOOK, looksLike, peopledHost, verify, whose, type Target } from "./verify-host.ts";
import { patient } from "../patience.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const lacks = labUnavailable();
const KINDS = SSH_KINDS.filter((kind) => kind !== "typing");

type Cell = `${ProbeResult["outcome"]} ${ProbeResult["by"]}`;
type Table = Readonly<Record<Exclude<SshKind, "typing">, Cell>>;

/** sshd from 9.2 with `ChannelTimeout session:*` and UnusedConnectionTimeout, and nothing else. */
const BY_SSHD: Table = {
  "idle-shell": "pass ChannelTimeout",
  "frozen-client": "pass ChannelTimeout",
  "nested-shell": "pass ChannelTimeout",
  "escaped-shell": "pass ChannelTimeout",
  "foreground-program": "pass ChannelTimeout",
  "output-loop": "fail none",
  tmux: "fail none",
  "idle-command": "pass ChannelTimeout",
  "idle-sftp": "pass ChannelTimeout",
  "unused-connection": "pass UnusedConnectionTimeout",
  "idle-forward": "fail none",
};
/** TMOUT in every shell, and nothing that sshd does. */
const BY_THE_SHELL: Table = {
  "idle-shell": "pass TMOUT",
  "frozen-client": "pass TMOUT",
  // What is within it has no limit at all: only a login shell reads the file.
  "nested-shell": "fail none",
  "escaped-shell": "fail none",
  "foreground-program": "fail none",
  "output-loop": "fail none",
  tmux: "fail none",
  "idle-command": "fail none",
  "idle-sftp": "fail none",
  "unused-connection": "fail none",
  "idle-forward": "fail none",
};
const SSHD = "ChannelTimeout session:*=7s\nUnusedConnectionTimeout 7s\n";
const TMOUT = "case $- in *i*) readonly TMOUT=7 ;; esac\n";
const RELEASES = [
  { release: "bullseye", sshd: "", table: BY_THE_SHELL },
  { release: "bookworm", sshd: SSHD, table: BY_SSHD },
  { release: "trixie", sshd: SSHD, table: BY_SSHD },
  { release: "sid", sshd: SSHD, table: BY_SSHD },
] as const;
const POLICY = {
  name: "lab",
  defaults: { client_idle_timeout: "7s" },
  roles: { root: { users: ["root"] }, bash: { groups: ["bashers"] } },
};
const WHO = ["root root live", "root root shadow", "bash bea shadow"];
/** A frozen client is so in two ways. */
const GONE = ["root root shadow network-gone", "bash bea shadow network-gone"];

describe.skipIf(lacks !== null)(`every kind of session${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());

  describe.each(RELEASES)("$release", ({ release, sshd, table }) => {
    let host: LabHost;
    beforeAll(async () => {
      host = await lab.host(peopledHost(release));
      await host.writeFile("/etc/ssh/sshd_config.d/10-lab.conf", sshd);
      if (sshd === "") await host.writeFile("/etc/profile.d/10-limit.sh", TMOUT);
      expect((await host.exec(`sshd -t && ${RELOAD_SSHD}`)).stderr).toBe("");
    });
    afterAll(() => host.stop());

    test(
      "is ended or not as it is known to be, and nothing stays behind",
      { timeout: patient(120_000) },
      async () => {
        await host.exec("touch /tmp/before; sleep 1");
        const before = (await host.exec(LOOK)).stdout;
        const target = { name: host.name, sshConfig: lab.sshConfigPath };

        const verification = await verify(target, POLICY, { sessions: KINDS, roles: ["root", "bash"] });

        expect(verification.error).toBeUndefined();
        const cells = verification.probes.map((probe) => {
          const { session, outcome, by } = probe;
          return [`${session} ${whose(probe)}`, `${outcome} ${by}`] as const;
        });
        const expected = KINDS.flatMap((kind) =>
          (kind === "frozen-client" ? [...WHO, ...GONE] : WHO).map(
            (who) => [`${kind} ${who}`, table[kind]] as const,
          ),
        );
        expect(Object.fromEntries(cells)).toEqual(Object.fromEntries(expected));
        const orphaned = Object.values(bySession(verification, "idle-command")).map(({ orphans }) => orphans);
        expect(orphaned).toEqual(WHO.map(() => (sshd === "" ? undefined : ["sleep"])));
        for (const { reason } of verification.probes.filter(({ outcome }) => outcome === "fail")) {
          expect(reason).toMatch(/still there .* nothing on OpenSSH \d+\.\d+ ended it/u);
        }
        expect(await looksLike(host, before)).toBe(before);
        expect(
          (await host.exec("ls -a /tmp /var/tmp /root /home/bea | grep -i -e curfew -e swp -e hist")).stdout,
        ).toBe("");
      },
    );
  });

  describe("on one host", () => {
    let host: LabHost;
    beforeAll(async () => {
      host = await lab.host(peopledHost("trixie"));
      await configure("ChannelTimeout session:*=7s direct-tcpip=7s\n");
    });
    afterAll(() => host.stop());

    test("whatever the login shell; what is not installed is unknown; forwards end where sshd is told to", async () => {
      const roles = { zsh: { groups: ["zshers"] }, tcsh: { groups: ["tcshers"] } };
      await host.exec("mv /usr/bin/tmux /usr/bin/tmux.away");
      const sessions = KINDS.filter((kind) => kind !== "unused-connection");
      const options = { sessions, roles: ["zsh", "tcsh"] };
      const verification = await verify(target(), { ...POLICY, roles }, options);
      await host.exec("mv /usr/bin/tmux.away /usr/bin/tmux");
      const cells = verification.probes.map(({ session, user, outcome, by }) => {
        return [`${session} ${user}`, `${outcome} ${by}`] as const;
      });
      const table = { ...BY_SSHD, "idle-forward": "pass ChannelTimeout", tmux: "unknown none" };
      const expected = sessions.flatMap((kind) =>
        ["zoe", "tim"].map((who) => [`${kind} ${who}`, table[kind]]),
      );
      expect(Object.fromEntries(cells)).toEqual(Object.fromEntries(expected));
      for (const { reason } of Object.values(bySession(verification, "tmux"))) {
        expect(reason).toBe("tmux is not installed");
      }
    });

    test.each([
      ["begin", "open_session", ["root", "bash"], 3],
      ["end", "close_session", ["bash"], 1],
    ])("the time that PAM takes to %s a session is no idleness", async (_, type, roles, probes) => {
      const { stdout: pam } = await host.exec("cat /etc/pam.d/sshd");
      await host.writeFile(
        "/etc/pam.d/sshd",
        `${pam}session optional pam_exec.so type=${type} /bin/sleep 6\n`,
      );
      await configure("UnusedConnectionTimeout 7s\n");
      const verification = await verify(target(), POLICY, { sessions: ["unused-connection"], roles });
      await host.writeFile("/etc/pam.d/sshd", pam);
      await host.exec("while pgrep -f '^/bin/sleep 6'; do sleep 0.2; done");
      for (const { outcome, by, droppedAfterSeconds } of verification.probes) {
        expect({ outcome, by }).toEqual({ outcome: "pass", by: "UnusedConnectionTimeout" });
        expect(droppedAfterSeconds).toBeLessThan(7 + 6 - 1);
      }
      expect(verification.probes).toHaveLength(probes);
    });

    test("an interrupt ends every program of a live probe, with and without a terminal", async () => {
      await configure("");
      await host.exec("touch /tmp/before; sleep 1");
      const before = (await host.exec(LOOK)).stdout;
      const interrupt = new AbortController();
      const running: string[] = [];
      const sessions = [
        "idle-command",
        "tmux",
        "foreground-program",
        "escaped-shell",
        "output-loop",
      ] as const;
      const policy = {
        ...POLICY,
        defaults: { client_idle_timeout: "10m" },
        roles: { root: { users: ["root"] } },
      };
      let started = 0;
      const look = async (): Promise<void> => {
        running.push((await host.exec("ls -l /tmp; ps -eo args=")).stdout);
        interrupt.abort(new CurfewError("interrupted", "interrupted"));
      };
      const verification = await verify(
        target(),
        policy,
        { sessions, roles: ["root"] },
        ({ type }) => {
          if (type !== "probe-started" || ++started < 10) return;
          void look();
        },
        interrupt.signal,
      );
      expect(verification.probes.map(({ reason }) => reason)).toEqual(
        Array.from({ length: 10 }, () => "interrupted"),
      );
      expect(running[0]).toMatch(/curfew-probe-[0-9a-f]{32}[^]*sleep \d{3}/u);
      expect(await looksLike(host, before)).toBe(before);
      expect((await host.exec("ls -a /tmp | grep curfew; pgrep -a sleep; pgrep -a tmux")).stdout).toBe("");
    });

    function target(): Target {
      return { name: host.name, sshConfig: lab.sshConfigPath };
    }

    async function configure(text: string): Promise<void> {
      await host.writeFile("/etc/ssh/sshd_config.d/10-lab.conf", text);
      expect((await host.exec(`sshd -t && ${RELOAD_SSHD}`)).stderr).toBe("");
    }
  });
});
