/** What curfew makes of a MariaDB server's answer, hostile ones among them, and what it writes for it. */
import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAnswer, parseNumber } from "../../../src/controls/mariadb/answer.ts";
import { mariaDbClient } from "../../../src/controls/mariadb/client.ts";
import { DROP_INS } from "../../../src/controls/mariadb/drop-in.ts";
import type { MariaDbServer } from "../../../src/controls/mariadb/answer.ts";
import type { MariaDb } from "../../../src/controls/mariadb/facts.ts";
import { mariadb } from "../../../src/controls/mariadb/index.ts";
import { mariaDbAccounts, concernsMariaDb } from "../../../src/controls/mariadb/people.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../../src/model/policy/limits.ts";
import { known, type Reading, unreadable } from "../../../src/model/terms/reading.ts";
import { exemption, fileFact, host, limits, role } from "../facts-fixture.ts";

const hex = (text: string): string => Buffer.from(text).toString("hex").toUpperCase();
const rows = (...lines: string[][]): Buffer => Buffer.from(lines.map((line) => line.join("\t")).join("\n"));
const HEAD = [
  ["product", "1", hex("11.8.9-MariaDB")],
  ["right", "PROCESS"],
  ["right", "SUPER"],
  ["variable", "init_connect", "", "NULL"],
  ["variable", "interactive_timeout", hex("7200"), hex("28800")],
  ["variable", "wait_timeout", hex("28800"), hex("28800")],
];

describe("an answer", () => {
  test("is the version, what is in force, who there is and who was given what, by way of roles as well", () => {
    const given = [
      ["account", hex("alice"), "N"],
      ["account", hex("dba"), "Y"],
      ["account", hex("senior"), "Y"],
      ["member", hex("alice"), hex("senior")],
      ["member", hex("senior"), hex("dba")],
      ["member", hex("dba"), hex("senior")],
    ];
    expect(parseAnswer(rows(...HEAD, ...given, ["end"]))).toMatchObject({
      version: "11.8.9-MariaDB",
      interactive: 7200,
      usual: 28_800,
      wait: 28_800,
      initConnect: false,
      users: ["alice"],
      roles: ["dba", "senior"],
      members: expect.arrayContaining([
        ["alice", "senior"],
        ["alice", "dba"],
      ]),
      cut: false,
    });
  });

  test.each([
    ["nothing", rows(), /did not answer/u],
    ["no login", rows(["ERROR 1698 (28000): Access denied for user 'root'@'localhost'"]), /unix_socket/u],
    [
      "no client",
      rows(["ERROR: there is no client program"]),
      /could not be asked: ERROR: there is no client/u,
    ],
    [
      "MySQL",
      rows(["product", "0", hex("8.0.36")], ["ERROR 1109 (42S02)"]),
      /^the server is MySQL 8\.0\.36/u,
    ],
    ["one that says it is not MariaDB", rows(["product", "0", hex("11.8.9-MariaDB")], ["end"]), /is MySQL/u],
    ["the half of it", rows(...HEAD), /cut short/u],
    [
      "an error in the middle",
      rows(...HEAD, ["ERROR 1142 (42000): SELECT denied\u001B[2J"]),
      /denied\\u\{1b\}/u,
    ],
    [
      "too few rights",
      rows(HEAD[0] ?? [], ["right", "PROCESS"], ...HEAD.slice(3), ["end"]),
      /may not see or end/u,
    ],
    ["nonsense", rows(HEAD[0] ?? [], HEAD[1] ?? [], HEAD[2] ?? [], ["end"]), /not what was asked/u],
    ["a name that is no text", rows(...HEAD, ["account", "FF", "N"], ["end"]), /not what was asked/u],
    [
      "a name that was not encoded",
      rows(...HEAD, ["account", "alice'; --", "N"], ["end"]),
      /not what was asked/u,
    ],
    [
      "a limit that is no number",
      rows(...HEAD.slice(0, 4), ["variable", "interactive_timeout", hex("-1"), hex("1")], ["end"]),
      /not what was asked/u,
    ],
  ])("that is %s is none", (_, body, why) => {
    expect(parseAnswer(body)).toMatch(why);
  });

  test("that is anything at all is a sentence or a value, and never more names than were asked for", () => {
    const piece = fc.constantFrom(
      "product",
      "account",
      "member",
      "end",
      "1",
      "N",
      "Y",
      hex("a"),
      "ERROR 1",
      "\t",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (parts) => {
        const found = parseAnswer(Buffer.from(parts.join("")));
        expect(typeof found === "string" || found.users.length <= 3000).toBe(true);
      }),
    );
    const many = Array.from({ length: 3001 }, (_, index) => ["account", hex(`u${index}`), "N"]);
    expect(parseAnswer(rows(...HEAD, ...many, ["end"]))).toMatchObject({ cut: true });
  });

  test("numbers of option files have units", () => {
    expect(["600", "10m", "2K", "", "5s", "1e3"].map(parseNumber)).toEqual([
      600,
      10 * 1024 ** 2,
      2048,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

const SERVER: MariaDbServer = {
  version: "11.8.9-MariaDB",
  socket: "/run/mysqld/mysqld.sock",
  interactive: 28_800,
  wait: 28_800,
  usual: 28_800,
  initConnect: false,
  start: [],
  directories: ["/etc/mysql/conf.d", "/etc/mysql/mariadb.conf.d"],
  users: ["alice", "anna", "app", "root", "e'v\nil"],
  roles: ["dba"],
  members: [
    ["anna", "dba"],
    ["root", "dba"],
  ],
  cut: false,
};
const RUNS = { timer: "active", fresh: "yes", came: "ok" } as const;

function facts(server: Partial<MariaDbServer> | null = {}, more: Partial<MariaDb> = {}, files = {}): Facts {
  const value: MariaDb = {
    server: server === null ? null : { ...SERVER, ...server },
    why: server === null ? "it did not answer in time" : "",
    others: [],
    now: { watchdog: RUNS },
    ...more,
  };
  return withPart(known(value), files);
}

function withPart(part: Reading<any>, files: Readonly<Record<string, string>> = {}): Facts {
  const base = host();
  const found = Object.entries(files).map(([path, content]) => fileFact(path, content));
  const rest = base.files.filter(({ path }) => !(path in files));
  return { ...base, files: [...rest, ...found], parts: { mariadb: part } };
}

const DBA: RoleLimits = { ...role("dba", 600, null), users: ["alice", "root"], databaseRoles: ["dba"] };
const POLICY: HostLimits = limits(role("default", 1800, null), [DBA]);
const [DROP_IN = ""] = DROP_INS;
const SCRIPT = "/etc/curfew/mariadb.sh";

function rendered(of: Facts, policy = POLICY, selected = true) {
  const result = mariadb.render(of, policy, selected);
  const contents = Object.fromEntries(result.files.map(({ path, content }) => [path, content]));
  return {
    ...result,
    contents,
    says: result.findings.map(({ actual, outcome }) => `${outcome}: ${actual}`).join("\n"),
  };
}

describe("people", () => {
  test("are accounts by their names and members of roles; root only where it is named as the database's", () => {
    expect(mariaDbAccounts(DBA, [], SERVER)).toEqual(["alice", "anna"]);
    expect(mariaDbAccounts({ ...DBA, databaseRoles: ["root"] }, [], SERVER)).toEqual(["alice", "root"]);
    expect(mariaDbAccounts({ ...DBA, users: [], databaseRoles: ["e'v\nil"] }, [], SERVER)).toEqual([
      "e'v\nil",
    ]);
  });

  test("of the defaults have none; what could not be read may have some", () => {
    expect(concernsMariaDb(facts(), POLICY.defaults, [])).toBe(false);
    expect(concernsMariaDb(facts(), { ...DBA, users: ["zoe"], databaseRoles: [] }, [])).toBe(false);
    expect(concernsMariaDb(facts({ cut: true }), { ...DBA, users: ["zoe"] }, [])).toBe(true);
    expect(concernsMariaDb(facts(null), DBA, [])).toBe(true);
    expect(concernsMariaDb(withPart(unreadable("no")), DBA, [])).toBe(true);
    expect(concernsMariaDb(host(), DBA, [])).toBe(false);
  });
});

describe("what is written", () => {
  test("the watchdog, and a limit for prompts that is no stricter than anybody's", () => {
    const { contents, coverage, says } = rendered(facts());
    expect(contents[DROP_IN]).toMatch(/\n\[mariadb\]\ninteractive_timeout = 1800\n$/u);
    expect(contents[SCRIPT]).toContain("interval=30\n");
    expect(coverage).toEqual([{ control: "mariadb", role: "dba", kind: "idle-database", within: 630 }]);
    expect(says).toContain("pass: accounts of MariaDB whose idle sessions end: alice, anna");
    expect(says).toContain("wait_timeout is left as it is, since it would end sessions of pools");
  });

  test("nothing without a server, a limit or the control", () => {
    const away = (result: ReturnType<typeof rendered>): boolean =>
      result.files.every(({ content }) => content === null);
    expect(away(rendered(host()))).toBe(true);
    expect(away(rendered(facts(), limits(role("default", null, null), [])))).toBe(true);
    expect(away(rendered(facts(), POLICY, false))).toBe(true);
    expect(away(rendered(facts(null)))).toBe(true);
    expect(rendered(facts(null)).says).toContain("unknown: it did not answer in time");
    expect(rendered(host()).says).toContain("unknown: whether MariaDB runs here was not asked");
    expect(rendered(withPart({ state: "absent" })).says).toBe("");
  });

  test("a server that is down for a while loses neither its watchdog nor its limit", () => {
    const there = { [SCRIPT]: "interval=30\n", [DROP_IN]: "[mariadb]\ninteractive_timeout = 1800\n" };
    for (const down of [facts(null, {}, there), withPart({ state: "absent" }, there)]) {
      const { contents } = rendered(down);
      expect(contents[SCRIPT]).toContain("KILL SOFT CONNECTION");
      expect(contents[DROP_IN]).toContain("interactive_timeout = 1800\n");
    }
  });

  test.each([
    [
      "its administrator's is stricter",
      facts({ start: [300] }),
      POLICY,
      /own files set interactive_timeout 300/u,
    ],
    [
      "theirs stands below curfew's own",
      facts({ start: [300, 1800] }, {}, { [DROP_IN]: "interactive_timeout = 1800\n" }),
      POLICY,
      /set interactive_timeout 300/u,
    ],
    ["nothing is read", facts({ directories: ["/srv/my.cnf.d"] }), POLICY, /reads no directory/u],
    [
      "another server would read it",
      facts({}, { others: ["a further server"] }),
      POLICY,
      /every server here would read it/u,
    ],
    ["somebody has no limit", facts(), limits(role("default", null, null), [DBA]), /sets no idle limit/u],
    [
      "somebody is exempt",
      facts(),
      limits(role("default", 1800, null), [DBA], [exemption(["app"])]),
      /sessions of app, who is exempt/u,
    ],
  ])("no limit for prompts where %s", (_, of, policy, why) => {
    const { contents, says } = rendered(of, policy);
    expect(contents[DROP_IN]).toBeNull();
    expect(contents[SCRIPT]).toContain("KILL SOFT CONNECTION");
    expect(says).toMatch(why);
  });

  test("a second plan wants the same file, whatever the server has by now", () => {
    const first = rendered(facts()).contents[DROP_IN] ?? "";
    const after = facts({ start: [1800], interactive: 1800 }, {}, { [DROP_IN]: first });
    expect(rendered(after).contents[DROP_IN]).toBe(first);
  });
});

describe("what ends a session", () => {
  const there = { [SCRIPT]: "interval=30\n" };
  const ends = (of: Facts, placed: number | undefined = 630) =>
    mariadb.endings({
      facts: of,
      account: { selectors: [], representative: "alice", size: 1, users: ["alice"], effective: known([]) },
      kind: "idle-database",
      placed,
    });

  test("the watchdog surely; the server's own limits never, as every session may set its own", () => {
    const { endings, unread } = ends(facts({}, {}, there));
    expect(unread).toEqual([]);
    expect(endings).toMatchObject([
      { by: "MariaDB watchdog", seconds: 630, grace: 30, confirmed: expect.stringContaining("answers it") },
      { by: "wait_timeout", seconds: 28_800, denied: expect.stringContaining("user-overridable") },
    ]);
  });

  test.each([
    ["is stopped", { timer: "inactive", fresh: "yes", came: "ok" }, "denied"],
    ["has not run for long", { timer: "active", fresh: "no", came: "ok" }, "denied"],
    ["has not run yet", { timer: "active", fresh: "never", came: "" }, "doubt"],
    ["could not ask", { timer: "active", fresh: "yes", came: "Access denied" }, "doubt"],
  ] as const)("a watchdog that %s is no proof", (_, watchdog, key) => {
    const [first] = ends(facts({}, { now: { watchdog } }, there)).endings;
    expect(first).toMatchObject({ by: "MariaDB watchdog", confirmed: undefined, [key]: expect.any(String) });
  });

  test("a server that was not asked is unread, whatever runs", () => {
    expect(ends(facts(null, {}, there)).unread).toEqual(["MariaDB (it did not answer in time)"]);
    const { endings, unread } = ends(facts({}, { others: ["a server runs in a container"] }, there));
    expect(unread).toEqual(["a server runs in a container"]);
    expect(endings[0]).toMatchObject({ doubt: expect.stringContaining("container") });
    expect(ends(withPart(known({ nonsense: true }))).unread).toEqual([
      expect.stringContaining("not in order"),
    ]);
  });

  test("nothing of it is about other sessions, or hosts without a server", () => {
    const question = { facts: facts(), account: {} as never, placed: undefined };
    expect(mariadb.endings({ ...question, kind: "idle-shell" })).toEqual({ endings: [], unread: [] });
    expect(ends(host())).toEqual({ endings: [], unread: [] });
  });

  test("a limit that the running server does not have is said", () => {
    const files = { [DROP_IN]: "[mariadb]\ninteractive_timeout = 1800\n" };
    expect(mariadb.inert?.(facts({}, {}, files))).toMatchObject([
      { source: DROP_IN, text: "interactive_timeout = 1800", why: expect.stringContaining("28800") },
    ]);
    expect(mariadb.inert?.(facts({ interactive: 1800 }, {}, files))).toEqual([]);
  });

  test("of two files the place and the number are those of one, which is read last", () => {
    const [debian = "", others = ""] = DROP_INS;
    const files = (first: string): Record<string, string> => ({
      [debian]: first,
      [others]: "[mariadb]\ninteractive_timeout = 900\n",
    });
    for (const first of ["", "[mariadb]\ninteractive_timeout = 1800\n"]) {
      expect(mariadb.inert?.(facts({}, {}, files(first)))).toMatchObject([
        { source: others, text: "interactive_timeout = 900" },
      ]);
    }
  });
});

describe("the watchdog's script", () => {
  const hostile: RoleLimits = {
    ...role("it's $(role) `x`", 60, null, { groups: ["domain admins"] }),
    users: ["o'neil; DROP", "a b", "%"],
    databaseRoles: ['"quoted"', "x') OR 1=1 -- "],
  };

  test("is clean, and no name in it is anything but digits or a comment", () => {
    const policy = limits(role("default", 900, null), [hostile], [exemption(["app's"], ["svc"])]);
    const script = rendered(facts(), policy).contents[SCRIPT] ?? "";
    const checked = spawnSync("shellcheck", ["-s", "sh", "-e", "SC2016", "-"], {
      input: script,
      encoding: "utf8",
    });
    expect(checked.stdout).toBe("");
    const code = script
      .split("\n")
      .filter((line) => !line.trimStart().startsWith("#"))
      .join("\n");
    expect(code).toContain(hex("x') OR 1=1 -- "));
    expect(code).not.toContain("OR 1=1");
  });

  test("asks only about a name that is not one of the server's own", () => {
    const script = rendered(facts()).contents[SCRIPT] ?? "";
    const judged = (name: string, holds = ""): string => {
      const ask = `${script.replace(/\nmain\n$/u, "\n")}\nholds='${holds}'\njudge ${hex(name)} ${name}\necho "$limit"`;
      return spawnSync("sh", ["-s"], { input: ask, encoding: "utf8" }).stdout.trim();
    };
    expect(judged("alice")).toBe("600");
    expect(judged("app")).toBe("0");
    expect(judged("root")).toBe("0");
    expect(judged("anna", ` ${hex("anna")}:${hex("dba")} `)).toBe("600");
    expect(judged("root", ` ${hex("root")}:${hex("dba")} `)).toBe("0");
    expect(judged("dba")).toBe("600");
  });
});

describe("a session for verify", () => {
  test("is a line that every shell reads alike", () => {
    const client = mariaDbClient(facts(), "alice");
    if (typeof client === "string") throw new Error(client);
    const line = client.line("TOKEN", 60);
    expect(line.match(/'/gu)).toHaveLength(2);
    expect(line).not.toMatch(/[!\n]/u);
    const script = /'([^']*)'/u.exec(line)?.[1] ?? "";
    const checked = spawnSync("shellcheck", ["-s", "sh", "-S", "error", "-"], {
      input: script,
      encoding: "utf8",
    });
    expect(checked.stdout).toBe("");
    expect(client.endedBy("after 12 s of 28800 s")).toBe("MariaDB watchdog");
    expect(client.endedBy("after 600 s of 600 s")).toBe("wait_timeout");
    expect(client.endedBy("anything else")).toBeUndefined();
  });

  test("is none where the name or the server could be anything", () => {
    expect(mariaDbClient(facts(), "o'neil")).toContain("reads alike");
    expect(mariaDbClient(facts({ socket: "/tmp/$(x)" }), "alice")).toContain("reads alike");
    expect(mariaDbClient(facts(null), "alice")).toContain("could not be asked");
  });
});

describe("who is there now", () => {
  const present = mariadb.sessions?.present;
  const client = (user: string, asleep: string, seconds: string, from = "localhost") => [
    "client",
    hex(user),
    asleep,
    seconds,
    hex(from),
  ];
  const asked = (state: string, ...said: string[][]) => {
    const section = { name: "mariadb-sessions", arguments: [state, SERVER.socket], body: rows(...said) };
    const all = (name: string) => (name === section.name ? [section] : []);
    return present?.parse({ host: "db1", all, one: () => section, maybe: () => section }) ?? [];
  };
  const fateOf = (user: string, policy = POLICY) => {
    const of = facts();
    const plan = { ...planHost(of, policy, ["mariadb"], [mariadb]), host: "db1" };
    const account = ["person", user, `uid=1000(${user}) gid=1(${user}) groups=1(${user}),2(ops)`];
    const [session] = asked("own", client(user, "1", "700"), account, ["end"]);
    return session && present?.fate(session, { facts: of, limits: policy, plan });
  };

  test.each<[string, string, string[][], RegExp]>([
    ["an error", "own", [["ERROR 1054 (42S22): Unknown column 'TIME_MS'"], ["end"]], /TIME_MS/u],
    ["an answer that was cut short", "own", [client("alice", "1", "5")], /not what was asked/u],
    [
      "a name that was not encoded",
      "own",
      [["client", "alice", "1", "5", ""], ["end"]],
      /not what was asked/u,
    ],
    ["a time that is none", "own", [client("alice", "1", "-5"), ["end"]], /not what was asked/u],
    ["a container's server", "container", [], /in a container/u],
  ])("%s is unknown, and stands for all of them", (_, state, said, why) => {
    expect(asked(state, ...said)).toMatchObject([{ service: "mariadb", unread: expect.stringMatching(why) }]);
  });

  test("is said with what the server says", () => {
    expect(
      asked("own", client("alice", "1", "42", "10.0.0.1:5000"), client("app", "0", "9"), ["end"]),
    ).toMatchObject([
      { user: "alice", idle: 42, from: "10.0.0.1" },
      { user: "app", idle: 0, from: "this host" },
    ]);
  });

  test("by name, by a role that was given, by a group of the host; the server's own accounts are nobody's", () => {
    expect(fateOf("alice")).toMatchObject({ fate: "ends", role: "dba", limit: 600, by: "mariadb" });
    expect(fateOf("anna")).toMatchObject({ fate: "ends", role: "dba" });
    expect([fateOf("root"), fateOf("app")]).toEqual([undefined, undefined]);
    const byGroup = limits(role("default", 1800, null), [DBA, role("ops", 900, null, { groups: ["ops"] })]);
    expect(fateOf("app", byGroup)).toMatchObject({ fate: "later", role: "ops", limit: 900 });
    expect(fateOf("root", byGroup)).toBeUndefined();
    expect(fateOf("alice", { ...POLICY, exemptions: [exemption(["alice"])] })).toMatchObject({
      fate: "stays",
    });
  });
});
