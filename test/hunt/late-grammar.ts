/** What an administrator, a package or another tool does after curfew's own apply. */
import type { Edit, Piece } from "./configuration.ts";
import type { Random } from "./random.ts";

const PROFILE = "/etc/profile.d/00-curfew.sh";

/** One of these, always last. */
export function latePieces(random: Random): Piece[] {
  const run = (text: string, late = false): Edit => ({
    path: "after apply",
    text,
    how: "run",
    ...(late ? { late: true as const } : {}),
  });
  const edit = random.pick<Edit>([
    run(`rm -f ${PROFILE}`),
    run(`chmod 600 ${PROFILE}`),
    run(`mv ${PROFILE} /etc/profile.d/99-curfew.sh`),
    run(`sed -i 's/readonly TMOUT/: TMOUT/' ${PROFILE}`),
    run(
      `printf 'return\\n' > ${PROFILE}.new; cat ${PROFILE} >> ${PROFILE}.new; mv ${PROFILE}.new ${PROFILE}`,
    ),
    run(`printf 'TMOUT=0\\n' >> ${PROFILE}`),
    run(`: > ${PROFILE}`),
    run(`sed -i 's/^/# /' ${PROFILE}`),
    run("sed -i '/curfew/d' /etc/bash.bashrc /etc/zsh/zshrc"),
    run(
      "sed -i '/BEGIN curfew/,/END curfew/s/^/#/' /etc/bash.bashrc /etc/zsh/zshrc /etc/zsh/zshenv 2>/dev/null",
    ),
    run("rm -f /etc/ssh/sshd_config.d/*curfew*"),
    run("rm -f /etc/ssh/sshd_config.d/*curfew*", true),
    run("sed -i '/^Include/d' /etc/ssh/sshd_config"),
    run("sed -i '/^Include/d' /etc/ssh/sshd_config", true),
    run(
      "printf 'ChannelTimeout session:*=900\\n' > /etc/ssh/sshd_config.d/00-00-a.conf; sshd -t || rm /etc/ssh/sshd_config.d/00-00-a.conf",
    ),
    run("printf 'ClientAliveInterval 0\\n' > /etc/ssh/sshd_config.d/00-00-a.conf", true),
    run("touch /etc/ssh/sshd_config", true),
    run("kill -HUP $(cat /run/sshd.pid)", true),
    run("systemctl stop ssh; /usr/sbin/sshd", true),
    run("systemctl stop ssh; /usr/sbin/sshd -o ClientAliveInterval=2 -o ClientAliveCountMax=0", true),
    run("systemctl stop ssh; /usr/sbin/sshd -f /var/hunt/bare/etc/ssh/sshd_config", true),
  ]);
  return [{ about: "after curfew's apply", edits: [edit] }];
}
