/** A host and a desk on which the commands of README and the help pages are run, as they are written. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { COMPILED, hasReached, PROGRAM } from "./curfew.ts";
import type { ShownCommand } from "./shown.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

/** Limits that nobody has to wait long for, and everybody whom the pages name. */
const POLICY = `name: production
controls: [sshd, shell-timeout, watchdog]
defaults: { client_idle_timeout: 8s, unresponsive_timeout: 6s }
roles:
  admin: { users: [root], groups: [sudo, wheel], client_idle_timeout: 8s }
  vendor: { groups: [ext], client_idle_timeout: 8s }
`;
const ALERTS = "metrics: reports/curfew-audit.prom\n";

export interface Stage {
  readonly dir: string;
  readonly host: LabHost;
  /** Runs one shown line; exit code, and both outputs as one. */
  run(command: Pick<ShownCommand, "prompt" | "line">): Promise<Said>;
  /** Brings about what a page takes for granted before a command. */
  setScene(name: string): Promise<void>;
}

interface Said {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly all: string;
}

/** A fresh desk for a fresh host called web1; `files` are saved in root's home there. */
export async function openStage(lab: Lab, host: LabHost, files: ReadonlyMap<string, string>): Promise<Stage> {
  const dir = join(lab.dir, `stage-${process.pid}-${Date.now()}`);
  await mkdir(join(dir, "bin"), { recursive: true });
  await writeFile(join(dir, "policy.yaml"), POLICY);
  await writeFile(join(dir, "alerts.yaml"), ALERTS);
  await writeFile(
    join(dir, "inventory.yaml"),
    "all:\n  vars: { ansible_user: root }\n  children:\n    web: { hosts: { web1: } }\n",
  );
  await writeFile(join(dir, "bin/curfew"), wrapper(lab));
  await chmod(join(dir, "bin/curfew"), 0o755);
  for (const [name, text] of files) await host.writeFile(`/root/${name}`, text);
  const stage: Stage = {
    dir,
    host,
    run: ({ prompt, line }) => (prompt === "$" ? onDesk(dir, line) : onHost(host, line)),
    setScene: (name) => setScene(stage, name),
  };
  return stage;
}

/** What a page cannot know: how this lab's hosts are reached, and that nobody is there to be asked. */
function wrapper(lab: Lab): string {
  return `#!/bin/sh
case $1 in check | plan | sessions | apply | verify | audit | explain | revert | wizard) set -- "$@" --ssh-config '${lab.sshConfigPath}' ;; esac
case "$1 $#" in
  # What it would write is here already.
  "init 1") set -- init "$(mktemp -d ./init-XXXXXX)" ;;
esac
# The wizard's own tests open its sessions.
[ "$1" != wizard ] || set -- "$@" --probe none
case "$1 $* " in
  *" --yes "*) ;;
  apply* | revert* | wizard*) set -- "$@" --yes ;;
esac
exec '${process.execPath}' '${PROGRAM}' "$@"
`;
}

async function onDesk(dir: string, line: string): Promise<Said> {
  const PATH = `${join(dir, "bin")}:${process.env["PATH"] ?? ""}`;
  const env = { PATH, XDG_STATE_HOME: join(dir, "state"), NO_COLOR: "1", ...COMPILED };
  const done = await execa("sh", ["-c", line], { cwd: dir, env, all: true, reject: false, stdin: "ignore" });
  return { exitCode: done.exitCode, stdout: done.stdout, all: done.all };
}

async function onHost(host: LabHost, line: string): Promise<Said> {
  const { exitCode, stdout, stderr } = await host.exec(`cd /root && { ${line}; }`);
  return { exitCode: exitCode ?? undefined, stdout, all: stdout + stderr };
}

const PLAIN = "-p policy.yaml -i inventory.yaml";
const SCENES: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  applied: async ({ dir }) => {
    const { exitCode, all } = await onDesk(dir, `curfew apply ${PLAIN}`);
    if (exitCode !== 0) throw new Error(all);
  },
  armed: killWhileArmed,
  "edited by hand": async ({ host }) => {
    await host.exec("sed -i 's/TMOUT=600/TMOUT=6000/' /etc/profile.d/00-curfew.sh");
  },
  "old recipe": async ({ host }) => {
    await host.writeFile(
      "/etc/ssh/sshd_config.d/10-idle.conf",
      "ClientAliveInterval 300\nClientAliveCountMax 0\n",
    );
    await host.writeFile("/etc/profile.d/tmout.sh", "TMOUT=300\nexport TMOUT\n");
    await host.exec(RELOAD_SSHD);
  },
};

async function setScene(stage: Stage, name: string): Promise<void> {
  const scene = SCENES[name];
  if (scene === undefined) throw new Error(`there is no scene called ${name}`);
  await scene(stage);
}

/** A controller that died after the files were in place, with all the time in the world left. */
async function killWhileArmed({ dir }: Stage): Promise<void> {
  const env = { XDG_STATE_HOME: join(dir, "state"), NO_COLOR: "1", ...COMPILED };
  const child = execa(
    join(dir, "bin/curfew"),
    ["apply", ...PLAIN.split(" "), "--events", "--confirm-within", "10m"],
    { cwd: dir, env, reject: false, stdin: "ignore" },
  );
  let seen = "";
  child.stderr.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    if (hasReached(seen, "reloaded")) child.kill("SIGKILL");
  });
  const { signal } = await child;
  if (signal !== "SIGKILL") throw new Error(`the run was over before it could be killed\n${seen}`);
}
