/** Files and file systems that cannot be written for a while. */
import { done, type Fault, type Ground } from "./scene.ts";

/** Through a mount of its own: nothing of the host's files is changed by it. */
function readOnly(path: string): Fault {
  return {
    strike: ({ host, trial }) =>
      done(
        host,
        `[ -d ${path} ] && mount --bind ${path} ${path} && mount -o remount,ro,bind ${path} || exit 1
        sleep ${trial.seconds}; mount -o remount,rw,bind ${path}; umount -l ${path}; true`,
      ),
    mend: ({ host }) => host.exec(`while umount -l ${path} 2>/dev/null; do :; done; true`),
  };
}

/** A small file system of the directory's own, filled for a while; its files go back in the end. */
function full(path: string, fill: string, options: string): Fault {
  const kept = "/root/small";
  const back = ({ host }: Ground): Promise<unknown> =>
    host.exec(`mountpoint -q ${path} || exit 0
      rm -rf ${kept}; cp -a ${path} ${kept} && umount -l ${path}
      find ${path} -mindepth 1 -delete; cp -a ${kept}/. ${path}/; rm -rf ${kept}; rmdir ${path} 2>/dev/null; true`);
  return {
    prepare: ({ host }) =>
      host.exec(`mkdir -p ${path}; rm -rf ${kept}; cp -a ${path} ${kept}
        mount -t tmpfs -o ${options} tmpfs ${path} && cp -a ${kept}/. ${path}/ && chmod --reference=${kept} ${path}; rm -rf ${kept}`),
    strike: ({ host, trial }) =>
      done(
        host,
        `mountpoint -q ${path} || exit 1; cd ${path}; ${fill}
        sleep ${trial.seconds}; rm -f ${path}/filler*`,
      ),
    mend: ({ host }) => host.exec(`rm -f ${path}/filler*; true`),
    clear: back,
  };
}

const BYTES = "dd if=/dev/zero of=filler bs=4096 count=2000 2>/dev/null";
const INODES = "i=0; while true 2>/dev/null >filler$i; do i=$((i + 1)); done";
const FEW_BYTES = "size=2m";
const FEW_INODES = "size=4m,nr_inodes=400";

export const FILE_FAULTS = {
  "/etc is read-only for a while": readOnly("/etc"),
  "/etc/ssh is read-only for a while": readOnly("/etc/ssh"),
  "/etc/profile.d is read-only for a while": readOnly("/etc/profile.d"),
  "/var/lib/curfew is read-only for a while": readOnly("/var/lib/curfew"),
  "/etc/ssh is full for a while": full("/etc/ssh", BYTES, FEW_BYTES),
  "/etc/ssh has no inodes for a while": full("/etc/ssh", INODES, FEW_INODES),
  "/var/lib/curfew is full for a while": full("/var/lib/curfew", BYTES, FEW_BYTES),
  "/var/lib/curfew has no inodes for a while": full("/var/lib/curfew", INODES, FEW_INODES),
  "a file is immutable for a while": {
    strike: ({ host, trial, path }) =>
      done(host, `chattr +i ${path} || exit 1; sleep ${trial.seconds}; chattr -i ${path}`),
    mend: ({ host, path }) => host.exec(`chattr -i ${path} ${path}* 2>/dev/null; true`),
  },
  "a file is a mount for a while": {
    strike: ({ host, trial, path }) =>
      done(host, `mount --bind ${path} ${path} || exit 1; sleep ${trial.seconds}; umount -l ${path}`),
    mend: ({ host, path }) => host.exec(`umount -l ${path} 2>/dev/null; true`),
  },
} satisfies Record<string, Fault>;
