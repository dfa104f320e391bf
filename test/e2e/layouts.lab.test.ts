/** Hosts that are not laid out as Debian lays them out, or that somebody configured by hand. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostSpec, LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";
import { canLogIn, type Desk, documentOf, etcDifferences, openDesk, outcomes } from "./curfew.ts";

const POLICY = `
name: layouts
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m, unresponsive_timeout: 2m }
  vendor: { groups: [ext], client_idle_timeout: 5m }
exemptions:
  - { name: backups, users: [backup1], justification: runs for hours, owner: ops, expires: 2099-01-31 }
`;

const MAIN = "PermitRootLogin prohibit-password\nUsePAM yes\nSubsystem sftp /usr/lib/openssh/sftp-server";
const users = [{ name: "vera", groups: ["ext"] }, { name: "backup1" }] as const;

/** Each layout: the host's files, and the sshd's answer for a vendor after apply. */
const LAYOUTS: Record<string, { spec: HostSpec; vendor: string[] }> = {
  "no Include line, no final newline": {
    spec: { release: "bookworm", users, files: { "/etc/ssh/sshd_config": MAIN } },
    vendor: ["clientaliveinterval 45", "unusedconnectiontimeout 300"],
  },
  "no Include line, old OpenSSH, Match blocks of its own": {
    spec: {
      release: "bullseye",
      users,
      files: {
        "/etc/ssh/sshd_config": `${MAIN}\n\nMatch Group ext\n\tX11Forwarding no\n\tClientAliveInterval 7\nMatch User nobody\n\tPermitTTY no\n`,
      },
    },
    vendor: ["clientaliveinterval 90", "x11forwarding no"],
  },
  "Match blocks in the main file and rival drop-ins": {
    spec: {
      release: "sid",
      users,
      files: {
        "/etc/ssh/sshd_config": `Include /etc/ssh/sshd_config.d/*.conf\n${MAIN}\nMatch Group ext\n  ClientAliveInterval 7\n  ChannelTimeout session:*=1h\n`,
        "/etc/ssh/sshd_config.d/50-cloud-init.conf": "ClientAliveInterval 1200\nPasswordAuthentication no\n",
        "/etc/ssh/sshd_config.d/60-rival.conf": "Match User vera\n  ChannelTimeout session:*=2h\n",
      },
    },
    vendor: ["clientaliveinterval 90", "channeltimeout session:*=5m", "passwordauthentication no"],
  },
  "the old recipe by hand, above the Include line": {
    spec: {
      release: "trixie",
      users,
      files: {
        "/etc/ssh/sshd_config": `ClientAliveInterval 300\nClientAliveCountMax 0\nInclude /etc/ssh/sshd_config.d/*.conf\n${MAIN}\n`,
      },
    },
    vendor: ["clientaliveinterval 90", "clientalivecountmax 1"],
  },
  "no init system": {
    spec: { release: "bookworm", init: "none", users },
    vendor: ["clientaliveinterval 45"],
  },
};

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`layouts${lacks === null ? "" : ` (${lacks})`}`, () => {
  describe.each(Object.entries(LAYOUTS))("%s", (name, { spec, vendor }) => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;
    let before: Record<string, string>;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host(spec);
      desk = await openDesk(lab, [host], POLICY);
      before = await host.etcDigest();
    });
    afterAll(() => lab?.close());

    test("apply is confirmed, a second one changes nothing", async () => {
      const call = await desk.run(["apply", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "unchanged" });
    });

    test("sshd gives a vendor what the policy says, and keeps what was the host's own", async () => {
      const { stdout } = await host.exec("sshd -T -C user=vera,host=x,addr=10.0.0.1,laddr=10.0.0.2,lport=22");
      const words = new Set(vendor.map((line) => line.split(" ")[0] ?? ""));
      const said = stdout
        .toLowerCase()
        .split("\n")
        .filter((line) => words.has(line.split(" ")[0] ?? ""));
      expect(said, name).toEqual(expect.arrayContaining(vendor));
    });

    test("everybody can still log in, the exempt account too", async () => {
      for (const user of ["root", "vera", "backup1"])
        expect(await canLogIn(lab, host, user), user).toBe(true);
    });

    test("revert leaves /etc byte for byte as before", async () => {
      const call = await desk.run(["revert", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
      expect(await canLogIn(lab, host)).toBe(true);
    });
  });

  test("edits made since apply survive a revert; only curfew's part goes", async () => {
    const lab = await openLab();
    try {
      const host = await lab.host({ release: "bookworm", files: { "/etc/ssh/sshd_config": MAIN } });
      const desk = await openDesk(lab, [host], POLICY);
      expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
      await host.exec("sed -i '/UsePAM/i MaxAuthTries 5' /etc/ssh/sshd_config");
      const early = await desk.run(["revert", "--yes", "--json"]);
      expect(documentOf(early).hosts[0].message).toMatch(/sshd_config changed after .*; nothing was changed/);
      await host.exec(RELOAD_SSHD);
      const call = await desk.run(["revert", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect(documentOf(call).hosts[0].message).toMatch(/edits stay/);
      expect(await host.readFile("/etc/ssh/sshd_config")).toBe(
        MAIN.replace("UsePAM", "MaxAuthTries 5\nUsePAM"),
      );
    } finally {
      await lab.close();
    }
  });
});
