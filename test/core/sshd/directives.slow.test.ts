/** Files that include one another, under Match blocks within Match blocks: read as sshd itself reads them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sshdDirectives } from "../../../src/core/sshd/directives.ts";
import { surelyMatches } from "../../../src/core/sshd/match-block.ts";
import { host, person } from "../../controls/facts-fixture.ts";
import { createRandom, type Random } from "../../hunt/random.ts";

const NAMES = ["1.conf", "2.conf", "a.conf", "b.conf"];
const MATCHES = [
  "all",
  "User root",
  "User nobody",
  "User *,!nobody",
  "User=root",
  "User ro* Address 192.0.2.0/24",
];
const ASKED = "user=root,host=h,addr=198.51.100.1,laddr=198.51.100.2,lport=22";
const available = process.getuid?.() === 0 && (await answers(["-V"]));

async function answers(args: readonly string[]): Promise<boolean> {
  const { exitCode } = await execa("/usr/sbin/sshd", args, { reject: false, stdin: "ignore" });
  return exitCode !== undefined;
}

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "curfew-includes-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A file includes only what sorts after it, so that every reading ends. */
function someText(random: Random, later: readonly string[]): string {
  const patterns = ["*.conf", "[12].conf", "[!12].conf", "[[:digit:]]*", ...later].map((each) =>
    join(dir, "d", each),
  );
  const includes = later.length === NAMES.length ? patterns : patterns.slice(4);
  const line = (): string => {
    if (random.chance(0.35)) return `Match ${random.pick(MATCHES)}`;
    if (includes.length > 0 && random.chance(0.5)) return `Include ${random.pick(includes)}`;
    return `ClientAliveInterval ${random.pick([11, 12, 13, 14, 15, 16, 17, 18])}`;
  };
  return `${Array.from({ length: 1 + random.whole(5) }, line).join("\n")}\n`;
}

function expected(main: string, dropIns: Record<string, string>): string {
  const lines = sshdDirectives(host({ main, dropIns })).filter(
    ({ keyword }) => keyword === "clientaliveinterval",
  );
  const root = person("root");
  const found =
    lines.find(({ match }) => match !== null && surelyMatches(root, match)) ??
    lines.find(({ match }) => match === null);
  return found?.args[0] ?? "0";
}

test.skipIf(!available)("sshd has the same value in force", { timeout: 120_000 }, async () => {
  const random = createRandom(11);
  await execa("mkdir", ["-p", join(dir, "d"), "/run/sshd"]);
  for (let turn = 0; turn < 30; turn++) {
    const dropIns: Record<string, string> = {};
    for (const [index, name] of NAMES.entries())
      dropIns[join(dir, "d", name)] = someText(random, NAMES.slice(index + 1));
    const main = someText(random, NAMES);
    await Promise.all(
      Object.entries({ ...dropIns, [join(dir, "main")]: main }).map(([path, text]) => writeFile(path, text)),
    );
    const args = ["-T", "-f", join(dir, "main"), "-h", join(dir, "key"), "-C", ASKED];
    const { stdout } = await execa("/usr/sbin/sshd", args);
    const said = /^clientaliveinterval (\d+)$/imu.exec(stdout)?.[1];
    expect(said, JSON.stringify({ main, dropIns }, null, 1)).toBe(expected(main, dropIns));
  }
});
