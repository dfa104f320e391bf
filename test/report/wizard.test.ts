import { CONTROL_IDS } from "../../src/controls/registry.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadInventory } from "../../src/config/inventory/inventory.ts";
import { parsePolicy } from "../../src/config/policy/policy.ts";
import { CONTROLS } from "../../src/controls/index.ts";
import type { Draft } from "../../src/core/wizard/draft.ts";
import { inForce } from "../../src/core/wizard/now.ts";
import { WIZARD_STEPS } from "../../src/core/wizard/questions.ts";
import { known } from "../../src/model/terms/reading.ts";
import { widthOf } from "../../src/report/layout/columns.ts";
import { createPaint } from "../../src/report/layout/paint.ts";
import { provedText } from "../../src/report/wizard/end.ts";
import { wizardInventory, wizardPolicy } from "../../src/report/wizard/files.ts";
import { foundText, hurtText } from "../../src/report/wizard/found.ts";
import { controlsText, stepText } from "../../src/report/wizard/words.ts";
import { reflow, wrap, wrapStatement } from "../../src/report/layout/wrap.ts";
import { host, person, version } from "../controls/facts-fixture.ts";
import { sessionOf, subjectOf, surveyOf } from "../core/wizard/subject.ts";

const paint = createPaint(false);
const view = { paint, columns: 80 };
const draft: Draft = {
  baseline: "none",
  idle: 900,
  unresponsive: 180,
  roles: [{ name: "admin", users: ["root"], groups: ["sudo", "domain admins"], idle: 600 }],
  exempt: [],
  owner: "ops@example.com",
  expires: "2027-01-31",
  reason: "rsync runs for hours",
  controls: ["sshd", "shell-timeout"],
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-wizard-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("files", () => {
  test.each([
    ["web1,", {}],
    ["eve@web1:2222,", {}],
    ["eve@10.0.0.1,", {}],
    ["[2001:db8::1]:2222,", {}],
    ["eve@2001:db8::1,", {}],
    ["no,", {}],
    ["dom.user@web-1.example.com,", {}],
  ])("the inventory of %s reaches the same host in the same way", async (target) => {
    const options = { environment: {} };
    const [given] = (await loadInventory([target], options)).hosts;
    const file = join(directory, "inventory.yaml");
    await writeFile(file, wizardInventory(given!, "2026-11-22"));
    const { hosts, warnings } = await loadInventory([file], options);
    expect(warnings).toEqual([]);
    expect(hosts).toEqual([{ ...given, source: expect.anything() }]);
  });

  test("a policy keeps odd texts as they are", () => {
    // What a person may type into a prompt: no control or invisible characters, no blanks at the ends.
    const line = fc
      .string({ minLength: 1, maxLength: 60, unit: "grapheme" })
      .filter((text) => !/[\p{C}\p{Z}]/u.test(text));
    fc.assert(
      fc.property(line, line, (owner, reason) => {
        const text = wizardPolicy(
          { ...draft, exempt: ["backup"], owner, reason },
          "web1",
          "2026-11-22",
          CONTROL_IDS,
        );
        const { policy } = parsePolicy("policy.yaml", text, new Date("2026-11-22"));
        expect(policy.exemptions[0]).toMatchObject({ owner, justification: reason });
      }),
    );
  });

  test.each(["yes", "null", "1e3", "0x1f", "~", "web1: x", "# web", "- a", "2026-11-22", "[::1]"])(
    "a host called %j is a text to YAML",
    (name) => {
      expect(
        parsePolicy("p", wizardPolicy(draft, name, "2026-11-22", CONTROL_IDS), new Date()).policy.name,
      ).toBe(name);
    },
  );

  test("the watchdog warns", () => {
    const text = wizardPolicy({ ...draft, controls: ["watchdog"] }, "web1", "2026-11-22", CONTROL_IDS);
    expect(parsePolicy("p", text, new Date()).policy.defaults.warn_before).toBe(60);
  });
});

describe("in force now", () => {
  const effective = (release: string, ...lines: string[]) => {
    const facts = host({ version: version(release), main: lines.map((line) => `${line}\n`).join("") });
    const said = known(lines.map((line) => line.toLowerCase()));
    const classes = known([{ ...person("root"), effective: said }]);
    return { ...facts, sshd: { ...facts.sshd, effective: said, classes } };
  };
  test.each<[string, string[], string[]]>([
    [
      "8.1",
      ["ClientAliveInterval 300", "ClientAliveCountMax 0"],
      ["ends ends a session after 300 s without data from its client"],
    ],
    [
      "9.6",
      ["ClientAliveInterval 300", "ClientAliveCountMax 0"],
      ["nothing on this version this ends nothing: in OpenSSH 8.2"],
    ],
    [
      "10.0",
      ["ClientAliveInterval 600", "ClientAliveCountMax 1"],
      ["partly ends a client that stopped answering after about 1200 s"],
    ],
    [
      "9.2",
      ["ClientAliveInterval 600", "ClientAliveCountMax 1"],
      ["partly ends a client that stopped answering after about 2400 s"],
    ],
    ["10.0", ["ChannelTimeout session:*=5m"], ["ends ends sessions after 300 s without data"]],
    ["10.0", ["ChannelTimeout session=5m"], ["nothing on this version this ends nothing"]],
    ["10.0", ["ChannelTimeout direct-tcpip=5m"], ["partly ends such channels only"]],
    ["10.0", ["UnusedConnectionTimeout 300"], ["partly ends connections without a session"]],
    ["10.0", [], []],
  ])("on OpenSSH %s, %j", (release, lines, expected) => {
    const found = inForce(effective(release, ...lines), CONTROLS).map(
      ({ verdict, effect }) => `${verdict} ${effect}`,
    );
    expect(found).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});

describe("texts", () => {
  const listener = "50 1 0 0 9000 sshd | sshd: /usr/sbin/sshd -D [listener] 0";
  const survey = surveyOf(
    ["root:0", "eve:1000", "backup:34"],
    [listener, ...sessionOf("backup", 34, 60), "62 61 34 0 7300 rsync", "90 1 1000 0 90 tmux: server"],
    ["admins sudo eve"],
  );
  const subject = subjectOf(survey);

  test.each([40, 80, 200])("no line is wider than %d columns", (columns) => {
    const now = [
      {
        setting: "ClientAliveCountMax 0",
        source: "/etc/ssh/sshd_config:1",
        effect: "nothing ".repeat(30),
        verdict: "nothing" as const,
      },
    ];
    const found = {
      description: "Debian",
      people: subject.people,
      now,
      uncertain: ["why ".repeat(40)],
      managed: true,
    };
    const text = [
      foundText(found, { paint, columns }),
      hurtText(subject.people, { paint, columns }),
      controlsText(subject, {}, { paint, columns }),
      ...WIZARD_STEPS.map((step) => stepText(step, { paint, columns })),
    ].join("\n");
    expect(Math.max(...text.split("\n").map(widthOf))).toBeLessThanOrEqual(columns);
  });

  test("who would be hurt, and why", () => {
    expect(hurtText(subject.people, { paint, columns: 200 })).toBe(
      [
        "  backup's rsync (2h): ended by ChannelTimeout while nothing is transferred; sshfs mounts break",
        "  eve's tmux (1m): detached sessions run on; with tmux: end the watchdog would end them too",
      ].join("\n"),
    );
    expect(hurtText({ ...subject.people, harm: null }, view)).toContain("the effect is unknown");
  });

  test("what a host says cannot act on the terminal", () => {
    const people = { ...subject.people, accounts: [{ name: "x\u001b[2J", uid: 1, shell: "/bin/sh" }] };
    const now = [
      { setting: "TMOUT=\u001b[2J", source: "/etc/\u202e", effect: "x", verdict: "ends" as const },
    ];
    const text = foundText(
      { description: "a\u0007", people, now, uncertain: ["\u009b"], managed: false },
      view,
    );
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
  });

  test("what was not shown is not proved", () => {
    const plan = {
      host: "web1",
      factsDigest: "",
      description: "",
      changes: [],
      activations: [],
      expectations: [],
      findings: [],
      coverage: [{ control: "sshd", role: "admin", kind: "idle-sftp", within: 600 } as const],
      uncaught: [{ role: "admin", kind: "tmux", reason: "why" } as const],
    };
    const nothing = provedText(plan, undefined, view);
    expect(nothing).toMatch(
      /^Proved\n  - nothing[^]*Not proved\n  ○ set up[^]*idle-sftp \(admin\)\n  ! nothing ends tmux: why$/u,
    );
    const probe = {
      session: "idle-sftp",
      role: "admin",
      user: "root",
      via: "shadow",
      expect: "dropped",
      withinSeconds: 7,
    } as const;
    const more = {
      droppedAfterSeconds: 7.04,
      by: "ChannelTimeout",
      outcome: "pass",
      clientSaw: "",
      reason: "",
    } as const;
    const unmeasured = {
      ...more,
      droppedAfterSeconds: null,
      outcome: "unknown",
      reason: "it was not measured",
    } as const;
    const wrong = { ...more, droppedAfterSeconds: null, outcome: "fail", reason: "it stayed" } as const;
    const told = [unmeasured, wrong].map((each) => Object.assign({}, probe, each));
    expect(provedText(plan, { host: "web1", findings: [], probes: told }, view)).toMatch(
      /\n {2}\? idle-sftp of admin: it was not measured\n {2}✗ idle-sftp of admin: it stayed\n/u,
    );
    const verification = { host: "web1", findings: [], probes: [{ ...probe, ...more }] };
    expect(provedText({ ...plan, uncaught: [] }, verification, view)).toBe(
      "Proved\n  ✓ idle-sftp of admin (root): dropped after 7.0 s by ChannelTimeout\nNot proved\n  = nothing is left open",
    );
  });
});

describe("wrapping", () => {
  test("keeps every word, in order, within the width", () => {
    const word = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => /^[\x21-\x7e]+$/u.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 20, max: 60 }), (words, columns) => {
        const lines = wrap(`  ${words.join(" ")}`, columns, 4);
        expect(lines.flatMap((line) => line.trim().split(" "))).toEqual(words);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test("a help text's paragraphs fit, its commands stay as they are", () => {
    const command = `  curfew plan ${"-i inventory.yaml ".repeat(5)}`;
    const text = `Example:\n${command}\n\n${"one two ".repeat(8).trim()}\nthree\nExit codes: 0 all is well\n`;
    expect(reflow(text, 40)).toBe(
      `Example:\n${command}\n\n${"one two ".repeat(5).trim()}\n${"one two ".repeat(3)}three\nExit codes: 0 all is well\n`,
    );
  });

  test("columns that mean something stay", () => {
    const row = `  idle-shell   ${"✓ 10m ".repeat(20)}`;
    expect(wrapStatement(row, 40)).toEqual([row]);
    expect(wrapStatement(`  ✗ ${"word ".repeat(20)}`, 40).length).toBeGreaterThan(1);
    const removed = `      - ${"word ".repeat(20)}`;
    expect(wrapStatement(removed, 40)).toEqual([removed]);
  });
});
