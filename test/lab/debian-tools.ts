/** Programs of Debian that this machine lacks, with all that they need, unpacked beside it: nothing is installed. */
import { existsSync, readdirSync } from "node:fs";
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { findMirror } from "./image.ts";

export const PRE_COMMIT = ["pre-commit"];
export const NGINX = ["nginx-core"];
export const PGBOUNCER = ["pgbouncer"];
/** For Ansible on the hosts: a Python that can be copied to one of Debian 12. */
export const PYTHON =
  "python3-minimal python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libexpat1 libffi8".split(
    " ",
  );
export const FOR_RENDER = ["ansible-core", "ansible-lint", "cloud-init"];

/** Fetches all that tests ask for, before the lab is entered: in it there is no way to a mirror. */
export async function ensureDebianTools(say: (line: string) => void): Promise<void> {
  for (const names of [FOR_RENDER, PRE_COMMIT, NGINX, PGBOUNCER]) await debianTools(names).catch(failed);
  await debianTools(PYTHON, true).catch(failed);
  function failed(error: unknown): void {
    say(`lab: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * A directory with these packages and those that they need and this machine lacks, of this machine's own Debian;
 * fetched once per machine and kept. Fails with apt's words where they cannot be had.
 *
 * @param alone only these, nothing that they need.
 */
export async function debianTools(names: readonly string[], alone = false): Promise<string> {
  const kept = join(tmpdir(), `curfew-lab-tools-${names.join("+")}`);
  if (
    await access(kept).then(
      () => true,
      () => false,
    )
  )
    return kept;
  const work = await mkdtemp(`${kept}-`);
  try {
    const options = await aptOptions(work);
    await execa("apt-get", [...options, "update", "-qq"]);
    const packages = alone ? names : await closure(names, options);
    await execa("apt-get", [...options, "download", "-qq", ...packages], { cwd: work });
    for (const file of (await readdir(work)).filter((name) => name.endsWith(".deb"))) {
      await execa("dpkg", ["-x", join(work, file), join(work, "files")]);
    }
    // Whoever was faster has made the same.
    await rename(join(work, "files"), kept).catch(() => undefined);
    return kept;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Where Debian's Python finds what was unpacked. */
export function toolEnvironment(root: string): Record<string, string> {
  return {
    PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
    PATH: `${join(root, "usr/bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
    NO_COLOR: "1",
  };
}

/** Where a program that was unpacked finds the libraries beside it. */
export function libraryEnvironment(root: string): Record<string, string> {
  const libraries = ["usr/lib", "lib"]
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return { LD_LIBRARY_PATH: libraries.filter((path) => path.endsWith("-linux-gnu")).join(":") };
}

/** The mirror that the hosts' images come from. */
async function aptOptions(work: string): Promise<string[]> {
  for (const folder of ["lists/partial", "cache/archives/partial", "files"])
    await mkdir(join(work, folder), { recursive: true });
  await writeFile(join(work, "one.list"), `deb [trusted=yes] ${await findMirror()} bookworm main\n`);
  return [
    `Dir::Etc::SourceList=${work}/one.list`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
}

async function closure(names: readonly string[], options: readonly string[]): Promise<string[]> {
  const { stdout } = await execa("apt-get", [
    ...options,
    "install",
    "-s",
    "--no-install-recommends",
    ...names,
  ]);
  return [...stdout.matchAll(/^Inst (\S+)/gmu)].map(([, name = ""]) => name);
}
