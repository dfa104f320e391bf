/** Completion in real shells, in a real terminal: keys go in, command lines come out. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHistory } from "../../../src/store/open-history.ts";
import { auditedHost, auditHeader, auditRun, store } from "../../fixtures/audits.ts";

const CURFEW = resolve(import.meta.dirname, "../../../src/curfew.js");
const RUN = auditHeader(1).runId;
/** Nobody may make a file of this name. */
const PWNED = "pwned";
const HOSTILE = "x$(touch pwned)`touch pwned`;touch pwned;'\"|!";
let directory: string;
let environment: Record<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-completion-"));
  environment = {
    PATH: `${directory}/bin:${process.env["PATH"]}`,
    HOME: directory,
    XDG_STATE_HOME: join(directory, "state"),
    LC_ALL: "C.UTF-8",
    TERM: "xterm",
  };
  await mkdir(join(directory, "bin"));
  const program = join(directory, "bin/curfew");
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${CURFEW}' "$@"\n`);
  await chmod(program, 0o755);
  await curfew("init", ".");
  const roles = { [HOSTILE]: { users: ["a"] }, "domain vendors": { users: ["b"] } };
  await writeFile(join(directory, "hostile.yaml"), JSON.stringify({ name: "x", roles }));
  await writeFile(join(directory, "zz$(touch pwned).yaml"), "");
  // A program as inventory: completion must not start it.
  await writeFile(join(directory, "program.sh"), `#!/bin/sh\ntouch ${join(directory, PWNED)}\necho '{}'\n`);
  await chmod(join(directory, "program.sh"), 0o755);
  const history = await openHistory({ state: join(directory, "state", "curfew"), now: () => new Date() });
  await store(history, auditRun(1, [auditedHost("web1")]));
  await history.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function curfew(...given: readonly string[]) {
  const options = {
    cwd: directory,
    env: environment,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  } as const;
  return execa(process.execPath, [CURFEW, ...given], options);
}

/** The values that are offered for the last word. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const { stdout, stderr, exitCode } = await curfew("complete", "--", ...words);
  expect([stderr, exitCode]).toEqual(["", 0]);
  return stdout.split("\n").map((line) => line.split("\t")[0] ?? "");
}

describe("what is offered", () => {
  test.each<[string[], string[]]>([
    [["pl"], [":words", "plan"]],
    [
      ["help", "hist"],
      [":words", "history"],
    ],
    [
      ["history", "pru"],
      [":words", "prune"],
    ],
    [
      ["plan", "--connect"],
      [":words", "--connect-timeout"],
    ],
    [["plan", "-p", ""], [":files"]],
    [["plan", "--policy="], [":files"]],
    [["apply", ""], [":files"]],
    [["init", ""], [":directories"]],
    [["audit", "-o", "x"], [":directories"]],
    [
      ["plan", "-i", "inventory.yaml", "-l", "we"],
      [":words", "web", ...webs()],
    ],
    [
      ["plan", "-iinventory.yaml", "-l", "web,!bas"],
      [":words", "web,!bastions", "web,!bastion.example.com"],
    ],
    [
      ["plan", "--inventory=inventory.yaml", "--limit=web0"],
      [":words", ...webs().map((name) => `--limit=${name}`)],
    ],
    [["explain", "-i", "inventory.yaml", "a@b.example@bas"], [":words"]],
    [
      ["explain", "-i", "inventory.yaml", "a@bas"],
      [":words", "a@bastion.example.com"],
    ],
    [
      ["verify", "-p", "policy.yaml", "--role", "a"],
      [":words", "admin"],
    ],
    [
      ["verify", "-p", "hostile.yaml", "--role", "d"],
      [":words", "default", "domain vendors"],
    ],
    [
      ["verify", "--sessions", "idle-shell,tm"],
      [":words", "idle-shell,tmux"],
    ],
    [
      ["audit", "--format", "html,sa"],
      [":words", "html,sarif"],
    ],
    [
      ["report", "--by", "r"],
      [":words", "role", "rule"],
    ],
    [
      ["report", "--run", RUN.slice(0, 4)],
      [":words", RUN],
    ],
    [
      ["report", "--policy", "p"],
      [":words", "production"],
    ],
    [
      ["profiles", "stig-u"],
      [":words", "stig-ubuntu2204", "stig-ubuntu2404"],
    ],
    [
      ["completion", "z"],
      [":words", "zsh"],
    ],
    [["plan", "--nonsense", "x"], [":words"]],
    [["nonsense", "x"], [":words"]],
    [["plan", "-i", "none.yaml", "-l", "w"], [":words"]],
    [["plan", "-i", "program.sh", "-l", ""], [":words"]],
    [["plan", "-i", "-", "-l", ""], [":words"]],
    [["plan", "-i", "/dev/zero", "-l", ""], [":words"]],
    [["verify", "-p", "/dev/tty", "--role", ""], [":words"]],
    [["plan", "\u001b[2J"], [":words"]],
    [[], [":words", "check", "init", "wizard"]],
  ])("%j", async (words, expected) => {
    expect((await offered(...words)).slice(0, words.length === 0 ? 4 : 20)).toEqual(expected);
    expect(existsSync(join(directory, PWNED))).toBe(false);
  });

  test("a pipe, also in a directory of inventories, is not waited for", async () => {
    await execa`mkfifo ${join(directory, "pipe")}`;
    await execa`mkdir ${join(directory, "fleet")}`;
    await execa`mkfifo ${join(directory, "fleet", "pipe")}`;
    expect(await offered("verify", "-p", "pipe", "--role", "")).toEqual([":words"]);
    expect(await offered("plan", "-i", "pipe", "-l", "")).toEqual([":words"]);
    expect(await offered("plan", "-i", "fleet", "-l", "")).toEqual([":words"]);
  });

  test("nothing is made where there is no history", async () => {
    const state = join(directory, "nothing");
    const env = { ...environment, XDG_STATE_HOME: state };
    await execa({ env })`${process.execPath} ${CURFEW} complete -- report --run ${""}`;
    expect(existsSync(state)).toBe(false);
  });
});

function webs(): string[] {
  return ["web01.example.com", "web02.example.com", "web03.example.com"];
}

interface Shell {
  readonly name: string;
  readonly start: readonly string[];
  readonly setUp: string;
}

const SHELLS: readonly Shell[] = [
  {
    name: "bash",
    start: ["bash", "--norc"],
    setUp: "PS1='> '; set +o history; source <(curfew completion bash)",
  },
  {
    name: "zsh",
    start: ["zsh", "-f"],
    setUp: "PS1='> '; autoload -U compinit && compinit -u -D; source <(curfew completion zsh)",
  },
  {
    name: "fish",
    start: ["fish", "--no-config", "--private"],
    setUp:
      "set -g fish_autosuggestion_enabled 0; function fish_prompt; echo '> '; end; curfew completion fish | source",
  },
];

const TYPED: readonly (readonly [typed: string, line: string])[] = [
  ["curfew pla", "curfew plan"],
  ["curfew plan --connect", "curfew plan --connect-timeout"],
  ["curfew plan -i inventory.yaml -l basti", "curfew plan -i inventory.yaml -l bastion"],
  ["curfew plan -i inventory.yaml -l 'web,!bastion.", "!bastion.example.com"],
  [
    "curfew explain -i inventory.yaml alice@bas",
    "curfew explain -i inventory.yaml alice@bastion.example.com",
  ],
  ["curfew verify -p policy.yaml --role adm", "curfew verify -p policy.yaml --role admin"],
  ["curfew verify --sessions=idle-sh", "curfew verify --sessions=idle-shell"],
  ["curfew plan -p policy.y", "curfew plan -p policy.yaml"],
  ["curfew verify -p hostile.yaml --role dom", "curfew verify -p hostile.yaml --role domain\\ vendors"],
];

describe.each(SHELLS)("$name", ({ name, start, setUp }) => {
  const lacks = [name, "tmux"].filter((program) => execaMissing(program));
  describe.skipIf(lacks.length > 0)(`driven${lacks.length > 0 ? ` (needs ${lacks.join(", ")})` : ""}`, () => {
    const socket = `curfew-completion-${process.pid}-${name}`;
    const tmux = (...given: string[]) =>
      execa("tmux", ["-u", "-L", socket, "-f", "/dev/null", ...given], {
        cwd: directory,
        env: environment,
        extendEnv: false,
      });
    const screen = async (): Promise<string> => (await tmux("capture-pane", "-p", "-J")).stdout.trimEnd();
    const see = async (text: string): Promise<string> => {
      for (const end = Date.now() + 20_000; ; await wait(50)) {
        const now = await screen();
        if (now.includes(text)) return now;
        if (Date.now() > end) throw new Error(`the screen never showed ${text} but\n${now}`);
      }
    };
    const type = (text: string) => tmux("send-keys", "-l", "--", text);
    const press = (key: string) => tmux("send-keys", key);

    beforeAll(async () => {
      await tmux("new-session", "-d", "-x", "160", "-y", "40", ...start);
      await type(`${setUp}; echo rea''dy`);
      await press("Enter");
      await see("\nready");
    });
    afterAll(() => tmux("kill-server"));

    async function fresh(): Promise<void> {
      await press("C-c");
      await type("clear; echo clean");
      await press("Enter");
      await see("clean\n>");
    }

    test.each(TYPED)("%s and Tab", async (typed, line) => {
      await fresh();
      await type(typed);
      await press("Tab");
      expect(await see(line)).toContain(line);
    });

    test.each([
      ["a role", "curfew verify -p hostile.yaml --role x", "touch"],
      ["a file", "curfew plan -p zz", "touch"],
    ])("%s named like a command is data, on Tab and on Enter", async (_, typed, shown) => {
      await fresh();
      await type(typed);
      await press("Tab");
      await see(shown);
      await press("Enter");
      await see("error:");
      expect(existsSync(join(directory, PWNED))).toBe(false);
    });

    test("what is typed is not run by Tab", async () => {
      await fresh();
      await type("curfew plan -l $(touch pwned) --connect");
      await press("Tab");
      await see("--connect-timeout");
      expect(existsSync(join(directory, PWNED))).toBe(false);
    });
  });
});

function execaMissing(program: string): boolean {
  return !(process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}
