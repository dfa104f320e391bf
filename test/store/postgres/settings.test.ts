/** Which server, as whom, how safely: as users of libpq know it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresSettings } from "../../../src/store/postgres/settings.ts";

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "curfew-postgres-settings-"));
  const lines = [
    "# a comment",
    "[audits]",
    "host = db1, db2",
    "port=5433",
    "dbname=curfew",
    "user=alice",
    "connect_timeout=3",
    "keepalives_count=3",
    "",
    "[broken]",
    "hots=db1",
    "[twice]",
    "dbname=first",
    "[twice]",
    "dbname=second",
    "[nested]",
    "service=audits",
  ];
  write(".pg_service.conf", lines.join("\n").replace("db1, db2", "db1,db2"));
  const passwords = [
    "# db1:5432:curfew:alice:not this one",
    "db1:5432:curfew:alice:pa\\:ss\\\\word",
    "localhost:*:*:alice:by socket",
    "*:*:other:*:anywhere",
    "db1:5432:curfew:bob:",
  ];
  write(".pgpass", `${passwords.join("\r\n")}\n`);
  chmodSync(join(home, ".pgpass"), 0o600);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(join(home, name, ".."), { recursive: true });
  writeFileSync(join(home, name), text);
}

function settings(url: string, environment: NodeJS.ProcessEnv = {}) {
  return postgresSettings(url, environment, home);
}

function passwordOf(url: string, environment: NodeJS.ProcessEnv = {}): string | undefined {
  const found = settings(url, environment);
  return found.password(found.servers[0]!).password?.reveal();
}

test.each<[string, NodeJS.ProcessEnv, object]>([
  [
    "postgres://alice@db1/curfew",
    {},
    { user: "alice", database: "curfew", servers: [{ host: "db1", port: 5432 }] },
  ],
  [
    "postgresql://al%40ice@db1:5433/cur%2Few",
    {},
    { user: "al@ice", database: "cur/ew", servers: [{ port: 5433 }] },
  ],
  ["postgres://u@[::1]:5433/d", {}, { servers: [{ host: "::1", address: "::1", port: 5433 }] }],
  [
    "postgres://u@db1,db2:5433/d",
    {},
    {
      servers: [
        { host: "db1", port: 5432 },
        { host: "db2", port: 5433 },
      ],
    },
  ],
  ["postgres:///d?host=/run/pg", {}, { servers: [{ host: "/run/pg" }] }],
  ["postgres://u@%2Frun%2Fpg/d", {}, { servers: [{ host: "/run/pg" }] }],
  ["postgres://u@db1/d?hostaddr=10.0.0.1", {}, { servers: [{ host: "db1", address: "10.0.0.1" }] }],
  ["postgres://u@db1", {}, { database: "u" }],
  [
    "postgres:",
    { PGHOST: "db9", PGUSER: "eve", PGDATABASE: "x" },
    { user: "eve", database: "x", servers: [{ host: "db9" }] },
  ],
  [
    "postgres://u@db1/d",
    { PGHOST: "db9", PGPORT: "7", PGDATABASE: "x" },
    { database: "d", servers: [{ host: "db1", port: 7 }] },
  ],
  [
    "postgres:?service=audits",
    {},
    {
      user: "alice",
      connectSeconds: 3,
      servers: [
        { host: "db1", port: 5433 },
        { host: "db2", port: 5433 },
      ],
    },
  ],
  ["postgres://bob@/?service=audits", { PGUSER: "eve" }, { user: "bob", database: "curfew" }],
  ["postgres:", { PGSERVICE: "twice" }, { database: "first" }],
  ["postgres://u@h/d?sslmode=require", {}, { encryption: { tries: [true] } }],
  ["postgres://u@h/d", {}, { encryption: { mode: "prefer", tries: [true, false] } }],
  ["postgres://u@h/d", { PGSSLMODE: "disable" }, { encryption: { tries: [false] } }],
  ["postgres://u@h/d?sslmode=allow", {}, { encryption: { tries: [false, true] } }],
  ["postgres://u@h/d?sslrootcert=system", {}, { encryption: { mode: "verify-full" } }],
])("%s with %j", (url, environment, expected) => {
  expect(settings(url, environment)).toMatchObject(expected);
});

test.each<[string, NodeJS.ProcessEnv, string | undefined]>([
  ["postgres://alice@db1/curfew", {}, "pa:ss\\word"],
  ["postgres://alice:own@db1/curfew", {}, "own"],
  ["postgres://alice@db1/curfew", { PGPASSWORD: "given" }, "given"],
  ["postgres://alice@/curfew?host=/var/run/postgresql", {}, "by socket"],
  ["postgres://zoe@db7:1/other", {}, "anywhere"],
  ["postgres://bob@db1/curfew", {}, ""],
  ["postgres://zoe@db1/curfew", {}, undefined],
  ["postgres://alice@db1/curfew", { PGPASSFILE: "/nonexistent" }, undefined],
])("the password of %s with %j", (url, environment, expected) => {
  expect(passwordOf(url, environment)).toBe(expected);
});

test("a password file that others may read is passed over, with the reason", () => {
  const file = join(home, "open");
  write("open", "*:*:*:*:secret\n");
  chmodSync(file, 0o640);
  const found = settings("postgres://u@h/d", { PGPASSFILE: file });
  expect(found.password(found.servers[0]!)).toEqual({
    refusal: `${file} was not used, as others may read it: chmod 600 ${file}`,
  });
});

describe("what cannot be meant is refused before anything is contacted", () => {
  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["postgres://u@h:x/d", {}, /not a host with a port/u],
    ["postgres://u@h:99999/d", {}, /port "99999" is not a number/u],
    [
      "postgres://u@h/d?sslmod=require",
      {},
      /"sslmod" is not a parameter of PostgreSQL, did you mean "sslmode"\?/u,
    ],
    ["postgres://u@h/d?sslmode=verify_full", {}, /sslmode is "verify_full".*did you mean "verify-full"\?/u],
    ["postgres://u@h/d?sslmode=prefer&sslrootcert=system", {}, /needs sslmode=verify-full, not prefer/u],
    ["postgres://u@h/d?sslnegotiation=direct", {}, /needs sslmode=require or more/u],
    ["postgres://u@h/d?require_auth=scram-sha-256", {}, /require_auth is not supported by curfew/u],
    ["postgres://u@h/d?gssencmode=require", {}, /gssencmode is not supported/u],
    ["postgres://u@h/d?target_session_attrs=standby", {}, /target_session_attrs is "standby"/u],
    ["postgres://u@h/d%00", {}, /not text with %XX/u],
    ["postgres://u@h/d%zz", {}, /not text with %XX/u],
    ["postgres://u@a,b/d?hostaddr=10.0.0.1", {}, /not as many addresses/u],
    ["postgres://u@h/d?hostaddr=h", {}, /not an IP address/u],
    ["postgres://u@h/d", { PGREQUIREAUTH: "none" }, /PGREQUIREAUTH is set/u],
    ["postgres:?service=audit", {}, /no service "audit" of PostgreSQL, did you mean "audits"\?/u],
    ["postgres:?service=broken", {}, /\.pg_service\.conf:11: "hots" is not a parameter.*"host"/u],
    ["postgres:?service=nested", {}, /:17: a service cannot name another/u],
    ["postgres:?service=x", { PGSERVICEFILE: "/nonexistent" }, /cannot read the services/u],
  ])("%s with %j", (url, environment, message) => {
    expect(() => settings(url, environment)).toThrow(message);
  });

  test("and no message holds a password", () => {
    for (const url of [
      "postgres://u:hunter2@h:x/d",
      "postgres://u:hun/ter2@h/d",
      "postgres://u:hunter2@h/d?a=b",
      "postgres://u:hunter2%00@h",
    ]) {
      expect(() => settings(url)).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/hun/u) }),
      );
    }
    expect(JSON.stringify(settings("postgres://u:hunter2@h/d"))).not.toContain("hunter2");
  });
});
