/** Which lines sshd reads, in which order, and for whom each holds: Include within Match, within files, more than once. */
import { describe, expect, test } from "vitest";
import { sshdDirectives } from "../../../src/core/sshd/directives.ts";
import { globMatches, pathMatches } from "../../../src/core/sshd/glob.ts";
import { answersFor, surelyMatches } from "../../../src/core/sshd/match-block.ts";
import { sshd } from "../../../src/controls/sshd/index.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import { known } from "../../../src/model/terms/reading.ts";
import { host, person, version } from "../../controls/facts-fixture.ts";

/** `keyword value under Match` of every line that sets something. */
function lines(main: string, dropIns: Record<string, string>): string[] {
  return sshdDirectives(host({ main, dropIns }))
    .filter(({ keyword }) => keyword !== "match" && keyword !== "include")
    .map(({ args, match }) => `${args.join(" ")}${match === null ? "" : ` under ${match}`}`);
}

describe("what an Include reaches", () => {
  const set = (value: string): string => `ChannelTimeout ${value}\n`;
  test.each<[string, string, Record<string, string>, string[]]>([
    ["global", "Include /etc/ssh/a\n", { "/etc/ssh/a": set("a") }, ["a"]],
    ["under Match", "Match User x\nInclude /etc/ssh/a\n", { "/etc/ssh/a": set("a") }, ["a under User x"]],
    [
      "under Match, a Match of its own",
      "Match User x\nInclude a\n",
      { "/etc/ssh/a": `Match Group g\n${set("a")}` },
      ["a under User x Group g"],
    ],
    [
      "under Match, a Match all of its own",
      "Match User x\nInclude a\n",
      { "/etc/ssh/a": `${set("b")}Match all\n${set("a")}` },
      ["b under User x", "a under User x"],
    ],
    ["under Match all", "Match all\nInclude a\n", { "/etc/ssh/a": set("a") }, ["a under all"]],
    [
      "its Match ends with the file",
      "Include a\nInclude b\n",
      { "/etc/ssh/a": "Match User x\n", "/etc/ssh/b": set("b") },
      ["b"],
    ],
    [
      "in a file that is included itself, at its place",
      "Include d/*.conf\n",
      {
        "/etc/ssh/d/1.conf": `Include /etc/ssh/n\n${set("1")}`,
        "/etc/ssh/n": set("n"),
        "/etc/ssh/d/2.conf": set("2"),
      },
      ["n", "1", "2"],
    ],
    [
      "in a file that is included itself, under its Match",
      "Include d/*.conf\n",
      { "/etc/ssh/d/1.conf": "Match User x\nInclude n\n", "/etc/ssh/n": set("n") },
      ["n under User x"],
    ],
    [
      "twice, for different people",
      "Match User x\nInclude a\nMatch User y\nInclude a\n",
      { "/etc/ssh/a": set("a") },
      ["a under User x", "a under User y"],
    ],
    [
      "by a set of characters",
      "Match User x\nInclude d/[!b-z].conf\n",
      { "/etc/ssh/d/a.conf": set("a"), "/etc/ssh/d/b.conf": set("b") },
      // Nobody knows how this one is reached.
      ["a under User x", "b under (unknown)"],
    ],
    [
      "in byte order, also where one was reached before",
      "Include d/2.conf\nInclude d/*.conf\n",
      { "/etc/ssh/d/2.conf": set("2"), "/etc/ssh/d/1.conf": set("1") },
      ["2", "1", "2"],
    ],
  ])("%s", (_, main, dropIns, expected) => {
    expect(lines(main, dropIns)).toEqual(expected);
  });

  test("a file that includes itself ends somewhere", () => {
    const own = "Include a\nInclude a\nChannelTimeout a\n";
    expect(lines("Include a\n", { "/etc/ssh/a": own }).length).toBeLessThan(5000);
  });
});

describe("before 10.5 ChannelTimeout is what sshd reads at its start", () => {
  const ends = (main: string, dropIns: Record<string, string>): number | undefined => {
    const account = { ...person("ann"), effective: known(["pubkeyauthentication yes"]) };
    const facts: Facts = host({ version: version("9.2"), main, dropIns, classes: [account] });
    const question = { facts, account, kind: "idle-command", placed: undefined } as const;
    return sshd.endings(question).endings.find(({ by }) => by === "ChannelTimeout")?.seconds;
  };
  const FIVE = "ChannelTimeout session:*=5\n";
  const NONE = "ChannelTimeout session:*=0\n";
  // Each was seen with a session on 9.2p1.
  test.each<[string, string, Record<string, string>, number | undefined]>([
    [
      "Match all in a file under another Match",
      "Match User x\nInclude a\n",
      { "/etc/ssh/a": `Match all\n${FIVE}` },
      undefined,
    ],
    [
      "in a file under a Match in a file",
      "Include d/*.conf\n",
      { "/etc/ssh/d/1.conf": "Match User x\nInclude n\n", "/etc/ssh/n": FIVE },
      undefined,
    ],
    ["by a set of characters under Match", "Match User x\nInclude [ab]\n", { "/etc/ssh/a": FIVE }, undefined],
    [
      "by a set of characters, read first",
      "Include [ab]\nInclude d/*.conf\n",
      { "/etc/ssh/d/1.conf": FIVE, "/etc/ssh/a": NONE },
      undefined,
    ],
    [
      "in a file in a file, read first",
      "Include d/*.conf\n",
      { "/etc/ssh/d/1.conf": "Include n\n", "/etc/ssh/d/2.conf": FIVE, "/etc/ssh/n": NONE },
      undefined,
    ],
    [
      "in a file in a file, read before the main file",
      `Include d/*.conf\n${NONE}`,
      { "/etc/ssh/d/1.conf": "Include n\n", "/etc/ssh/n": FIVE },
      5,
    ],
  ])("%s", (_, main, dropIns, expected) => {
    expect(ends(main, dropIns)).toBe(expected);
  });
});

test.each([
  ["session:shell=5", "doubted"],
  ["session:command=9 session:*=5", "doubted"],
  ["session:shell=9 session:*=5", "sure"],
  ["session:*=5", "sure"],
])(
  "programs with a terminal end by ChannelTimeout %s only where commands do as well: %s",
  (value, expected) => {
    const account = {
      ...person("ann"),
      effective: known(["pubkeyauthentication yes", `channeltimeout ${value}`]),
    };
    const facts = host({ version: version("10.6"), main: `ChannelTimeout ${value}\n`, classes: [account] });
    for (const kind of ["foreground-program", "escaped-shell", "frozen-client"] as const) {
      const [ending] = sshd.endings({ facts, account, kind, placed: undefined }).endings;
      expect(ending?.doubt === undefined ? "sure" : "doubted").toBe(expected);
    }
  },
);

test.each([
  ["direct-tcpip=5", "doubted"],
  ["direct-tcpip=5 direct-streamlocal@openssh.com=9", "doubted"],
  ["direct-tcpip=5 direct-streamlocal@openssh.com=5", "sure"],
  ["direct-*=5", "sure"],
  ["*=5", "sure"],
])("idle forwards end by ChannelTimeout %s only where those to a path do as well: %s", (value, expected) => {
  const account = {
    ...person("ann"),
    effective: known(["pubkeyauthentication yes", `channeltimeout ${value}`]),
  };
  const facts = host({ version: version("10.6"), main: `ChannelTimeout ${value}\n`, classes: [account] });
  const [ending] = sshd.endings({ facts, account, kind: "idle-forward", placed: undefined }).endings;
  expect(ending).toMatchObject({ by: "ChannelTimeout", seconds: 5 });
  expect(ending?.doubt === undefined ? "sure" : "doubted").toBe(expected);
});

test("a line is said to do nothing where it does nothing wherever its file is included, and once", () => {
  const dropIns = { "/etc/ssh/a": "ChannelTimeout session:*=5\n" };
  const inert = (main: string): string[] =>
    sshd.inert?.(host({ version: version("9.2"), main, dropIns })).map(({ source }) => source) ?? [];
  expect(inert("Match User x\nInclude a\nMatch User y\nInclude a\n")).toEqual(["/etc/ssh/a:1"]);
  expect(inert("Include a\nMatch User y\nInclude a\n")).toEqual([]);
});

test("criteria may have an equals sign", () => {
  const ann = person("ann");
  const facts = host({ classes: [ann] });
  expect(surelyMatches(ann, "User=ann")).toBe(true);
  expect(surelyMatches(ann, "User = bob")).toBe(false);
  // Whoever is alone in a class is the same wherever a block is about accounts, and not where it is about addresses.
  expect(answersFor(ann, "Group pair User=ann", facts)).toBe(true);
  expect(answersFor(ann, "Group pair Address=10.0.0.0/8", facts)).toBe(false);
});

test.each<[string, string, boolean]>([
  ["*", "corp/ann", true],
  ["corp?*", "corp/ann", true],
  ["[ab]", "a", false],
  ["[ab]", "[ab]", true],
  ["a*b*c", "aXbYbZc", true],
])("a name: %s and %s", (pattern, name, expected) => {
  expect(globMatches(pattern, name)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ["/d/*.conf", "/d/a.conf", true],
  ["/d/*.conf", "/d/.a.conf", false],
  ["/d/*.conf", "/d/e/a.conf", false],
  ["/*/a", "/d/a", true],
  ["/d//a", "/d/a", true],
  ["/d/[[:digit:]]*", "/d/10-a", true],
  ["/d/[[:digit:]]*", "/d/a", false],
  ["/d/[]-a]", "/d/]", true],
  ["/d/[^a]", "/d/a", false],
  ["/d/[a", "/d/[a", true],
  ["/d/\\*", "/d/*", true],
  ["/d/\\*", "/d/a", false],
  [`/d/${"*a".repeat(50)}b`, `/d/${"a".repeat(5000)}`, false],
])("a path: %s and %s", (pattern, path, expected) => {
  expect(pathMatches(pattern, path)).toBe(expected);
});
