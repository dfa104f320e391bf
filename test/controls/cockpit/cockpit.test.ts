/** What curfew makes of the web console's file and of its bridge's answer, and what it writes into it. */
import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BridgeKind, BRIDGE_KINDS, idleMinutes, readConf } from "../../../src/controls/cockpit/conf.ts";
import { editConf, withoutBlock } from "../../../src/controls/cockpit/edit.ts";
import { COCKPIT_CONF, parseCockpit } from "../../../src/controls/cockpit/facts.ts";
import { cockpit } from "../../../src/controls/cockpit/index.ts";
import { factScripts } from "../../../src/core/answer/script.ts";
import { removeBlocks } from "../../../src/core/plan/managed-block.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { SaidSection, SaidSections } from "../../../src/model/facts/facts-part.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import { known } from "../../../src/model/terms/reading.ts";
import { templateFile } from "../../../src/template/template-file.ts";
import { exemption, fileFact, host, limits, person, role } from "../facts-fixture.ts";
import { SITUATIONS } from "./situations.ts";

describe("cockpit.conf", () => {
  test.each(SITUATIONS)("with $name", ({ text, c, python }) => {
    const read = (dialect: BridgeKind): number => idleMinutes(readConf(text, dialect), dialect);
    expect([read("c"), read("python")]).toEqual([c, python]);
  });

  test.each(BRIDGE_KINDS)(
    "with anything at all is read, and what is put in comes out byte for byte, for %s",
    (dialect) => {
      const line = fc.oneof(
        fc.constantFrom(
          "[Session]",
          "[session]",
          "[WebService]",
          "IdleTimeout=60",
          "  IdleTimeout = 5",
          "# x",
          "",
          "  y=1",
        ),
        fc.constantFrom(
          "Banner=/etc/issue",
          "; x",
          "IdleTimeout: 7",
          "\r",
          "[DEFAULT]",
          "x\r",
          "IdleTimeout=1\r",
        ),
        fc.string().filter((text) => !text.includes("curfew")),
      );
      const text = fc
        .tuple(fc.array(line), fc.constantFrom("", "\n"))
        .map(([lines, last]) => lines.join("\n") + last);
      fc.assert(
        fc.property(text, fc.integer({ min: 1, max: 240 }), (before, minutes) => {
          const edited = editConf(before, minutes, dialect);
          if (edited.state === "left-out") return;
          const after = readConf(edited.text, dialect);
          expect(after.problem).toBeUndefined();
          expect(idleMinutes(after, dialect)).toBe(edited.minutes);
          expect(edited.minutes).toBeLessThanOrEqual(minutes);
          expect(removeBlocks(edited.text)).toBe(before);
          expect(editConf(edited.text, minutes, dialect)).toEqual(edited);
        }),
        { numRuns: 2000 },
      );
    },
  );

  test.each<[string, string, string]>([
    ["no file", "", "# BEGIN curfew cockpit\n[Session]\nIdleTimeout = 15\n# END curfew cockpit\n"],
    [
      "another section",
      "[WebService]\nOrigins=x\n",
      "[WebService]\nOrigins=x\n# BEGIN curfew cockpit\n[Session]\nIdleTimeout = 15\n# END curfew cockpit\n",
    ],
    [
      "a section that is there",
      "[Session]\n  Banner=x\n[WebService]\n",
      "[Session]\n# BEGIN curfew cockpit\n  IdleTimeout = 15\n# END curfew cockpit\n  Banner=x\n[WebService]\n",
    ],
    [
      "a looser value",
      "[Session]\n idletimeout: 60\n[WebService]\n",
      "[Session]\n# BEGIN curfew cockpit\n# curfew replaces:  idletimeout: 60\n idletimeout: 15\n# END curfew cockpit\n[WebService]\n",
    ],
    [
      "a value that ends nothing, in the last line",
      "[Session]\nIdleTimeout=15m",
      "[Session]\n# BEGIN curfew cockpit\n# curfew replaces: IdleTimeout=15m\nIdleTimeout=15\n# END curfew cockpit",
    ],
    ["a stricter value", "[Session]\nIdleTimeout=5\n", "[Session]\nIdleTimeout=5\n"],
  ])("is changed no further than it has to be: %s", (_, before, after) => {
    expect(editConf(before, 15, "python")).toMatchObject({ state: "wanted", text: after });
    expect(withoutBlock(after)).toBe(before);
  });

  test.each<[string, string, BridgeKind, RegExp]>([
    [
      "a second section",
      "[Session]\nx=1\n[Session]\n",
      "python",
      /line 3 is a second \[Session\], after that of line 1/u,
    ],
    ["a key twice", "[A]\nx=1\nX=2\n", "python", /line 3 is a second X, after that of line 2/u],
    ["a line that is none", "[A]\n; x\n", "c", /line 2 is not a line that it understands/u],
    ["no section", "x=1\n", "c", /line 1 stands before any section/u],
    ["CR LF for the bridge in C", "[Session]\r\n", "c", /its lines end in CR LF/u],
  ])("is not touched where the reader drops it: %s", (_, text, dialect, why) => {
    expect(editConf(text, 15, dialect)).toEqual({ state: "left-out", why: expect.stringMatching(why) });
  });

  test("lines that somebody puts behind a section of curfew's keep that section when the block goes", () => {
    const edited = editConf("[WebService]\nOrigins=x\n", 15, "python");
    const text = `${edited.state === "wanted" ? edited.text : ""}# mine\nBanner=/etc/issue\n`;
    expect(removeBlocks(text)).toBe("[WebService]\nOrigins=x\n[Session]\n# mine\nBanner=/etc/issue\n");
  });
});

type Part = Parameters<typeof partOf>[0];
function partOf(changes: Record<string, unknown> = {}): NonNullable<Facts["parts"]> {
  const all = {
    version: "337",
    dialect: "python",
    page: true,
    said: 0,
    why: "",
    disallowed: ["root"],
    elsewhere: [],
  };
  return { cockpit: known({ ...all, now: { socket: "active" }, ...changes }) } as NonNullable<Facts["parts"]>;
}
const PEOPLE = [
  person("alice", "user:alice"),
  person("bob", "user:bob"),
  person("root", "user:root"),
  person("eve"),
];
const ROLES = [
  role("admins", 600, null, { users: ["alice"] }),
  role("root", 90, null, { users: ["root"] }),
  role("slow", 3600, null, { users: ["bob"] }),
];
function facts(conf: string | null, changes: Part = {}, mode = "0644"): Facts {
  const found = host({ classes: PEOPLE });
  const files = found.files.map((file) =>
    file.path === COCKPIT_CONF ? fileFact(COCKPIT_CONF, conf, mode) : file,
  );
  return { ...found, files, parts: partOf(changes) };
}
const POLICY: HostLimits = limits(role("default", 7200, null), ROLES);
const planned = (of: Facts, policy = POLICY) => planHost(of, policy, ["cockpit"], [cockpit]);
const said = (of: Facts, policy = POLICY): string[] =>
  planned(of, policy)
    .findings.filter(({ control, check }) => control === "cockpit" && check !== "exemption-active")
    .map(({ check, outcome, actual }) => `${outcome} ${check}: ${actual}`);

describe("a host", () => {
  test("has the strictest limit of those who may log in, and says whom it hits harder than the policy does", () => {
    const plan = planned(facts(null));
    expect(plan.changes).toMatchObject([
      { path: COCKPIT_CONF, action: "create", after: { mode: "0644", uid: 0 }, activation: "ask-cockpit" },
    ]);
    expect(plan.changes[0]?.after?.content).toContain("\nIdleTimeout = 10\n");
    expect(plan.coverage.map((each) => [each.role, each.kind, each.within])).toEqual([
      ["admins", "idle-console", 600],
      ["slow", "idle-console", 600],
      ["default", "idle-console", 600],
    ]);
    expect(said(facts(null))).toEqual([
      "pass mechanism-works: cockpit 337: IdleTimeout 10",
      expect.stringMatching(
        /^pass user-overridable: only the page in the browser counts.*hidden tab may stay 2h24m/u,
      ),
      expect.stringMatching(/^pass backstop: one value .*: 10m, that of admins; the policy allows 1h$/u),
      expect.stringMatching(/^pass backstop: .*; the policy allows 2h$/u),
    ]);
  });

  test.each<[string, Facts, HostLimits, RegExp]>([
    [
      "somebody exempt could log in",
      facts(null),
      limits(role("default", 600, null), ROLES, [exemption(["bob"])]),
      /^fail .*would also log out bob, who is exempt/u,
    ],
    [
      "root may, whose limit is below a minute",
      facts(null, { disallowed: [] }),
      limits(role("default", 30, null)),
      /^fail .*30s for default is too short/u,
    ],
    [
      "the bridge did not answer",
      facts(null, { said: null, why: "it did not answer" }),
      POLICY,
      /^unknown .*could not be asked: it did not answer/u,
    ],
    [
      "ordinary accounts cannot read it",
      facts("[Session]\n", {}, "0640"),
      POLICY,
      /^fail .*ordinary accounts cannot read the file.*chmod o\+r/u,
    ],
    [
      "the bridge reads it otherwise",
      facts("[Session]\nIdleTimeout=9\n", { said: 7 }),
      POLICY,
      /^unknown .*IdleTimeout is 7, and curfew reads 9/u,
    ],
    [
      "the file is dropped",
      facts("[Session]\n[Session]\n"),
      POLICY,
      /^fail .*line 2 is a second \[Session\]/u,
    ],
  ])("gets nothing where %s", (_, of, policy, expected) => {
    const plan = planned(of, policy);
    expect(plan.changes).toEqual([]);
    expect(plan.coverage).toEqual([]);
    expect(said(of, policy)[0]).toMatch(expected);
    expect(plan.uncaught.some(({ kind }) => kind === "idle-console")).toBe(true);
  });

  test("an exempt person who may not log in to it is no reason to leave it out", () => {
    const policy = limits(role("default", 600, null), [], [exemption(["root"])]);
    expect(planned(facts(null), policy).changes).toHaveLength(1);
  });

  test("limits are rounded down to whole minutes, and 240 is the most", () => {
    const minutes = (idle: number): string | undefined =>
      /IdleTimeout = (\d+)/u.exec(
        planned(facts(null), limits(role("default", idle, null))).changes[0]?.after?.content ?? "",
      )?.[1];
    expect([minutes(60), minutes(119), minutes(899), minutes(86_400)]).toEqual(["1", "1", "14", "240"]);
  });

  test("an administrator's stricter value stays, and counts", () => {
    const plan = planned(facts("[Session]\nIdleTimeout=5\n", { said: 5 }));
    expect(plan.changes).toEqual([]);
    expect(plan.coverage[0]).toMatchObject({ within: 300 });
  });

  test("without cockpit, without its bridge, or not selected it is left alone, and a block of curfew's goes", () => {
    const edited = editConf("[Session]\nBanner=x\n", 10, "python");
    const text = edited.state === "wanted" ? edited.text : "";
    for (const of of [
      { ...facts(text), parts: { cockpit: { state: "absent" } } } as Facts,
      facts(text, { dialect: null }),
    ]) {
      expect(planned(of).changes).toMatchObject([
        { action: "update", after: { content: "[Session]\nBanner=x\n" } },
      ]);
      expect(said(of)).toEqual([]);
    }
    expect(planHost(facts(text), POLICY, [], [cockpit]).changes).toHaveLength(1);
    expect(planHost(facts("[Session]\nBanner=x\n"), POLICY, [], [cockpit]).changes).toEqual([]);
    const { parts: _, ...unasked } = facts(null);
    expect(said(unasked)[0]).toMatch(/^unknown .*was not asked/u);
  });
});

describe("what ends an idle page", () => {
  const [alice] = PEOPLE;
  const endings = (of: Facts, placed?: number) =>
    alice === undefined
      ? undefined
      : cockpit.endings({ facts: of, account: alice, kind: "idle-console", placed });

  test("is what the bridge says, with the line that says it to people", () => {
    expect(endings(facts("[Session]\nIdleTimeout=15\n", { said: 15 }))).toMatchObject({
      endings: [
        {
          seconds: 900,
          source: `${COCKPIT_CONF}:2`,
          confirmed: "cockpit-bridge says IdleTimeout 15",
          doubt: "whether a page is in view is not known on the host: one in a hidden tab may stay 3h24m",
        },
      ],
    });
  });

  test.each<[string, Facts, object]>([
    ["off", facts("[Session]\nIdleTimeout=15m\n"), { endings: [], unread: [] }],
    ["unknown", facts(null, { said: null, why: "x" }), { endings: [], unread: ["cockpit-bridge (x)"] }],
    [
      "without a page",
      facts(null, { said: 5, page: false }),
      { endings: [{ denied: expect.stringMatching(/no page/u) }] },
    ],
    [
      "perhaps another file's",
      facts(null, { said: 5, elsewhere: ["/etc/environment"] }),
      { endings: [{ doubt: expect.stringMatching(/XDG_CONFIG_DIRS is set in \/etc\/environment/u) }] },
    ],
    ["without a bridge", facts(null, { said: null, dialect: null }), { endings: [], unread: [] }],
  ])("is %s", (_, of, expected) => {
    expect(endings(of)).toMatchObject(expected);
  });

  test("is denied where the file says so and the bridge does not", () => {
    const edited = editConf("", 10, "python");
    const text = `${edited.state === "wanted" ? edited.text : ""}IdleTimeout=5\n`;
    expect(endings(facts(text), 600)).toMatchObject({
      endings: [
        { seconds: 600, denied: expect.stringMatching(/is a second IdleTimeout, .*drops the whole file$/u) },
      ],
    });
    expect(cockpit.sessions?.concerns(facts(text), POLICY.defaults, PEOPLE)).toBe(true);
    expect(cockpit.sessions?.concerns(facts(text), POLICY.defaults, [person("root", "user:root")])).toBe(
      false,
    );
  });

  test.each<[string, string, Part, RegExp]>([
    ["a unit", "[Session]\nIdleTimeout=15m\n", {}, /plain number of whole minutes/u],
    ["the wrong section", "[WebService]\nIdleTimeout=15\n", {}, /reads it under \[Session\]/u],
    ["the wrong key", "[Session]\nSessionTimeout=15\n", {}, /no such key; it is IdleTimeout/u],
    [
      "a second section",
      "[Session]\nIdleTimeout=15\n[Session]\n",
      {},
      /cockpit.conf:3 is a second \[Session\].*drops the whole file/u,
    ],
    [
      "an earlier line",
      "[Session]\nIdleTimeout=15\nIdleTimeout=9\n",
      { dialect: "c", said: 9 },
      /line 3 comes later/u,
    ],
  ])("is not a line with %s", (_, text, part, why) => {
    const lines = cockpit.inert?.(facts(text, part)) ?? [];
    expect(lines).toMatchObject([
      { source: `${COCKPIT_CONF}:2`, why: expect.stringMatching(why), kinds: ["idle-console"] },
    ]);
  });

  test("is not a line that ordinary accounts cannot read", () => {
    expect(cockpit.inert?.(facts("[Session]\nIdleTimeout=15\n", {}, "0600"))).toMatchObject([
      { why: expect.stringMatching(/ordinary accounts cannot read/u) },
    ]);
    expect(cockpit.inert?.(facts("[Session]\nIdleTimeout=15\n", { said: 15 }))).toEqual([]);
  });
});

describe("an answer", () => {
  const parsed = (sections: Record<string, [readonly string[], string]>) => {
    const all = Object.entries(sections).map(([name, [words, body]]): SaidSection => ({
      name,
      arguments: words,
      body: Buffer.from(body),
    }));
    const maybe = (name: string) => all.find((each) => each.name === name);
    return parseCockpit({
      host: "web1",
      all: () => all,
      one: () => all[0] as SaidSection,
      maybe,
    } satisfies SaidSections);
  };
  const MAIN: [readonly string[], string] = [["337", "python", "yes", "active"], ""];

  test.each<[string, string, number | null]>([
    ["a number", '"reply":[[15]]\n', 15],
    ["an error", '"error":["cockpit.Config",["x\u001B[2J"]]', null],
    ["nothing", "", null],
    ["more than there can be", '"reply":[[241]]', null],
    ["another value", '"reply":[[-1]]', null],
  ])("of the bridge that is %s", (_, body, minutes) => {
    const found = parsed({ cockpit: MAIN, "cockpit-said": [[], body] });
    expect(found).toMatchObject({ state: "known", value: { said: minutes } });
    expect(JSON.stringify(found)).not.toContain("\u001B");
  });

  test("is absent without cockpit, and bounded", () => {
    expect(parsed({})).toEqual({ state: "absent" });
    const names = Array.from({ length: 3000 }, (_, index) => `u${index}`).join("\n");
    const found = parsed({ cockpit: [["x".repeat(900), "perl"], ""], "cockpit-disallowed": [[], names] });
    expect(found).toMatchObject({ value: { dialect: null, page: false } });
    expect(JSON.stringify(found).length).toBeLessThan(12_000);
  });
});

test.each([["cockpit-ask"], ["facts/cockpit"], ["activate/ask-cockpit"]])(
  "%s.sh is clean for shellcheck",
  (name) => {
    expect(factScripts([cockpit])).toContain("facts/cockpit");
    const file = templateFile(`remote/${name}.sh`);
    const { status, stdout, error } = spawnSync("shellcheck", ["-s", "sh", "-e", "SC2154", file], {
      encoding: "utf8",
    });
    if (error !== undefined) return;
    expect(stdout).toBe("");
    expect(status).toBe(0);
  },
);
