import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

const WRAPPER = join(import.meta.dirname, "openssh-80.sh");

/**
 * Makes a Debian 11 host answer as one with OpenSSH 8.0: its banner and version, no Include, and no `-T` without
 * what each Match asks for. A stand-in for RHEL 8, whose binary cannot be had here; where its own differs from
 * Debian's 8.4, that is Debian's: a ClientAliveCountMax of 0 switches the check off, as on newer RHEL 8.
 * For `HostSpec.prepare`.
 */
export async function asOpenSsh80(root: string): Promise<void> {
  const directory = join(root, "usr/lib/openssh-8.0");
  const daemon = join(root, "usr/sbin/sshd");
  await mkdir(directory);
  const binary = await readFile(daemon, "latin1");
  await writeFile(join(directory, "daemon"), binary.replaceAll("OpenSSH_8.4p1", "OpenSSH_8.0p1"), {
    encoding: "latin1",
    mode: 0o755,
  });
  // Known to the kernel as sshd, and by its file as something else: so that whoever asks sshd asks the wrapper.
  await symlink("daemon", join(directory, "sshd"));
  await rename(daemon, join(directory, "original"));
  await writeFile(daemon, await readFile(WRAPPER), { mode: 0o755 });
}
