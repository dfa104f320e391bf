/**
 * What an auditor's scanner says: the real oscap on a real host with ComplianceAsCode's content, before and after
 * `curfew apply`, rule by rule. It runs on the host itself: a scan of a root from outside passes what it cannot see.
 */
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debianPackage, packageFiles } from "../lab/debian-package.ts";
import { familyHost } from "../lab/families.ts";
import type { HostSpec, LabHost } from "../lab/host.ts";
import type { Release } from "../lab/image.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Desk, documentOf, openDesk, outcomes } from "./curfew.ts";
import { patient } from "../patience.ts";

const RULES = ["accounts_tmout", "sshd_set_idle_timeout", "sshd_set_keepalive"];
const UBUNTU = 'ID=ubuntu\nVERSION_ID="24.04"\nNAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04 LTS"\n';

/** The setting that each rule of the scanner is about. */
const SETTINGS: Readonly<Record<string, string>> = {
  accounts_tmout: "TMOUT",
  sshd_set_idle_timeout: "ClientAliveInterval",
  sshd_set_keepalive: "ClientAliveCountMax",
  logind_session_timeout: "StopIdleSessionSec",
};

/** What lynis asks: timeouts of shells; sshd, its version, what `sshd -T` says. */
const LYNIS = "SHLL-6220 SSH-7402 SSH-7404 SSH-7406 SSH-7408";

const policy = (more = "", profile = "cis", idle = "15m") => `
name: scanned
profile: ${profile}
${more}
defaults: { client_idle_timeout: ${idle}, unresponsive_timeout: 3m }
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`scanners${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let content: { debian: string; ubuntu: string };

  beforeAll(async () => {
    lab = await openLab();
    const folder = "usr/share/xml/scap/ssg/content";
    content = {
      debian: join(await debianPackage("sid", "ssg-debian"), folder),
      ubuntu: join(await debianPackage("sid", "ssg-debderived"), folder),
    };
  }, patient(300_000));
  afterAll(() => lab?.close());

  /** A host with the scanner of its own release and somebody's content. */
  async function scanned(
    release: Release,
    stream: string,
    more: Omit<HostSpec, "release"> = {},
  ): Promise<LabHost> {
    const files = await packageFiles(release, "openscap-scanner");
    const host = await lab.host({
      ...more,
      release,
      prepare: async (root) => {
        await more.prepare?.(root);
        await cp(files, join(root, "root/oscap"), { recursive: true });
        await cp(stream, join(root, "root/ds.xml"));
      },
    });
    const installed = await host.exec("dpkg -i /root/oscap/*.deb");
    expect(installed.exitCode, installed.stderr).toBe(0);
    // A host of the lab has no kernel of its own, and only the name of another system: the rules are of interest.
    await host.exec("sed -i 's,<[a-z0-9.-]*:platform idref=[^>]*>,,' /root/ds.xml");
    // Without Red Hat's package database every rule about sshd passes as "sshd is not installed": it asks dpkg instead.
    await host.exec(
      String.raw`sed -i '/id="oval:ssg-\(obj_\)\?test_package_openssh-server_/,/<\/[a-z]*:rpminfo_/s/rpminfo_/dpkginfo_/' /root/ds.xml`,
    );
    return host;
  }

  /** Rule by rule: pass, fail, notapplicable. */
  async function scan(
    host: LabHost,
    profile = "cis_level1_server",
    asked: readonly string[] = RULES,
  ): Promise<Record<string, string>> {
    const of = (name: string): string => `xccdf_org.ssgproject.content_${name}`;
    const rules = asked.map((rule) => `--rule ${of(`rule_${rule}`)}`).join(" ");
    const said = await host.exec(
      `oscap xccdf eval --profile ${of(`profile_${profile}`)} ${rules} /root/ds.xml`,
    );
    const found = [...said.stdout.matchAll(/^Rule\s+\S*_rule_(\S+)$[^]*?^Result\s+(\S+)$/gmu)];
    return Object.fromEntries(found.map(([, rule = "", result = ""]) => [rule, result]));
  }

  const all = (result: string, rules: readonly string[] = RULES): Record<string, string> =>
    Object.fromEntries(rules.map((rule) => [rule, result]));

  /**
   * What the audit says that the scanner will say, rule by rule; and what it says itself: a rule that is met passes,
   * although a scanner does not look where its setting stands.
   */
  async function audited(desk: Desk, rules: readonly string[] = RULES) {
    const call = await desk.run(["audit", "--json"]);
    const found: { check: string; outcome: string; subject: string; actual: string }[] =
      documentOf(call).hosts[0].findings;
    const about = (rule: string) =>
      found.filter(
        ({ check, subject }) => check === "baseline-rule" && subject.split(" ")[0] === SETTINGS[rule],
      );
    const met = (rule: string) => about(rule).every(({ outcome }) => outcome === "pass");
    const unseen = (rule: string) => about(rule).find(({ subject }) => subject.endsWith(" for scanners"));
    return {
      met: rules.filter((rule) => about(rule).length > 0 && met(rule)),
      foretold: Object.fromEntries(
        rules.map((rule) => [rule, met(rule) && unseen(rule) === undefined ? "pass" : "fail"]),
      ),
      words: rules.flatMap((rule) => unseen(rule)?.actual ?? []),
    };
  }

  /** What lynis finds of idle sessions. It is a package of the host's own release, in a folder of its own. */
  async function lynis(host: LabHost): Promise<{ shells: string[]; sshd: string[] }> {
    const program = "sh ../../sbin/lynis audit system --quick --no-colors";
    const own = `--profile /root/lynis/etc/lynis/default.prf --plugindir /root/lynis/etc/lynis/plugins`;
    const said = await host.exec(
      `cd /root/lynis/usr/share/lynis && rm -f /root/lynis.dat && ${program} ${own} --report-file /root/lynis.dat --logfile /root/lynis.log --tests "${LYNIS}" >/root/lynis.out 2>&1; cat /root/lynis.dat`,
      { timeoutSeconds: 300 },
    );
    const lines = said.stdout.split("\n");
    return {
      shells: lines
        .filter((line) => /^session_timeout_(?:enabled|method|set_readonly)/u.test(line))
        .toSorted(),
      sshd: lines.filter((line) => /^details.*ClientAlive/u.test(line)),
    };
  }

  async function unpackLynis(host: LabHost): Promise<void> {
    const files = await packageFiles(host.release, "lynis");
    const name = (await readdir(files)).find((each) => each.startsWith("lynis_")) ?? "";
    await cp(join(files, name), join(await host.root(), "root/lynis.deb"));
    const unpacked = await host.exec("dpkg -x /root/lynis.deb /root/lynis");
    expect(unpacked.exitCode, unpacked.stderr).toBe(0);
  }

  async function apply(desk: Desk, host: LabHost): Promise<void> {
    expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
  }

  async function revert(desk: Desk, host: LabHost): Promise<void> {
    expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
  }

  test.each([
    ["bookworm", "ssg-debian12-ds.xml"],
    ["trixie", "ssg-debian13-ds.xml"],
  ] as const)(
    "on %s nothing passes before, TMOUT with a drop-in, all of it with the main file",
    async (release, stream) => {
      const host = await scanned(release, join(content.debian, stream));
      const desk = await openDesk(lab, [host], policy());
      expect(await scan(host)).toEqual(all("fail"));
      expect((await audited(desk)).foretold).toEqual(all("fail"));

      await apply(desk, host);
      const dropIn = await audited(desk);
      expect(await scan(host)).toEqual({ ...all("fail"), accounts_tmout: "pass" });
      expect(dropIn.foretold).toEqual({ ...all("fail"), accounts_tmout: "pass" });
      expect(dropIn.met).toEqual(RULES);
      expect(dropIn.words).toHaveLength(2);
      expect(dropIn.words.join("\n")).toMatch(/reads \/etc\/ssh\/sshd_config only.*`sshd_file: main`/u);

      await desk.setPolicy(policy("sshd_file: main"));
      await apply(desk, host);
      expect(await scan(host)).toEqual(all("pass"));
      expect((await audited(desk)).foretold).toEqual(all("pass"));

      await revert(desk, host);
      expect(await scan(host)).toEqual(all("fail"));
    },
    patient(300_000),
  );

  test(
    "Ubuntu's content passes with a drop-in, and so does lynis as far as it looks",
    async () => {
      const host = await scanned("bookworm", join(content.ubuntu, "ssg-ubuntu2404-ds.xml"), {
        files: { "/etc/os-release": UBUNTU },
      });
      await unpackLynis(host);
      const before = await lynis(host);
      expect(before.shells).toEqual(["session_timeout_enabled=0"]);
      const desk = await openDesk(lab, [host], policy());
      expect(await scan(host)).toEqual(all("fail"));
      expect((await audited(desk)).foretold).toEqual(all("fail"));
      await apply(desk, host);
      expect(await scan(host)).toEqual(all("pass"));
      expect((await audited(desk)).foretold).toEqual(all("pass"));
      // It sees profile.d; of sshd what sshd -T says, and wants a count of 2 where OpenSCAP's content wants 3.
      expect(await lynis(host)).toEqual({
        shells: [
          "session_timeout_enabled=1",
          "session_timeout_method[]=profile.d",
          "session_timeout_set_readonly=1",
        ],
        sshd: before.sshd,
      });
      expect(before.sshd).toEqual([expect.stringContaining("field:ClientAliveCountMax;prefval:2;value:3;")]);
    },
    patient(300_000),
  );

  test(
    "RHEL's content on a host laid out as RHEL 9 passes with a drop-in, with cis and with stig-rhel9",
    async () => {
      const stig = [...RULES, "logind_session_timeout"];
      const host = await scanned("bookworm", await rhelContent(), familyHost("rhel9"));
      const desk = await openDesk(lab, [host], policy());
      expect(await scan(host, "cis_server_l1")).toEqual(all("fail"));
      expect((await audited(desk)).foretold).toEqual(all("fail"));
      await apply(desk, host);
      expect(await scan(host, "cis_server_l1")).toEqual(all("pass"));
      expect((await audited(desk)).foretold).toEqual(all("pass"));

      await desk.setPolicy(policy("", "stig-rhel9", "10m"));
      const between = await scan(host, "stig", stig);
      expect((await audited(desk, stig)).foretold).toEqual(between);
      await apply(desk, host);
      expect(await scan(host, "stig", stig)).toEqual(all("pass", stig));
      expect((await audited(desk, stig)).foretold).toEqual(all("pass", stig));

      await revert(desk, host);
      expect(await scan(host, "stig", stig)).toEqual(all("fail", stig));
      expect((await audited(desk, stig)).foretold).toEqual(all("fail", stig));
    },
    patient(300_000),
  );

  /** One file of a package that is two gigabytes when it is unpacked. */
  async function rhelContent(): Promise<string> {
    const folder = await packageFiles("sid", "ssg-nondebian");
    const name = (await readdir(folder)).find((each) => each.startsWith("ssg-nondebian_")) ?? "";
    const file = join(lab.dir, "ssg-rhel9-ds.xml");
    const member = "./usr/share/xml/scap/ssg/content/ssg-rhel9-ds.xml";
    await execa({ shell: "/bin/bash" })(
      `set -o pipefail; dpkg --fsys-tarfile "$PACKAGE" | tar -xO ${member} >"$FILE"`,
      { env: { PACKAGE: join(folder, name), FILE: file } },
    );
    return file;
  }
});
