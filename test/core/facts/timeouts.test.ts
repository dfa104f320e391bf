/** The part of the facts script that lists TMOUT in system-wide files: its awk program, run here on files made here. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const PART = readFileSync(new URL("../../../templates/remote/facts/timeouts.sh", import.meta.url), "utf8");
const [, PROGRAM = ""] = /^assignments='\n(.*)\n'$/msu.exec(PART) ?? [];
const [, READS = ""] = /^reads='\n(.*?)\n'$/msu.exec(PART) ?? [];
const folder = mkdtempSync(join(tmpdir(), "curfew-timeouts-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["TMOUT=3\n", ["1 TMOUT=3"]],
  ["if [ x ]; then\n  TMOUT=4\nfi\nTMOUT=5\n", ["2    TMOUT=4", "4 TMOUT=5"]],
  [
    "case $SSH_CONNECTION in\n10.*) TMOUT=900 ;;\nesac\nTMOUT=3\n",
    ["2  case $SSH_CONNECTION in; 10.*) TMOUT=900 ;;", "4 TMOUT=3"],
  ],
  [
    'if [ -n "$X" ]; then\n  if [ "${SSH_CLIENT% *}" = a ]; then\n    TMOUT=1\n  fi\n  TMOUT=2\nfi\n',
    ['3  if [ "${SSH_CLIENT% *}" = a ]; then;     TMOUT=1', "5    TMOUT=2"],
  ],
  [
    "[ ${SSH_CLIENT%% *} = a ] && return\nTMOUT=5\n",
    ["1 [ ${SSH_CLIENT%% *} = a ] && return leaves", "2  [ ${SSH_CLIENT%% *} = a ] && return; TMOUT=5"],
  ],
  ['if [ -n "$SSH_CONNECTION" ]; then\nTMOUT=7\nfi\n', ["2  TMOUT=7"]],
  [
    "if [ -e ~/.keep ]; then\nTMOUT=0\nelse\nTMOUT=3\nfi\n",
    ["2  if [ -e ~/.keep ]; then; TMOUT=0", "4  if [ -e ~/.keep ]; then; TMOUT=3"],
  ],
  [
    "from=${SSH_CLIENT%% *}\n[ $from = a ] && TMOUT=0\n",
    ["2 from=${SSH_CLIENT%% *}; [ $from = a ] && TMOUT=0"],
  ],
  ["[ $(id -u) = 0 ] && \\\nTMOUT=0\n", ["2 [ $(id -u) = 0 ] &&  TMOUT=0"]],
  [
    "case $(ps -o comm= $PPID) in sshd) exec dash;; esac\n",
    ["1 case $(ps -o comm= $PPID) in sshd) exec dash;; esac leaves"],
  ],
  [
    'name=$(cat /proc/$PPID/comm)\nif [ "$name" = sshd ]; then\n  exec dash\nfi\necho\n',
    ['3  name=$(cat /proc/$PPID/comm); if [ "$name" = sshd ]; then;   exec dash leaves'],
  ],
  [
    "from_ssh() {\n  ps -o comm= $PPID | grep -q sshd\n}\nfrom_ssh && exec dash\n",
    ["4 ps -o comm= $PPID | grep -q sshd; from_ssh && exec dash leaves"],
  ],
  [
    "read -r p < /proc/$PPID/comm\n[ $p = sshd ] && return\n:\n",
    ["2 read -r p < /proc/$PPID/comm; [ $p = sshd ] && return leaves"],
  ],
  [
    "case $SSH_CLIENT in 10.*) in=1;; esac\n[ -z $in ] || exec dash\n",
    ["2 case $SSH_CLIENT in 10.*) in=1;; esac; [ -z $in ] || exec dash leaves"],
  ],
  [
    '[ -n "$XDG_SESSION_ID" ] &&\n  . /etc/site.sh\n',
    ['2 [ -n "$XDG_SESSION_ID" ] &&  . /etc/site.sh leaves'],
  ],
  ["who am i | grep -q pts && tmux attach\n", ["1 who am i | grep -q pts && tmux attach leaves"]],
  ["[ -e /run/user/0 ] && /usr/local/bin/menu\n", ["1 [ -e /run/user/0 ] && /usr/local/bin/menu leaves"]],
  // By who logs in, and so not the same for those who were not asked.
  ["[ $UID -eq 1005 ] && return\n:\n", ["1 [ $UID -eq 1005 ] && return personal"]],
  [". /etc/site/$LOGNAME.sh\n", ["1 . /etc/site/$LOGNAME.sh personal"]],
  [
    'me=$(whoami)\n[ -r "/etc/site/$me" ] && . "/etc/site/$me"\n',
    ['2 [ -r "/etc/site/$me" ] && . "/etc/site/$me" personal'],
  ],
  ["if id -nG | grep -qw ops; then\n  exec dash\nfi\n. /etc/x\n", ["2    exec dash personal"]],
  [
    'grep -qx "$USER" /etc/tmout.exempt && exec dash\n',
    ['1 grep -qx "$USER" /etc/tmout.exempt && exec dash personal'],
  ],
  ['case " $(id -Gn) " in\n  *" ops "*) return ;;\nesac\n', ['2    *" ops "*) return ;; personal']],
  ["[ -w /opt/site ] && exec dash\n", ["1 [ -w /opt/site ] && exec dash personal"]],
  ['if [ "$(id -u)" -eq 0 ]; then\n  PS1=x\nfi\nfor i in /etc/profile.d/*.sh; do\n  . $i\ndone\n', []],
  ['[ "$SUDO_USER" ] && exec dash\n', []],
  // None of these: it is the same for all, or changes nothing about the shell.
  ['[ -n "$SSH_CONNECTION" ] && exec dash\n', []],
  ["[ $(id -u) = 0 ] && exec dash\n", ["1 [ $(id -u) = 0 ] && exec dash personal"]],
  ["case $TERM in xterm*) color=yes;; esac\n[ $color = yes ] && . /etc/colors\n", []],
  ["[ -f ~/.bashrc ] && . ~/.bashrc\n", []],
  ['[ -r "${XDG_CONFIG_HOME:-$HOME/.config}/x" ] && . "${XDG_CONFIG_HOME:-$HOME/.config}/x"\n', []],
  ["case $(readlink /proc/$$/exe) in */bash) . /etc/bash.bashrc;; esac\n", []],
  ["f() {\n  [ $TERM = dumb ] && return\n}\n", []],
  ["exec 2>/dev/null; ps\n", []],
  [
    "[ -t 3 ] || return\n: ${TERM:=vt100}\ncase $TERM in\n  xterm*) PS1=x ;;\nesac\nif [ -f /etc/x ]; then\n  . /etc/x\nfi\n",
    [],
  ],
  ["function f {\n  if [ $TERM = dumb ]; then\n    return\n  fi\n}\n", []],
  ["case $TERM in\n  tmux|screen)\n  PS1=x ;;\nesac\n", []],
  ['for config in /etc/locale.conf "${HOME}/.i18n"; do\n  . "${config}"\ndone\n', []],
  ['if [ "$LC_BYOBU" = 1 ]; then\n  . /usr/bin/byobu-launch\nfi\n', []],
  ['[ "$XDG_SESSION_TYPE" = wayland ] && . /usr/share/im-config/x\n', []],
  ["shell=$(ps -p $$ -ocomm=)\ncase $shell in bash) . /opt/lmod/init/$shell ;; esac\n", []],
  ["# $SSH_CONNECTION case\nTMOUT=3\n", ["2 TMOUT=3"]],
  // A function is made below the line that calls it, in the middle of a line, or has a name of its own kind.
  [
    'g() {\n  f && TMOUT=0\n}\nf() {\n  [ "${SSH_CLIENT%% *}" = a ]\n}\ng\n',
    ['2 [ "${SSH_CLIENT%% *}" = a ];   f && TMOUT=0'],
  ],
  [
    'h() { f; }\ng() { h && TMOUT=0; }\nf() { [ "${SSH_CLIENT%% *}" = a ]; }\ng\n',
    [expect.stringMatching(/^2 f\(\) .*SSH_CLIENT.*TMOUT=0; \}$/u)],
  ],
  [
    ':; f() { [ "${SSH_CLIENT%% *}" = a ]; }\nf && TMOUT=0\n',
    ['2 :; f() { [ "${SSH_CLIENT%% *}" = a ]; }; f && TMOUT=0'],
  ],
  [
    'is-near() {\n  [ "${SSH_CLIENT%% *}" = a ]\n}\nis-near && TMOUT=0\n',
    ['4 [ "${SSH_CLIENT%% *}" = a ]; is-near && TMOUT=0'],
  ],
  [
    'f() {\n  g() { :; }\n  [ "${SSH_CLIENT%% *}" = a ]\n}\nf && TMOUT=0\n',
    ['5 [ "${SSH_CLIENT%% *}" = a ]; f && TMOUT=0'],
  ],
  // Its end is not where its margin is: a way out below it counts.
  [
    'f() { echo 1\necho 2; }\n[ "${SSH_CLIENT%% *}" = a ] && return\n',
    ['3 [ "${SSH_CLIENT%% *}" = a ] && return leaves'],
  ],
  // One that only leaves a function leaves nobody out.
  ["f() {\n  return 1\n}\nTMOUT=3\n", ["4 TMOUT=3"]],
  ['f() {\n  [ x ] || { return 1; }\n  echo "{"\n}\nTMOUT=3\n', ["5 TMOUT=3"]],
  ["[ x ] && return\nTMOUT=3\n", ["2  TMOUT=3"]],
  // What differs stands at the end of a long condition.
  [
    `if [ ${"-n a -a ".repeat(20)} "$SSH_CLIENT" = a ]; then\nTMOUT=0\nfi\n`,
    [expect.stringMatching(/^2 .*SSH_CLIENT" = a \]; then; TMOUT=0$/u)],
  ],
  // Its reader cuts a long line, and says so.
  [`TMOUT=3; : ${"x".repeat(900)}; TMOUT=0\n`, [`1 TMOUT=3; : ${"x".repeat(900)}; TMOUT=0`]],
  // More than is listed, or looked at, is not silence.
  [
    '[ "${SSH_CLIENT%% *}" = a ] && return\n'.repeat(8),
    expect.arrayContaining(["6 more lines leave the file than are listed leaves"]),
  ],
  [
    `${Array.from({ length: 1100 }, (_, at) => `v${at}=$SSH_CLIENT`).join("\n")}\n[ $v1099 = a ] && TMOUT=0\n`,
    expect.arrayContaining([expect.stringMatching(/more than is looked at leaves$/u)]),
  ],
  [
    `x=$SSH_CLIENT && \\\n${`: ${"y".repeat(90)} && \\\n`.repeat(50)}return\n`,
    expect.arrayContaining([expect.stringMatching(/a command that is too long to be looked at leaves$/u)]),
  ],
])("%j", (text, lines) => {
  const file = join(folder, "x.sh");
  writeFileSync(file, text);
  const said = execFileSync("sh", ["-c", 'awk "$1" "$2"', "sh", PROGRAM, file], { encoding: "utf8" });
  const found = said
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t").slice(1).join(" "));
  expect(found).toEqual(lines);
});

test("a variable of a file that is sourced keeps where it is from", () => {
  const [sourced, file] = [join(folder, "where.sh"), join(folder, "profile.sh")];
  writeFileSync(sourced, "case $SSH_CLIENT in 10.*) in=1 ;; esac\n");
  writeFileSync(file, `. ${sourced}\n[ -n "$in" ] || TMOUT=600\n`);
  const list = /^list_sourced\(\) \{\n[^]*?\n\}\n/mu.exec(PART)?.[0] ?? "";
  const listing = `newline='\n'\nlisted="$1$newline"\n${list}list_sourced "$2"\nprintf %s "$listed"`;
  const listed = execFileSync("sh", ["-c", listing, "list", file, sourced], { encoding: "utf8" });
  const files = listed.trim().split("\n");
  const said = execFileSync("sh", ["-c", 'awk "$@"', "sh", PROGRAM, ...files], { encoding: "utf8" });
  expect(said.trim().split("\t").slice(1)).toEqual([
    "2",
    'case $SSH_CLIENT in 10.*) in=1 ;; esac; [ -n "$in" ] || TMOUT=600',
  ]);
});

test.each([
  [". /etc/a; . '/etc/b'; source \"/etc/c\"\n", ["/etc/a", "/etc/b", "/etc/c"]],
  ['for f in /etc/site.d/*.sh /opt/x; do [ -r "$f" ] && . "$f"; done\n', ["/etc/site.d/*.sh", "/opt/x"]],
  [
    "dir=/etc/more\nfor g in $dir/*.sh; do\n  source ${g}\ndone\n. $dir/x\n",
    ["/etc/more/*.sh", "/etc/more/x"],
  ],
  ["for i in $(run-parts --list /etc/site.d); do . $i; done\n", ["/etc/site.d"]],
  ["foreach f ( /etc/csh.d/* )\n  source $f\nend\n", ["/etc/csh.d/*"]],
  ["export ENV=/etc/kshrc\n", ["/etc/kshrc"]],
  ["ENV DEFAULT=/etc/kshrc\n", ["/etc/kshrc"]],
  ["setenv\tann\tENV=/etc/kshrc TMOUT=3\n", ["/etc/kshrc"]],
  ["ZDOTDIR=/etc/z\n", ["/etc/z/.zshenv", "/etc/z/.zprofile", "/etc/z/.zshrc", "/etc/z/.zlogin"]],
  // Not of the system's own, or nothing that is read.
  [
    '# . /etc/a\n. "${XDG:-$HOME/.config}/x"\n. $nothing/y\n. /usr/share/a\nfor f in /etc/*; do echo $f; done\n',
    [],
  ],
  ["a=$b\nb=$a\n. $a\n", []],
  // Too many, and too far round.
  [
    numbered(101, (at) => `. /etc/${at}`),
    [
      ...numbered(100, (at) => `/etc/${at}`)
        .trim()
        .split("\n"),
      "+",
    ],
  ],
  [
    `${numbered(21, (at) => `a=/etc/${at}`)}. $a\n`,
    [
      ...numbered(20, (at) => `/etc/${at}`)
        .trim()
        .split("\n"),
      "+",
    ],
  ],
  [numbered(21, (at) => `a=/etc/${at}`), []],
  ["a=$b\nb=$c\nc=/etc/x\n. $a\n", ["/etc/x"]],
  ["a=$b\nb=$c\nc=$d\nd=/etc/x\n. $a\n", ["+"]],
])("what is read besides: %j", (text, paths) => {
  const said = execFileSync("sh", ["-c", 'awk "$1" -', "sh", READS], { encoding: "utf8", input: text });
  expect(said.split("\n").slice(0, -1)).toEqual(paths);
});

function numbered(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => `${line(at)}\n`).join("");
}

/** What `follow_sourced` lists for a file of this text; what it says of its own comes first. */
function followed(text: string): string[] {
  const frame = readFileSync(new URL("../../../templates/remote/facts/frame.sh", import.meta.url), "utf8");
  const functions = [/^section\(\)[^]*?\n\}\n/mu, /^for_lines\(\)[^]*?\n\}\n/mu].map(
    (each) => each.exec(frame)?.[0],
  );
  const file = join(folder, "loop.sh");
  writeFileSync(file, text);
  const script = `newline='\n'\ntab='\t'\ndefault_ifs=" $tab$newline"\nset_by_sshd=''\nlisted="$1$newline"\nwithin() { "$@"; }
    ${functions.join("\n")}
    ${PART.slice(PART.indexOf("# Puts into"))}
    follow_sourced "$1"
    printf %s "$listed"`;
  return execFileSync("sh", ["-c", script, "sh", file], { encoding: "utf8" }).trim().split("\n");
}

test("files of a loop are looked at, and what is more than is followed is told", () => {
  const file = join(folder, "loop.sh");
  const site = mkdtempSync(join(folder, "site."));
  const loop = (count: number): string => {
    for (let at = 0; at < count; at += 1) writeFileSync(join(site, `${at}.sh`), ":\n");
    return `for f in ${site}/*.sh; do\n  . $f\ndone\n`;
  };
  expect(followed(loop(2))).toEqual([`${site}/1.sh`, `${site}/0.sh`, file]);
  const more = expect.stringMatching(/\t1\tmore files are read than are followed here\tleaves$/u);
  expect(followed(loop(300))).toContainEqual(more);
  // The last of these alone is there.
  writeFileSync(join(site, "149"), ":\n");
  expect(followed(numbered(150, (at) => `. ${site}/${at}`))).toContainEqual(more);
});

describe("a file whose name is put together", () => {
  const told = (line: string): string[] => {
    const file = join(folder, "computed.sh");
    writeFileSync(file, `${line}\n`);
    const said = execFileSync("sh", ["-c", 'awk "$1" "$2"', "sh", READS, file], { encoding: "utf8" }).trim();
    return said === "" ? [] : said.replaceAll(file, "").split("\n");
  };
  const DOUBT = ["?\t1"];
  test.each([
    ['. "/etc/site/$(uname -n)"', ["/etc/site/*"]],
    [". /etc/site/`hostname`.sh", ["/etc/site/*.sh"]],
    ["H=$(hostname); . /etc/site/$H/rc", ["/etc/site/*/rc"]],
    ['for f in $(ls /etc/site); do . "/etc/site/$f"; done', ["/etc/site/*"]],
    ["for f in $(find /etc/site -type f); do . $f; done", ["/etc/site"]],
    ['. "${SITE:-/etc/site/rc}"', ["/etc/site/rc"]],
    ["source -- /etc/site/rc", ["/etc/site/rc"]],
    ['eval "$(cat /etc/site/rc)"', ["/etc/site/rc"]],
    ['. "/home/$USER/.site"', DOUBT],
    ['H=$(getent passwd "$(id -un)" | cut -d: -f6); . "$H/.site"', DOUBT],
    ["ls /etc/site/* | while read f; do . $f; done", DOUBT],
    ["cd /etc/site; . ./a.sh", DOUBT],
    ["include() { . $1; }", DOUBT],
    [". <(cat /etc/site)", DOUBT],
    [". $(find /etc/site)", DOUBT],
    ["find . -name x; echo Done . $foo", []],
    // Homes are looked into by themselves.
    ['. "$HOME/.site"; . "${XDG_CONFIG_HOME:-$HOME/.config}/rc"', []],
  ])("%s", (line, expected) => {
    expect(told(line)).toEqual(expected);
  });

  test("is a doubt", () => {
    const doubt = `${join(folder, "loop.sh")}\t2\ta file is read whose name only a login shows\tleaves`;
    expect(followed(":\n. $(which site)\n")).toContain(doubt);
  });
});
