/** A Debian package that the images do not hold, unpacked beside them: nothing of it is installed anywhere. */
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { findMirror, type Release } from "./image.ts";

/**
 * A directory with the files of the package `name` as `release` has it today; fetched once per machine and kept.
 * Fails with apt's words where it cannot be had.
 */
export async function debianPackage(release: Release, name: string): Promise<string> {
  const kept = join(tmpdir(), `curfew-lab-package-${release}-${name}`);
  if (await exists(kept)) return kept;
  const work = await mkdtemp(`${kept}-`);
  try {
    for (const folder of ["lists/partial", "cache/archives/partial", "files"])
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
    // By release: apt would rather look for the version that this machine has installed from elsewhere.
    await execa("apt-get", [...options, "download", "-qq", `${name}/${release}`], { cwd: work });
    const file = (await readdir(work)).find((each) => each.endsWith(".deb"));
    if (file === undefined) throw new Error(`apt-get downloaded nothing for ${name}`);
    await execa("dpkg", ["-x", join(work, file), join(work, "files")]);
    // Whoever was faster has made the same.
    await rename(join(work, "files"), kept).catch(() => undefined);
    return kept;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
