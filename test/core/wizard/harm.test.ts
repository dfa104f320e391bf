import { describe, expect, test } from "vitest";
import { harmIn } from "../../../src/core/wizard/harm.ts";
import { peopleOf } from "../../../src/core/wizard/people.ts";
import { sessionOf, surveyOf } from "./subject.ts";

const ACCOUNTS = ["root:0", "eve:1000", "backup:34", "deploy:1001"];
const LISTENER = "50 1 0 0 9000 sshd | sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups";

describe("who would be hurt", () => {
  test.each<[string, string[], object[]]>([
    ["nothing but the listener", [], []],
    ["a prompt", [...sessionOf("eve", 1000, 60), "62 61 1000 34816 900 bash"], []],
    [
      "vim at a terminal",
      [...sessionOf("eve", 1000, 60), "62 61 1000 34816 900 bash", "63 62 1000 34816 800 vim"],
      [{ user: "eve", kind: "program", what: "vim", seconds: 800, count: 1 }],
    ],
    ["a program just begun", [...sessionOf("eve", 1000, 60), "63 61 1000 34816 20 less"], []],
    [
      "a job without a terminal",
      [
        ...sessionOf("deploy", 1001, 60),
        "62 61 1001 0 900 bash",
        "63 62 1001 0 900 pg_dump",
        "64 63 1001 0 900 gzip",
      ],
      [{ user: "deploy", kind: "job", what: "pg_dump", seconds: 900, count: 1 }],
    ],
    [
      "two transfers",
      [
        ...sessionOf("backup", 34, 60),
        "62 61 34 0 700 rsync",
        ...sessionOf("backup", 34, 70),
        "72 71 34 0 900 rsync",
      ],
      [{ user: "backup", kind: "transfer", what: "rsync", seconds: 900, count: 2 }],
    ],
    [
      "tmux, whose server has left its session",
      ["90 1 1000 0 5000 tmux: server | tmux new"],
      [{ user: "eve", kind: "multiplexer", what: "tmux", seconds: 5000, count: 1 }],
    ],
    [
      "an editor's remote half",
      ["90 1 1000 0 5000 node | /home/eve/.vscode-server/bin/abc/node server-main.js"],
      [{ user: "eve", kind: "editor", what: "vscode-server", seconds: 5000, count: 1 }],
    ],
    ["a daemon of an account that nobody logs in to", ["90 1 999 0 5000 nginx"], []],
    ["a daemon of the system", ["90 1 0 0 5000 cron"], []],
    [
      "somebody whose process claims to be a session",
      ["90 1 1000 0 900 evil | sshd: eve@pts/0", "91 90 1000 0 900 x"],
      [],
    ],
  ])("%s", (_, processes, expected) => {
    expect(harmIn(surveyOf(ACCOUNTS, [LISTENER, ...processes]))).toEqual(expected);
  });

  test("names are visible and longest comes first", () => {
    const odd = "62 61 1000 0 100 a\u202eb";
    const harm = harmIn(
      surveyOf(ACCOUNTS, [LISTENER, ...sessionOf("eve", 1000, 60), odd, "63 61 1000 0 300 make"]),
    );
    expect(harm?.map(({ what }) => what)).toEqual(["make", "a\\u{202e}b"]);
  });
});

describe("roles", () => {
  test("come from what exists there", () => {
    const jobs = [LISTENER, ...sessionOf("deploy", 1001, 60), "63 61 1001 0 900 tar"];
    const more = ["admins wheel eve", "sudoer ops"];
    const { roles, services } = peopleOf(surveyOf([...ACCOUNTS, "ops:1002"], jobs, more));
    // Whoever runs one long command is still a person.
    expect(services).toEqual(["backup"]);
    expect(roles).toEqual([
      { name: "admin", users: ["root", "ops"], groups: ["wheel"] },
      { name: "service", users: ["backup"], groups: [] },
    ]);
  });

  test.each(["-x", "a\\b", "a,b", "a:b", "", " a", "$(id)", "a\u202eb", "*"])(
    "an account called %j is in no proposal",
    (name) => {
      const { accounts, roles } = peopleOf({
        accounts: [{ name, uid: 0, shell: "/bin/sh" }],
        admins: [],
        sudoers: [],
        processes: [],
      });
      expect([accounts, roles]).toEqual([[], []]);
    },
  );
});
