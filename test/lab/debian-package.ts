/** Debian packages that the images do not hold, kept beside them: nothing of them is installed on this machine. */
import { rmSync } from "node:fs";
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { POSTGRESQL } from "./postgresql-packages.ts";
import { ensureImage, findMirror, type Release } from "./image.ts";

/** All that tests ask for: within the lab there is no way to a mirror, so these are fetched before it is entered. */
const WANTED: readonly (readonly [Release, ...string[]])[] = [
  ["trixie", "sudo-rs"],
  ["sid", "sudo-rs"],
  ["trixie", "kubectl"],
  ["sid", "kubectl"],
  ["sid", "ssg-debian"],
  ["sid", "ssg-debderived"],
  ...POSTGRESQL,
];
const COCKPIT = (["bullseye", "bookworm", "trixie", "sid"] as const).flatMap(
  (release): [Release, string][] => [
    [release, "cockpit-ws"],
    [release, "cockpit-system"],
  ],
);
const WANTED_FILES: readonly (readonly [Release, string])[] = [
  ["bookworm", "openscap-scanner"],
  ["trixie", "openscap-scanner"],
  ["bookworm", "lynis"],
  ["sid", "ssg-nondebian"],
  ["bullseye", "mariadb-server"],
  ["bookworm", "mariadb-server"],
  ["trixie", "mariadb-server"],
  ["sid", "mariadb-server"],
  ...COCKPIT,
];

/** Fetches what is missing of all that tests ask for; who needs what cannot be had says so. */
export async function ensureDebianPackages(say: (line: string) => void): Promise<void> {
  const failed = (error: unknown): void =>
    say(`lab: ${error instanceof Error ? error.message : String(error)}`);
  for (const [release, ...names] of WANTED) await debianPackage(release, ...names).catch(failed);
  for (const [release, name] of WANTED_FILES) await packageFiles(release, name).catch(failed);
}

/**
 * A directory with the files of the packages `names` as `release` has them today; fetched once per machine and kept.
 * Fails with apt's words where they cannot be had.
 */
export async function debianPackage(release: Release, ...names: readonly string[]): Promise<string> {
  return kept(`${release}-${names.join("+")}`, async (work, files) => {
    // By release: apt would rather look for the version that this machine has installed from elsewhere.
    const wanted = names.map((name) => `${name}/${release}`);
    await execa("apt-get", [...(await aptOptions(release)), "download", "-qq", ...wanted], { cwd: work });
    const found = (await readdir(work)).filter((each) => each.endsWith(".deb"));
    if (found.length < names.length) throw new Error(`apt-get did not download all of ${names.join(", ")}`);
    for (const file of found) await execa("dpkg", ["-x", join(work, file), files]);
  });
}

/**
 * A directory with the package files that `name` needs on a host of `release` and its image lacks, to be installed
 * there with `dpkg -i`; fetched once per machine and kept.
 */
export async function packageFiles(release: Release, name: string): Promise<string> {
  return kept(`${release}-${name}-files`, async (_work, files) => {
    await mkdir(join(files, "partial"));
    const status = join(await ensureImage(release), "root/var/lib/dpkg/status");
    const own = ["-o", `Dir::State::Status=${status}`, "-o", `Dir::Cache::Archives=${files}`];
    const wanted = ["install", "-qq", "--yes", "--download-only", "--no-install-recommends", name];
    await execa("apt-get", [...(await aptOptions(release)), ...own, ...wanted]);
    await rm(join(files, "partial"), { recursive: true });
    await rm(join(files, "lock"), { force: true });
  });
}

/** A directory that is made once per machine; whoever was faster has made the same. */
async function kept(name: string, make: (work: string, files: string) => Promise<void>): Promise<string> {
  const path = join(tmpdir(), `curfew-lab-package-${name}`);
  if (await exists(path)) return path;
  const work = await mkdtemp(`${path}-`);
  try {
    await mkdir(join(work, "files"));
    await make(work, join(work, "files"));
    await rename(join(work, "files"), path).catch(() => undefined);
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const known = new Map<Release, Promise<string[]>>();

/** Options with which apt-get knows one release and touches nothing of this machine's; its lists are fetched once. */
function aptOptions(release: Release): Promise<string[]> {
  const found = known.get(release) ?? fetchLists(release);
  known.set(release, found);
  return found;
}

async function fetchLists(release: Release): Promise<string[]> {
  const work = await mkdtemp(join(tmpdir(), `curfew-lab-apt-${release}-`));
  process.on("exit", () => rmSync(work, { recursive: true, force: true }));
  for (const folder of ["lists/partial", "cache/archives/partial"])
    await mkdir(join(work, folder), { recursive: true });
  await writeFile(join(work, "one.list"), `deb [trusted=yes] ${await findMirror()} ${release} main\n`);
  const options = [
    `Dir::Etc::SourceList=${work}/one.list`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    "APT::Sandbox::User=root",
    "Acquire::Check-Valid-Until=false",
  ].flatMap((option) => ["-o", option]);
  await execa("apt-get", [...options, "update", "-qq"]);
  return options;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
