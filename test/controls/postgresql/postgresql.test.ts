/** PostgreSQL as its control knows it, from what servers say: whose setting holds, what ends a session, what is unknown. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parsePostgresql } from "../../../src/controls/postgresql/facts.ts";
import { postgresql } from "../../../src/controls/postgresql/index.ts";
import { secondsOf, settingsOf } from "../../../src/controls/postgresql/settings.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { PlainData, SaidSection } from "../../../src/model/facts/facts-part.ts";
import { absent, known, type Reading, unreadable } from "../../../src/model/terms/reading.ts";
import { exemption, host, limits, role } from "../facts-fixture.ts";

const { script, service, timer, wants, cron } = {
  script: "/etc/curfew/postgresql.sh",
  service: "/etc/systemd/system/curfew-postgresql.service",
  timer: "/etc/systemd/system/curfew-postgresql.timer",
  wants: "/etc/systemd/system/timers.target.d/curfew-postgresql.conf",
  cron: "/etc/cron.d/curfew-postgresql",
};
const STAFF = role("staff", 600, null, { users: ["alice"] });
const DBAS = { ...role("dbas", 300, null), users: [], databaseRoles: ["boss"] };
const POLICY = limits(role("default", 900, null), [STAFF]);
const SAID = {
  version: 150_004,
  recovery: false,
  superuser: true,
  settings: [
    {
      name: "idle_session_timeout",
      value: "0",
      source: "default",
      file: null as string | null,
      line: null as number | null,
    },
    {
      name: "track_activities",
      value: "on",
      source: "default",
      file: null as string | null,
      line: null as number | null,
    },
  ],
  roles: ["alice", "app"],
  own: [] as [string, string, string][],
};

function sections(...said: [string, readonly string[], string?][]) {
  const all: SaidSection[] = said.map(([name, args, body = ""]) => ({
    name,
    arguments: args,
    body: Buffer.from(body),
  }));
  const of = (name: string) => all.filter((each) => each.name === name);
  return {
    host: "db1",
    all: of,
    one: (name: string) => of(name)[0] ?? { name, arguments: [], body: Buffer.alloc(0) },
    maybe: (name: string) => of(name)[0],
  };
}

function read(body: string, watchdog?: readonly string[]): Reading<PlainData> {
  return parsePostgresql(
    sections(
      ["postgresql-cluster", ["/run/postgresql/.s.PGSQL.5432", "postgres"], body],
      ["postgresql", ["yes"]],
      ...(watchdog === undefined ? [] : [["postgresql-watchdog", watchdog] as [string, readonly string[]]]),
    ),
  );
}

function withPart(part: Reading<PlainData> | undefined): Facts {
  const facts = host();
  return part === undefined ? facts : { ...facts, parts: { postgresql: part } };
}

const RUNS = ["active", "yes", "ok"];
const server = (changes: Partial<typeof SAID> = {}, watchdog: readonly string[] = RUNS): Facts =>
  withPart(read(JSON.stringify({ ...SAID, ...changes }), watchdog));

/** The facts with the policy's files of this control in place. */
function applied(facts: Facts, policy = POLICY): Facts {
  const { files } = postgresql.render(facts, policy, true);
  const written = files.map(({ path, content }) => ({
    path,
    realPath: path,
    state: content === null ? absent<never>() : known({ content, mode: "0644", uid: 0, gid: 0 }),
  }));
  const others = facts.files.filter(({ path }) => !written.some((each) => each.path === path));
  return { ...facts, files: [...others, ...written] };
}

function cells(facts: Facts, policy = POLICY, selected = ["postgresql"]) {
  const controls = [postgresql];
  const plan = planHost(facts, policy, selected, controls);
  return ladder({ facts, limits: policy, selected, plan, controls, probes: [] }).filter(
    ({ kind }) => kind === "idle-database",
  );
}

describe("what a server says", () => {
  test.each<[string, string, RegExp]>([
    ["refuses", 'psql: error: no pg_hba.conf entry for host "[local]"', /no pg_hba/u],
    ["starts up", "psql: error: FATAL:  the database system is starting up", /starting up/u],
    ["says nothing", "", /said nothing/u],
    ["says something else", '{"version": "fifteen"}', /not what was asked/u],
    ["says a role of 10 kB", JSON.stringify({ ...SAID, roles: ["x".repeat(10_000)] }), /not what was asked/u],
    [
      "says 5,000 roles",
      JSON.stringify({ ...SAID, roles: Array.from({ length: 5000 }, String) }),
      /not what was asked/u,
    ],
    ["says a terminal's sequence", "\u001b[2Jgone", /^\\u001b|^\S*gone/u],
  ])("%s: unknown, and no session of the role passes", (_, body, why) => {
    const facts = applied(withPart(read(body, RUNS)));
    expect(postgresql.render(facts, POLICY, true).findings).toContainEqual(
      expect.objectContaining({ outcome: "unknown", actual: expect.stringMatching(why) }),
    );
    expect(cells(facts)).toMatchObject([{ role: "staff", outcome: "unknown" }]);
  });

  test("names are data, whatever they hold", () => {
    const names = ['o\'dd\n"x"', "$(reboot)", "\u202eali"];
    const facts = server({ roles: [...names, "alice"] });
    expect(cells(applied(facts))).toMatchObject([{ outcome: "pass" }]);
    expect(JSON.stringify(postgresql.render(facts, POLICY, true).findings)).not.toMatch(/reboot|\\n/u);
  });

  test("none installed, none running: absent, and nothing is written or judged", () => {
    expect(parsePostgresql(sections())).toEqual(absent());
    const facts = withPart(absent());
    expect(postgresql.render(facts, POLICY, true).files.every(({ content }) => content === null)).toBe(true);
    expect(cells(facts)).toEqual([]);
  });

  test("more roles than are named: who is not among them is unknown, not missing", () => {
    const many = Array.from({ length: 2001 }, (_, index) => `r${index}`);
    expect(cells(server({ roles: many }))).toMatchObject([{ role: "staff" }]);
  });
});

describe("what ends a session", () => {
  test("the watchdog, where it runs and every server answers", () => {
    expect(cells(applied(server()))).toMatchObject([
      { role: "staff", limit: 600, outcome: "pass", evidence: "effective", effective: { seconds: 630 } },
    ]);
  });

  test.each<[string, readonly string[], string, RegExp]>([
    ["is stopped", ["inactive", "yes", "ok"], "fail", /timer does not run: inactive/u],
    ["is late", ["active", "no", "ok"], "fail", /longer ago/u],
    ["has not run yet", ["active", "never", ""], "unknown", /has not run yet/u],
    [
      "could not ask",
      ["active", "yes", "/run/x: refused"],
      "unknown",
      /did not end well: \/run\/x: refused/u,
    ],
  ])("not surely one that %s", (_, watchdog, outcome, reason) => {
    expect(cells(applied(server({}, watchdog)))).toMatchObject([
      { outcome, reason: expect.stringMatching(reason) },
    ]);
  });

  test("not one that cannot see who is idle", () => {
    const off = [
      { name: "track_activities", value: "off", source: "configuration file", file: "/x", line: 1 },
    ];
    for (const facts of [
      server({ settings: off }),
      server({ own: [["alice", "", "track_activities=off"]] }),
    ]) {
      expect(cells(applied(facts))).toMatchObject([
        { outcome: "fail", reason: expect.stringMatching(/track_activities/u) },
      ]);
    }
  });

  test("the server's own setting never passes: its user may set it to 0", () => {
    const facts = server({ own: [["alice", "", "idle_session_timeout=5min"]] });
    expect(cells(facts)).toMatchObject([
      {
        outcome: "fail",
        configured: { by: "idle_session_timeout", seconds: 300, source: "ALTER ROLE alice SET" },
        reason: expect.stringMatching(/user-overridable: alice can SET idle_session_timeout = 0/u),
      },
    ]);
  });

  test("a policy that selects no database's control says nothing about them", () => {
    expect(cells(server(), POLICY, ["sshd"])).toEqual([]);
  });

  test("a role of the database without an account, and an exemption by its name", () => {
    const facts = applied(server({ roles: ["boss"] }), limits(role("default", 900, null), [DBAS]));
    expect(cells(facts, limits(role("default", 900, null), [DBAS]))).toMatchObject([
      { role: "dbas", outcome: "pass" },
    ]);
    const exempt = limits(role("default", 900, null), [DBAS], [exemption(["boss"], [], ["postgresql"])]);
    expect(cells(facts, exempt)[0]?.outcome).not.toBe("pass");
  });
});

test("the most special setting of a role comes first, with the command that set it", () => {
  const said = {
    ...SAID,
    own: [
      ["", "", "idle_session_timeout=1h"],
      ["", "shop", "idle_session_timeout=30min"],
      ["alice", "", "idle_session_timeout=10min"],
      ["alice", "shop", "idle_session_timeout=0"],
    ] as [string, string, string][],
  };
  expect(
    settingsOf(said, "idle_session_timeout", "alice").map(({ value, source }) => `${value} ${source}`),
  ).toEqual([
    "0 ALTER ROLE alice IN DATABASE shop SET",
    "30min ALTER DATABASE shop SET",
    "10min ALTER ROLE alice SET",
  ]);
  expect(["90000", "90s", "1.5min", "0", "'2h'", "soon"].map(secondsOf)).toEqual([
    90,
    90,
    90,
    0,
    7200,
    undefined,
  ]);
});

test("a watchdog that cron is to start ends nothing where no cron runs", () => {
  const kept = (bootHook: "cron" | "openrc"): readonly string[] => {
    const facts = server({}, ["none", "yes", "ok"]);
    const begun = facts.service.state === "known" ? facts.service.value : undefined;
    const there = { ...facts, service: known({ ...begun, bootHook } as never) };
    return postgresql.whyKept?.({ facts: there, session: "idle-database" } as never, []) ?? [];
  };
  expect(kept("cron")).toEqual([]);
  expect(kept("openrc")).toEqual(["the watchdog of PostgreSQL: curfew-postgresql.timer does not run: none"]);
});

describe("the watchdog", () => {
  const contents = (facts: Facts, policy = POLICY) =>
    Object.fromEntries(
      postgresql.render(facts, policy, true).files.map(({ path, content }) => [path, content]),
    );

  test("a timer starts it, or cron", () => {
    const files = contents(server());
    expect(files[timer]).toContain("OnUnitActiveSec=30s\n");
    expect(files[service]).toContain(`ExecStart=/bin/sh ${script}\n`);
    expect(files[wants]).toContain("Wants=curfew-postgresql.timer\n");
    expect(files[cron]).toBeNull();
  });

  test("names of the policy are patterns in quotes; one with a quote goes no further", () => {
    const policy = limits(role("default", 900, null), [{ ...DBAS, databaseRoles: ["ops team"] }]);
    expect(contents(server(), policy)[script]).toContain(`'(ops team) gid='*) strictest 300 'dbas'`);
    expect(() =>
      contents(server(), limits(role("default", 900, null), [{ ...DBAS, databaseRoles: ["al'ice"] }])),
    ).toThrow(/contains a quote/u);
  });

  const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
  test.skipIf(!shellcheck)("passes shellcheck (needs shellcheck)", () => {
    const text = contents(server())[script] ?? "";
    const said = spawnSync("shellcheck", ["-s", "sh", "-"], { input: `#!/bin/sh\n${text}` });
    expect(said.stdout.toString()).toBe("");
  });
});

test("facts that could not be read are unknown", () => {
  expect(cells(withPart(unreadable("no answer")))).toMatchObject([{ outcome: "unknown" }]);
});

describe("who is there now", () => {
  const present = postgresql.sessions?.present;
  const client = (...fields: readonly unknown[]) => `client\t${JSON.stringify(fields)}`;
  const seen = (...rows: readonly string[]) =>
    present?.parse(sections(["postgresql-sessions", ["/run/x/.s.PGSQL.5432"], rows.join("\n")])) ?? [];
  const idle = (user: string, seconds: number | null, pool = false) =>
    seen(
      client(user, "idle", seconds, 900, null, pool),
      "person\talice\tuid=1000(alice) gid=1(a) groups=1(a),2(dba)",
      "end",
    )[0];
  const fate = (session: ReturnType<typeof idle>, policy = POLICY) => {
    const facts = server({ roles: ["alice", "app"] });
    const plan = { ...planHost(facts, policy, ["postgresql"], [postgresql]), host: "db1" };
    return session && present?.fate(session, { facts, limits: policy, plan });
  };

  test.each<[string, readonly string[], string]>([
    ["an error", ["psql: error: no pg_hba.conf entry"], "psql: error: no pg_hba.conf entry"],
    ["nothing", [], "what it answered is not what was asked"],
    ["an answer that was cut short", [client("alice", "idle", 5, 9, null, false)], "what it answered"],
    ["what is not a client", ["client\t{}", "end"], "what it answered"],
    ["a name that is not text", [client(5, "idle", 5, 9, null, false), "end"], "what it answered"],
    [
      "more than is asked for",
      [...Array.from({ length: 1001 }, () => client("a", "idle", 1, 1, null, false)), "end"],
      "more than 1000",
    ],
  ])("%s is unknown, and stands for all of them", (_, rows, why) => {
    expect(seen(...rows)).toMatchObject([{ service: "postgresql", unread: expect.stringContaining(why) }]);
  });

  test("is said with the account's groups, since when it is idle, and from where", () => {
    expect(idle("alice", 42)).toMatchObject({
      user: "alice",
      groups: ["a", "dba"],
      idle: 42,
      seconds: 900,
      from: "this host",
    });
    expect(seen(client("a\u001b[31m", "active", 500, 900, "10.0.0.1", false), "end")).toMatchObject([
      { user: "a\\u{1b}[31m", idle: 0, from: "10.0.0.1", groups: [] },
    ]);
    expect(seen(client("alice", "disabled", null, 900, null, false), "end")).toMatchObject([{ idle: null }]);
  });

  test.each<[string, number | null, object | undefined]>([
    ["beyond its limit", 700, { fate: "ends", role: "staff", limit: 600, by: "postgresql" }],
    ["within it", 10, { fate: "later", limit: 600 }],
    [
      "for an unknown time",
      null,
      { fate: "unknown", reason: "the server does not tell since when it is idle" },
    ],
  ])("idle %s", (_, seconds, expected) => {
    expect(fate(idle("alice", seconds))).toMatchObject(expected ?? {});
  });

  test("pools and exempt people stay; whom the policy does not name is not its concern", () => {
    expect(fate(idle("alice", 700, true))).toMatchObject({
      fate: "stays",
      reason: expect.stringContaining("pool"),
    });
    const spared = { ...POLICY, exemptions: [exemption(["alice"])] };
    expect(fate(idle("alice", 700), spared)).toMatchObject({
      fate: "stays",
      reason: expect.stringMatching(/^exempt: /u),
    });
    expect(fate(idle("app", 700))).toBeUndefined();
    const byGroup = limits(role("default", 900, null), [STAFF, role("dba", 300, null, { groups: ["dba"] })]);
    expect(fate(idle("alice", 10), byGroup)).toMatchObject({ role: "dba", limit: 300 });
  });
});
