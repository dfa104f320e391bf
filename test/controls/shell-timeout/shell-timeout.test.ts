import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shellTimeout } from "../../../src/controls/shell-timeout/index.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { Facts, ForeignTimeout } from "../../../src/model/facts/facts.ts";
import { MINUTES_SCRIPT, SHELL_SCRIPT } from "../../../src/model/inventory/host-paths.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import { unreadable } from "../../../src/model/terms/reading.ts";
import { exemption, fileFact, host, limits, person, role } from "../facts-fixture.ts";
import { golden } from "../golden.ts";
import { hostileName } from "../hostile-names.ts";

const DEFAULTS = role("default", 900, 180);
const VENDOR = role("vendor", 300, null, { groups: ["ext", "domain vendors"] });
const ADMIN = role("admin", 150, null, { users: ["root"], groups: ["sudo"] });
const POLICY = limits(DEFAULTS, [VENDOR, ADMIN], [exemption(["backup"], ["robots"])]);
const EVERYBODY = [person("nobody"), person("eve", "group:ext"), person("root", "user:root")];

function contents(facts: Facts, policy: HostLimits, selected = true): Record<string, string | null> {
  const { files } = shellTimeout.render(facts, policy, selected);
  return Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

function said(facts: Facts, policy = POLICY): string[] {
  return shellTimeout
    .render(facts, policy, true)
    .findings.map((each) => `${each.outcome} ${each.role} ${each.actual} ${each.source}`);
}

describe("files", () => {
  test("one script, and a block in each file that is there", () => {
    const facts = host({ shells: ["bash", "zsh"], files: { "/etc/zsh/zshrc": "setopt x\n" } });
    const found = contents(facts, POLICY);
    expect(found[SHELL_SCRIPT]).toContain("readonly TMOUT=150");
    expect(found["/etc/bash.bashrc"]).toMatch(
      /^# BEGIN curfew shell-timeout\n[^]*# END curfew shell-timeout\n\[ -z/u,
    );
    expect(found["/etc/zsh/zshrc"]).toMatch(/# END curfew shell-timeout\nsetopt x\n$/u);
    expect(Object.keys(found)).not.toContain("/etc/bashrc");
    expect([found[MINUTES_SCRIPT], found["/etc/profile"]]).toEqual([
      null,
      "for i in /etc/profile.d/*.sh; do . $i; done\n",
    ]);
  });

  test.each([
    ["everybody-alike", limits(DEFAULTS), ["bash", "tcsh"]],
    ["roles", POLICY, ["bash", "zsh", "tcsh"]],
    ["roles-ksh93", POLICY, ["bash", "ksh93"]],
  ])("what was reviewed: %s", (name, policy, shells) => {
    const facts = host({ shells, files: { "/etc/csh.cshrc": "# csh\n" } });
    const text = Object.entries(contents(facts, policy))
      .map(([path, content]) => `=== ${path}\n${content ?? "(not there)\n"}`)
      .join("");
    expect(text).toBe(golden(`shell-timeout/${name}.txt`, text));
  });

  test("/etc/profile gets a block only where it does not source profile.d", () => {
    const facts = host({ files: { "/etc/profile": "# not /etc/profile.d\nPATH=/bin\n" } });
    expect(contents(facts, POLICY)["/etc/profile"]).toContain(`. ${SHELL_SCRIPT}`);
  });

  test("tcsh: minutes, asked for only where people differ", () => {
    const facts = host({ shells: ["tcsh"] });
    const asked = contents(facts, POLICY);
    expect(asked["/etc/csh.cshrc"]).toContain(`/bin/sh ${MINUTES_SCRIPT}`);
    expect(asked[MINUTES_SCRIPT]).toContain("*) echo 15 ;;");
    const alike = contents(facts, limits(DEFAULTS));
    expect([alike["/etc/csh.cshrc"], alike[MINUTES_SCRIPT]]).toEqual([
      expect.stringContaining("set -r autologout = 15\n"),
      null,
    ]);
  });

  test("nobody differs: nobody is asked who he is", () => {
    expect(contents(host(), limits(DEFAULTS))[SHELL_SCRIPT]).not.toContain("/usr/bin/id");
    expect(
      contents(host(), limits(DEFAULTS, [role("same", 900, 60, { users: ["a"] })]))[SHELL_SCRIPT],
    ).not.toContain("/usr/bin/id");
  });

  test("not selected, or no limit: everything goes, byte for byte", () => {
    const files = { "/etc/zsh/zshrc": "a", "/etc/csh.cshrc": "b\r\n", "/etc/mkshrc": "" };
    const before = host({ shells: ["bash", "zsh", "tcsh", "mksh"], files });
    const applied = host({ files: withoutNulls(contents(before, POLICY)) });
    for (const [policy, selected] of [
      [POLICY, false],
      [limits(role("default", null, 60)), true],
    ] as const) {
      const found = contents(applied, policy, selected);
      expect(found).toMatchObject({
        "/etc/zsh/zshrc": "a",
        "/etc/csh.cshrc": "b\r\n",
        "/etc/bash.bashrc": '[ -z "${PS1-}" ] && return\n',
      });
      expect([found[SHELL_SCRIPT], found[MINUTES_SCRIPT], found["/etc/mkshrc"]]).toEqual([null, null, null]);
    }
  });

  test("an empty file that was there before stays, empty", () => {
    const path = "/etc/mkshrc";
    const before = host({ shells: ["bash", "mksh"], files: { [path]: "" } });
    const applied = host({ files: withoutNulls(contents(before, POLICY)) });
    const originals = [{ kind: "file", copy: "/var/lib/curfew/original/x/0", path }] as const;
    const facts = { ...applied, curfew: { ...applied.curfew, originals } };
    expect(contents(facts, POLICY, false)).toMatchObject({ [path]: "" });
  });

  test("applied twice is applied once", () => {
    const facts = host({ shells: ["bash", "tcsh"] });
    const once = contents(facts, POLICY);
    expect(contents(host({ shells: ["bash", "tcsh"], files: withoutNulls(once) }), POLICY)).toEqual(once);
  });

  test("a file nobody could read is an error", () => {
    const facts = host();
    const files = facts.files.map((file) =>
      file.path === "/etc/bashrc" ? { ...file, state: unreadable<never>("EIO") } : file,
    );
    expect(() => shellTimeout.render({ ...facts, files }, POLICY, true).files).toThrow(CurfewError);
  });
});

describe("findings and claims", () => {
  const claims = (facts: Facts, policy = POLICY) =>
    shellTimeout
      .render(facts, policy, true)
      .coverage.map((each) => `${each.role} ${each.kind} ${each.within}`);

  test("an idle prompt only", () => {
    expect(claims(host())).toEqual([
      "vendor idle-shell 300",
      "admin idle-shell 150",
      "default idle-shell 900",
    ]);
    expect(claims(host({ shells: ["dash", "fish"] }))).toEqual([]);
  });

  test("shells without a timeout are named where somebody logs in with them", () => {
    expect(said(host({ shells: ["bash", "fish", "bsd-csh", "dash", "tmux", "git-shell"] }))).toEqual([
      expect.stringContaining("/usr/bin/fish is somebody's login shell"),
      expect.stringContaining("/usr/bin/bsd-csh is somebody's login shell"),
    ]);
    const facts = host();
    const used = {
      ...facts,
      shells: [
        { path: "/bin/dash", kind: "dash", inUse: true },
        { path: "/bin/fish", kind: "fish", inUse: false },
      ],
    };
    expect(said(used)).toEqual([expect.stringMatching(/^fail \* \/bin\/dash is/u)]);
  });

  test("what tcsh and ksh93 round", () => {
    const facts = host({ shells: ["tcsh", "ksh93"], classes: EVERYBODY });
    const policy = limits(role("default", 630, null), [role("a", 30, null, { users: ["root"] })]);
    expect(said(facts, policy)).toEqual([
      expect.stringContaining("pass default tcsh counts whole minutes: after 10m"),
      expect.stringContaining("fail a tcsh counts whole minutes: after 1m"),
      expect.stringContaining("fail a ksh93 adds a minute of grace: after 1m1s"),
    ]);
    expect(claims(facts, policy)).toEqual(["a idle-shell 61", "default idle-shell 630"]);
  });

  test.each<[string, ForeignTimeout, string, string, number]>([
    ["read later", { file: "/etc/profile.d/tmout.sh", line: 3, text: "TMOUT=900" }, "fail", "no effect", 3],
    ["earlier, changeable", { file: "/etc/environment", line: 1, text: "TMOUT=0" }, "pass", "overridden", 3],
    [
      "earlier, readonly, larger",
      { file: "/etc/profile", line: 2, text: "readonly TMOUT=3600" },
      "fail",
      "wins",
      0,
    ],
    [
      "appended to the profile that has read ours by then",
      { file: "/etc/profile", line: 9, text: "readonly TMOUT=3600" },
      "fail",
      "no effect",
      3,
    ],
    [
      "earlier, readonly, off",
      { file: "/etc/profile.d/00-a.sh", line: 2, text: "declare -xr TMOUT=0" },
      "fail",
      "wins",
      0,
    ],
    [
      "earlier, readonly, stricter",
      { file: "/etc/profile.d/00-a.sh", line: 2, text: "typeset -r TMOUT=60" },
      "pass",
      "no looser",
      3,
    ],
  ])("a foreign TMOUT %s", (_name, foreign, outcome, what, claimed) => {
    const files = { "/etc/profile": "PATH=/bin\n\nfor i in /etc/profile.d/*.sh; do . $i; done\n" };
    const facts = { ...host({ classes: EVERYBODY, files }), foreignTimeouts: [foreign] };
    const [finding = ""] = said(facts);
    expect(finding).toMatch(new RegExp(`^${outcome} .*${what}.* ${foreign.file}:${foreign.line}$`, "u"));
    expect(claims(facts)).toHaveLength(claimed);
  });
});

describe("a TMOUT that sshd puts into the environment", () => {
  const main = (lines: string): Facts => host({ main: `Port 22\n${lines}\n`, classes: EVERYBODY });

  test.each([
    [
      "SetEnv TMOUT=0",
      /^pass .*"SetEnv TMOUT=0" is in the environment: overridden .*but exported.* no limit take it/u,
    ],
    ["SetEnv LANG=C TMOUT=60", /^pass .*"SetEnv TMOUT=60"/u],
    ['Match User x\n  setenv "TMOUT=9"', /^pass .*"SetEnv TMOUT=9".*sshd_config:3$/u],
    ["AcceptEnv LANG TMOUT", /^pass .*"AcceptEnv TMOUT" lets clients set TMOUT.*sshd_config:2$/u],
    ["AcceptEnv *", /"AcceptEnv \*"/u],
    ["AcceptEnv T?O*", /"AcceptEnv T\?O\*"/u],
  ])("%s is said", (lines, expected) => {
    expect(said(main(lines))).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    "AcceptEnv LANG LC_*",
    "AcceptEnv TMOUTS XTMOUT T?OU *TMOUT?",
    "SetEnv XTMOUT=3 LANG=TMOUT=3",
    "# SetEnv TMOUT=3",
    `AcceptEnv ${"*?".repeat(500)}`,
  ])("%s is none", (lines) => {
    expect(said(main(lines))).toEqual([]);
  });
});

test("three lines of one file are one finding", () => {
  const lines = ["TMOUT=900", "readonly TMOUT", "export TMOUT"];
  const foreign = lines.map((text, index) => ({ file: "/etc/profile.d/tmout.sh", line: index + 4, text }));
  const autologout = { file: "/etc/csh.cshrc", line: 9, text: "set autologout=30" };
  expect(said({ ...host(), foreignTimeouts: [...foreign, autologout] })).toEqual([
    expect.stringMatching(/TMOUT=900; readonly TMOUT; export TMOUT.* complains; .*tmout.sh:4$/u),
    expect.stringMatching(/skips the rest of the file; .*csh.cshrc:9$/u),
  ]);
});

describe("in a real shell", () => {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "curfew-shell-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** What an interactive bash ends up with; `id` is answered by a file, as the account need not exist. */
  function timeoutOf(script: string, id: string): string {
    const answer = join(directory, "answer");
    const stub = join(directory, "id");
    const source = join(directory, "script");
    writeFileSync(answer, id);
    writeFileSync(stub, `#!/bin/sh\ncat '${answer}'\n`);
    chmodSync(stub, 0o755);
    writeFileSync(source, script.replaceAll("/usr/bin/id", stub));
    const command = `. ${source}; . ${source}; printf '%s' "\${TMOUT-none}"`;
    return execFileSync("bash", ["--norc", "--noprofile", "-euic", command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  }

  test.each([
    ["uid=0(root) gid=0(root) groups=0(root)", "150"],
    ["uid=1000(joe) gid=1000(joe) groups=1000(joe),27(sudo)", "150"],
    ["uid=1000(joe) gid=1000(joe) groups=1000(joe),7(domain vendors)", "300"],
    ["uid=1000(joe) gid=7(ext) groups=7(ext) context=unconfined_u:unconfined_r:x", "300"],
    ["uid=1000(joe) gid=7(ext) groups=7(ext),27(sudo)", "150"],
    ["uid=1000(joe) gid=1000(joe) groups=1000(joe),8(domain),9(vendors)", "900"],
    ["uid=1000(rooty) gid=1000(root) groups=1000(root),1(sudoers),2(nosudo)", "900"],
    ["uid=34(backup) gid=34(backup) groups=34(backup),27(sudo)", "none"],
    ["uid=1(x) gid=1(x) groups=1(x),5(robots)", "none"],
    ["", "900"],
  ])("%s has %s", (id, expected) => {
    expect(timeoutOf(contents(host(), POLICY)[SHELL_SCRIPT] ?? "", id)).toBe(expected);
  });

  test("a hostile name is a name and nothing else", () => {
    fc.assert(
      fc.property(hostileName, hostileName, fc.boolean(), (name, other, group) => {
        const people = group ? { groups: [name] } : { users: [name] };
        const script = contents(host(), limits(DEFAULTS, [role("x", 77, null, people)]))[SHELL_SCRIPT] ?? "";
        const id = (who: string) =>
          group ? `uid=1(a) gid=1(b) groups=1(b),2(${who})` : `uid=1(${who}) gid=1(b) groups=1(b)`;
        expect(timeoutOf(script, id(name))).toBe("77");
        // Where one name ends in the other, as in "x" and "a)(x", id(1) itself is ambiguous.
        const ambiguous = `1(${other})`.includes(`(${name})`) || name === other;
        expect(ambiguous || timeoutOf(script, id(other)) === "900").toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("a name with a quote goes no further, even past the schema", () => {
    const policy = limits(DEFAULTS, [role("x", 77, null, { users: ["a'b"] })]);
    expect(() => contents(host(), policy)).toThrow(CurfewError);
  });
});

function withoutNulls(found: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

describe("hooks of the administrator's own (SUSE)", () => {
  const FILES = {
    "/etc/bash.bashrc":
      "# /etc/zsh.zshrc.local\ntest -s /etc/bash.bashrc.local && . /etc/bash.bashrc.local\n",
    "/etc/csh.cshrc": "unset autologout\nif ( -r /etc/csh.cshrc.local ) source /etc/csh.cshrc.local\n",
    "/etc/zshrc": "# [ -r /etc/zsh.zshrc.local ] && . /etc/zsh.zshrc.local\n",
  };
  const shells = ["bash", "zsh", "tcsh"];

  test("the block is where the distribution's file sources it, and that file stays as it is", () => {
    const found = contents(host({ shells, files: FILES }), POLICY);
    expect(found["/etc/bash.bashrc.local"]).toMatch(/^# BEGIN curfew shell-timeout\n/u);
    expect(found["/etc/csh.cshrc.local"]).toContain("set -r autologout");
    expect([found["/etc/bash.bashrc"], found["/etc/csh.cshrc"]]).toEqual([
      FILES["/etc/bash.bashrc"],
      FILES["/etc/csh.cshrc"],
    ]);
    // A comment sources nothing.
    expect(found["/etc/zshrc"]).toContain("# BEGIN curfew");
    expect(found["/etc/zsh.zshrc.local"]).toBeUndefined();
  });

  test("also where only the vendor's file is there", () => {
    const facts = host({ shells, files: { "/usr/etc/bash.bashrc": ". /etc/bash.bashrc.local\n" } });
    const files = facts.files.map((file) =>
      file.path === "/etc/bash.bashrc" ? fileFact(file.path, null) : file,
    );
    const found = contents({ ...facts, files }, POLICY);
    expect(found["/etc/bash.bashrc.local"]).toContain("# BEGIN curfew");
    expect(found["/usr/etc/bash.bashrc"]).toBeUndefined();
  });

  test("applied twice is applied once, and not selected everything goes", () => {
    const once = contents(host({ shells, files: FILES }), POLICY);
    const again = host({ shells, files: { ...FILES, ...withoutNulls(once) } });
    expect(contents(again, POLICY)).toEqual(once);
    expect(contents(again, POLICY, false)).toMatchObject({
      "/etc/bash.bashrc.local": null,
      "/etc/csh.cshrc.local": null,
    });
  });

  test("an older block in the distribution's file moves to the hook", () => {
    const block = contents(host({ shells, files: { "/etc/bash.bashrc": "x\n" } }), POLICY)[
      "/etc/bash.bashrc"
    ];
    const files = { "/etc/bash.bashrc": `${block}. /etc/bash.bashrc.local\n` };
    const found = contents(host({ shells, files }), POLICY);
    expect(found["/etc/bash.bashrc"]).toBe("x\n. /etc/bash.bashrc.local\n");
    expect(found["/etc/bash.bashrc.local"]).toContain("# BEGIN curfew");
  });

  test("what the distribution's file unsets above its hook is read first", () => {
    const facts = { ...host({ shells, files: FILES }), foreignTimeouts: [CSH_UNSET] };
    expect(said(facts).filter((each) => each.includes("unset"))).toEqual([
      expect.stringMatching(/^pass .* is read first and overridden/u),
    ]);
  });
});

const CSH_UNSET: ForeignTimeout = { file: "/etc/csh.cshrc", line: 1, text: "unset autologout" };
