/**
 * What an auditor's scanner says: the real oscap on a real host with ComplianceAsCode's content, before and after
 * `curfew apply`, rule by rule. It runs on the host itself: a scan of a root from outside passes what it cannot see.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debianPackage, packageFiles } from "../lab/debian-package.ts";
import type { LabHost } from "../lab/host.ts";
import type { Release } from "../lab/image.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Desk, documentOf, openDesk, outcomes } from "./curfew.ts";
import { patient } from "../patience.ts";

const SSHD = ["sshd_set_idle_timeout", "sshd_set_keepalive"];
const RULES = ["accounts_tmout", ...SSHD];
const UBUNTU = 'ID=ubuntu\nVERSION_ID="24.04"\nNAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04 LTS"\n';

const policy = (more = "") => `
name: scanned
profile: cis
${more}
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
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
  async function scanned(release: Release, stream: string, osRelease?: string): Promise<LabHost> {
    const files = await packageFiles(release, "openscap-scanner");
    const host = await lab.host({
      release,
      ...(osRelease === undefined ? {} : { files: { "/etc/os-release": osRelease } }),
      prepare: async (root) => {
        await cp(files, join(root, "root/oscap"), { recursive: true });
        await cp(stream, join(root, "root/ds.xml"));
      },
    });
    const installed = await host.exec("dpkg -i /root/oscap/*.deb");
    expect(installed.exitCode, installed.stderr).toBe(0);
    // A host of the lab has no kernel of its own, and only the name of another system: the rules are of interest.
    await host.exec("sed -i 's,<[a-z0-9.-]*:platform idref=[^>]*>,,' /root/ds.xml");
    return host;
  }

  /** Rule by rule: pass, fail, notapplicable. */
  async function scan(host: LabHost): Promise<Record<string, string>> {
    const of = (name: string): string => `xccdf_org.ssgproject.content_${name}`;
    const rules = RULES.map((rule) => `--rule ${of(`rule_${rule}`)}`).join(" ");
    const said = await host.exec(
      `oscap xccdf eval --profile ${of("profile_cis_level1_server")} ${rules} /root/ds.xml`,
    );
    const found = [...said.stdout.matchAll(/^Rule\s+\S*_rule_(\S+)$[^]*?^Result\s+(\S+)$/gmu)];
    return Object.fromEntries(found.map(([, rule = "", result = ""]) => [rule, result]));
  }

  const all = (result: string): Record<string, string> =>
    Object.fromEntries(RULES.map((rule) => [rule, result]));

  /** What the audit says of the two settings of sshd and of TMOUT, and of scanners. */
  async function audited(desk: Desk): Promise<{ outcomes: string[]; scanners: string[] }> {
    const call = await desk.run(["audit", "--json"]);
    const findings: { check: string; outcome: string; subject: string; actual: string }[] =
      documentOf(call).hosts[0].findings;
    const rules = findings.filter(({ check }) => check === "baseline-rule");
    return {
      outcomes: [...new Set(rules.map(({ outcome }) => outcome))],
      scanners: rules.filter(({ subject }) => subject.endsWith("for scanners")).map(({ actual }) => actual),
    };
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

      expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
      expect(await scan(host)).toEqual({ ...all("fail"), accounts_tmout: "pass" });
      const { outcomes: judged, scanners } = await audited(desk);
      expect(judged).toEqual(["pass"]);
      expect(scanners).toHaveLength(SSHD.length);
      expect(scanners.join("\n")).toMatch(/reads \/etc\/ssh\/sshd_config only.*`sshd_file: main`/u);

      await desk.setPolicy(policy("sshd_file: main"));
      expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
      expect(await scan(host)).toEqual(all("pass"));
      expect((await audited(desk)).scanners).toEqual([]);

      expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
      expect(await scan(host)).toEqual(all("fail"));
    },
    patient(300_000),
  );

  test(
    "Ubuntu's content passes with a drop-in",
    async () => {
      const host = await scanned("bookworm", join(content.ubuntu, "ssg-ubuntu2404-ds.xml"), UBUNTU);
      const desk = await openDesk(lab, [host], policy());
      expect(await scan(host)).toEqual(all("fail"));
      expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
      expect(await scan(host)).toEqual(all("pass"));
    },
    patient(300_000),
  );
});
