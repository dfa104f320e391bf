/** What README and the help pages show is run: every command, in its order, on a fresh host for each page. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { etcDifferences } from "./curfew.ts";
import { blocksOf, type Page, savedFiles, type ShownCommand, shownPages } from "./shown.ts";
import { openStage, type Stage } from "./stage.ts";

const pages = shownPages();
const sudoers = blocksOf(pages.find(({ name }) => name.endsWith("security.md"))?.text ?? "", "sudoers");

/** Exit codes with which a shown command does what it is shown for; 0 where none are named. */
const EXITS: Readonly<Record<string, readonly number[]>> = {
  check: [0, 2],
  plan: [0, 2],
  audit: [0, 2],
  report: [0],
};

function expectedExits({ line }: ShownCommand): readonly number[] {
  const command = /^curfew (\S+)/u.exec(line)?.[1] ?? "";
  return EXITS[command] ?? [0];
}

const lacks = labUnavailable();
const why = lacks === null ? "" : ` (${lacks})`;

describe
  .skipIf(lacks !== null)
  .each<Page>(pages.filter(({ commands }) => commands.some(({ parsedOnly }) => parsedOnly === null)))(
  `$name on a real host${why}`,
  ({ text, commands }) => {
    let lab: Lab;
    let stage: Stage;
    let before: Record<string, string>;

    beforeAll(async () => {
      lab = await openLab();
      const host = await lab.host({
        release: "trixie",
        name: "web1",
        users: [
          { name: "alice", groups: ["sudo"] },
          { name: "vera", groups: ["ext"] },
        ],
        files: { "/etc/sudoers.d/curfew": { content: sudoers[0] ?? "", mode: 0o440 } },
      });
      stage = await openStage(lab, host, savedFiles(text));
      before = await host.etcDigest();
    });
    afterAll(() => lab?.close());

    test.each(commands.filter(({ parsedOnly }) => parsedOnly === null))("$prompt $line", async (command) => {
      if (command.scene !== null) await stage.setScene(command.scene);
      const { exitCode, stdout, all } = await stage.run(command);
      expect(expectedExits(command), all).toContain(exitCode);
      const shown = command.output.map((line) => line.trim()).filter((line) => line !== "…");
      expect(
        shown.filter((line) => !stdout.includes(line)),
        stdout,
      ).toEqual([]);
      // The two ways back by hand leave nothing behind.
      const back = /undo\.sh now|put-back\.sh/u.test(command.line);
      expect(back ? etcDifferences(before, await stage.host.etcDigest()) : []).toEqual([]);
    });
  },
);

describe.skipIf(lacks !== null).each(["bullseye", "trixie"] as const)(
  `the sudoers file on %s${why}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;
    let stage: Stage;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release, name: "web1", users: [{ name: "curfew", password: "pass 'wörd" }] });
      stage = await openStage(lab, host, new Map());
      await stage.run({
        prompt: "$",
        line: "sed -i 's/user: root/user: curfew/; s/ansible_user: root/ansible_user: curfew/' inventory.yaml",
      });
    });
    afterAll(() => lab?.close());

    const run = async (line: string): Promise<number | undefined> =>
      (await stage.run({ prompt: "$", line })).exitCode;
    const login = (line: string) => host.exec(`runuser -u curfew -- sh -c '${line}'`);

    test("the page has two: without and with a password", () => {
      expect(sudoers).toHaveLength(2);
    });

    test.each([0, 1])("form %i is all that plan, apply, verify, audit and revert need", async (form) => {
      await host.writeFile("/etc/sudoers.d/curfew", sudoers[form] ?? "", 0o440);
      expect((await host.exec("visudo -c")).exitCode).toBe(0);
      await stage.run({ prompt: "$", line: "printf '%s\\n' \"pass 'wörd\" > password" });
      const more = `-i inventory.yaml${form === 1 ? " --become-pass-file password" : ""}`;
      expect(await run(`curfew plan -p policy.yaml ${more}`)).toBe(2);
      expect(await run(`curfew apply -p policy.yaml ${more}`)).toBe(0);
      expect([0, 2]).toContain(await run(`curfew verify -p policy.yaml ${more}`));
      expect([0, 2]).toContain(await run(`curfew audit -p policy.yaml ${more}`));
      expect(await run(`curfew revert ${more}`)).toBe(0);
    });

    test("and nothing more: another command is refused", async () => {
      await host.writeFile("/etc/sudoers.d/curfew", sudoers[0] ?? "", 0o440);
      expect((await login("sudo -n /usr/bin/id")).exitCode).not.toBe(0);
      expect((await login("echo id -u | sudo -n -- sh -s")).stdout.trim()).toBe("0");
      await host.exec("rm /etc/sudoers.d/curfew");
      expect(await run("curfew plan -p policy.yaml -i inventory.yaml")).toBe(3);
    });
  },
);
