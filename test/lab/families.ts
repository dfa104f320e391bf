/**
 * Hosts laid out as other distributions lay theirs out: a Debian root with their names, files, modes and the flow of
 * their shells' start-up files over it. Written for these tests; the binaries are Debian's, changed in the paths that
 * they were built with.
 */
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostSpec } from "./host.ts";
import { withInit } from "./inits.ts";
import { asOpenSsh80 } from "./openssh-80.ts";
import type { FileSpec, UserSpec } from "./provision.ts";
import {
  RED_HAT_BASHRC,
  RED_HAT_PROFILE,
  RED_HAT_ZPROFILE,
  RED_HAT_ZSHRC,
  SUSE_BASHRC,
  SUSE_CSHRC,
  SUSE_PROFILE,
  UBUNTU_PROFILE,
} from "./start-up-files.ts";

export const FAMILIES = ["rhel8", "rhel9", "ubuntu2404", "suse", "alpine"] as const;
export type Family = (typeof FAMILIES)[number];

/** The people of every such host: one for each shell that matters there, and one of a stricter role. */
const PEOPLE: readonly UserSpec[] = [
  { name: "vera", groups: ["ext"], uid: 2001 },
  { name: "zoe", shell: "zsh", uid: 2002 },
  { name: "cy", shell: "tcsh", uid: 2003 },
];

type Files = Readonly<Record<string, string | FileSpec>>;

export function familyHost(family: Family): HostSpec {
  const spec = { name: family, users: PEOPLE };
  switch (family) {
    case "rhel8":
      return { ...spec, release: "bullseye", ...redHat("8.10", RHEL8_FILES, asOpenSsh80) };
    case "rhel9":
      return { ...spec, release: "bookworm", ...redHat("9.4", RHEL9_FILES, async () => undefined) };
    case "ubuntu2404":
      return { ...spec, release: "trixie", ...UBUNTU };
    case "suse":
      return { ...spec, release: "trixie", ...SUSE };
    case "alpine":
      return withInit("openrc", { ...spec, ...ALPINE });
  }
}

/** sshd.service as Red Hat and SUSE have it; its directory is there without it. */
function sshdService(environment: string, command: string): Files {
  return {
    "/usr/lib/systemd/system/sshd.service": `[Unit]
Description=OpenSSH server daemon
After=network.target
[Service]
Type=notify
${environment}
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
Restart=on-failure
RestartSec=42s
[Install]
WantedBy=multi-user.target
`,
    "/usr/lib/tmpfiles.d/sshd.conf": "d /run/sshd 0755 root root\n",
  };
}

const DEBIAN_UNITS = [
  "/etc/systemd/system/sshd.service",
  "/etc/systemd/system/multi-user.target.wants/ssh.service",
  "/usr/lib/systemd/system/ssh.service",
  "/usr/lib/systemd/system/ssh.socket",
  "/usr/lib/systemd/system/ssh@.service",
  "/lib/systemd/system/ssh.service",
  "/lib/systemd/system/ssh.socket",
  "/lib/systemd/system/ssh@.service",
  // systemd would make a unit of it.
  "/etc/init.d/ssh",
];

const RED_HAT_HOME: Files = Object.fromEntries(
  [["/root", 0] as const, ...PEOPLE.map(({ name, uid = 0 }) => [`/home/${name}`, uid] as const)].flatMap(
    ([home, uid]) => [
      [`${home}/.bashrc`, { content: "if [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n", uid }],
      [`${home}/.bash_profile`, { content: "if [ -f ~/.bashrc ]; then\n\t. ~/.bashrc\nfi\n", uid }],
    ],
  ),
);

function redHat(version: string, files: Files, prepare: (root: string) => Promise<void>): Partial<HostSpec> {
  return {
    removeFiles: [
      ...DEBIAN_UNITS,
      "/etc/bash.bashrc",
      "/etc/zsh",
      "/etc/ssh/sshd_config.d",
      "/etc/os-release",
    ],
    files: {
      "/etc/os-release": `NAME="Red Hat Enterprise Linux"\nVERSION_ID="${version}"\nID="rhel"\nID_LIKE="fedora"\n`,
      "/etc/profile": RED_HAT_PROFILE,
      "/etc/bashrc": RED_HAT_BASHRC,
      "/etc/zprofile": RED_HAT_ZPROFILE,
      "/etc/zshrc": RED_HAT_ZSHRC,
      ...RED_HAT_HOME,
      ...files,
    },
    prepare: async (root) => {
      await rebuild(join(root, "usr/bin/bash"), { "/etc/bash.bashrc": "/none/system.rc" });
      const zsh = ["zshenv", "zprofile", "zshrc", "zlogin", "zlogout"];
      await rebuild(
        join(root, "usr/bin/zsh"),
        Object.fromEntries(zsh.map((name) => [`/etc/zsh/${name}`, `/etc/${name}`])),
      );
      await enable(root, "sshd.service", "/usr/lib/systemd/system/sshd.service");
      await prepare(root);
    },
  };
}

const RED_HAT_MAIN = `HostKey /etc/ssh/ssh_host_ed25519_key
SyslogFacility AUTHPRIV
AuthorizedKeysFile\t.ssh/authorized_keys
Subsystem\tsftp\t/usr/lib/openssh/sftp-server
`;

/** Without an Include line, and with a command line that says more than the file. */
const RHEL8_FILES: Files = {
  ...sshdService("EnvironmentFile=-/etc/sysconfig/sshd", "/usr/sbin/sshd -D $OPTIONS $CRYPTO_POLICY"),
  "/etc/sysconfig/sshd": {
    content: 'OPTIONS=""\nCRYPTO_POLICY="-oCiphers=aes256-gcm@openssh.com,aes256-ctr"\n',
    mode: 0o640,
  },
  "/etc/ssh/sshd_config": { content: `${RED_HAT_MAIN}PermitRootLogin yes\nUsePAM yes\n`, mode: 0o600 },
};

const RHEL9_FILES: Files = {
  ...sshdService("EnvironmentFile=-/etc/sysconfig/sshd", "/usr/sbin/sshd -D $OPTIONS"),
  "/etc/sysconfig/sshd": { content: "OPTIONS=\n", mode: 0o640 },
  "/etc/ssh/sshd_config": {
    content: `Include /etc/ssh/sshd_config.d/*.conf\n\n${RED_HAT_MAIN}`,
    mode: 0o600,
  },
  "/etc/ssh/sshd_config.d/01-permitrootlogin.conf": { content: "PermitRootLogin yes\n", mode: 0o600 },
  "/etc/ssh/sshd_config.d/50-redhat.conf": {
    content:
      "Include /etc/crypto-policies/back-ends/opensshserver.config\n\tUsePAM yes\n\tX11Forwarding yes\n",
    mode: 0o600,
  },
  "/etc/crypto-policies/back-ends/opensshserver.config": "Ciphers aes256-gcm@openssh.com,aes256-ctr\n",
};

/** Its socket, cloud-init's drop-in, and the profile of 26.04, which takes only names that pass its filter. */
const UBUNTU: Partial<HostSpec> = {
  removeFiles: ["/etc/systemd/system/multi-user.target.wants/ssh.service", "/etc/os-release"],
  files: {
    "/etc/os-release": 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
    "/etc/profile": UBUNTU_PROFILE,
    "/etc/ssh/sshd_config.d/50-cloud-init.conf": { content: "PasswordAuthentication no\n", mode: 0o600 },
    "/etc/systemd/system/ssh.socket": `[Unit]
Before=sockets.target ssh.service
[Socket]
ListenStream=0.0.0.0:22
ListenStream=[::]:22
BindIPv6Only=ipv6-only
Accept=no
FreeBind=yes
[Install]
WantedBy=sockets.target
RequiredBy=ssh.service
`,
  },
  prepare: async (root) => {
    for (const wants of ["sockets.target.wants", "ssh.service.requires"])
      await link(root, `/etc/systemd/system/${wants}/ssh.socket`, "/etc/systemd/system/ssh.socket");
  },
};

/** The vendor's files under /usr/etc, hooks of the administrator's own, and a csh that undoes autologout. */
const SUSE: Partial<HostSpec> = {
  removeFiles: [...DEBIAN_UNITS, "/etc/zsh", "/etc/ssh/sshd_config", "/etc/os-release"],
  files: {
    "/etc/os-release": 'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n',
    ...sshdService(
      "EnvironmentFile=-/etc/sysconfig/ssh",
      "/usr/sbin/sshd -D -f /usr/etc/ssh/sshd_config $SSHD_OPTS",
    ),
    "/etc/sysconfig/ssh": 'SSHD_OPTS=""\n',
    "/usr/etc/ssh/sshd_config": {
      content:
        "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin prohibit-password\nUsePAM yes\nSubsystem sftp /usr/lib/openssh/sftp-server\n",
      mode: 0o640,
    },
    "/etc/profile": SUSE_PROFILE,
    "/etc/bash.bashrc": SUSE_BASHRC,
    "/etc/csh.cshrc": SUSE_CSHRC,
    "/etc/zshrc":
      "[[ -o interactive ]] && umask 027\n[ -r /etc/zsh.zshrc.local ] && . /etc/zsh.zshrc.local\n",
  },
  prepare: async (root) => {
    const zsh = ["zshenv", "zprofile", "zshrc", "zlogin", "zlogout"];
    await rebuild(
      join(root, "usr/bin/zsh"),
      Object.fromEntries(zsh.map((name) => [`/etc/zsh/${name}`, `/etc/${name}`])),
    );
    await enable(root, "sshd.service", "/usr/lib/systemd/system/sshd.service");
  },
};

/** sshd without PAM, no logind, ash for people, and no cron that reads /etc/cron.d. */
const ALPINE: Partial<HostSpec> = {
  users: [
    // Without PAM sshd refuses accounts that have no password at all: they are locked.
    { name: "vera", groups: ["ext"], uid: 2001, password: "locked-no-more" },
    { name: "al", shell: "/bin/ash", uid: 2004, password: "locked-no-more" },
  ],
  removeFiles: ["/etc/zsh", "/etc/cron.d", "/etc/init.d/ssh", "/etc/os-release"],
  files: {
    "/etc/os-release": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.0\n',
    "/bin/ash": { content: "", mode: 0o755 },
    "/etc/shells": "/bin/ash\n/bin/bash\n/bin/sh\n",
    "/etc/profile": `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
for script in /etc/profile.d/*.sh; do
\tif [ -r "$script" ]; then
\t\t. "$script"
\tfi
done
unset script
`,
    "/etc/ssh/sshd_config":
      "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin prohibit-password\nUsePAM no\nSubsystem sftp internal-sftp\n",
  },
  prepare: async (root) => {
    await link(root, "/bin/ash", "busybox");
    await rm(join(root, "etc/runlevels/default/cronie"), { force: true });
  },
};

/** Replaces paths that a program was built with by shorter ones. */
async function rebuild(program: string, paths: Readonly<Record<string, string>>): Promise<void> {
  let binary = await readFile(program, "latin1");
  for (const [from, to] of Object.entries(paths))
    binary = binary.replaceAll(`${from}\0`, to.padEnd(from.length + 1, "\0"));
  await writeFile(program, binary, { encoding: "latin1" });
}

function enable(root: string, unit: string, target: string): Promise<void> {
  return link(root, `/etc/systemd/system/multi-user.target.wants/${unit}`, target);
}

async function link(root: string, path: string, target: string): Promise<void> {
  const at = join(root, path);
  await mkdir(dirname(at), { recursive: true });
  await rm(at, { force: true });
  await symlink(target, at);
}
