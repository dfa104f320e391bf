/** Edits of others are never lost: whatever somebody does to a file of a change at whatever moment is found afterwards. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { documentOf, openDesk, outcomes } from "./curfew.ts";
import { factsOf, FILES, placeScripts, TOKEN } from "./guard-host.ts";
import { patient } from "../patience.ts";

const POLICY = `
name: edits
controls: [shell-timeout]
defaults: { client_idle_timeout: 15m }
`;
const KEPT = `curfew-kept-${TOKEN.slice(0, 8)}`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`edits${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  describe.each(["bookworm", "trixie"] as const)("%s", (release) => {
    let host: LabHost;
    beforeAll(async () => {
      host = await lab.host({ release });
      await host.exec(`echo original >${FILES.update}`);
      await placeScripts(host);
      await host.exec("mkdir /root/before; cp -a /etc/. /root/before");
    }, patient(120_000));
    // A test that failed must not make the next one fail.
    afterEach(async () => {
      await host.exec(`sh /root/guard/undo; rm -f /usr/sbin/systemd-run /usr/sbin/mv
        rm -rf ${FILES.update} ${FILES.create} /etc/curfew ${FILES.remove} /var/lib/curfew
        find /etc -name '*curfew-kept*' -exec rm -rf {} +; cp -a /root/before/. /etc/`);
    });

    /** What of /etc is not as before, what the guard left, and what was said; the change meets `act` when it is armed. */
    async function changed(act: string, when = "systemd-run"): Promise<string[]> {
      await host.writeFile(`/root/act`, act, 0o755);
      await host.writeFile(
        `/usr/sbin/${when}`,
        `#!/bin/sh\ncase "$* " in *--help*) ;; *) [ -e /root/acted ] || { touch /root/acted; sh /root/act; } ;; esac\nexec /usr/bin/${when} "$@"\n`,
        0o755,
      );
      await host.exec("rm -f /root/acted");
      const { stdout } = await host.exec("sh /root/guard/change");
      await host.exec(`rm /usr/sbin/${when}`);
      return stdout.trim().split("\n");
    }

    async function differences(): Promise<string[]> {
      const { stdout } = await host.exec(
        "diff -rq --no-dereference /root/before /etc; ls -d /var/lib/curfew; find /etc -name '.curfew-*'; ls /etc/systemd/system/curfew*",
      );
      return stdout
        .trim()
        .split("\n")
        .filter((line) => line !== "");
    }

    test.each([
      ["a line more", FILES.update, "echo theirs >>FILE", "cat FILE", "original\ntheirs\n"],
      ["another file", FILES.update, "echo theirs >FILE.x; mv FILE.x FILE", "cat FILE", "theirs\n"],
      ["another mode", FILES.update, "chmod 600 FILE", "stat -c %a FILE", "600\n"],
      ["another owner", FILES.update, "chown 7:7 FILE", "stat -c %u:%g FILE", "7:7\n"],
      ["no file", FILES.update, "rm FILE", "ls FILE || echo none", "none\n"],
      [
        "a link",
        FILES.update,
        "mv FILE FILE.x; ln -s bash.bashrc.x FILE",
        "readlink FILE; rm FILE.x",
        "bash.bashrc.x\n",
      ],
      ["a file where none was", FILES.create, "echo theirs >FILE", "cat FILE", "theirs\n"],
      ["a link where nothing was", FILES.create, "ln -s /nowhere FILE", "readlink FILE", "/nowhere\n"],
      ["a line more in what is to go", FILES.remove, "echo theirs >>FILE", "cat FILE", "[Login]\ntheirs\n"],
    ])(
      "between staging and rename, %s: the run stops, takes back and names the file",
      async (_what, file, act, look, found) => {
        const said = await changed(act.replaceAll("FILE", file));
        expect(said.at(-1)).toBe(
          `@${TOKEN} fail stale-plan ${file} was changed by somebody while this change was under way`,
        );
        expect(said).toContain(`@${TOKEN} state reverted`);
        expect(said.filter((line) => line.includes("kept"))).toEqual([]);
        expect((await host.exec(look.replaceAll("FILE", file))).stdout).toBe(found);
        const rest = (await differences()).filter(
          (line) => !line.includes(file.slice(file.lastIndexOf("/") + 1)),
        );
        expect(rest).toEqual([]);
      },
    );

    test("in the very last instant, a line more in the file itself", async () => {
      const said = await changed(`echo theirs >>${FILES.update}`, "mv");
      expect(said.at(-1)).toContain(`fail stale-plan ${FILES.update} was changed by somebody`);
      expect((await host.exec(`cat ${FILES.update}`)).stdout).toBe("original\ntheirs\n");
    });

    // What remains where mv(1) cannot exchange files: see guard-place.sh.
    test.skipIf(release === "bookworm")("in the very last instant, another file", async () => {
      const said = await changed(`echo theirs >/etc/x; /usr/bin/mv /etc/x ${FILES.update}`, "mv");
      expect(said.at(-1)).toContain(`fail stale-plan ${FILES.update} was changed by somebody`);
      expect((await host.exec(`cat ${FILES.update}`)).stdout).toBe("theirs\n");
    });

    test("whoever had the file open and writes after the rename keeps the line, and the change is taken back", async () => {
      const { stdout } = await host.exec(
        `exec 3>>${FILES.update}; sh /root/guard/change >/dev/null; echo theirs >&3; sh /root/guard/confirm; cat ${FILES.update}`,
      );
      expect(stdout).toContain(`@${TOKEN} kept late\t${FILES.update}\t-`.replace("kept ", "kept\t"));
      expect(stdout).toContain(`@${TOKEN} state reverted\noriginal\ntheirs\n`);
    });

    test.each([
      ["a line more", FILES.update, "echo theirs >>FILE", "# ours\noriginal\ntheirs\n"],
      ["another file", FILES.update, "echo theirs >FILE.x; mv FILE.x FILE", "theirs\n"],
      ["another mode", FILES.update, "chmod 600 FILE", "# ours\noriginal\n"],
      ["a line more in what was not there", FILES.create, "echo theirs >>FILE", "# ours\ntheirs\n"],
      ["a line more in a directory that was not there", FILES.deep, "echo theirs >>FILE", "# ours\ntheirs\n"],
      ["a file where it was removed", FILES.remove, "echo theirs >FILE", "theirs\n"],
    ])(
      "while armed, then rollback, %s: kept beside the restored file and reported",
      async (_what, file, act, theirs) => {
        await host.exec("sh /root/guard/change");
        await host.exec(act.replaceAll("FILE", file));
        // As its timer would, without a controller.
        await host.exec("sh /var/lib/curfew/guard/*/undo.sh timer");
        expect((await host.exec(`cat ${file}.${KEPT}`)).stdout).toBe(theirs);
        const name = file.slice(file.lastIndexOf("/") + 1);
        const rest = (await differences()).filter(
          (line) => !line.includes(`${name}.${KEPT}`) && !line.endsWith(": curfew"),
        );
        expect(rest).toEqual(["/var/lib/curfew"]);
        expect((await host.exec("find /var/lib/curfew -type f")).stdout).toBe("/var/lib/curfew/kept\n");
        expect((await host.exec("sh /root/guard/undo")).stdout).toContain(
          `kept\tedited\t${file}\t${file}.${KEPT}`,
        );
        expect((await factsOf(host)).curfew.kept).toEqual([
          { kind: "edited", path: file, copy: `${file}.${KEPT}` },
        ]);
        // Nobody is told any more once somebody has taken it away.
        await host.exec(`rm ${file}.${KEPT}`);
        expect((await factsOf(host)).curfew.kept).toBeUndefined();
      },
    );

    test.each([
      ["a link", "ln -s /etc/hostname FILE", "readlink FILE.KEPT"],
      ["a directory", "mkdir FILE; touch FILE/theirs", "ls FILE.KEPT"],
    ])("while armed %s instead of the file: kept too", async (_what, act, look) => {
      const fill = (text: string): string => text.replaceAll("FILE", FILES.update).replaceAll("KEPT", KEPT);
      await host.exec(
        `sh /root/guard/change; rm ${FILES.update}; ${fill(act)}; sh /var/lib/curfew/guard/*/undo.sh timer`,
      );
      expect((await host.exec(fill(look))).stdout).toMatch(/hostname|theirs/u);
      expect((await host.exec(`cat ${FILES.update}`)).stdout).toBe("original\n");
    });

    test("a file that somebody removed while armed is there again, and that is said", async () => {
      await host.exec(`sh /root/guard/change; rm ${FILES.update}`);
      const { stdout } = await host.exec("sh /var/lib/curfew/guard/*/undo.sh now");
      expect(stdout).toBe(`kept\tremoved\t${FILES.update}\t-\nreverted\n`);
      expect((await host.exec(`cat ${FILES.update}`)).stdout).toBe("original\n");
      expect((await differences()).join()).toBe("/var/lib/curfew");
    });

    test("nothing is kept of what nobody touched", async () => {
      const { stdout } = await host.exec("sh /root/guard/change; sh /root/guard/undo");
      expect(stdout.trim().split("\n").at(-1)).toBe(`@${TOKEN} state reverted`);
      expect(await differences()).toEqual([]);
    });
  });

  test(
    "the controller says what was kept and where, and so do audit, the next apply and revert",
    async () => {
      const host = await lab.host({ release: "bookworm" });
      const desk = await openDesk(lab, [host], POLICY);
      // The second login finds no key; the edit comes while it is tried.
      const rc = "/etc/bash.bashrc";
      await host.writeFile(
        "/usr/sbin/sync",
        `#!/bin/sh
if [ -z "$*" ] && [ -e /root/.ssh/authorized_keys ] && grep -q 'BEGIN curfew' ${rc}; then
  echo theirs >>${rc}; mv /root/.ssh/authorized_keys /root/.ssh/aside
fi
exec /usr/bin/sync "$@"
`,
        0o755,
      );
      const call = await desk.run(["apply", "--yes", "--json"]);
      await host.exec("mv /root/.ssh/aside /root/.ssh/authorized_keys; rm /usr/sbin/sync");
      const [result] = documentOf(call).hosts;
      expect(result, call.stderr).toMatchObject({ outcome: "rolled-back" });
      const copy = /kept as (\S+)/u.exec(result.message)?.[1] ?? "";
      expect(copy).toMatch(/^\/etc\/bash\.bashrc\.curfew-kept-[0-9a-f]{8}$/u);
      expect((await host.exec(`cat ${copy}`)).stdout).toMatch(/BEGIN curfew[^]*theirs\n$/u);
      expect((await host.exec(`tail -n 1 ${rc}`)).stdout).not.toBe("theirs\n");
      const findings = documentOf(await desk.run(["audit", "--json"])).hosts[0].findings;
      expect(findings).toContainEqual(
        expect.objectContaining({
          check: "edits-merged",
          outcome: "fail",
          source: copy,
          actual: expect.stringContaining(copy),
        }),
      );
      const applied = documentOf(await desk.run(["apply", "--yes", "--json"])).hosts[0];
      expect(applied).toMatchObject({ outcome: "confirmed", message: expect.stringContaining(copy) });
      const reverted = documentOf(await desk.run(["revert", "--yes", "--json"])).hosts[0];
      expect(reverted).toMatchObject({ outcome: "confirmed", message: expect.stringContaining(copy) });
      expect((await host.exec(`ls ${copy}; ls /var/lib/curfew`)).stdout).toBe(`${copy}\n`);
    },
    patient(180_000),
  );

  test(
    "behind a link of their directory drop-ins are changed, changed again and taken away; what somebody did to files stays",
    async () => {
      const host = await lab.host({ release: "trixie" });
      const policy = (idle: string): string =>
        `name: links\ncontrols: [sshd, shell-timeout]\ndefaults: {client_idle_timeout: ${idle}}\n`;
      const desk = await openDesk(lab, [host], policy("15m"));
      const link =
        "cd /etc/ssh && mkdir /opt/site && mv sshd_config.d /opt/site/d && ln -s /opt/site/d sshd_config.d";
      expect((await host.exec(link)).exitCode).toBe(0);
      for (const idle of ["15m", "20m"]) {
        await desk.setPolicy(policy(idle));
        const call = await desk.run(["apply", "--yes", "--json"]);
        expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      }
      await host.exec("chmod 640 /etc/bash.bashrc; echo '# theirs' >>/etc/profile.d/00-curfew.sh");
      const call = await desk.run(["revert", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      const { stdout } = await host.exec("ls /opt/site/d; stat -c %a /etc/bash.bashrc; ls /var/lib/curfew");
      expect(stdout).toBe("640\n");
      const [, copy = ""] = /kept as (\S+)/u.exec(documentOf(call).hosts[0].message) ?? [];
      expect(copy).toMatch(/^\/etc\/profile\.d\/00-curfew\.sh\.curfew-kept-\d{14}$/u);
      expect((await host.exec(`ls /etc/profile.d | grep curfew; tail -n 1 ${copy}`)).stdout).toBe(
        `${copy.replace("/etc/profile.d/", "")}\n# theirs\n`,
      );
    },
    patient(180_000),
  );
});
