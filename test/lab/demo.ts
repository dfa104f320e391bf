/**
 * `npm run demo`: the main job on a small fleet of disposable real hosts, on screen:
 * plan, apply, verify, a second apply that changes nothing, revert. Leaves nothing behind.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { execa } from "execa";
import { enterLab, prepareLab, say } from "./enter.ts";
import { openLab, type Lab } from "./lab.ts";
import { machineLacks } from "./packages.ts";

const CURFEW = fileURLToPath(new URL("../../src/curfew.js", import.meta.url));

/** Limits of seconds, so that nobody has to wait a quarter of an hour for a real drop. */
const POLICY = `name: demo
defaults:
  client_idle_timeout: 20s      # a session without a keystroke for this long ends
  unresponsive_timeout: 16s     # the client stopped answering
roles:
  admin:
    users: [root]
    client_idle_timeout: 15s
  vendor:
    groups: [vendors]
    client_idle_timeout: 10s
`;

/** What is shown: the arguments, what to look at, and the exit code that is right. */
const ACTS: readonly { args: readonly string[]; why: string; exit: number }[] = [
  {
    args: ["plan", "-p", "policy.yaml", "-i", "inventory.yaml"],
    why: "What would change, per host and OpenSSH version. Nothing is changed yet.",
    exit: 2,
  },
  {
    args: ["apply", "-p", "policy.yaml", "-i", "inventory.yaml", "--yes"],
    why: "Each host arms its own rollback first; a new login confirms.",
    exit: 0,
  },
  {
    args: ["verify", "-p", "policy.yaml", "-i", "inventory.yaml"],
    why: "Real sessions: idle ones have to be dropped, the one that types has to be kept.",
    exit: 0,
  },
  {
    args: ["apply", "-p", "policy.yaml", "-i", "inventory.yaml", "--yes"],
    why: "Once more: there is nothing left to change.",
    exit: 0,
  },
  {
    args: ["revert", "-i", "inventory.yaml", "--yes"],
    why: "Every host back to how it was, byte for byte.",
    exit: 0,
  },
];

async function demo(): Promise<number> {
  if (process.env["CURFEW_LAB_RUN"] === undefined) {
    const lacks = machineLacks();
    if (lacks !== null) {
      say(`demo: not possible here, needs ${lacks}`);
      return 1;
    }
    await prepareLab();
    return enterLab([process.execPath, fileURLToPath(import.meta.url)]);
  }
  const lab = await openLab();
  try {
    return await play(lab, await boot(lab));
  } finally {
    await lab.close();
  }
}

/** One host per release; returns the directory with policy and inventory. */
async function boot(lab: Lab): Promise<string> {
  const releases = ["bullseye", "bookworm", "trixie", "sid"] as const;
  say(`demo: booting ${releases.length} disposable hosts: Debian ${releases.join(", ")}`);
  const users = [
    { name: "vera", groups: ["vendors"] },
    { name: "dora", groups: ["developers"] },
  ];
  const hosts = await Promise.all(releases.map((release) => lab.host({ release, name: release, users })));
  const dir = join(lab.dir, "demo");
  await mkdir(dir);
  const entries = hosts.map(({ name }) => `    ${name}:\n`).join("");
  await writeFile(join(dir, "inventory.yaml"), `all:\n  vars:\n    ansible_user: root\n  hosts:\n${entries}`);
  await writeFile(join(dir, "policy.yaml"), POLICY);
  process.stdout.write(`\n${styleText("bold", "policy.yaml")}\n${POLICY}`);
  return dir;
}

async function play(lab: Lab, dir: string): Promise<number> {
  // On a terminal a long plan would wait in a pager for a key.
  const env = { XDG_STATE_HOME: join(dir, "state"), PAGER: "" };
  for (const { args, why, exit } of ACTS) {
    process.stdout.write(
      `\n${styleText("bold", `$ curfew ${args.join(" ")}`)}\n${styleText("dim", `# ${why}`)}\n\n`,
    );
    const begin = performance.now();
    const command = [CURFEW, ...args, "--ssh-config", lab.sshConfigPath];
    const { exitCode } = await execa(process.execPath, command, {
      cwd: dir,
      env,
      stdio: "inherit",
      reject: false,
    });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    process.stdout.write(styleText("dim", `\n# exit ${exitCode} after ${seconds} s\n`));
    if (exitCode !== exit) {
      say(`demo: that should have been exit ${exit}; stopping here`);
      return 1;
    }
  }
  say("demo: done; the hosts are taken away now");
  return 0;
}

process.exitCode = await demo();
