import { describe, expect, test } from "vitest";
import { parsePeople } from "../../../src/core/people/people.ts";
import { parseSections } from "../../../src/core/answer/sections.ts";
import type { LoginShell } from "../../../src/model/facts/login-shell.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

function logins(
  answers: readonly string[],
  login = "/bin/bash\t2\tann:7:7\tzoe:8:8\tann\tzoe",
  also = "",
): LoginShell[] {
  const parts = [
    `people\nclass\t\t2\tann\tann\tzoe\n${also}login\t${login}`,
    `logins\n${answers.join("\n")}`,
    "end\n",
  ];
  const text = parts.map((part) => `\n@${TOKEN}\t${part}`).join("\n");
  const { classes } = parsePeople(parseSections(Buffer.from(text), TOKEN, "web1"), []);
  return classes.state === "known" ? [...(classes.value[0]?.logins ?? [])] : [];
}

/** What the first account's login shell said. */
function said(...words: readonly string[]): unknown {
  const [login] = logins(words.map((word) => `1.1\tlogin\t${word.replace(" ", "\t")}`));
  return login?.asked[0]?.login;
}

const BASH = ["pid same", "bash 5.2", "value 600", "unset refused", "assign refused", "exported ", "end yes"];

test("as many of the others as there was room for are asked as well", () => {
  const words = (id: string): string[] => BASH.map((word) => `${id}\tlogin\t${word.replace(" ", "\t")}`);
  const line = "/bin/bash\t4\tann:7:7\tzoe:8:8\tann\tbob\tcat\tzoe";
  const also = "also\tbob:9:9\tcat:10:10\n";
  const [login] = logins([...words("1.1"), ...words("1.3"), ...words("1.4")], line, also);
  expect(login?.asked.map(({ user }) => user)).toEqual(["ann", "bob", "cat"]);
});

describe("what a shell said", () => {
  test.each([
    ["bash", BASH, { family: "bash", version: "5.2", limit: 600, readonly: true, exported: false }],
    [
      "no limit",
      ["pid same", "bash 5", "value ", "unset no"],
      { limit: null, readonly: false, exported: null },
    ],
    ["zero", ["pid same", "bash 5", "value 0"], { limit: null }],
    [
      "only unset is refused, as by a function",
      [...BASH.slice(0, 4), "assign no", "end yes"],
      { readonly: false },
    ],
    [
      "only assigning is refused",
      ["pid same", "bash 5", "value 6", "unset no", "assign refused", "end yes"],
      { readonly: false },
    ],
    [
      "exported",
      ["pid same", "zsh 5.9", "value 6", "exported yes", "end yes", "leavers 000"],
      { family: "zsh", limit: 6, exported: true },
    ],
    ["zsh with something to do instead", ["pid same", "zsh 5.9", "value 6", "trapalrm 1"], { limit: null }],
    ["zsh with a trap", ["pid same", "zsh 5.9", "value 6", "alarm yes", "trapalrm 0"], { limit: null }],
    [
      "ksh93",
      ["pid same", "ksh Version AJM 93u+m/1.0", "value 6", "unset refused", "end yes"],
      { family: "ksh93", limit: 6, readonly: true },
    ],
    ["mksh", ["pid same", "ksh @(#)MIRBSD KSH R59", "value 6", "end yes"], { family: "mksh", limit: 6 }],
    ["a shell that does not heed it", ["pid same", "value 6"], { family: "other", limit: null }],
    [
      "tcsh",
      ["cpid same", "version tcsh 6.24 (Astron) x", "minutes-set 1", "minutes 15 3", "minutes-unset refused"],
      { family: "tcsh", version: "tcsh 6.24", limit: 900, readonly: true },
    ],
    ["tcsh without", ["cpid same", "version tcsh 6.24", "minutes-set 0"], { limit: null }],
    [
      "zsh with nothing to do",
      ["pid same", "zsh 5.9", "value 6", "end yes", "leavers 000", "status 0"],
      { limit: 6 },
    ],
    ["no limit, and it hangs", ["pid same", "bash 5", "value ", "status 137"], { limit: null }],
    [
      "a limit of seconds, and everything answered",
      ["pid same", "bash 5", "value 3", "end yes"],
      { family: "bash", limit: 3 },
    ],
    ["bash with a unit", ["pid same", "bash 5", "value 10m", "end yes"], { family: "bash", limit: 10 }],
    ["bash with zeros in front", ["pid same", "bash 5", "value 0600", "end yes"], { limit: 600 }],
    ["bash with a sign", ["pid same", "bash 5", "value -5"], { family: "bash", limit: null }],
    ["bash with a word", ["pid same", "bash 5", "value off"], { family: "bash", limit: null }],
    ["fish", ["fpid same", "fish 4.0"], { family: "other", limit: null }],
  ])("%s", (_, words, expected) => {
    expect(said(...words)).toMatchObject({ state: "known", value: expected });
  });

  test.each([
    ["a program on top of it", ["pid other", ...BASH.slice(1)], /another program, which takes the prompt/u],
    ["both answer", [...BASH, "cpid other"], /another program/u],
    ["no answer in time", ["status 137"], /no answer at its prompt within 5 s/u],
    ["it ended", ["status 0"], /ended before it came to its prompt/u],
    ["a value, but nobody who says it", BASH.slice(1), /ended before/u],
    ["no number", ["pid same", "zsh 5.9", "value 10m"], /its TMOUT is "10m", which is not a number/u],
    ["octal to some", ["pid same", "zsh 5.9", "value 0600"], /not a number/u],
    ["more than a number holds", ["pid same", "bash 5", "value 99999999999"], /not a number/u],
    ["control characters are not printed", ["pid same", "bash 5", "value ?"], /its TMOUT is "\?"/u],
    [
      "an alarm of mksh's own",
      ["pid same", "ksh @(#)MIRBSD KSH R59", "value 6", "end yes", "alarm yes"],
      /alarm/u,
    ],
    ["something to do when it ends", [...BASH, "leaving yes"], /when it ends, which may keep it/u],
    [
      "a function for it",
      ["pid same", "zsh 5.9", "value 6", "leavers 010"],
      /when it ends, which may keep it/u,
    ],
    ["it hangs half-way", [...BASH, "status 137"], /it hung before it had answered everything/u],
    [
      "a list for autologout",
      ["cpid same", "version tcsh 6", "minutes-set 1", "minutes x"],
      /its autologout is "x"/u,
    ],
    ["gone before it said what it is", ["pid same", "value 4", "set yes"], /TMOUT of 4 s ended it before/u],
    ["a longer limit, and gone before its traps", BASH.slice(0, -1), /it ended before it had answered/u],
    [
      "zsh that did not come to what it does when it ends",
      ["pid same", "zsh 5.9", "value 6", "end yes"],
      /it ended before it had answered/u,
    ],
    ["gone before its traps", ["pid same", "bash 5", "value 3", "unset no"], /TMOUT of 3 s ended it before/u],
    ["it is not there", ["missing "], /does not exist/u],
  ])("%s: nobody knows", (_, words, reason) => {
    expect(said(...words)).toMatchObject({ state: "unreadable", reason: expect.stringMatching(reason) });
  });
});

test("a host that cannot run shells says why, for every account", () => {
  const [login] = logins(["0\t-\tcannot\tit needs script(1) for a terminal"]);
  expect(login?.asked.map((each) => each.login)).toEqual(
    ["ann", "zoe"].map(() => ({
      state: "unreadable",
      reason: "login shells cannot be run here: it needs script(1) for a terminal",
    })),
  );
});

test("an environment that PAM's files do not explain is nobody's for sure", () => {
  const [login] = logins([
    ...BASH.map((word) => `1.1\tlogin\t${word.replace(" ", "\t")}`),
    "0\t-\tenvironment\tENV",
  ]);
  expect(login?.asked[0]?.login).toMatchObject({
    state: "unreadable",
    reason: expect.stringContaining("another ENV than PAM"),
  });
});

test("who was not asked is not in the answer", () => {
  expect(logins([])).toEqual([{ path: "/bin/bash", size: 2, users: ["ann", "zoe"], asked: [] }]);
});

test.each([
  ["a login line cut short", [], "/bin/bash\t2"],
  ["a size that is not a number", [], "/bin/bash\tx\t\t\tann"],
  ["an answer to nothing", ["nonsense"], undefined],
])("%s is not the script's", (_, answers, login) => {
  expect(() => logins(answers, login)).toThrow(CurfewError);
});
