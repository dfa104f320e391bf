/** The script that looks into people's own files, run on homes made here, and the parser of what it says. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseOwnFiles } from "../../../src/core/people/own-files.ts";
import { parseSections } from "../../../src/core/answer/sections.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import { remoteScript } from "../../../src/template/remote-script.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me";
let home = "";

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "curfew-own-"));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function look(
  files: Readonly<Record<string, string>>,
  shell = "/bin/bash",
  more: readonly string[] = [],
): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), text);
  }
  const input = [...more, `home\t1\tann\tann\t7\t${shell}\t${home}`, ""].join("\n");
  const { stdout } = spawnSync("sh", ["-c", remoteScript("own-files", {})], { input, encoding: "utf8" });
  const said = stdout.replaceAll(home, "~").split("\n").slice(0, -1);
  expect(said.at(-1)).toBe("1\tann\tread");
  return said.slice(0, -1).map((line) => {
    const [, , word = "", , where = ""] = line.split("\t");
    return `${word} ${where}`;
  });
}

describe("a line that may keep a shell", () => {
  test.each([
    ["exec fish", "exec"],
    ["cd ~/.cfg; . ./a.sh", "computed"],
    ["pushd ~/.cfg && source a.sh", "computed"],
    ["source a.sh", "computed"],
    ['. "$HOME/.cfg/$(hostname)"', "computed"],
    ["for f in $(ls ~/.cfg); do . ~/.cfg/$f; done", "computed"],
    ["[ -t 0 ] && exec /usr/bin/fish -l", "exec"],
    ["case $- in *i*) exec zsh;; esac", "exec"],
    ["  \\exec 'fish'", "exec"],
    ["TMOUT=0", "tmout"],
    ["export -n TMOUT; unset TMOUT", "tmout"],
    ["PROMPT_COMMAND='TMOUT=0'", "tmout"],
    ["((TMOUT=0))", "tmout"],
    ["trap '' ALRM", "alarm"],
    ["trap : alrm", "alarm"],
    ["trap 'sleep 999' EXIT", "leaving"],
    ["trap 'sleep 999' exit", "leaving"],
    ["trap wait Exit; true", "leaving"],
    ["  sleep 999' SigExit", "leaving"],
    ["' 0", "leaving"],
    ['if [ -z "$TMUX" ]; then tmux attach || tmux new; fi', "program"],
    ["command screen -R", "program"],
    ["LANG=C /usr/bin/zsh -l", "program"],
    ["test -x /usr/bin/fish && env A=b fish", "program"],
    ['"$SHELL" -l', "program"],
    ['eval "$(direnv hook bash)"', "computed"],
    ['. "$NVM_DIR/nvm.sh"', "computed"],
    ["true; source <(kubectl completion bash)", "computed"],
    // What is not known to come back by itself: the hunt found the first three.
    ["xargs -o dash </dev/null", "program"],
    ["stdbuf -o0 dash", "program"],
    ["nice bash --norc", "program"],
    ["/opt/app/bin/menu", "program"],
    ["[ -t 0 ] && menu; exit", "program"],
    ['"$EDITOR" ~/notes', "program"],
    ["d=/bin/dash; $d", "program"],
    ["/bin/das?", "program"],
    ["$(command -v dash)", "program"],
    ["`which dash`", "program"],
    ["alias q=menu; q", "program"],
    ["cat", "program"],
    ["less ~/notes", "program"],
    ["read answer", "program"],
    ["sleep 600", "program"],
    ["sleep 600 & wait", "program"],
    ["while :; do sleep 1; done", "program"],
    ["tail -f ~/log", "program"],
    ["kill -STOP $$", "program"],
    ["PROMPT_COMMAND='cat'", "program"],
    ["f() { menu; }", "program"],
    [". ~/'my rc'", "computed"],
    ['test -r "$HOME/my rc" && source "$HOME/my rc"', "computed"],
    [". /opt/../home/ann/x", "computed"],
  ])("%s", async (line, word) => {
    expect(await look({ ".bashrc": `# mine\n${line}\n` })).toEqual([`${word} ~/.bashrc:2`]);
  });

  test.each([
    "# exec fish",
    "true # exec fish",
    "alias t='tmux attach'",
    "export SHELL=/bin/zsh EDITOR=vim",
    "exec 2>/dev/null",
    "find . -exec ls {} +",
    "[ -x /usr/bin/fish ] && echo yes",
    "command -v tmux",
    '[ -x /usr/bin/lesspipe ] && eval "$(SHELL=/bin/sh lesspipe)"',
    'test -r ~/.dircolors && eval "$(dircolors -b ~/.dircolors)" || eval "$(dircolors -b)"',
    'test -z "$PROFILEREAD" && . /etc/profile || true',
    "MY_TMOUT=3",
    "trap 'rm -f x; exit' INT TERM",
    "trap 'echo' INT; exit",
    'test "$x" = 0 || exit',
    "sleep 600 &",
    ". /etc/profile.d/bash_completion.sh; . /usr/share/bash-completion/bash_completion",
    "[ -f /opt/nowhere/rc ] && . /opt/nowhere/rc",
    "(cd ~; sleep 600 &)",
    "sleep 1",
    "cat ~/news | head",
    "grep -qs x ~/.y && echo 'it is; so'",
    "cat <<END\nwelcome; menu\nEND",
    "case $TERM in xterm*|rxvt*) PS1=x ;; *) ;; esac",
    'case "$TERM" in\nxterm-color|*-256color) color=yes;;\nesac',
    'if ! [[ "$PATH" =~ "$HOME/.local/bin:" || $x == y ]]; then PATH="$HOME/bin:$PATH"; fi',
    "plugins=(git docker)\npath=(\n  ~/bin\n  /opt/bin\n)",
    "f() { echo a; }; f",
    "function g { cd ..; }\ng",
    "for f in ~/.a ~/.b; do [ -r $f ] && echo $f; done",
    "x=$(git config user.name); y=`brew --prefix`",
    'PS1="it\'s \\$(f) "',
    "PROMPT='a\nb; menu\n'",
    "alias k=kubectl m='menu; menu'",
    "command -v menu >/dev/null 2>&1 && export A=$((1 << 2))",
    "[ ${#x} -gt 0 ] && x=${x%%;*}",
    "date # menu; menu",
  ])("not: %s", async (line) => {
    expect(await look({ ".bashrc": `${line}\n` })).toEqual([]);
  });

  test("what a file reads counts, and what ends without a newline or goes on in the next line", async () => {
    const files = {
      ".profile": ". ~/.more\n",
      ".more": 'source "${HOME}/.bash/last"',
      ".bash/last": "ex\\\nec fish",
      ".bashrc.d/x": "tmux",
    };
    expect(await look(files)).toEqual(["exec ~/.bash/last:2", "program ~/.bashrc.d/x:1"]);
  });

  test("what a key types", async () => {
    const lines = ['"\\e[A": history-search-backward', '"\\C-l": "clear\\n"', '"\\r": "\\C-u exec dash\\n"'];
    expect(await look({ ".inputrc": `set bell-style none\n${lines.join("\n")}\n` })).toEqual([
      "program ~/.inputrc:4",
    ]);
  });
});

test.each(["exec bash", "$EDITOR ~/notes", "echo `cat`", "[ -e x ] && rm -i x", "kill -STOP $$"])(
  "a logout file: %s",
  async (line) => {
    expect(await look({ ".bash_logout": `${line}\n` })).toContain("leaving ~/.bash_logout:1");
  },
);

test.each([
  'if [ "$SHLVL" = 1 ]; then [ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q; fi',
  '[ "$TERM" = linux ] && clear',
  "rm -rf ~/.cache/x; kill $SSH_AGENT_PID",
])("a harmless logout file: %s", async (line) => {
  expect(await look({ ".bash_logout": `${line}\n` })).toEqual([]);
});

test("each shell's own files", async () => {
  const files = {
    ".profile": "TMOUT=1",
    ".bash_profile": ":",
    ".zshenv": "unsetopt GLOBAL_RCS",
    ".zshrc": "TRAPALRM() { :; }",
    ".cshrc": "set autologout=0",
    ".ssh/rc": "tmux",
  };
  expect(await look(files)).toEqual(["program ~/.ssh/rc:1"]);
  expect(await look(files, "/bin/zsh")).toEqual([
    "elsewhere ~/.zshenv:1",
    "alarm ~/.zshrc:1",
    "program ~/.ssh/rc:1",
  ]);
  expect(await look(files, "/bin/tcsh")).toEqual(["tmout ~/.cshrc:1", "program ~/.ssh/rc:1"]);
  expect(await look(files, "/bin/ksh")).toEqual(["tmout ~/.profile:1", "program ~/.ssh/rc:1"]);
});

test("a shell under another name reads what it really is", async () => {
  const files = {
    ".zlogin": "menu",
    ".zlogout": "menu",
    ".profile": "menu",
    ".bashrc": "TMOUT=0",
    ".login": "menu",
  };
  await mkdir(join(home, "bin"));
  for (const [name, real] of [
    ["bash", "zsh"],
    ["sh", "bash"],
    ["ours", "rbash"],
  ] as const)
    await symlink(`/${real}`, join(home, "bin", name));
  const zsh = ["program ~/.zlogin:1", "leaving ~/.zlogout:1"];
  expect(await look(files, join(home, "bin/bash"))).toEqual(expect.arrayContaining(zsh));
  expect(await look(files, join(home, "bin/sh"))).toEqual(["program ~/.profile:1", "tmout ~/.bashrc:1"]);
  // A program of one's own may start any of them.
  const all = [...zsh, "program ~/.profile:1", "tmout ~/.bashrc:1", "program ~/.login:1"];
  expect((await look(files, "/opt/our-shell")).toSorted()).toEqual(all.toSorted());
});

test("options of keys, where sshd says that keys are", async () => {
  const cloud = `no-pty,command="echo 'Please login as the user \\"a\\".';echo;sleep 10;exit 142" ${KEY}`;
  const files = {
    ".ssh/authorized_keys": `${KEY} command=\n${cloud.slice("no-pty,".length)}\nfrom="a",command="x" ${KEY}\n`,
    "keys/ann%": `restrict ${KEY}\nrestrict,pty ${KEY}\nenvironment="A=b" ${KEY}\n`,
    ".ssh/environment": "A=b\nTMOUT=0\n",
  };
  expect(await look(files)).toEqual(["command ~/.ssh/authorized_keys:3"]);
  const keys = [`keys\tann\tnone %h/keys/%u%%`, "environment\tann"];
  expect(await look(files, "/bin/bash", keys)).toEqual([
    "environment ~/.ssh/environment:2",
    "no-pty ~/keys/ann%:1",
    "key-environment ~/keys/ann%:3",
  ]);
});

test("keys in several places: by a pattern, by a name with a blank; and what lets certificates in", async () => {
  const files = {
    ".ssh/keys.d/work": `command="cat" ${KEY}\n`,
    ".ssh/keys.d/home": `${KEY}\ncert-authority,principals="ann" ${KEY}\n`,
    "my keys/ann": `no-pty ${KEY}\n`,
    "elsewhere/ann": `command="cat" ${KEY}\n`,
  };
  const keys = ["keys\tann\t.ssh/none .ssh/keys.d/* %h/my keys/%u"];
  expect(await look(files, "/bin/bash", keys)).toEqual([
    "certificate ~/.ssh/keys.d/home:2",
    "command ~/.ssh/keys.d/work:1",
    "no-pty ~/my keys/ann:1",
  ]);
});

test("what cannot be read is unknown, and nothing outside the home is looked at", async () => {
  await symlink("/etc/passwd", join(home, ".bashrc"));
  await symlink("nowhere", join(home, ".profile"));
  expect(await look({ ".ssh/rc": "x".repeat(600_000) })).toEqual([
    "unread ~/.profile is a link to nothing",
    "unread ~/.bashrc is a link out of the home",
    "unread ~/.ssh/rc is too long",
  ]);
  await rm(join(home, ".bashrc"));
  await rm(join(home, ".profile"));
  await symlink("dot/bashrc", join(home, ".bashrc"));
  expect(await look({ "dot/bashrc": "exec fish", ".ssh/rc": "" })).toEqual(["exec ~/.bashrc:1"]);
});

describe("what the script said", () => {
  const parse = (...lines: readonly string[]) =>
    parseOwnFiles(
      parseSections(
        Buffer.from(`\n@${TOKEN}\town-files\n${lines.join("\n")}\n\n@${TOKEN}\tend\n`),
        TOKEN,
        "web1",
      ),
    );

  test("belongs to its login line", () => {
    const own = parse("2\tann\texec\t.bashrc\t/h/.bashrc:3", "2\tann\tread", "2\tjoe\tunread\t-\tgone");
    expect(own(1)).toEqual({ own: { seen: 0, lines: [], unread: [] } });
    expect(own(2)).toEqual({
      own: {
        seen: 1,
        lines: [{ user: "ann", kind: "exec", root: ".bashrc", at: "/h/.bashrc:3" }],
        unread: [{ user: "joe", reason: "gone" }],
      },
    });
  });

  test.each(["x\tann\tread", "1\t\tread", "1\tann\tconstructor\t.\t/x:1", "0\tann\tread"])(
    "is refused where the script cannot have written it: %j",
    (line) => {
      expect(() => parse(line)).toThrow(CurfewError);
    },
  );
});
