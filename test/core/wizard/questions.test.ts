import * as fc from "fast-check";
import { CONTROL_IDS } from "../../../src/controls/registry.ts";
import { describe, expect, test } from "vitest";
import { parsePolicy } from "../../../src/config/policy/policy.ts";
import {
  draftOf,
  exemptible,
  type WizardAnswer,
  type WizardAnswers,
} from "../../../src/core/wizard/draft.ts";
import {
  presetOf,
  questionsAfter,
  questionsBefore,
  stepsTo,
  WIZARD_STEPS,
} from "../../../src/core/wizard/questions.ts";
import { wizardPolicy } from "../../../src/report/wizard/files.ts";
import { sessionOf, subjectOf, surveyOf } from "./subject.ts";

const LISTENER = "50 1 0 0 9000 sshd | sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups";
const quiet = subjectOf(surveyOf(["root:0", "eve:1000"], [LISTENER], ["admins sudo eve"]));
const busy = subjectOf(
  surveyOf(
    ["root:0", "eve:1000", "backup:34"],
    [LISTENER, ...sessionOf("backup", 34, 60), "62 61 34 0 700 rsync"],
    ["admins sudo eve"],
  ),
);

const ids = (answers: WizardAnswers, subject = quiet): string[] =>
  questionsBefore(subject, answers).map(({ id }) => id);

describe("questions", () => {
  test("on a quiet host", () => {
    expect(ids({})).toEqual([
      "found",
      "baseline",
      "idle",
      "unresponsive",
      "roles",
      "role:admin",
      "controls",
      "decide",
    ]);
  });

  test("an exemption is proposed for a service at work, and asks for an owner, an end and a reason", () => {
    const asked = ids({}, busy);
    expect(asked.slice(5)).toEqual([
      "role:admin",
      "role:service",
      "exempt",
      "owner",
      "expires",
      "reason",
      "controls",
      "decide",
    ]);
    expect(ids({ exempt: [] }, busy)).not.toContain("owner");
  });

  test("a role that is not wanted has no limit to ask about", () => {
    expect(ids({ roles: [] })).not.toContain("role:admin");
  });

  test("every step is in order, and one without a question is shown on the way forth only", () => {
    const steps = questionsBefore(quiet, {}).map(({ step }) => WIZARD_STEPS.indexOf(step));
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(stepsTo("found", undefined)).toEqual(["found"]);
    expect(stepsTo("controls", "limits")).toEqual(["hurt", "controls"]);
    expect(stepsTo("limits", "controls")).toEqual(["limits"]);
    expect(stepsTo("limits", "limits")).toEqual([]);
  });

  test("what was said beforehand is what Enter says: only files are only files", () => {
    const presets = (answers: WizardAnswers) =>
      Object.fromEntries(
        [...questionsBefore(busy, answers), ...questionsAfter("apply", answers, "x")].map((q) => [
          q.id,
          presetOf(q),
        ]),
      );
    const given = {
      baseline: "cis",
      idle: 300,
      unresponsive: 60,
      roles: ["admin"],
      "role:admin": 120,
      exempt: ["backup"],
      owner: "o",
      expires: "2027-01-01",
      reason: "r",
      controls: ["watchdog"],
      decide: "files",
      probe: "none",
      directory: "d",
    };
    expect(presets(given)).toEqual({ ...given, found: "on" });
    expect(presets({})["decide"]).toBe("apply");
  });

  test("a proof only where something was applied", () => {
    expect(questionsAfter("apply", {}, "x").map(({ id }) => id)).toEqual(["probe", "directory"]);
    expect(questionsAfter("files", {}, "x").map(({ id }) => id)).toEqual(["directory"]);
  });
});

describe("drafts", () => {
  test("Enter throughout", () => {
    expect(draftOf(quiet, {})).toMatchObject({
      baseline: "none",
      idle: 900,
      unresponsive: 180,
      roles: [{ name: "admin", users: ["root"], groups: ["sudo"], idle: 600 }],
      exempt: [],
      controls: ["sshd", "shell-timeout"],
    });
    expect(draftOf(busy, {})).toMatchObject({
      exempt: ["backup"],
      owner: "alice@desk",
      expires: "2027-02-20",
    });
  });

  test.each([
    ["8.1", [], false],
    ["8.4", [], true],
    ["9.1", [], true],
    ["9.2", [], false],
    ["9.2", ["backup"], true],
    ["10.4", ["backup"], true],
    ["10.5", ["backup"], false],
  ])("OpenSSH %s with %j exempt: the watchdog is proposed: %s", (release, exempt, expected) => {
    const [major = 0, minor = 0] = release.split(".").map(Number);
    const { controls } = draftOf({ ...busy, version: { major, minor } }, { exempt });
    expect(controls.includes("watchdog")).toBe(expected);
  });

  test("a baseline, or everybody's limit, made stricter afterwards takes the others along", () => {
    const answers = { idle: 900, "role:admin": 900 };
    expect(draftOf(quiet, { ...answers, baseline: "stig-ubuntu2404" })).toMatchObject({
      idle: 600,
      roles: [{ idle: 600 }],
    });
    expect(draftOf(quiet, { ...answers, idle: 300 })).toMatchObject({ idle: 300, roles: [{ idle: 300 }] });
  });

  test("a person with one long command may be exempted, and is not proposed", () => {
    const jobs = [
      "50 1 0 0 900 sshd | sshd: [listener]",
      ...sessionOf("deploy", 1001, 60),
      "63 61 1001 0 900 tar",
    ];
    const subject = subjectOf(surveyOf(["root:0", "deploy:1001"], jobs));
    expect(exemptible(subject)).toEqual(["deploy"]);
    expect(draftOf(subject, {}).exempt).toEqual([]);
  });

  test("root is never proposed for an exemption", () => {
    const root = subjectOf(
      surveyOf(["root:0"], [LISTENER, ...sessionOf("root", 0, 60), "62 61 0 0 700 rsync"]),
    );
    expect(exemptible(root)).toEqual([]);
  });
});

/** Goes forth and back at random, as somebody undecided does; any answer the prompts let through. */
test("whatever is answered, in whatever order, the policy that comes out is valid", () => {
  const answer = fc.record({
    pick: fc.nat(),
    back: fc.boolean(),
    seconds: fc.integer({ min: 1, max: 604_800 }),
    text: fc.string({ minLength: 1, maxLength: 80 }),
  });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 40 }), fc.constantFrom(quiet, busy), (moves, subject) => {
      const answers: Record<string, WizardAnswer> = {};
      let index = 0;
      for (const { pick, back, seconds, text } of moves) {
        const question = questionsBefore(subject, answers)[index];
        if (question === undefined) break;
        if (back) {
          index = Math.max(0, index - 1);
          continue;
        }
        const value =
          question.form === "choose"
            ? question.choices[pick % question.choices.length]!
            : question.form === "pick"
              ? question.choices.filter((_, at) => (pick >> at) % 2 === 1 || !question.empty)
              : question.form === "duration"
                ? Math.min(seconds, question.most ?? seconds)
                : question.form === "line" && !/[\p{C}\p{Z}]/u.test(text)
                  ? text
                  : presetOf(question);
        answers[question.id] = value;
        index += 1;
      }
      const draft = draftOf(subject, answers);
      const { policy } = parsePolicy(
        "policy.yaml",
        wizardPolicy(draft, "web1", subject.today, CONTROL_IDS),
        new Date("2026-11-22"),
      );
      expect(policy.defaults.client_idle_timeout).toBe(draft.idle);
      expect(policy.profile ?? "none").toBe(draft.baseline);
      expect(policy.controls).toEqual(draft.controls);
      expect(Object.keys(policy.roles)).toEqual(draft.roles.map(({ name }) => name));
      for (const { name, idle } of draft.roles) {
        expect(policy.roles[name]?.client_idle_timeout).toBe(idle);
        expect(idle).toBeLessThanOrEqual(draft.idle);
      }
      expect(policy.exemptions.flatMap(({ users }) => users)).toEqual(draft.exempt);
      for (const exemption of policy.exemptions)
        expect(exemption).toMatchObject({ owner: draft.owner, justification: draft.reason });
    }),
  );
});
