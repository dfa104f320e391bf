import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sshd } from "../../../src/controls/sshd/index.ts";
import { parseSshdConfig } from "../../../src/core/sshd/config-text.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import { unreadable } from "../../../src/model/terms/reading.ts";
import {
  DROP_IN,
  WITHOUT_INCLUDE,
  WITH_INCLUDE,
  exemption,
  host,
  limits,
  person,
  role,
  version,
} from "../facts-fixture.ts";
import { hostileName } from "../hostile-names.ts";

const DEFAULTS = role("default", 900, 180);
const ADMIN = role("admin", 600, 60, { users: ["root"], groups: ["sudo"] });
const POLICY = limits(DEFAULTS, [ADMIN]);

function file(facts: Facts, policy: HostLimits, path: string, selected = true): string | null | undefined {
  return sshd.render(facts, policy, selected).files.find((each) => each.path === path)?.content;
}

function findings(facts: Facts, policy: HostLimits = POLICY): string[] {
  return sshd
    .render(facts, policy, true)
    .findings.map(({ outcome, source, actual }) => `${outcome} ${source} ${actual}`);
}

describe("where the lines go", () => {
  const MAIN = "/etc/ssh/sshd_config";

  test.each<[string, string, string]>([
    ["an Include line", "10.0", WITH_INCLUDE],
    ["a relative Include", "10.0", "Include sshd_config.d/*.conf\n"],
    ["two patterns on a line", "9.6", "Include /etc/other.conf /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n"],
  ])("a drop-in with %s, and the main file stays", (_name, release, main) => {
    const facts = host({ version: version(release), main });
    expect(file(facts, POLICY, DROP_IN)).toContain("Match all");
    expect(file(facts, POLICY, MAIN)).toBe(main);
  });

  test.each<[string, string, string]>([
    ["no Include", "10.0", WITHOUT_INCLUDE],
    ["an Include inside Match", "10.0", "UsePAM yes\nMatch User x\nInclude /etc/ssh/sshd_config.d/*.conf\n"],
    ["an Include that our name does not match", "10.0", "Include /etc/ssh/sshd_config.d/9*.conf\n"],
    ["8.2, which ignores Match in included files", "8.2", WITH_INCLUDE],
  ])("blocks in the main file with %s", (_name, release, main) => {
    const facts = host({ version: version(release), main });
    const text = file(facts, POLICY, MAIN) ?? "";
    expect(text).toContain("# BEGIN curfew sshd-match\n");
    expect(file(facts, POLICY, DROP_IN)).toBeUndefined();
    expect(file(facts, POLICY, MAIN, false)).toBe(main);
    const applied = host({ version: version(release), main: text });
    expect(file(applied, POLICY, MAIN)).toBe(text);
    expect(file(applied, POLICY, MAIN, false)).toBe(main);
  });

  test("Match blocks come before those of others, the global line before everything", () => {
    const main = "UsePAM yes\nMatch User x\n  ClientAliveInterval 0\n";
    const text = file(host({ main }), POLICY, MAIN) ?? "";
    const order = parseSshdConfig(text).map(({ keyword, match }) => `${keyword}@${match ?? ""}`);
    expect(order[0]).toBe("channeltimeout@");
    expect(order[1]).toBe("usepam@");
    expect(order.indexOf("match@all")).toBeLessThan(order.indexOf("match@User x"));
  });

  test("what somebody appends after our blocks is for everybody", () => {
    const policy = limits(role("default", null, null), [ADMIN]);
    const text = `${file(host({ main: WITHOUT_INCLUDE }), policy, MAIN) ?? ""}X11Forwarding no\n`;
    expect(parseSshdConfig(text).at(-1)).toMatchObject({ keyword: "x11forwarding", match: "all" });
  });

  test("the global line moves to the main file where another one is read before the drop-in", () => {
    const main = `ChannelTimeout session:*=1h\n${WITH_INCLUDE}`;
    const facts = host({ main });
    expect(file(facts, POLICY, MAIN)).toMatch(
      /^# BEGIN curfew sshd-global\n(?:#.*\n)*ChannelTimeout session:\*=15m\n/u,
    );
    expect(file(facts, POLICY, DROP_IN)).not.toContain("ChannelTimeout session");
    const rival = { "/etc/ssh/sshd_config.d/00-00-a.conf": "ChannelTimeout session:*=1h\n" };
    expect(file(host({ dropIns: rival }), POLICY, MAIN)).toContain("# BEGIN curfew sshd-global");
    const later = { "/etc/ssh/sshd_config.d/50-a.conf": "ChannelTimeout session:*=1h\n" };
    expect(file(host({ dropIns: later }), POLICY, MAIN)).toBe(WITH_INCLUDE);
  });

  test("nothing to set, or not selected: everything goes away", () => {
    const dropIns = { [DROP_IN]: "Match all\n", "/etc/ssh/old.d/00-00-curfew.conf": "Match all\n" };
    const facts = host({ dropIns });
    for (const rendered of [
      sshd.render(facts, POLICY, false),
      sshd.render(facts, limits(role("default", null, null)), true),
    ]) {
      const contents = Object.fromEntries(rendered.files.map(({ path, content }) => [path, content]));
      expect(contents).toEqual({
        [DROP_IN]: null,
        "/etc/ssh/old.d/00-00-curfew.conf": null,
        [MAIN]: WITH_INCLUDE,
      });
      expect(rendered.coverage).toEqual([]);
    }
  });

  test("a main file nobody could read is an error, never a guess", () => {
    const facts = host();
    const broken = {
      ...facts,
      sshd: { ...facts.sshd, mainFile: { ...facts.sshd.mainFile, state: unreadable<never>("not UTF-8") } },
    };
    expect(() => sshd.render(broken, POLICY, true)).toThrow(CurfewError);
    expect(() => sshd.render(broken, POLICY, true)).toThrow(/not UTF-8/u);
  });

  test("before 7.4 nothing is set, and it is said", () => {
    const facts = host({ version: version("7.3"), main: WITHOUT_INCLUDE });
    expect(file(facts, POLICY, MAIN)).toBe(WITHOUT_INCLUDE);
    expect(findings(facts)).toEqual([expect.stringContaining("fail OpenSSH 7.4 release notes")]);
  });

  test("the binary on disk decides, not the banner of a daemon that was never restarted", () => {
    const facts = host({ version: version("10.6") });
    const upgraded = { ...facts, server: { product: "openssh" as const, version: version("9.2"), text: "" } };
    expect(file(upgraded, POLICY, DROP_IN)).toBe(file(facts, POLICY, DROP_IN));
  });
});

describe("lines of others", () => {
  test("a Match block read first wins: a failure with file and line, and nothing is promised", () => {
    const dropIns = {
      "/etc/ssh/sshd_config.d/00-00-a.conf": "#\nMatch User root\n  ClientAliveInterval 0\n",
    };
    const facts = host({ dropIns, classes: [person("root", "user:root")] });
    expect(findings(facts)).toContainEqual(
      expect.stringMatching(/^fail \/etc\/ssh\/sshd_config\.d\/00-00-a\.conf:3 .*Match User root/u),
    );
    const lines = sshd.render(facts, POLICY, true).expectations.flatMap((each) => each.lines);
    expect(lines.filter((each) => each.startsWith("clientaliveinterval"))).toEqual([]);
    expect(lines).toContain("clientalivecountmax 1");
  });

  test.each([
    [
      "a later drop-in",
      host({ dropIns: { "/etc/ssh/sshd_config.d/50-cloud-init.conf": "ClientAliveInterval 420\n" } }),
      "/etc/ssh/sshd_config.d/50-cloud-init.conf:1",
    ],
    [
      "a line above the Include",
      host({ main: `ClientAliveInterval 300\nClientAliveCountMax 0\n${WITH_INCLUDE}` }),
      "/etc/ssh/sshd_config:2",
    ],
    [
      "a later Match block",
      host({ main: `${WITH_INCLUDE}Match User x\nClientAliveInterval 9\n` }),
      "/etc/ssh/sshd_config:5",
    ],
  ])("%s is overridden, and named", (_name, facts, where) => {
    expect(findings(facts)).toContainEqual(
      expect.stringMatching(new RegExp(`^pass ${where} .*overridden`, "u")),
    );
    expect(findings(facts).filter((each) => each.startsWith(`fail ${where}`))).toEqual([]);
  });

  test("the daemon's command line wins over our one global line only", () => {
    const options = ["ChannelTimeout=session:*=0", "ClientAliveInterval=0"];
    const given = (release: string): Facts => {
      const facts = host({ version: version(release) });
      return { ...facts, sshd: { ...facts.sshd, options } };
    };
    const said = (release: string) =>
      findings(given(release)).filter((each) => each.includes("command line"));
    expect(said("10.0")).toEqual([expect.stringMatching(/^fail .*ChannelTimeout=session/u)]);
    expect(said("10.6")).toEqual([]);
  });

  test("our own lines are nobody's rival", () => {
    const first = host();
    const dropIns = { [DROP_IN]: file(first, POLICY, DROP_IN) ?? "" };
    expect(findings(host({ dropIns }))).toEqual(findings(first));
  });
});

describe("the host-wide backstop of 9.2 to 10.4", () => {
  const here = [person("backup", "user:backup"), person("root", "user:root")];
  const text = (policy: HostLimits) =>
    file(host({ version: version("10.4"), classes: here }), policy, DROP_IN);

  test.each<[string, HostLimits, boolean]>([
    ["nobody exempt", POLICY, true],
    ["somebody exempt who is not here", limits(DEFAULTS, [ADMIN], [exemption(["someone"])]), true],
    [
      "somebody exempt from another mechanism",
      limits(DEFAULTS, [ADMIN], [exemption(["backup"], [], ["shell-timeout"])]),
      true,
    ],
    ["somebody exempt who is here", limits(DEFAULTS, [ADMIN], [exemption(["backup"])]), false],
    ["no default limit", limits(role("default", null, 180), [ADMIN]), false],
  ])("with %s", (_name, policy, there) => {
    expect(text(policy)?.includes("\nChannelTimeout session:*=15m\n") ?? false).toBe(there);
    const said = findings(host({ version: version("10.4"), classes: here }), policy).some((each) =>
      each.includes("it is left out"),
    );
    expect(said).toBe(!there);
  });

  test("nobody knows who is here: left out, and unknown", () => {
    const facts = host();
    const blind = { ...facts, sshd: { ...facts.sshd, classes: unreadable<never>("no getent") } };
    const policy = limits(DEFAULTS, [], [exemption(["backup"])]);
    expect(file(blind, policy, DROP_IN)).not.toContain("ChannelTimeout");
    expect(findings(blind, policy)).toContainEqual(expect.stringMatching(/^unknown .*left out/u));
  });
});

describe("whoever is in whichever roles", () => {
  const limit = fc.option(fc.integer({ min: 4, max: 5000 }), { nil: null });
  const strict = (value: number | null, than: number | null) =>
    than === null ? value : Math.min(value ?? than, than);
  const policies = fc
    .tuple(
      limit,
      limit,
      fc.array(fc.tuple(limit, limit, fc.subarray(["a", "b", "c"]), fc.subarray(["g", "h"])), {
        maxLength: 5,
      }),
    )
    .map(([idle, unresponsive, roles]) =>
      limits(
        role("default", idle, unresponsive),
        roles.map(([i, u, users, groups], n) =>
          role(`r${n}`, strict(i, idle), strict(u, unresponsive), { users, groups }),
        ),
        [exemption(["c"])],
      ),
    );
  const people = fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.subarray(["g", "h"]));
  const releases = fc.constantFrom("7.4", "8.1", "8.4", "9.2", "10.0", "10.5", "10.6").map(version);

  test("the first match per keyword is what was promised to be strictest", () => {
    fc.assert(
      fc.property(policies, people, releases, (policy, [user, groups], release) => {
        const here = person(user, `user:${user}`, ...groups.map((group) => `group:${group}`));
        const facts = host({ version: release, classes: [here] });
        const rendered = sshd.render(facts, policy, true);
        const text = rendered.files.map(({ content }) => content ?? "").join("");
        for (const line of rendered.expectations.flatMap(({ lines }) => lines)) {
          const [keyword = "", promised = ""] = line.split(" ");
          expect(shown(keyword, firstValue(text, keyword, user, groups))).toBe(promised);
        }
      }),
      { numRuns: 500 },
    );
  });

  /** sshd's rule: the first matching Match block, else the first global line. */
  function firstValue(
    text: string,
    keyword: string,
    user: string,
    groups: readonly string[],
  ): string | undefined {
    const lines = parseSshdConfig(text).filter((each) => each.keyword === keyword);
    const matching = lines.find(({ match }) => match !== null && applies(match, user, groups));
    return (matching ?? lines.find(({ match }) => match === null))?.args.join(" ");
  }

  function applies(match: string, user: string, groups: readonly string[]): boolean {
    const [kind, names = ""] = match.split(" ");
    if (kind === "all") return true;
    return names.split(",").some((name) => (kind === "User" ? name === user : groups.includes(name)));
  }

  /** UnusedConnectionTimeout is shown in seconds. */
  function shown(keyword: string, value: string | undefined): string | undefined {
    if (keyword !== "unusedconnectiontimeout" || value === undefined) return value;
    if (value === "0") return "none";
    const [, h = "0", m = "0", s = "0"] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/u.exec(value) ?? [];
    return String(Number(h) * 3600 + Number(m) * 60 + Number(s));
  }
});

describe("a name with # before 9.2, which ends the line there", () => {
  const policy = limits(DEFAULTS, [role("dev", 300, 60, { groups: ["C# developers", "dev"] })]);
  const old = host({ version: version("8.4") });

  test("is left out where the host does not know it", () => {
    const facts = { ...old, sshd: { ...old.sshd, missingSelectors: ["group:C# developers"] } };
    expect(file(facts, policy, DROP_IN)).toContain('Match Group "dev"\n');
  });

  test("is an error where somebody may bear it, and nothing from 9.2", () => {
    expect(() => sshd.render(old, policy, true)).toThrow(/C# developers/u);
    expect(file(host({ version: version("9.2") }), policy, DROP_IN)).toContain(
      'Match Group "C# developers,dev"\n',
    );
  });
});

test("never `none` inside Match, whatever the policy", () => {
  const policy = limits(DEFAULTS, [ADMIN], [exemption(["backup"], ["robots"])]);
  for (const release of ["7.4", "8.4", "9.2", "10.0", "10.5", "10.6"]) {
    const rendered = sshd.render(host({ version: version(release) }), policy, true);
    for (const { content } of rendered.files) {
      expect(parseSshdConfig(content ?? "").filter(({ args }) => args.includes("none"))).toEqual([]);
    }
  }
});

test("hostile names never add a directive and are matched as they are", () => {
  fc.assert(
    fc.property(
      fc.array(hostileName, { minLength: 1, maxLength: 60 }),
      fc.array(hostileName),
      (users, groups) => {
        const policy = limits(DEFAULTS, [role("x", 60, 60, { users, groups })], [exemption(users, groups)]);
        const text = file(host({ version: version("10.6") }), policy, DROP_IN) ?? "";
        const known = new Set([
          "match",
          "clientaliveinterval",
          "clientalivecountmax",
          "channeltimeout",
          "unusedconnectiontimeout",
        ]);
        const directives = parseSshdConfig(text);
        expect(directives.filter(({ keyword }) => !known.has(keyword))).toEqual([]);
        const matches = directives.filter(({ keyword }) => keyword === "match").map(({ args }) => args);
        for (const [kind, names] of [
          ["User", users],
          ["Group", groups],
        ] as const) {
          const lists = matches
            .filter(([criterion]) => criterion === kind)
            .flatMap(([, list = ""]) => list.split(","));
          expect(new Set(lists)).toEqual(new Set(names));
        }
        expect(matches.every((args) => args.length === (args[0] === "all" ? 1 : 2))).toBe(true);
        expect(text.split("\n").every((line) => Buffer.byteLength(line) < 1023)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
