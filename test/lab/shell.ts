/**
 * `node test/lab/shell.ts up RELEASE…` boots hosts for experiments by hand and keeps them until Ctrl-C or
 * SIGTERM. Standard output: one JSON line for the lab, one per host, then {"ready":true}. Two users per host:
 * `ops` (sudo without password) and `dev` (group developers, none).
 */
import { openLab } from "./lab.ts";
import { releases, type Release } from "./image.ts";
import { prepareLab } from "./enter.ts";
import { machineLacks } from "./packages.ts";

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function readArguments(): Release[] {
  const [verb, ...wanted] = process.argv.slice(2);
  const known = wanted.flatMap((name) => releases.filter((release) => release === name));
  if (verb === "up" && wanted.length > 0 && known.length === wanted.length) return known;
  process.stderr.write(`usage: node test/lab/shell.ts up RELEASE…   (${releases.join(" ")})\n`);
  process.exit(64);
}

const wanted = readArguments();
const lacks = machineLacks();
if (lacks !== null) {
  process.stderr.write(`the lab needs ${lacks}\n`);
  process.exit(1);
}
await prepareLab();
const lab = await openLab();
print({ netns: lab.netns, sshConfig: lab.sshConfigPath, key: lab.key.privatePath, dir: lab.dir });
const users = [
  { name: "ops", groups: ["operators"], sudo: "nopasswd" },
  { name: "dev", groups: ["developers"] },
] as const;
await Promise.all(
  wanted.map(async (release, index) => {
    const name = wanted.indexOf(release) === index ? release : `${release}-${index + 1}`;
    const started = Date.now();
    const host = await lab.host({ release, name, users });
    const ssh = `nsenter --net=/run/netns/${lab.netns} ssh -F ${lab.sshConfigPath} root@${name}`;
    print({
      host: name,
      address: host.address,
      seconds: (Date.now() - started) / 1000,
      netns: host.netns,
      ssh,
    });
  }),
);
print({ ready: true });
// a timer keeps the process; the hooks of the lab end it and take the hosts away
setInterval(() => {}, 60_000);
