/** People's own files and keys that keep an idle shell: unknown for their role, and a pass where they have stock files. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LadderCell } from "../../src/model/verdict/finding.ts";
import { documentOf, openDesk, type Desk } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { patient } from "../patience.ts";

const NAMES = ["fishy", "zero", "keyed", "stays", "clean"] as const;
const POLICY = `
name: own-files
controls: [shell-timeout]
defaults: { client_idle_timeout: 15m }
roles:
${NAMES.map((name) => `  ${name}-role: { users: [${name}], client_idle_timeout: 10m }`).join("\n")}
`;
const OWN = `
for user in ${NAMES.join(" ")}; do cp /etc/skel/.bashrc /etc/skel/.profile /etc/skel/.bash_logout /home/$user; done
echo 'if [ -t 0 ]; then exec fish; fi' >> /home/fishy/.bashrc
echo 'exec bash --norc' >> /home/stays/.bash_logout
echo 'TMOUT=0' >> /home/zero/.profile
sed -i 's/^ssh-/command="cat",&/' /home/keyed/.ssh/authorized_keys
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null).each(["bookworm", "trixie"] as const)(
  `own files on %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;
    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release, name: release, users: NAMES.map((name) => ({ name })) });
      const { stderr } = await host.exec(OWN);
      expect(stderr).toBe("");
      desk = await openDesk(lab, [host], POLICY);
    }, patient(120_000));
    afterAll(() => lab?.close());

    async function cells(): Promise<Record<string, LadderCell | undefined>> {
      const call = await desk.run(["audit", "--json"]);
      const { ladder }: { ladder: readonly LadderCell[] } = documentOf(call).hosts[0];
      const of = (name: string): LadderCell | undefined =>
        ladder.find(({ role, kind }) => role === `${name}-role` && kind === "idle-shell");
      return Object.fromEntries(NAMES.map((name) => [name, of(name)]));
    }

    test("after apply, and where TMOUT is not readonly", { timeout: patient(120_000) }, async () => {
      const call = await desk.run(["apply", "--yes", "--json"]);
      expect(documentOf(call).hosts[0].outcome, call.stderr).toBe("confirmed");
      const applied = await cells();
      expect(applied).toMatchObject({
        fishy: { outcome: "unknown" },
        zero: { outcome: "pass", evidence: "effective" },
        keyed: { outcome: "unknown" },
        stays: { outcome: "unknown", reason: expect.stringContaining("/home/stays/.bash_logout:") },
        clean: { outcome: "pass", evidence: "effective" },
      });
      expect(applied["fishy"]?.reason).toMatch(/fishy's \/home\/fishy\/\.bashrc:\d+ puts another program/u);
      expect(applied["keyed"]?.reason).toMatch(
        /keyed's \/home\/keyed\/\.ssh\/authorized_keys:1 has a command=/u,
      );
      await host.exec("rm /etc/profile.d/*curfew*; echo TMOUT=600 > /etc/profile.d/site.sh");
      const { zero } = await cells();
      expect(zero?.outcome).toBe("unknown");
      expect(zero?.reason).toMatch(/zero's \/home\/zero\/\.profile:\d+ is about the shell's limit/u);
    });
  },
);
