/** A TMOUT of somebody fails once curfew's is readonly: plan says what its file loses, apply does nothing without a yes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/model/verdict/finding.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { documentOf, openDesk, type Desk } from "./curfew.ts";

const POLICY = `
name: lost-lines
controls: [shell-timeout]
defaults: { client_idle_timeout: 15m }
exemptions:
  - { name: free, users: [fay], justification: nobody loses a line who has no limit, owner: ops, expires: 2099-01-01 }
`;
const FILES: Readonly<Record<string, string>> = {
  // zsh skips the rest of the file.
  "/home/zoe/.zshrc": 'TMOUT=900\numask 027\nexport EDITOR=vi TOKEN="s3cret w0rd"\n',
  // bash skips the rest of the command around it.
  "/home/bob/.profile": 'if [ -n "$BASH" ]; then\n  TMOUT=900\n  umask 027\nfi\numask 077\n',
  // bash skips nothing but the line.
  "/home/amy/.profile": "TMOUT=900\numask 027\n",
  "/home/fay/.profile": "TMOUT=900; umask 027\n",
  "/etc/profile.d/site.sh": "case $- in *i*) TMOUT=900; export SITE=x ;; esac\n",
};

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`lost lines${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  beforeAll(async () => {
    lab = await openLab();
    const users = [{ name: "zoe", shell: "/usr/bin/zsh" }, { name: "bob" }, { name: "amy" }, { name: "fay" }];
    host = await lab.host({ release: "bookworm", users });
    for (const [path, text] of Object.entries(FILES)) await host.writeFile(path, text);
    desk = await openDesk(lab, [host], POLICY);
  }, patient(120_000));
  afterAll(() => lab?.close());

  async function umaskOf(user: string): Promise<string> {
    const login = `printf 'echo m-$(umask)-m\\nexit\\n' | script -qc 'su - ${user}' /dev/null`;
    const { stdout } = await host.exec(login);
    return /m-0?(\d{3})-m/u.exec(stdout)?.[1] ?? stdout;
  }

  test(
    "plan names them, apply waits for a yes, and then it is as plan said",
    { timeout: patient(120_000) },
    async () => {
      expect([await umaskOf("zoe"), await umaskOf("bob")]).toEqual(["027", "077"]);
      const plan = await desk.run(["plan", "--json"]);
      const findings: Finding[] = documentOf(plan).hosts[0].findings;
      const lost = findings.filter(({ check }) => check === "lines-kept");
      expect(lost.map(({ source, outcome }) => `${source} ${outcome}`).toSorted(), plan.stderr).toEqual([
        "/etc/profile.d/site.sh:1 fail",
        "/home/bob/.profile:2 fail",
        "/home/zoe/.zshrc:1 fail",
      ]);
      const said = lost.map(({ actual }) => actual).join("\n");
      expect(said).toContain(
        "zsh skips the rest of the file, to line 3: umask 027, export EDITOR, export TOKEN (2 lines)",
      );
      expect(said).toContain("bash skips the rest of the command around it, to line 4: umask 027 (1 line)");
      expect(said).toContain("bash skips the rest of the command around it, to line 1: export SITE (1 line)");
      expect(plan.stdout).not.toMatch(/s3cret|w0rd/u);

      const refused = await desk.run(["apply", "--yes", "--json"]);
      expect(refused.exitCode).toBe(3);
      expect(documentOf(refused).hosts[0]).toMatchObject({
        outcome: "failed",
        error: { code: "lost-lines", hint: expect.stringContaining("--accept-lost-lines") },
        message: expect.stringMatching(/\/home\/zoe\/\.zshrc:1[^]*; nothing was changed$/u),
      });
      expect((await host.exec("ls /etc/profile.d/00-curfew.sh")).exitCode).not.toBe(0);

      const accepted = await desk.run(["apply", "--yes", "--json", "--accept-lost-lines"]);
      expect(documentOf(accepted).hosts[0], accepted.stderr).toMatchObject({ outcome: "confirmed" });
      expect(await umaskOf("zoe")).toBe("022");
      expect([await umaskOf("bob"), await umaskOf("amy"), await umaskOf("fay")]).toEqual([
        "077",
        "027",
        "027",
      ]);
      // Nothing to do is no question.
      expect((await desk.run(["apply", "--yes"])).exitCode).toBe(0);
      const reverted = await desk.run(["revert", "--yes"]);
      expect(reverted.exitCode, reverted.stderr).toBe(0);
      for (const path of ["/home/zoe/.zshrc", "/home/bob/.profile", "/etc/profile.d/site.sh"])
        await host.exec(`sed -i /TMOUT/d ${path}`);
      const free = await desk.run(["apply", "--yes", "--json"]);
      expect(documentOf(free).hosts[0], free.stderr).toMatchObject({ outcome: "confirmed" });
      expect(await umaskOf("zoe")).toBe("027");
    },
  );
});
