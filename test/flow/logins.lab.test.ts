/** What login shells say when they are run, held against sessions of the system's own ssh. */
import { CONTROLS } from "../../src/controls/index.ts";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatherFacts } from "../../src/flow/gather.ts";
import type { Connection } from "../../src/model/inventory/connection.ts";
import type { AskedAccount } from "../../src/model/facts/login-shell.ts";
import type { Facts } from "../../src/model/facts/facts.ts";
import type { LabHost } from "../lab/host.ts";
import type { Release } from "../lab/image.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { sshConnection } from "./facts-host.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();
const signal = new AbortController().signal;
const now = new Date("2026-11-22T00:00:00Z");
const TOKEN = "0123456789abcdef0123456789abcdef";

/** One way in which a system sets, or seems to set, its shells' limit. */
interface Layout {
  readonly name: string;
  readonly script: string;
  readonly shell?: string;
  /** What the shell has to say: its limit, or that nobody knows. */
  readonly limit: number | null | "unknown";
  readonly readonly?: boolean;
  /** Whether a real, idle session ended; left out where it is not measured. */
  readonly ends?: boolean;
  /** What is typed before the session is left alone; nothing if left out. */
  readonly types?: string;
}

/** A host, and a login to ask it with. */
interface Desk {
  readonly host: LabHost;
  readonly connection: Connection;
}

/** Hosts of one release, one layout on each at a time. */
const AT_ONCE = 5;

const ENDS = 4;
const D = "/etc/profile.d/tmout.sh";
const put = (text: string, path = D): string => `printf '%s\\n' '${text}' > ${path}; chmod 644 ${path}`;
const top = (text: string): string => `sed -i '1i ${text}' /etc/profile`;
const SET = put(`readonly TMOUT=${ENDS}`);

const LAYOUTS: readonly Layout[] = [
  { name: "a drop-in as it should be", script: SET, limit: ENDS, readonly: true, ends: true },
  { name: "/etc/profile returns early", script: `${SET}; ${top("return")}`, limit: null, ends: false },
  {
    name: "/etc/profile only mentions profile.d",
    script: `${SET}; echo '# see /etc/profile.d' > /etc/profile; echo 'x="/etc/profile.d/"' >> /etc/profile`,
    limit: null,
    ends: false,
  },
  {
    name: "only executable files are sourced",
    script: `${SET}; echo 'for f in /etc/profile.d/*.sh; do [ ! -x $f ] || . $f; done' > /etc/profile`,
    limit: null,
    ends: false,
  },
  { name: "/etc/profile is 0600", script: `${SET}; chmod 600 /etc/profile`, limit: null, ends: false },
  { name: "profile.d is 0700", script: `${SET}; chmod 700 /etc/profile.d`, limit: null, ends: false },
  { name: "the file is 0600", script: `${SET}; chmod 600 ${D}`, limit: null, ends: false },
  {
    name: "export readonly",
    script: put(`export readonly TMOUT=${ENDS}`),
    limit: ENDS,
    readonly: false,
    ends: true,
  },
  {
    name: "another variable is readonly",
    script: put(`TMOUT=${ENDS}; readonly HISTFILE`),
    limit: ENDS,
    readonly: false,
  },
  {
    name: "arithmetic after it",
    script: `${put(`TMOUT=${ENDS}`)}; ${put("((TMOUT=900))", "/etc/profile.d/z.sh")}`,
    limit: 900,
    ends: false,
  },
  {
    name: "printf -v after it",
    script: `${put(`TMOUT=${ENDS}`)}; ${put("printf -v TMOUT 900", "/etc/profile.d/z.sh")}`,
    limit: 900,
    ends: false,
  },
  {
    // bash looks at TMOUT before it runs PROMPT_COMMAND: the first prompt still ends, those after a command do not.
    name: "the prompt takes it away",
    script: put(`TMOUT=${ENDS}; PROMPT_COMMAND="unset TMOUT"`),
    limit: null,
    ends: false,
    types: ":\n",
  },
  // bash takes the number it begins with.
  { name: "a number with a unit", script: put(`TMOUT=${ENDS}s`), limit: ENDS, ends: true },
  { name: "only at a terminal", script: put(`tty -s && TMOUT=${ENDS}`), limit: ENDS, ends: true },
  { name: "not for the first of the class", script: put(`[ "$USER" = aa ] || TMOUT=${ENDS}`), limit: null },
  {
    name: "another bash first in the path",
    script: `${SET}; cp /bin/cat /usr/local/bin/bash`,
    shell: "/usr/local/bin/bash",
    limit: "unknown",
    ends: false,
  },
  {
    name: "PAM's environment makes bash a POSIX shell",
    script: `${put(`TMOUT=${ENDS}`, "/etc/bash.bashrc")}; echo > /etc/profile; echo POSIXLY_CORRECT=1 >> /etc/environment`,
    limit: null,
    ends: false,
  },
  {
    name: "sshd sets ENV for a POSIX shell",
    script: `echo > /etc/profile; ${put(`TMOUT=${ENDS}`, "/etc/env.sh")}; printf 'SetEnv ENV=/etc/env.sh\\n' > /etc/ssh/sshd_config.d/e.conf; ${RELOAD_SSHD}`,
    shell: "/bin/mksh",
    limit: ENDS,
    ends: true,
  },
  {
    name: "zsh without its global files",
    script: `${put(`TMOUT=${ENDS}`, "/etc/zsh/zshrc")}; echo 'unsetopt GLOBAL_RCS' >> /etc/zsh/zshenv`,
    shell: "/bin/zsh",
    limit: null,
    ends: false,
  },
  {
    name: "zsh with files elsewhere",
    script: `${put(`TMOUT=900`, "/etc/zsh/zshrc")}; mkdir -p /etc/zdot; ${put(`TMOUT=${ENDS}`, "/etc/zdot/.zshrc")}; echo 'ZDOTDIR=/etc/zdot' >> /etc/zsh/zshenv`,
    shell: "/bin/zsh",
    limit: ENDS,
    ends: true,
  },
  {
    name: "zsh with something to do instead",
    script: `${put(`TMOUT=${ENDS}; TRAPALRM() { :; }`, "/etc/zsh/zshrc")}`,
    shell: "/bin/zsh",
    limit: null,
    ends: false,
  },
  { name: "bash with a trap on ALRM", script: put(`TMOUT=${ENDS}; trap "" ALRM`), limit: ENDS, ends: true },
  {
    name: "bash with something to do when it ends",
    script: put(`TMOUT=${ENDS}; trap "exec bash --norc --noprofile" EXIT`),
    limit: "unknown",
    ends: false,
  },
  {
    name: "zsh with a trap on ALRM",
    script: put(`TMOUT=${ENDS}; trap ":" ALRM`, "/etc/zsh/zshrc"),
    shell: "/bin/zsh",
    limit: null,
    ends: false,
  },
  {
    name: "zsh with a trap on EXIT",
    script: put(`TMOUT=${ENDS}; trap "sleep 100" EXIT`, "/etc/zsh/zshrc"),
    shell: "/bin/zsh",
    limit: "unknown",
  },
  {
    name: "zsh with something to do when it ends",
    script: put(`TMOUT=${ENDS}; TRAPEXIT() { sleep 100; }`, "/etc/zsh/zshrc"),
    shell: "/bin/zsh",
    limit: "unknown",
    ends: false,
  },
  { name: "the prompt computes it", script: put(`TMOUT=${ENDS}; PS1="\\$((TMOUT=900)) "`), limit: 900 },
  {
    name: "a trap before every command",
    script: put(`TMOUT=${ENDS}; trap "TMOUT=900" DEBUG`),
    limit: 900,
    ends: false,
    types: ":\n",
  },
  { name: "the profile becomes zsh", script: `${SET}; ${top("exec zsh")}`, limit: null, ends: false },
  {
    name: "the profile becomes dash behind sshd",
    script: `${SET}; ${top("case $(cat /proc/$PPID/comm) in sshd*) exec dash;; esac")}`,
    limit: null,
    ends: false,
  },
  {
    name: "the profile leaves by its parent's title",
    script: `${SET}; ${top('grep -q "^sshd.*: $USER@pts" /proc/$PPID/cmdline \\&\\& return')}`,
    limit: null,
  },
  {
    name: "the profile looks for sshd above its parent",
    script: `${SET}; ${top('grep -q ^sshd /proc/$(cut -d" " -f4 /proc/$PPID/stat)/comm \\&\\& return')}`,
    limit: null,
  },
  {
    name: "the profile counts shells",
    script: `${SET}; ${top('[ "$SHLVL" = 1 ] \\&\\& return')}`,
    limit: null,
  },
  { name: "the profile starts tmux", script: `${SET}; ${top('[ -n "$TMUX" ] || tmux')}`, limit: "unknown" },
  {
    name: "the profile becomes tmux",
    script: `${SET}; ${top('[ -n "$TMUX" ] || exec tmux')}`,
    limit: "unknown",
  },
  {
    name: "the profile starts another shell",
    script: `${SET}; ${top('[ -n "$IN" ] || IN=1 bash --norc --noprofile')}`,
    limit: "unknown",
    ends: false,
  },
  { name: "the profile ends", script: `${SET}; ${top("exit 1")}`, limit: "unknown" },
  { name: "the profile hangs", script: `${SET}; ${top("sleep 600")}`, limit: "unknown", ends: false },
  { name: "the profile waits for Enter", script: `${SET}; ${top("read x")}`, limit: ENDS, readonly: true },
  {
    name: "the profile lies",
    script: put(
      'unset() { return 1; }; printf() { command printf 600; }; echo() { command echo "[value 600]"; }; alias unset=false kill=true; echo x',
    ),
    limit: null,
  },
  { name: "restricted", script: SET, shell: "/bin/rbash", limit: ENDS, readonly: true },
  { name: "ksh93", script: SET, shell: "/bin/ksh93", limit: ENDS, readonly: true },
  { name: "dash", script: SET, shell: "/bin/dash", limit: null, ends: false },
  {
    name: "tcsh",
    script: "echo 'set -r autologout = 15' >> /etc/csh.cshrc",
    shell: "/bin/tcsh",
    limit: 900,
    readonly: true,
  },
  { name: "tcsh without", script: "true", shell: "/bin/tcsh", limit: null },
];

const KEEP = "/etc/profile /etc/profile.d /etc/bash.bashrc /etc/environment /etc/zsh /etc/csh.cshrc";

describe.skipIf(lacks !== null).each<Release>(["bullseye", "bookworm", "sid"])(
  `login shells of %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    const idle: Desk[] = [];
    let waiting: ((desk: Desk) => void)[] = [];
    beforeAll(async () => {
      lab = await openLab();
      idle.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => openDesk(lab, release)))));
    }, patient(180_000));
    afterAll(() => lab.close());

    /** Lends a host, as soon as there is one that does nothing. */
    async function withDesk(use: (desk: Desk) => Promise<void>): Promise<void> {
      const desk = idle.pop() ?? (await new Promise<Desk>((resolve) => waiting.push(resolve)));
      try {
        await use(desk);
      } finally {
        const [next, ...rest] = waiting;
        waiting = rest;
        if (next === undefined) idle.push(desk);
        else next(desk);
      }
    }

    // Most of the time is waiting for a limit.
    test.concurrent.each(LAYOUTS.filter(({ ends }) => release === "bookworm" || ends !== undefined))(
      "$name",
      { timeout: patient(240_000) },
      (layout) =>
        withDesk(async ({ host, connection }) => {
          await host.exec(
            `rm -rf ${KEEP} /etc/ssh/sshd_config.d/e.conf /usr/local/bin/bash; cp -a /root/kept/etc /; ${RELOAD_SSHD}; for u in aa zz; do chsh -s ${layout.shell ?? "/bin/bash"} $u; done`,
          );
          const { stderr } = await host.exec(layout.script);
          expect(stderr).toBe("");
          const before = await host.etcDigest();
          let { login } = asked(await ask(connection));
          // A shell is given 5 s, which is little on a machine with other work.
          for (let again = 0; again < 4 && layout.limit !== "unknown" && wasLate(login); again += 1)
            ({ login } = asked(await ask(connection)));
          const answer = login.state === "known" ? login.value : { limit: "unknown", readonly: false };
          expect(answer).toMatchObject({
            limit: layout.limit,
            readonly: layout.readonly ?? answer.readonly,
          });
          expect(await host.etcDigest()).toEqual(before);
          expect((await host.exec("ls -Ad /tmp/*tmux* /run/screen/*; pgrep -a tmux")).stdout).toBe("");
          expect(layout.ends === undefined ? undefined : await endsInReality(host, layout)).toBe(layout.ends);
        }),
    );

    /** Kept is what says nothing for three times its limit once it has said something: a login takes what it takes. */
    async function endsInReality(host: LabHost, { types = "" }: Layout): Promise<boolean> {
      const child = execa("ssh", ["-F", lab.sshConfigPath, "-o", "BatchMode=yes", "-tt", `aa@${host.name}`], {
        reject: false,
        timeout: patient(60_000),
        stdin: "pipe",
      });
      const ended = child.then(({ timedOut }) => {
        expect(timedOut).toBe(false);
        return true;
      });
      child.stdin.write(types);
      let quiet: NodeJS.Timeout | undefined;
      const kept = new Promise<boolean>((resolve) => {
        child.stdout.on("data", () => {
          clearTimeout(quiet);
          quiet = setTimeout(() => resolve(false), ENDS * 3000);
        });
      });
      const result = await Promise.race([ended, kept]);
      clearTimeout(quiet);
      child.kill();
      await child;
      return result;
    }
  },
);

function wasLate(login: AskedAccount["login"]): boolean {
  return login.state === "unreadable" && /within 5 s|ended it before|it hung before/u.test(login.reason);
}

/** A host whose people have no files of their own, and a copy of those of the system. */
async function openDesk(lab: Lab, release: Release): Promise<Desk> {
  const groups = ["staffers"];
  const host = await lab.host({
    release,
    users: [
      { name: "aa", groups },
      { name: "zz", groups },
    ],
  });
  await host.exec(
    `mkdir /root/kept; cp -a --parents ${KEEP} /root/kept; for u in aa zz; do touch /home/$u/.zshrc; rm -f /home/$u/.bashrc /home/$u/.profile; done`,
  );
  return { host, connection: await sshConnection(lab, host, "root") };
}

const ask = async (connection: Connection): Promise<Facts> =>
  gatherFacts(connection, [{ name: "group:staffers", owners: [0] }], {
    signal,
    now,
    controls: CONTROLS,
    token: TOKEN,
  });

function asked({ sshd: { classes } }: Facts): AskedAccount {
  const all = classes.state === "known" ? classes.value : [];
  const login = all.find(({ selectors }) => selectors.includes("group:staffers"))?.logins?.[0];
  expect(login?.users).toEqual(["aa", "zz"]);
  expect(login?.asked.map(({ user }) => user)).toEqual(["aa", "zz"]);
  const [first] = login?.asked ?? [];
  if (first === undefined) throw new Error("nobody was asked");
  return first;
}
