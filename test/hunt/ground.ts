/** The hosts that are hunted on, the policy, and curfew itself on them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { LadderCell } from "../../src/model/verdict/finding.ts";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { departuresOf, LIMIT, scriptOf, type Configuration } from "./configuration.ts";
import { ODD_SHELLS, PEOPLE, twinsOf, type Person } from "./people.ts";

const PROGRAM = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** What curfew applies: everything, or its shell files alone, so that what these leave open is seen. */
export type Selected = "everything" | "shells";

/** curfew's own login is nobody's role: it must not be ended while it waits for a busy host. */
function policyFor(people: readonly Person[], selected: Selected): string {
  const groups = [...new Set(people.map(({ group }) => group))];
  return `name: hunt
${selected === "shells" ? "controls: [shell-timeout]\n" : ""}defaults: {client_idle_timeout: 10m}
roles:
${groups.map((group) => `  ${group}: {groups: [${group}], client_idle_timeout: ${LIMIT}s}\n`).join("")}`;
}

export interface Ground {
  readonly lab: Lab;
  readonly hosts: readonly LabHost[];
  readonly dir: string;
  readonly selected: Selected;
}

/** Boots the hosts, each with everybody on it, and keeps their files for later, before and after curfew's own apply. */
export async function openGround(
  lab: Lab,
  releases: readonly Configuration["release"][],
  selected: Selected,
  people: readonly Person[] = PEOPLE,
): Promise<Ground> {
  const users = people.map(({ name, group, shell }) => ({ name, groups: [group], shell }));
  const hosts = await Promise.all(
    releases.map((release, index) =>
      lab.host({
        release,
        bootTimeoutSeconds: 600,
        name: `${selected === "shells" ? "s" : "a"}-${release}${index}`,
        users,
      }),
    ),
  );
  await Promise.all(hosts.map((host) => must(host, `${PREPARE}${twinsOf(people)}${keep("bare")}`)));
  const dir = join(lab.dir, `hunt-${selected}`);
  await mkdir(dir);
  await writeFile(join(dir, "policy.yaml"), policyFor(people, selected));
  const entries = hosts.map(({ name }) => `    ${name}:\n`).join("");
  await writeFile(join(dir, "inventory.yaml"), `all:\n  vars:\n    ansible_user: root\n  hosts:\n${entries}`);
  const ground = { lab, hosts, dir, selected };
  await ask(ground, hosts, ["apply", "--yes", "--quiet"]);
  await Promise.all(hosts.map((host) => must(host, `ls /etc/*/00*curfew* >/dev/null && ${keep("applied")}`)));
  return ground;
}

/** A manager of systemd's for each person who logs in, and news for them, cost more than the session and end none. */
const PREPARE = `set -e
${ODD_SHELLS}systemctl mask user@.service >/dev/null 2>&1
sed -i '/pam_motd/d; /pam_mail/d' /etc/pam.d/sshd; sed -i '/pam_systemd/d' /etc/pam.d/common-session
sed -i 's/^#*MaxStartups.*//; s/^#*LogLevel.*//' /etc/ssh/sshd_config
printf 'MaxStartups 200\\n' > /run/new
if sshd -T | grep -qi persourcepenalties; then printf 'PerSourcePenalties no\\n' >> /run/new; fi
 cat /etc/ssh/sshd_config >> /run/new; cat /run/new > /etc/ssh/sshd_config
systemctl restart ssh
`;

const FOLDERS = "etc home root opt usr/local var/lib/curfew";

function keep(state: string): string {
  return `for d in ${FOLDERS}; do [ ! -d /$d ] || { mkdir -p /var/hunt/${state}/$d; cp -a /$d/. /var/hunt/${state}/$d; }; done`;
}

/** The files of one of the two states again, everybody's sessions ended, and no sshd. */
function resetScript(state: string): string {
  return `systemctl stop ssh.socket ssh 2>/dev/null
for d in ${FOLDERS}; do
  mkdir -p /var/hunt/${state}/$d /$d
  rsync -a --delete /var/hunt/${state}/$d/ /$d/ || exit 1
done
ps -eo pid=,uid= | awk '$2 >= 1000 && $2 < 60000 { print $1 }' | xargs -r kill -KILL
pkill -KILL -f hunt-sshd
rm -rf /tmp/tmux-* /run/hunt
systemctl daemon-reload; systemctl reset-failed; true`;
}

/** Where sshd is started by its socket, a service of its own would take the port away. */
const START = "systemctl is-active -q ssh.socket || systemctl restart ssh";

/** The host as curfew's own apply left it, and sshd on it. */
export async function restore(host: LabHost): Promise<void> {
  await must(host, `${resetScript("applied")}; mkdir -p /run/sshd; ${START}`);
}

/** Makes the host this configuration. False where sshd refuses it: then nothing can be hunted. */
export async function become(host: LabHost, configuration: Configuration): Promise<boolean> {
  const { pieces, applied } = configuration;
  await must(host, resetScript(applied ? "applied" : "bare"));
  const early = `${departuresOf(configuration)}\n${scriptOf(pieces)}\nsystemctl daemon-reload; mkdir -p /run/sshd`;
  const { exitCode } = await host.exec(
    `${early}\nsshd -t && { ${START}; } || exit 1\n${scriptOf(pieces, true)}\ntrue`,
  );
  return exitCode === 0;
}

export type Ladders = ReadonlyMap<string, readonly LadderCell[]>;

/** Runs `curfew COMMAND --json` against some hosts; the ladder of each that could be judged. */
export async function ask(
  { lab, dir }: Ground,
  hosts: readonly LabHost[],
  args: readonly string[],
): Promise<Ladders> {
  if (hosts.length === 0) return new Map();
  const limit = hosts.map(({ name }) => name).join(",");
  const files = ["-p", "policy.yaml", "-i", "inventory.yaml", "--ssh-config", lab.sshConfigPath, "-l", limit];
  const { stdout, stderr, exitCode } = await execa(process.execPath, [PROGRAM, ...args, ...files], {
    cwd: dir,
    env: { XDG_STATE_HOME: join(dir, "state"), NO_COLOR: "1" },
    reject: false,
    stdin: "ignore",
  });
  if (!args.includes("--json")) {
    if (exitCode !== 0) throw new Error(`curfew ${args.join(" ")} (exit ${exitCode}): ${stderr}`);
    return new Map();
  }
  try {
    const { hosts: answered } = JSON.parse(stdout) as {
      hosts: { host: string; ladder?: readonly LadderCell[]; error?: unknown }[];
    };
    for (const { host, ladder, error } of answered) {
      if ((ladder ?? []).length === 0)
        process.stderr.write(`hunt: no verdict on ${host}: ${JSON.stringify(error)}\n`);
    }
    return new Map(answered.map(({ host, ladder = [] }) => [host, ladder]));
  } catch {
    throw new Error(`curfew ${args.join(" ")} (exit ${exitCode}) gave no document: ${stderr}`);
  }
}

async function must(host: LabHost, script: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(script, { timeoutSeconds: 300 });
  if (exitCode !== 0) throw new Error(`${host.name}: ${stderr}`);
}
