/** After apply, machines that talk to the host must not read one byte more than before. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { openDesk, outcomes, RELEASES } from "./curfew.ts";

const SHELLS = ["bash", "zsh", "tcsh", "ksh", "dash"] as const;
const POLICY = `
name: silence
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  staff: { groups: [people], client_idle_timeout: 10m }
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`silence${lacks === null ? "" : ` (${lacks})`}`, () => {
  describe.each(RELEASES)("on %s", (release) => {
    let lab: Lab;
    let host: LabHost;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({
        release,
        users: SHELLS.map((shell) => ({ name: `u${shell}`, shell, groups: ["people"] })),
      });
      const desk = await openDesk(lab, [host], POLICY);
      const call = await desk.run(["apply", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
    });
    afterAll(() => lab?.close());

    test.each(SHELLS)("ssh host true, with %s", async (shell) => {
      const target = `u${shell}@${host.name}`;
      const ran = await execa("ssh", ["-F", lab.sshConfigPath, target, "true"], { all: true, reject: false });
      expect([ran.exitCode, ran.all]).toEqual([0, ""]);
      const echoed = await execa("ssh", ["-F", lab.sshConfigPath, target, "echo one; echo two"], {
        all: true,
      });
      expect(echoed.all).toBe("one\ntwo");
    });

    test.each(SHELLS)("scp, the old scp protocol, sftp and rsync, with %s", async (shell) => {
      const target = `u${shell}@${host.name}`;
      const dir = await mkdtemp(join(lab.dir, "copy-"));
      const text = `${"line\n".repeat(1000)}`;
      await writeFile(join(dir, "sent"), text);
      const client = ["-q", "-F", lab.sshConfigPath];
      const calls: [string, string[], string?][] = [
        ["scp", [...client, join(dir, "sent"), `${target}:scp`]],
        ["scp", [...client, `${target}:scp`, join(dir, "scp")]],
        ["scp", [...client, "-O", `${target}:scp`, join(dir, "old")]],
        ["sftp", [...client, "-b", "-", target], `get scp ${join(dir, "sftp")}\n`],
        ["rsync", ["-e", `ssh -F ${lab.sshConfigPath}`, `${target}:scp`, join(dir, "rsync")]],
      ];
      for (const [program, args, input = ""] of calls) {
        const { exitCode, all } = await execa(program, args, { all: true, reject: false, input });
        const noise = (all ?? "").split("\n").filter((line) => !line.startsWith("sftp> "));
        expect([program, exitCode, noise.join("")]).toEqual([program, 0, ""]);
      }
      for (const copy of ["scp", "old", "sftp", "rsync"])
        expect(await readFile(join(dir, copy), "utf8")).toBe(text);
    });
  });
});
