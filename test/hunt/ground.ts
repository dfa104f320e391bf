/** The hosts that are hunted on, the policy, and curfew itself on them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { LadderCell } from "../../src/model/finding.ts";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { LIMIT, PEOPLE, scriptOf, type Configuration } from "./configuration.ts";

const PROGRAM = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

const POLICY = `name: hunt
defaults: {client_idle_timeout: ${LIMIT}s}
roles:
${[...new Set(PEOPLE.map(({ group }) => group))].map((group) => `  ${group}: {groups: [${group}]}\n`).join("")}`;

export interface Ground {
  readonly lab: Lab;
  readonly hosts: readonly LabHost[];
  readonly dir: string;
}

/** Boots the hosts, each with everybody on it, and keeps the first state of their files for later. */
export async function openGround(lab: Lab, releases: readonly Configuration["release"][]): Promise<Ground> {
  const users = PEOPLE.map(({ name, group, shell }) => ({ name, groups: [group], shell }));
  const hosts = await Promise.all(
    releases.map((release, index) => lab.host({ release, name: `${release}${index}`, users })),
  );
  await Promise.all(hosts.map((host) => must(host, KEEP)));
  const dir = join(lab.dir, "hunt");
  await mkdir(dir);
  await writeFile(join(dir, "policy.yaml"), POLICY);
  const entries = hosts.map(({ name }) => `    ${name}:\n`).join("");
  await writeFile(join(dir, "inventory.yaml"), `all:\n  vars:\n    ansible_user: root\n  hosts:\n${entries}`);
  return { lab, hosts, dir };
}

const KEEP = `mkdir /var/hunt; cp -a /etc /home /root /var/hunt/
sed -i 's/^#*MaxStartups.*//; s/^#*LogLevel.*//' /var/hunt/etc/ssh/sshd_config; printf 'MaxStartups 200\\n' >> /var/hunt/etc/ssh/sshd_config`;

/** The first state again. curfew's own state goes as well; sshd starts anew with what the files say. */
const RESET = `rm -rf /var/lib/curfew
for d in etc home root; do rsync -a --delete /var/hunt/$d/ /$d/ || exit 1; done
rm -f /usr/local/bin/bash; pkill -KILL -u ann,bob,zoe,tim,kim,mia,dan; systemctl daemon-reload; systemctl restart ssh`;

export async function reset(host: LabHost): Promise<void> {
  await must(host, RESET);
}

/** Writes the pieces and lets sshd read them. False where sshd refuses them: then nothing can be hunted. */
export async function become(host: LabHost, { pieces }: Pick<Configuration, "pieces">): Promise<boolean> {
  const { exitCode } = await host.exec(`${scriptOf(pieces)}\nsshd -t && systemctl restart ssh`);
  if (exitCode === 0) return true;
  await reset(host);
  return false;
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
  if (!args.includes("--json")) return new Map();
  try {
    const { hosts: answered } = JSON.parse(stdout) as {
      hosts: { host: string; ladder?: readonly LadderCell[] }[];
    };
    return new Map(answered.map(({ host, ladder = [] }) => [host, ladder]));
  } catch {
    throw new Error(`curfew ${args.join(" ")} (exit ${exitCode}) gave no document: ${stderr}`);
  }
}

async function must(host: LabHost, script: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(script);
  if (exitCode !== 0) throw new Error(`${host.name}: ${stderr}`);
}
