/** What people have in files of their own: what keeps a shell, what only looks like it, and what everybody has. */
import type { Edit, Piece } from "./configuration.ts";
import type { Person } from "./people.ts";
import type { Random } from "./random.ts";
import { FORMS, someValue } from "./shell-grammar.ts";

/** Something of one person's own. */
export function ownPiece(random: Random, person: Person): Piece {
  const family = familyOf(person);
  const make = random.pick([start, start, start, sourced, logout, ofHome]);
  const edits = make(random, person, family).map((edit) => Object.assign({ owner: person.name }, edit));
  return { about: `${person.name}'s own`, of: person.name, edits };
}

type Family = "bash" | "zsh" | "csh" | "ksh" | "sh";

function familyOf({ shell }: Person): Family {
  if (/zsh$|shells\/bash$/u.test(shell)) return "zsh";
  if (shell.endsWith("csh")) return "csh";
  if (shell.endsWith("ksh")) return "ksh";
  return /dash$|ash$|shells\/sh$/u.test(shell) && !shell.endsWith("bash") ? "sh" : "bash";
}

const FILES: Readonly<Record<Family, readonly string[]>> = {
  bash: [".profile", ".bash_profile", ".bashrc", ".bash_login", ".bashrc"],
  zsh: [".zshrc", ".zshenv", ".zprofile", ".zlogin"],
  csh: [".tcshrc", ".login", ".cshrc"],
  ksh: [".profile", ".kshrc", ".mkshrc"],
  sh: [".profile", ".bashrc"],
};

/** Lines of bash, zsh, ksh and sh. */
const LINES = [
  "unset TMOUT\n",
  "unset TMOUT 2>/dev/null\n",
  "export -n TMOUT\n",
  "exec dash\n",
  "\\exec dash\n",
  "'exec' dash\n",
  "command exec dash\n",
  "builtin exec dash\n",
  "e=exec; $e dash\n",
  "d=/bin/dash; $d\n",
  "/bin/das?\n",
  "/bin/{dash,}\n",
  "$(command -v dash)\n",
  "`which dash`\n",
  "exec env -u TMOUT bash --norc\n",
  "exec -a login bash --norc\n",
  "bash\n",
  "bash -i\n",
  "sh -c 'exec bash --norc'\n",
  "nice bash --norc\n",
  "( exec dash )\n",
  "{ dash; }\n",
  "dash || true\n",
  "! dash\n",
  "true && dash\n",
  "if true; then dash; fi\n",
  "if dash; then :; fi\n",
  "while dash; do :; done\n",
  "for i in 1; do dash; done\n",
  "f() { dash; }; f\n",
  "f () {\n  exec dash\n}\nf\n",
  "function f { dash; }; f\n",
  "alias ll='ls -l'\n",
  "alias q=dash; q\n",
  "busybox ash\n",
  "setsid -c dash\n",
  "script -q /dev/null\n",
  "xargs -o dash </dev/null\n",
  "timeout --foreground 600 dash\n",
  "env dash\n",
  "stdbuf -o0 dash\n",
  "PROMPT_COMMAND='TMOUT=0'\n",
  "PROMPT_COMMAND='history -a'\n",
  "PROMPT_COMMAND=f; f() { T\\MOUT=0; }\n",
  "PS1='$((TMOUT=900)) '\n",
  "PS1='\\u@\\h:\\w\\$ '\n",
  "trap 'TMOUT=0' DEBUG\n",
  "trap 'sleep 600' EXIT\n",
  "trap sleep\\ 600 EXIT\n",
  "trap - EXIT\n",
  "trap '' ALRM\n",
  "trap : 14\n",
  "trap '' HUP\n",
  "trap '' HUP TERM\n",
  "return\n",
  "return 0; exec dash\n",
  "set +o errexit\n",
  "set -u\n",
  "set -o vi\n",
  "exec tmux\n",
  '[ -n "$TMUX" ] || tmux\n',
  "sleep 600 &\n",
  "sleep 600\n",
  "cat\n",
  "less /etc/passwd\n",
  "read answer\n",
  "read -r -t 600 answer\n",
  "select i in a b; do break; done\n",
  "while :; do sleep 1; done\n",
  "until false; do sleep 1; done\n",
  "wait\n",
  "sleep 600 & wait\n",
  "tail -f /dev/null\n",
  "yes >/dev/null\n",
  "top\n",
  "watch date\n",
  "(while :; do sleep 1; echo; done) &\n",
  "while sleep 1; do printf .; done &\n",
  'export "TM""OUT=0"\n',
  "v=TMOUT; unset $v\n",
  'v=OUT; eval "TM$v=0"\n',
  "read TMOUT <<< 0\n",
  "printf -v TMOUT 0\n",
  'printf -v "TM"OUT 0\n',
  'declare -n x="TM""OUT"; x=0\n',
  "declare TM\\OUT=0\n",
  'let "TM"OUT=0\n',
  ": $((TMOUT=0))\n",
  "for TMOUT in 0; do :; done\n",
  "getopts a: TMOUT\n",
  "mapfile -C 'TMOUT=0;:' -c 1 x </etc/passwd\n",
  "source /dev/stdin <<< 'exec dash'\n",
  ". <(echo exec dash)\n",
  "eval 'exec dash'\n",
  'eval "$(echo exec dash)"\n',
  "command_not_found_handle() { dash; }\n",
  "coproc dash\n",
  "exec > >(cat)\n",
  "exec 2>/dev/null\n",
  "exec </dev/tty\n",
  "exec <&-\n",
  "enable -n exit\n",
  "exit() { :; }\n",
  "logout() { :; }\n",
  "kill -STOP $$\n",
  "suspend -f\n",
  "stty -icanon\n",
  'bind \'"\\r": "\\C-m"\'\n',
  "shopt -s expand_aliases\n",
  "export PATH=$HOME/bin:$PATH\n",
  "umask 077\n",
  "HISTSIZE=1000\nHISTCONTROL=ignoreboth\n",
  "[ -f ~/.bash_aliases ] && . ~/.bash_aliases\n",
  'test -x /usr/bin/dircolors && eval "$(dircolors -b)"\n',
  "export EDITOR=vim VISUAL=vim\n",
  "case $- in *i*) ;; *) return ;; esac\n",
  "# exec dash\n",
  "echo 'exec dash'\n",
  "echo welcome; date\n",
  ": exec dash\n",
  "if false; then exec dash; fi\n",
  "cat <<'END'\nexec dash\nEND\n",
  "cat <<END >/dev/null; dash\nx\nEND\n",
  "x='a\ndash\n'\n",
  "true \\\n && dash\n",
  "da\\\nsh\n",
  "BASH_ENV=~/.x; ENV=~/.x; export BASH_ENV ENV\n",
  "exec env ENV=/dev/null ksh\n",
] as const;

const ZSH_LINES = [
  "TRAPALRM() { : }\n",
  "TRAPALRM() { zle reset-prompt }\n",
  "TRAPEXIT() { sleep 600 }\n",
  "TRAPHUP() { : }\n",
  "zshexit() { sleep 600 }\n",
  "precmd() { TMOUT=0 }\n",
  "precmd() { print -n '' }\n",
  "precmd_functions+=(f); f() { unset TMOUT }\n",
  'autoload -Uz add-zsh-hook; add-zsh-hook precmd f; f() { typeset -g TM""OUT=0 }\n',
  "zle-line-init() { zle -I }; zle -N zle-line-init\n",
  "zle-line-init() { dash }; zle -N zle-line-init\n",
  "zmodload zsh/sched; sched +00:00:01 'TMOUT=0'\n",
  "typeset +r TMOUT; TMOUT=0\n",
  "setopt NO_RCS\n",
  "emulate sh\n",
  "emulate -R ksh\n",
  "PERIOD=1; periodic() { : }\n",
  "ZDOTDIR=$HOME/z\n",
  "() { exec dash }\n",
  "=dash\n",
  "noglob dash\n",
  "- dash\n",
  "repeat 1 dash\n",
  "vared x\n",
  "READNULLCMD=dash\n",
  "alias -g X=dash\nX\n",
  "zmodload zsh/zselect; zselect -t 60000\n",
] as const;

const CSH_LINES = [
  "unset autologout\n",
  "set autologout=1\n",
  "set autologout=0\n",
  "exec bash --norc\n",
  "dash\n",
  "alias precmd 'unset autologout'\n",
  "alias periodic 'echo'; set tperiod=1\n",
  "alias cwdcmd 'exec dash'; cd\n",
  "sched +0:01 unset autologout\n",
  "if (1) exec dash\n",
  "if ($?prompt) then\n  unset autologout\nendif\n",
  "onintr -\n",
  "source ~/.site\n",
  "set prompt='%n> '\n",
  "eval 'unset autologout'\n",
  "@ autologout = 0\n",
  "setenv TMOUT 0\n",
  "set x=autologout; unset $x\n",
  "hup dash\n",
  "nohup\n",
] as const;

/** A line, or the system's own forms, in a start-up file. */
function start(random: Random, { name }: Person, family: Family): Edit[] {
  const file = random.pick(FILES[family]);
  const how = random.pick(["append", "append", "prepend", "file"] as const);
  return [{ path: `/home/${name}/${file}`, text: textFor(random, family), how }];
}

function textFor(random: Random, family: Family): string {
  if (family === "csh") return random.pick(CSH_LINES);
  if (family === "zsh" && random.chance(0.45)) return random.pick(ZSH_LINES);
  return random.chance(0.2) ? random.pick(FORMS)(someValue(random)) : random.pick(LINES);
}

/** The line stands in another file, which a start-up file reads in one of the ways that people write. */
function sourced(random: Random, { name }: Person, family: Family): Edit[] {
  const file = random.pick(FILES[family]);
  const where = random.pick([
    ".site",
    "conf/shell.sh",
    ".config/sh/rc",
    ".bashrc.d/x",
    ".bash_aliases",
    ".x y",
  ]);
  const path = `/home/${name}/${where}`;
  const ways =
    family === "csh"
      ? [`source ~/${where}\n`, `source $HOME/${where}\n`, `if (-e ~/${where}) source ~/${where}\n`]
      : [
          `. ~/${where}\n`,
          `. "$HOME/${where}"\n`,
          `. "\${HOME}/${where}"\n`,
          `source ${path}\n`,
          `. ~${name}/${where}\n`,
          `cd; . ./${where}\n`,
          `. ~/./${where}\n`,
          `[ -r ~/'${where}' ] && . ~/'${where}'\n`,
          `for f in ~/${where.slice(0, -1)}*; do . "$f"; done\n`,
          `d=$HOME; . "$d/${where}"\n`,
          `builtin source ${path}\n`,
          `command . ${path}\n`,
          `. /proc/self/cwd/${where}\n`,
          `. /tmp/../home/${name}/${where}\n`,
          `. /var/lib/hunt-${name}\n`,
          `. /usr/local/hunt/${name}\n`,
          `. /etc/hunt-${name}\n`,
        ];
  const text = textFor(random, family);
  return [
    { path, text, how: "file" },
    { path: `/var/lib/hunt-${name}`, text, how: "file" },
    { path: `/usr/local/hunt/${name}`, text, how: "file" },
    { path: `/etc/hunt-${name}`, text, how: "file" },
    { path: `/home/${name}/${file}`, text: random.pick(ways), how: random.pick(["append", "prepend"]) },
  ];
}

function logout(random: Random, { name }: Person, family: Family): Edit[] {
  const file = {
    bash: ".bash_logout",
    zsh: ".zlogout",
    csh: ".logout",
    ksh: ".ksh_logout",
    sh: ".bash_logout",
  }[family];
  const text = random.pick([
    "clear\n",
    "sleep 600\n",
    "exec dash\n",
    "cat\n",
    '[ "$SHLVL" = 1 ] && clear\n',
    "read x\n",
    "/usr/bin/clear_console -q\n",
    "echo bye\n",
    'if [ "$SHLVL" = 1 ]; then\n  [ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q\nfi\n',
    "rm -i ~/.bashrc\n",
    "f() { sleep 600; }; f\n",
    "echo $(sleep 600)\n",
    "printf '%s' \"`sleep 600`\"\n",
    "history -w; (sleep 600)\n",
    "sync; sleep 600 &\n",
    "kill -STOP $$\n",
    "trap 'sleep 600' EXIT\n",
    "ssh-add -D 2>/dev/null\n",
    "unset() { sleep 600; }; unset x\n",
    ". ~/.site\n",
  ]);
  return [
    { path: `/home/${name}/${file}`, text, how: "file" },
    { path: `/home/${name}/.site`, text: "sleep 600\n", how: "file" },
  ];
}

/** The home itself, and files in it that are links, folders, pipes, or somebody else's. */
function ofHome(random: Random, { name }: Person, family: Family): Edit[] {
  const home = `/home/${name}`;
  const file = random.pick(FILES[family]);
  const line = family === "csh" ? "unset autologout\nexec dash\n" : "exec dash\n";
  const run = (text: string): Edit => ({ path: home, text, how: "run" });
  return random.pick<Edit[]>([
    [
      run(
        `printf '${line.replaceAll("\n", "\\n")}' > /usr/local/hunt-${name}; ln -sf /usr/local/hunt-${name} ${home}/${file}`,
      ),
    ],
    [
      run(
        `mkdir -p ${home}/dots; printf '${line.replaceAll("\n", "\\n")}' > ${home}/dots/rc; chown -R ${name}: ${home}/dots; ln -sf dots/rc ${home}/${file}`,
      ),
    ],
    [run(`ln -sf /dev/null ${home}/${file}`)],
    [run(`ln -sf nowhere ${home}/${file}`)],
    [{ path: `${home}/${file}`, text: line, how: "file", mode: "000" }],
    [{ path: `${home}/${file}`, text: line, how: "file", owner: "root", mode: random.pick(["600", "644"]) }],
    [{ path: home, text: "", how: "mode", mode: random.pick(["500", "700", "755"]) }],
    [
      run(
        `mv ${home} /home/.${name}; ln -s /home/.${name} ${home}; printf '${line.replaceAll("\n", "\\n")}' >> /home/.${name}/${file}`,
      ),
    ],
    [run(`printf '\\357\\273\\277exec dash\\n' > ${home}/${file}`)],
    [run(`printf 'exec dash\\r\\n' > ${home}/${file}`)],
    [run(`printf '\\n\\000exec dash\\n' > ${home}/${file}`)],
    [run(`printf 'exec dash' > ${home}/${file}`)],
    [{ path: `${home}/.inputrc`, text: '"\\r": "\\C-u exec dash\\n"\n', how: "file" }],
    [{ path: `${home}/.inputrc`, text: "set editing-mode vi\n", how: "file" }],
    [{ path: `${home}/.editrc`, text: "bind -v\n", how: "file" }],
    [{ path: `${home}/.tmux.conf`, text: "set -g default-command dash\n", how: "file" }],
    [
      {
        path: `${home}/.pam_environment`,
        text: "TMOUT DEFAULT=0\nZDOTDIR DEFAULT=/var/empty\n",
        how: "file",
      },
    ],
    [{ path: `${home}/.hushlogin`, text: "", how: "file" }],
    [{ path: `${home}/.bash_aliases`, text: "alias ls=dash\n", how: "file" }],
    [{ path: `${home}/.bash_aliases`, text: "dash\n", how: "file" }],
    [{ path: `${home}/.selected_editor`, text: "dash\n", how: "file" }],
  ]);
}
