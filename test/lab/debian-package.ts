/** Debian packages that the images do not hold, unpacked beside them: nothing of them is installed anywhere. */
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { findMirror, type Release } from "./image.ts";

/**
 * A directory with the files of the packages `names` as `release` has them today; fetched once per machine and kept.
 * From inside the lab there is no way to a mirror: who needs them there has them fetched by `prepareLab`.
 * Fails with apt's words where they cannot be had.
 */
export async function debianPackage(release: Release, ...names: readonly string[]): Promise<string> {
  const kept = join(tmpdir(), `curfew-lab-package-${release}-${names.join("+")}`);
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
    const wanted = names.map((name) => `${name}/${release}`);
    await execa("apt-get", [...options, "download", "-qq", ...wanted], { cwd: work });
    const files = (await readdir(work)).filter((each) => each.endsWith(".deb"));
    if (files.length < names.length) throw new Error(`apt-get did not download all of ${names.join(", ")}`);
    for (const file of files) await execa("dpkg", ["-x", join(work, file), join(work, "files")]);
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
