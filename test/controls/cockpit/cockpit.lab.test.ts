/**
 * The web console's IdleTimeout on both of cockpit's bridges: planned, applied, audited, explained, drifted and taken
 * back, with the administrator's own lines as they were; and what curfew reads in a file is what the bridge reads.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentOf, etcDifferences, openDesk, outcomes, type Desk } from "../../e2e/curfew.ts";
import { remoteScript } from "../../../src/template/remote-script.ts";
import { cockpitHost } from "../../lab/cockpit.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { patient } from "../../patience.ts";
import { SITUATIONS } from "./situations.ts";

const CONF = "/etc/cockpit/cockpit.conf";
const THEIRS =
  "# ours\n[WebService]\nAllowUnencrypted=false\n\n[Session]\nIdleTimeout=60\nBanner=/etc/issue\n";
const OURS = THEIRS.replace(
  "IdleTimeout=60\n",
  "# BEGIN curfew cockpit\n# curfew replaces: IdleTimeout=60\nIdleTimeout=10\n# END curfew cockpit\n",
);
const POLICY = `name: consoles
controls: [cockpit]
defaults: {client_idle_timeout: 15m}
roles:
  admins: {users: [alice], client_idle_timeout: 10m}
  root: {users: [root], client_idle_timeout: 2m}
`;
type Said = Readonly<Record<"check" | "control" | "subject" | "outcome" | "actual" | "role", string>>;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`cockpit${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  const hosts = new Map<string, LabHost>();
  const desks = new Map<string, Desk>();

  beforeAll(async () => {
    lab = await openLab();
    await Promise.all(
      (["bookworm", "trixie"] as const).map(async (release) => {
        const host = await cockpitHost(lab, {
          release,
          name: release,
          users: [{ name: "alice" }, { name: "bob" }],
        });
        hosts.set(release, host);
        desks.set(release, await openDesk(lab, [host], POLICY));
      }),
    );
  }, patient(240_000));
  afterAll(() => lab?.close());

  describe.each([
    ["bookworm", "c"],
    ["trixie", "python"],
  ] as const)("on %s", (release, dialect) => {
    const host = (): LabHost => hosts.get(release) as LabHost;
    const desk = (): Desk => desks.get(release) as Desk;
    const conf = async (): Promise<string> => (await host().exec(`cat ${CONF}`)).stdout;
    const bridge = remoteScript(["cockpit-ask"], {});
    const ask = async (): Promise<string> =>
      (await host().exec(`${bridge}\ncockpit_ask "$(cockpit_dialect)"\n`)).stdout.trim();
    const audited = async () => documentOf(await desk().run(["audit", "--json"])).hosts[0];
    const cell = ({ findings }: { findings: readonly Said[] }, role = "admins"): Said | undefined =>
      findings.find(
        ({ check, subject, role: of }) =>
          check === "session-ends" && subject === "idle-console" && of === role,
      );

    test("a file means to curfew what it means to the bridge", async () => {
      const read = dialect === "c" ? await readByBridge() : await readByPython();
      const said = SITUATIONS.map(({ name }, index) => [name, read[index]]);
      expect(said).toEqual(SITUATIONS.map((each) => [each.name, each[dialect]]));
    });

    const readByBridge = async (): Promise<number[]> => {
      const asked = SITUATIONS.map(
        ({ text }) => `printf '%b' '${escaped(text)}' >${CONF}; cockpit_ask "$dialect"; echo`,
      );
      const script = `${bridge}\ndialect=$(cockpit_dialect)\n${asked.join("\n")}\n`;
      const { stdout } = await host().exec(script, { timeoutSeconds: 120 });
      return Array.from(stdout.matchAll(/"reply":\[\[(\d+)\]\]/gu), ([, minutes]) => Number(minutes));
    };

    /** The bridge's own class; a process for each text takes long. */
    const readByPython = async (): Promise<number[]> => {
      await host().writeFile("/root/read.py", PYTHON);
      const input = JSON.stringify(SITUATIONS.map(({ text }) => text));
      const { stdout, stderr } = await host().exec("python3 /root/read.py; rm /root/read.py", { input });
      expect(stdout, stderr).not.toBe("");
      return JSON.parse(stdout) as number[];
    };

    test("without a file nothing logs out, and an apply makes one that goes with the revert", async () => {
      await host().exec(`rm -f ${CONF}`);
      const before = await host().etcDigest();
      expect(cell(await audited())).toMatchObject({ outcome: "fail" });
      expect(outcomes(await desk().run(["apply", "--yes", "--json"]))).toEqual({
        [host().name]: "confirmed",
      });
      expect(await ask()).toBe('"reply":[[10]]');
      expect(outcomes(await desk().run(["revert", "--yes", "--json"]))).toEqual({
        [host().name]: "confirmed",
      });
      expect(etcDifferences(before, await host().etcDigest())).toEqual([]);
    });

    test("the administrator's looser value gives way, and every other byte stays", async () => {
      await host().writeFile(CONF, THEIRS);
      const plan = documentOf(await desk().run(["plan", "--json"])).hosts[0];
      expect(plan.changes).toMatchObject([{ control: "cockpit", path: CONF, action: "update" }]);
      expect(outcomes(await desk().run(["apply", "--yes", "--json"]))).toEqual({
        [host().name]: "confirmed",
      });
      expect(await conf()).toBe(OURS);
      expect(await ask()).toBe('"reply":[[10]]');
      expect(outcomes(await desk().run(["apply", "--yes", "--json"]))).toEqual({
        [host().name]: "unchanged",
      });
      const found = await audited();
      // Logged out in time where the page is in view, which only its browser knows.
      const hidden = expect.stringMatching(/one in a hidden tab may stay 2h24m/u) as string;
      expect(cell(found)).toMatchObject({ outcome: "unknown", evidence: "effective", actual: hidden });
      expect(cell(found, "default")).toMatchObject({ outcome: "unknown" });
      // root may not log in to it.
      expect(cell(found, "root")).toBeUndefined();
      const said = found.findings.find(({ check }: Said) => check === "user-overridable");
      expect(said.actual).toMatch(/only the page in the browser counts/u);
      const { stdout } = await desk().run(["explain", `alice@${host().name}`]);
      expect(stdout).toMatch(/idle-console.*10m/u);
    });

    test("somebody's later edit is drift, a dropped file is a fail, and the revert keeps what they wrote", async () => {
      const edited = `${OURS}LoginTitle=web\n`.replace("\nIdleTimeout=10\n", "\nIdleTimeout=30m\n");
      await host().writeFile(CONF, edited);
      const found = await audited();
      expect(cell(found)).toMatchObject({ outcome: "fail" });
      const drift = found.findings.filter(
        ({ check, outcome }: Said) => check === "files-as-applied" && outcome === "fail",
      );
      expect(drift).toHaveLength(1);
      const inert = found.findings.find(
        ({ check, source }: Said & { source: string }) =>
          check === "mechanism-works" && source === `${CONF}:8`,
      );
      expect(inert?.actual).toMatch(/plain number of whole minutes/u);
      expect(outcomes(await desk().run(["revert", "--yes", "--json"]))).toEqual({
        [host().name]: "confirmed",
      });
      expect(await conf()).toBe(`${THEIRS}LoginTitle=web\n`);
      expect(await ask()).toBe('"reply":[[60]]');
    });

    // A script in the place of the bridge in C would not be taken for one.
    test.runIf(dialect === "python")(
      "a file that the bridge does not read as meant is taken back",
      async () => {
        await host().writeFile(CONF, THEIRS);
        // A bridge that reads another file, with the same in it.
        await host().exec(
          `mkdir -p /run/other/cockpit && cp ${CONF} /run/other/cockpit/ && cd /usr/bin && mv cockpit-bridge cockpit-bridge.real`,
        );
        const script = '#!/bin/sh\nXDG_CONFIG_DIRS=/run/other exec /usr/bin/cockpit-bridge.real "$@"\n';
        await host().writeFile("/usr/bin/cockpit-bridge", script, 0o755);
        const call = await desk().run(["apply", "--yes", "--json"]);
        await host().exec("cd /usr/bin && mv cockpit-bridge.real cockpit-bridge");
        expect(outcomes(call)).toEqual({ [host().name]: "rolled-back" });
        expect(call.stdout).toContain("cockpit does not read its IdleTimeout as meant");
        expect(await conf()).toBe(THEIRS);
      },
    );
  });
});

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("%", "%%");
}

const PYTHON = `
import json, sys
from cockpit.config import Config
def read(text):
    with open("${CONF}", "w", newline="") as file: file.write(text)
    return Config().get_u_int("Session", "IdleTimeout", 0, 240, 0)
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;
