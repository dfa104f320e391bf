import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { remoteScript } from "../../../src/template/remote-script.ts";
import { parseWizardSurvey } from "../../../src/core/wizard/survey.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";

describe("what the script says", () => {
  test("is read strictly", () => {
    const survey = parseWizardSurvey(
      "account\troot\t0\t/bin/bash\nadmins\tsudo\teve,dan\nsudoer\tops\nclock\t1000\t100\nself\t40\nprocess\t9\t1\t0\t34816\t50000\tvim\nwords\t9\tvim x\u001b[2J\nend\n",
      "web1",
    );
    expect(survey).toEqual({
      accounts: [{ name: "root", uid: 0, shell: "/bin/bash" }],
      admins: [{ group: "sudo", members: ["eve", "dan"] }],
      sudoers: ["ops"],
      processes: [
        { pid: 9, ppid: 1, uid: 0, terminal: true, seconds: 500, command: "vim", words: "vim x\\u{1b}[2J" },
      ],
    });
  });

  test("without /proc nobody knows what runs", () => {
    expect(parseWizardSurvey("account\troot\t0\t/bin/sh\nend\n", "web1").processes).toBeNull();
  });

  test.each([
    ["cut short", "account\troot\t0\t/bin/sh\n", /cut short/u],
    ["nothing", "", /cut short/u],
    ["a strange word", "passwd\troot\nend\n", /begins with passwd/u],
    ["a word of JavaScript's", "constructor\tx\nend\n", /begins with constructor/u],
    ["too few fields", "account\troot\nend\n", /account is incomplete/u],
    ["too many fields", "self\t1\t2\nend\n", /self is incomplete/u],
    ["no number", "account\troot\tzero\t/bin/sh\nend\n", /zero is not a number/u],
    ["a number beyond numbers", `clock\t${"9".repeat(30)}\t1\nself\t1\nend\n`, /is not a number/u],
  ])("%s is refused", (_, output, message) => {
    expect(() => parseWizardSurvey(output, "web1")).toThrow(message);
  });

  test("whatever comes, it is a survey or an error of this host", () => {
    const field = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.constantFrom("process", "words", "self", "clock", "end"),
    );
    const output = fc
      .array(fc.array(field, { maxLength: 8 }).map((fields) => fields.join("\t")))
      .map((all) => all.join("\n"));
    fc.assert(
      fc.property(output, (text) => {
        const outcome = attempt(text);
        expect(outcome instanceof CurfewError ? `${outcome.code} ${outcome.host}` : outcome).toBe(
          outcome instanceof CurfewError ? "remote web1" : "a survey",
        );
      }),
    );
  });

  test("this login and all below it are left out, others are not; a circle ends", () => {
    const rows = [
      "1\t0\t0\t0\t0\tsystemd",
      "50\t1\t0\t0\t0\tsshd",
      "60\t50\t0\t0\t0\tsshd-session",
      "61\t60\t1000\t0\t0\tsshd-session",
      "62\t61\t0\t0\t0\tsudo",
      "63\t62\t0\t0\t0\tsh",
      "70\t50\t0\t0\t0\tsshd-session",
      "80\t81\t0\t0\t0\ta",
      "81\t80\t0\t0\t0\tb",
    ];
    const words = [
      "50\tsshd: /usr/sbin/sshd -D [listener] 0 of 10",
      "60\tsshd-session: eve [priv]",
      "61\tsshd-session: eve@notty",
    ];
    const lines = [...rows.map((row) => `process\t${row}`), ...words.map((row) => `words\t${row}`)];
    const survey = parseWizardSurvey(["clock\t100\t100", "self\t63", ...lines, "end", ""].join("\n"), "web1");
    expect(survey.processes?.map(({ pid }) => pid)).toEqual([1, 50, 70, 80, 81]);
  });
});

test("the script's own answer about this machine is understood, and this process is in it", () => {
  const output = execFileSync("sh", ["-s"], { input: remoteScript("wizard-survey", {}), encoding: "utf8" });
  const { accounts, processes } = parseWizardSurvey(output, "here");
  expect(accounts.find(({ uid }) => uid === 0)?.name).toBe("root");
  // The script's own tree is left out; whoever called it is above that.
  expect(processes?.find(({ pid }) => pid === process.pid)).toMatchObject({ uid: process.getuid?.() });
});

function attempt(text: string): unknown {
  try {
    parseWizardSurvey(`${text}\nend\n`, "web1");
    return "a survey";
  } catch (error) {
    return error;
  }
}
