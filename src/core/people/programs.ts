/** What programs in a login are: by their name, and where that says nothing, by their words. Pure. */

/** The remote halves of editors, wherever in a command line they are named. */
export const EDITOR =
  /vscode-server|cursor-server|code-server|windsurf-server|zed-remote-server|JetBrains|remote-dev-server/u;

export const MULTIPLEXER = /^(?:tmux: server|screen|SCREEN|zellij|abduco|dtach)$/u;

export const TRANSFER = /^(?:rsync|sftp-server|scp)$/u;

/** What every login brings along, and what only waits for something else. */
export const AROUND =
  /^(?:-?(?:ba|z|k|mk|pdk|da|fi|tc|c|a)?sh|sshd.*|sudo|su|login|systemd.*|\(sd-pam\)|dbus-.*|ssh-agent|gpg-agent|tmux: client)$/u;
